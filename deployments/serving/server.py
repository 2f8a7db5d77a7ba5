"""The server under the service: uvicorn at a socket that is open already, which says that it ends as soon as it knows.

Change this module when connections must be kept or ended in another way.
"""

import asyncio
import signal
import socket
from types import FrameType

import uvicorn

from deployments.serving.app import Service

_KEEP_ALIVE, _GRACE = 30, 20


class Server(uvicorn.Server):
    """Takes requests for a service, and answers those that it has before it goes."""

    def __init__(self, service: Service) -> None:
        """Args:
        service: That answers.
        """
        super().__init__(
            uvicorn.Config(
                service,
                ws="none",
                log_level="warning",
                access_log=False,
                server_header=False,
                date_header=False,
                timeout_keep_alive=_KEEP_ALIVE,
                timeout_graceful_shutdown=_GRACE,
            )
        )
        self._service = service

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Say that it is about to end."""
        self._service.draining = True
        super().handle_exit(sig, frame)

    def answer(self, listener: socket.socket) -> None:
        """Take requests until somebody ends it, and come back: there is something left to close.

        Uvicorn raises the signal that has ended it once more, which would end the process here.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _ended)
        asyncio.run(self.serve(sockets=[listener]))


def _ended(number: int, frame: FrameType | None) -> None:
    """It is over already."""
