"""Looks at the landing folders every two seconds, and starts the flow `poll` of a pipeline whose folder has changed.

It only makes things quicker: the same flow runs by the clock, and decides by itself what is new.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deployments import rest

LOOK_SECONDS = 2.0

Fingerprint = tuple[tuple[str, int, int], ...]
_CANCELLED = "CANCELLED"
_WAITS = ("SCHEDULED", "PENDING")
_AT_WORK = ("PENDING", "RUNNING")


@dataclass
class Watcher:
    """What was seen of each folder, and what was done about it."""

    url: str
    """Address of the API."""
    folders: Mapping[str, Path]
    """Landing folder of each pipeline."""
    _seen: dict[str, Fingerprint] = field(default_factory=dict)
    _told: dict[str, Fingerprint] = field(default_factory=dict)
    _asked: dict[str, str] = field(default_factory=dict)

    def look(self) -> list[str]:
        """One look at every folder; gives the pipelines whose `poll` was started.

        A folder that changed is left alone until a second look finds it unchanged: a file may still be growing. If
        the server does not answer, the next look tries again.
        """
        return [pipeline for pipeline, folder in self.folders.items() if self._look(pipeline, fingerprint(folder))]

    def _look(self, pipeline: str, now: Fingerprint) -> bool:
        settled, self._seen[pipeline] = self._seen.get(pipeline) == now, now
        try:
            wanted = self._was_turned_away(pipeline) or (settled and now != self._told.get(pipeline, ()))
            run = _start(self.url, f"poll/{pipeline}") if wanted else None
        except OSError:
            return False
        if run is None:
            return False
        self._asked[pipeline], self._told[pipeline] = run, now
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


def fingerprint(folder: Path) -> Fingerprint:
    """Names, sizes and times of the files; hidden ones and *.tmp are somebody's draft."""
    try:
        with os.scandir(folder) as entries:
            files = [entry for entry in entries if not entry.name.startswith(".") and not entry.name.endswith(".tmp")]
            stats = [(entry.name, entry.stat()) for entry in files if entry.is_file()]
    except OSError:
        return ()
    return tuple(sorted((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats))


def _start(url: str, deployment: str) -> str | None:
    """Ask for a run; None if one is at work, which would turn it away."""
    identity = rest.call(url, "GET", f"/deployments/name/{deployment}")["id"]
    at_work = {"deployment_id": {"any_": [identity]}, "state": {"type": {"any_": list(_AT_WORK)}}}
    if rest.call(url, "POST", "/flow_runs/count", {"flow_runs": at_work}):
        return None
    body = {"state": {"type": "SCHEDULED", "name": "Scheduled"}}
    return str(rest.call(url, "POST", f"/deployments/{identity}/create_flow_run", body)["id"])
