"""A webhook that hears what people are told: named in the form of Prefect's UI, as anybody would name one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.settings import PREFECT_API_URL, temporary_settings

from configs.environment import Environment


@contextmanager
def webhook(url: str) -> Iterator[list[Any]]:
    """What it was sent so far, while the block runs.

    Args:
        url: Address of the API of the Prefect server that sends.
    """
    heard: list[Any] = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        name = Environment.model_fields["alert_block"].default.partition("/")[2]
        with temporary_settings({PREFECT_API_URL: url}):
            address, words = f"http://127.0.0.1:{server.server_port}/", {"title": "{{subject}}", "text": "{{body}}"}
            block = CustomWebhookNotificationBlock(name="Alerts", url=address, json_data=words)
            block.save(name, _sync=True)  # type: ignore[call-arg]
        yield heard
        server.shutdown()
