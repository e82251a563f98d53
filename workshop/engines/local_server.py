"""What the engines that need a server have in common: a port for it, and a way to talk to it."""

import socket
import urllib.request

# The server is on this machine, whatever proxy is set.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
