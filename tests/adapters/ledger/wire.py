"""The wire between a process and its database, which can be cut at a chosen moment."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum

_SIZE = 1 << 16


class Cut(Enum):
    """When the wire breaks, around the next commit."""

    BEFORE = "the server never hears of the commit"
    AFTER = "the server has committed, its answer is lost"


class Wire:
    """Passes on what both sides say, until it is cut; who connects after that is passed on again."""

    def __init__(self, port: int) -> None:
        self._server = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cut: Cut | None = None
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                server = socket.create_connection(self._server)
                threading.Thread(target=self._to_server, args=(client, server), daemon=True).start()
                threading.Thread(target=_pass_on, args=(server, client), daemon=True).start()

    def _to_server(self, client: socket.socket, server: socket.socket) -> None:
        # The other thread closes the server's end when it has heard all from there: closed with words unheard, the
        # wire would take away what is still on its way to the server.
        with suppress(OSError), client:
            while said := client.recv(_SIZE):
                if self.cut is not None and b"COMMIT\0" in said:
                    cut, self.cut, self.cuts = self.cut, None, self.cuts + 1
                    client.shutdown(socket.SHUT_RDWR)
                    if cut is Cut.AFTER:
                        server.sendall(said)
                    break
                server.sendall(said)
        with suppress(OSError):
            server.shutdown(socket.SHUT_WR)


@contextmanager
def to(port: int) -> Iterator[Wire]:
    """A wire to a server on this machine while the block runs."""
    wire = Wire(port)
    try:
        yield wire
    finally:
        wire.close()


def _pass_on(server: socket.socket, client: socket.socket) -> None:
    with suppress(OSError), server:
        while said := server.recv(_SIZE):
            with suppress(OSError):
                client.sendall(said)
