"""Looks at the sources every two seconds, and starts the flow `poll` of a pipeline whose source has changed.

It only makes things quicker: the same flow runs by the clock, and decides by itself what is new.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from configs import label_source
from configs.errors import LandingFolderMissing
from deployments import rest
from tasks.ingestion.sources.base import Source

LOOK_SECONDS = 2.0

_CANCELLED = "CANCELLED"
_WAITS = ("SCHEDULED", "PENDING")
_AT_WORK = ("PENDING", "RUNNING")


@dataclass
class Watcher:
    """How each source looked, and what was done about it."""

    url: str
    """Address of the API."""
    sources: Mapping[str, Source]
    """Source of each pipeline, and of its labels where these come later."""
    _last: dict[str, str] = field(default_factory=dict)
    _reported: dict[str, str] = field(default_factory=dict)
    _asked: dict[str, str] = field(default_factory=dict)

    def look(self) -> list[str]:
        """One look at every source; gives the pipelines whose `poll` was started.

        One that changed is left alone until a second look finds it unchanged: a file may still be growing. If
        the server does not answer, the next look tries again.
        """
        marks = dict[str, str]()
        for name, source in self.sources.items():
            pipeline = label_source.owner(name) or name
            marks[pipeline] = f"{marks.get(pipeline, '')} {_mark(source)}".strip()
        return [pipeline for pipeline, now in marks.items() if self._look(pipeline, now)]

    def _look(self, pipeline: str, now: str) -> bool:
        settled, self._last[pipeline] = self._last.get(pipeline) == now, now
        try:
            wanted = self._was_turned_away(pipeline) or (settled and now != self._reported.get(pipeline, ""))
            run = _start(self.url, f"poll/{pipeline}") if wanted else None
        except OSError:
            return False
        if run is None:
            return False
        self._asked[pipeline], self._reported[pipeline] = run, now
        return True

    def _was_turned_away(self, pipeline: str) -> bool:
        """Whether the run that was asked for met another one, which may have looked too early; it may be gone."""
        run = self._asked.get(pipeline)
        if run is None:
            return False
        found = rest.flow_runs(self.url, {"id": {"any_": [run]}})
        kind = next((one["state_type"] for one in found), None)
        if kind not in (_CANCELLED, None, *_WAITS):
            del self._asked[pipeline]
        return kind in (_CANCELLED, None)


def _mark(source: Source) -> str:
    """Of a source that is missing the same as of one in which nothing is."""
    try:
        return source.mark().text
    except LandingFolderMissing:
        return ""


def _start(url: str, deployment: str) -> str | None:
    """Ask for a run; None if one is at work, which would turn it away."""
    identity = rest.call(url, "GET", f"/deployments/name/{deployment}")["id"]
    at_work = {"deployment_id": {"any_": [identity]}, "state": {"type": {"any_": list(_AT_WORK)}}}
    if rest.call(url, "POST", "/flow_runs/count", {"flow_runs": at_work}):
        return None
    body = {"state": {"type": "SCHEDULED", "name": "Scheduled"}}
    return str(rest.call(url, "POST", f"/deployments/{identity}/create_flow_run", body)["id"])
