"""The live version of a pipeline as the ledger names it, followed from promotion to rollback without losing a request.

A new version is prepared aside, in a thread: digest, allow-list, golden answers, compiled. Then one reference is
replaced; whoever has begun to answer ends with the version that they began with. One that fails its check stays out,
which is an alert while it lasts, and the old one goes on; so it does while the ledger cannot be asked.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from configs.errors import IncumbentError
from deployments.serving.standing import Standing, serving
from tasks.adapters.home import Home
from tasks.coordination.steps import alerting
from tasks.domain.alert_kinds import AlertKind
from tasks.scoring.steps import live_models

LOOK_SECONDS = 0.5
"""How often the ledger is asked who is live."""


@dataclass
class Followed(Standing):
    """One pipeline of a home."""

    home: Home = field(kw_only=True)
    sequence: int = 0
    """Of the promotion that made the live version live."""
    _refused: int = field(default=0)
    """The promotion whose version failed its check: it is not tried again and again."""
    _told: str | None = field(default=None)
    """What people were told of it last."""

    @property
    def title(self) -> str:
        """The question that it answers, also before there is a version."""
        return self.home.settings(self.pipeline).title

    def look(self) -> None:
        """Ask the ledger who is live, and follow it."""
        try:
            named = live_models.live_version(self.home, self.pipeline)
            if named is not None and named[0] not in (self.sequence, self._refused):
                self._change(*named)
            self._tell()
        except (IncumbentError, OSError):
            self.away = self.away or self.home.clock()
            return
        self.away = None

    def _change(self, sequence: int, version: int) -> None:
        if self.live is None or version != self.live.version.version:
            try:
                self.live = serving(live_models.ready(self.home, self.pipeline))
            except (IncumbentError, OSError) as problem:
                self.out, self._refused = f"v{version} was made live and stays out: {problem}", sequence
                return
        self.sequence, self.out = sequence, ""

    def _tell(self) -> None:
        """Owe people a word about a version that stays out, and another one when that is over."""
        if self._told != self.out:
            alerting.tell(self.home, self.pipeline, self._refused, {AlertKind.OUT: self.out or None})
            self._told = self.out


def follow(home: Home, pipeline: str) -> Followed:
    """A pipeline with its live version ready, if one is live; one that fails its check is out from the beginning."""
    followed = Followed(pipeline, None, home=home)
    followed.look()
    return followed


class Follower(threading.Thread):
    """Looks again and again, for all pipelines of a process."""

    def __init__(self, followed: Mapping[str, Followed], seconds: float = LOOK_SECONDS) -> None:
        """Args:
        followed: What is kept up to date.
        seconds: Between two looks.
        """
        super().__init__(name="follower", daemon=True)
        self._followed, self._seconds, self._ended = followed, seconds, threading.Event()

    def run(self) -> None:
        """Look until somebody says that it is enough."""
        while not self._ended.wait(self._seconds):
            for one in self._followed.values():
                one.look()

    def end(self) -> None:
        """It is enough."""
        self._ended.set()
        self.join()
