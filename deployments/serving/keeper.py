"""Keeps the prediction log while the service runs: closed segments are sealed, what is too old is removed.

One thread of the parent of the service does it, so that no request waits for it. Retention and sealing themselves stand
in `tasks.scoring.steps.sealing`.
"""

import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from configs import environment
from configs.errors import IncumbentError
from tasks.adapters.home import Home

SECONDS = 60.0
"""Between two looks."""
_FIRST_SECONDS = 5.0
"""Before the first: the processes of the service come first."""


class Keeper(threading.Thread):
    """Looks again and again."""

    def __init__(self, home: Path, say: Callable[[str], None]) -> None:
        """Args:
        home: Folder of everything local.
        say: Tells people what was removed, and what stands in the way.
        """
        super().__init__(name="keeper", daemon=True)
        self._home, self._say, self._ended = home, say, threading.Event()
        self._problem = ""

    def run(self) -> None:
        """Look until somebody says that it is enough."""
        seconds = _FIRST_SECONDS
        while not self._ended.wait(seconds):
            self.look()
            seconds = SECONDS

    def look(self) -> None:
        """Seal and remove once; what stands in the way is said once."""
        from tasks.scoring.steps import sealing

        problem = ""
        try:
            with closing(Home(self._home, environment.read().ledger_url)) as hands:
                done = sealing.seal(hands)
        except (IncumbentError, OSError) as err:
            problem = f"The prediction log is not sealed: {err}"
        else:
            for pipeline, rows in done.expired.items():
                self._say(f"{pipeline}: {rows:,} answers are older than scoring.log.retention and were removed.")
        if problem and problem != self._problem:
            self._say(environment.without_secrets(problem))
        self._problem = problem

    def end(self) -> None:
        """It is enough."""
        self._ended.set()
        self.join()
