"""A child that ends with its parent, however that ended: it holds one end of a pipe, and notices when it closes.

Use it in processes that somebody starts with a pipe as standard input and never writes to.
"""

import os
import threading
from collections.abc import Callable


class Lifeline(threading.Thread):
    """Calls `end` when the other end of the standard input is gone."""

    def __init__(self, end: Callable[[], object] | None = None) -> None:
        """Args:
        end: What ends this process; by default at once. It may be replaced while the thread runs.
        """
        super().__init__(name="lifeline", daemon=True)
        self.end = end or _leave

    def run(self) -> None:
        """Wait for the end of the standard input."""
        while os.read(0, 1024):
            pass
        self.end()


def _leave() -> None:
    os._exit(0)
