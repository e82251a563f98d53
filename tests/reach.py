"""What processes reach and who reaches them: connections as the system knows them, and attempts as Python knows them.

To be imported, holds no test. Attempts are noted by an audit hook, which every Python process has that finds WATCHER among
its modules as `sitecustomize`; what is no Python is not seen by it, and fails in `.ci/run`, where there is no network.
"""

import ipaddress
from collections.abc import Iterable

import psutil

WATCHER = """
import ipaddress, os, socket, sys

def beyond(host):
    if host in (None, "", "localhost", socket.gethostname()):
        return False
    try:
        return not ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host).is_loopback
    except ValueError:
        return True  # a name, for which somebody would have to be asked

def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"):
        address = arguments if event.startswith("socket.get") else arguments[1]
        if isinstance(address, tuple) and beyond(address[0]):
            with open({log!r}, "a") as stream:
                stream.write(f"{{event}} {{address}} by {{sys.orig_argv}}\\n")

with open({log!r}, "a") as stream:
    stream.write(f"watched {{sys.orig_argv}}\\n")
sys.addaudithook(watch)
"""


def beyond_loopback(processes: Iterable[psutil.Process]) -> list[str]:
    """Connections of these processes with another machine, and sockets at which another machine finds somebody."""
    found = []
    for process in processes:
        for connection in process.net_connections("inet"):
            addresses = [address.ip for address in (connection.laddr, connection.raddr) if address]
            if any(not ipaddress.ip_address(address).is_loopback for address in addresses):
                found.append(f"{process.name()}: {connection}")
    return found
