"""The reports of a home on loopback, so that Prefect's UI can point to them: browsers follow no link to a file.

Change this module when reports have to be shown in another way. They are files like any other: nothing is computed.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from deployments import listening
from tasks.adapters.home import OVERVIEW
from tasks.adapters.web import guard
from tasks.adapters.web.door import Door


class _Quiet(SimpleHTTPRequestHandler):
    """Serves files, lists no folder, and writes no log."""

    server: HTTPServer

    def __init__(self, *request: Any, door: Door, directory: str) -> None:
        self._door = door
        super().__init__(*request, directory=directory)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def list_directory(self, path: str) -> None:  # type: ignore[override]  # it has sent an error then
        """A folder is no page; the way in is the page over all pipelines."""
        if self.path == "/" and (Path(path) / OVERVIEW).exists():
            self.send_response(302)
            self.send_header("Location", f"/{OVERVIEW}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_error(404)

    def parse_request(self) -> bool:
        """Read what is asked; what another page asks is answered here, and goes no further."""
        if not super().parse_request():
            return False
        why = guard.refusal(self.headers.items(), self.command, int(self.server.server_port), self._door.name)
        if why is not None:
            self.send_error(guard.REFUSED, explain=why)
            return False
        headers = {name: self.headers.get(name, "") for name in ("cookie", "authorization")}
        if self._door.knows(headers["cookie"]) or self._door.opens(headers["authorization"]):
            return True
        self.send_error(401, explain="Open the link that `make up` has printed, then this page.")
        return False

    def end_headers(self) -> None:
        """Pages are written anew after each turn."""
        self.send_header("Cache-Control", "no-store")
        for name, value in guard.HEADERS.items():
            self.send_header(name, value)
        super().end_headers()


PORT = 4280
"""The same each time, if it is free: Prefect keeps links to reports for longer than one `make up` runs."""


@contextmanager
def served(folder: Path, door: Door, port: int = 0) -> Iterator[str]:
    """Serve a folder while the block runs; gives its address, on that port or, if it is taken, on a free one."""
    folder.mkdir(parents=True, exist_ok=True)
    with listening.on(port) as listener, _Server(listener, partial(_Quiet, door=door, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield listening.address(listener)
        finally:
            server.shutdown()


class _Server(ThreadingHTTPServer):
    """Answers at a socket that somebody else has opened, and will close."""

    def __init__(self, listener: socket.socket, answer: Callable[..., _Quiet]) -> None:
        super().__init__(listener.getsockname(), answer, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.server_name, self.server_port = listener.getsockname()
