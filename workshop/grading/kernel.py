"""Start a kernel in the jail. Used by file: its sockets were opened outside, where no path of the jail leads."""

import contextlib
import json
import os
import sys
from typing import Any, ClassVar

if __name__ == "__main__":
    del sys.path[0]  # this folder, which holds modules with common names

import zmq
from ipykernel.heartbeat import Heartbeat
from ipykernel.kernelapp import IPKernelApp

SOCKETS = "WORKSHOP_SOCKETS"  # an environment variable: from the port to the number of the open socket, as JSON
LINES = "WORKSHOP_LINES"  # the numbers of the sockets that lead to other kernels, as JSON


def _given() -> dict[str, int]:
    given = json.loads(os.environ.pop(SOCKETS))
    for descriptor in given.values():
        os.set_inheritable(descriptor, False)
    for descriptor in json.loads(os.environ.pop(LINES)):
        os.set_inheritable(descriptor, False)
    return given


class Kernel(IPKernelApp):
    """Listens on sockets that are open already."""

    given: ClassVar[dict[str, int]] = {}

    def _try_bind_socket(self, s: Any, port: int) -> int:
        s.setsockopt(zmq.USE_FD, self.given[str(port)])
        return super()._try_bind_socket(s, port)

    def init_heartbeat(self) -> None:
        """As ipykernel does, in a context of its own, so that nothing else holds it up."""
        self.heartbeat = _GivenHeartbeat(zmq.Context(), (self.transport, self.ip, self.hb_port))
        self.heartbeat.start()

    def init_control(self, context: Any) -> None:
        """As ipykernel does, without the debugger's connection to a path that is not there."""
        super().init_control(context)
        with contextlib.suppress(zmq.ZMQError):
            self.debug_shell_socket.disconnect(self.shell_socket.getsockopt(zmq.LAST_ENDPOINT))


class _GivenHeartbeat(Heartbeat):
    def _try_bind_socket(self) -> Any:
        self.socket.setsockopt(zmq.USE_FD, Kernel.given[str(self.port)])
        return super()._try_bind_socket()


def main() -> None:
    """Be a kernel until the end."""
    Kernel.given = _given()
    Kernel.launch_instance()


if __name__ == "__main__":
    main()
