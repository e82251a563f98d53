"""JupyterLab itself, in this process."""

from collections.abc import Sequence

import jupyter_core.paths
from jupyterlab.labapp import LabApp


def serve(arguments: Sequence[str]) -> None:
    """Serve until it is asked to end; then SystemExit."""
    # Settings for all users of the machine; there is no variable that turns them off.
    jupyter_core.paths.SYSTEM_CONFIG_PATH.clear()
    jupyter_core.paths.SYSTEM_JUPYTER_PATH.clear()
    LabApp.launch_instance(list(arguments))
