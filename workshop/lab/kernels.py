"""The kernels of JupyterLab: in the environment of `make run`, whatever the server knows of the user's desktop."""

from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from workshop.places import environment


class Kernels(AsyncMappingKernelManager):
    """Starts kernels as Jupyter's own does, but for what they inherit."""

    async def _async_start_kernel(self, *, env: dict[str, str] | None = None, **options: Any) -> str:
        """Start a kernel and give its id; of `env`, a copy of the server's, stays what it says of the session."""
        of_session = {name: value for name, value in (env or {}).items() if name.startswith("JPY_")}
        return await super()._async_start_kernel(env=environment(**of_session), **options)

    start_kernel = _async_start_kernel  # type: ignore[assignment]
