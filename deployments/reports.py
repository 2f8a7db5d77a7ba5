"""The reports of a home on loopback, so that Prefect's UI can point to them: browsers follow no link to a file.

Change this module when reports have to be shown in another way. They are files like any other: nothing is computed.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tasks.adapters import guard


class _Quiet(SimpleHTTPRequestHandler):
    """Serves files, lists no folder, and writes no log."""

    server: HTTPServer

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def list_directory(self, path: str) -> None:  # type: ignore[override]  # it has sent an error then
        """A folder is no page."""
        self.send_error(404)

    def parse_request(self) -> bool:
        """Read what is asked; what another page asks is answered here, and goes no further."""
        if not super().parse_request():
            return False
        why = guard.refusal(self.headers.items(), self.command, int(self.server.server_port))
        if why is None:
            return True
        self.send_error(guard.REFUSED, explain=why)
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
def served(folder: Path, port: int = 0) -> Iterator[str]:
    """Serve a folder while the block runs; gives its address, on that port or, if it is taken, on a free one."""
    folder.mkdir(parents=True, exist_ok=True)
    with _server(folder, port) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def _server(folder: Path, port: int) -> ThreadingHTTPServer:
    answer = partial(_Quiet, directory=str(folder))
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), answer)
    except OSError:
        return ThreadingHTTPServer(("127.0.0.1", 0), answer)
