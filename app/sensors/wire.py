"""A socket that reads in large pieces for a reader that asks for single bytes. Knows no protocol."""

import socket

PIECE = 65_536


class BufferedSocket:
    """Wraps a non-blocking socket. `pending` tells how much can be read without asking the system."""

    def __init__(self, wire: socket.socket) -> None:
        self._wire = wire
        self._piece = memoryview(b"")

    def recv(self, size: int) -> bytes:
        """Up to `size` bytes. Raises BlockingIOError when there is nothing at present."""
        if not self._piece:
            self._piece = memoryview(self._wire.recv(PIECE))
        given, self._piece = bytes(self._piece[:size]), self._piece[size:]
        return given

    def pending(self) -> int:
        """How many bytes were read and not yet asked for, here or by TLS."""
        beneath = getattr(self._wire, "pending", None)
        return len(self._piece) or (beneath() if beneath else 0)

    def send(self, data: bytes | bytearray) -> int:
        """How many of the bytes the system took."""
        return self._wire.send(data)

    def fileno(self) -> int:
        """For select."""
        return self._wire.fileno()

    def setblocking(self, flag: bool) -> None:
        """As the socket's own."""
        self._wire.setblocking(flag)

    def hang_up(self) -> None:
        """Ends the connection, so that whoever reads it notices."""
        self._wire.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """As the socket's own."""
        self._wire.close()
