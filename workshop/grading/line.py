"""Messages between the two kernels of the grader, over a pair of sockets: a number and bytes, one after the other."""

import socket
import struct
from dataclasses import dataclass

END = 0  # the number of the message that ends a conversation
_HEAD = struct.Struct(">QQ")  # number, length
_LONGEST = 300 * 1024**2  # bytes


class Broken(ConnectionError):
    """The other end is gone, or sends what is no message."""


@dataclass(frozen=True)
class Line:
    """One end of it."""

    socket: socket.socket

    @classmethod
    def of(cls, descriptor: int) -> "Line":
        """The end whose file descriptor this process has."""
        return cls(socket.socket(fileno=descriptor))

    def send(self, number: int, content: bytes) -> None:
        """Send a message; Broken if nobody is there."""
        try:
            self.socket.sendall(_HEAD.pack(number, len(content)) + content)
        except OSError as error:
            raise Broken(str(error)) from None

    def receive(self) -> tuple[int, bytes]:
        """The next message: its number and what it holds."""
        number, length = _HEAD.unpack(self._read(_HEAD.size))
        if length > _LONGEST:
            raise Broken(f"a message of {length} bytes")
        return number, self._read(length)

    def _read(self, length: int) -> bytes:
        found = bytearray()
        while len(found) < length:
            try:
                part = self.socket.recv(min(length - len(found), 1 << 20))
            except OSError as error:
                raise Broken(str(error)) from None
            if not part:
                raise Broken("the other end is closed")
            found += part
        return bytes(found)
