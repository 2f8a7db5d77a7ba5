"""What the service counts, as Prometheus reads it at `/metrics`: requests, rows, seconds, and which version answers.

A request adds to plain numbers; they become figures of Prometheus when somebody asks, beside those of other processes.
"""

import asyncio
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from deployments.serving import siblings

if TYPE_CHECKING:
    from prometheus_client import Metric

    from deployments.serving.siblings import Siblings
    from deployments.serving.standing import Log, Standing

    Counted = Mapping[str, Any]
    """What a process has counted, as it is written down."""

_SECONDS = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0)


@dataclass
class _Count:
    """Of one pipeline."""

    statuses: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    refused_rows: int = 0
    seconds: float = 0.0
    times: list[int] = field(default_factory=lambda: [0] * (len(_SECONDS) + 1))
    """Requests by the bound below which their time was; the last one for those above all."""


class Figures:
    """Counts of one process, and what the others have counted."""

    def __init__(self, process: int, log: "Log", others: "Siblings | None" = None) -> None:
        """Args:
        process: Its number among those of the service.
        log: Knows what it had to drop.
        others: The other processes; None if there are none.
        """
        self._process, self._log, self._others = process, log, others
        self._counts: dict[str, _Count] = {}

    def count(self, pipeline: str, status: int, rows: int, refused_rows: int, seconds: float) -> None:
        """One request for predictions.

        Args:
            pipeline: Whose.
            status: Of HTTP.
            rows: That were answered.
            refused_rows: That broke the contract.
            seconds: From its first to its last byte here.
        """
        counted = self._counts.get(pipeline)
        if counted is None:
            counted = self._counts[pipeline] = _Count()
        counted.statuses[str(status)] += 1
        counted.rows += rows
        counted.refused_rows += refused_rows
        counted.seconds += seconds
        counted.times[bisect_left(_SECONDS, seconds)] += 1

    async def share(self, followed: "Mapping[str, Standing]") -> None:
        """Let the other processes know, again and again."""
        while self._others is not None:
            self._others.write(self._counted(followed))
            await asyncio.sleep(siblings.SECONDS)

    def text(self, followed: "Mapping[str, Standing]") -> bytes:
        """All figures in the format of Prometheus."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.registry import Collector

        counted = {self._process: self._counted(followed), **dict(self._others.others() if self._others else ())}

        class Collected(Collector):
            def collect(self) -> "Iterator[Metric]":
                return _collected(counted)

        registry = CollectorRegistry()
        registry.register(Collected())
        return generate_latest(registry)

    def _counted(self, followed: "Mapping[str, Standing]") -> "Counted":
        pipelines = {
            name: {
                **vars(self._counts.get(name, _Count())),
                "version": one.live.version.version if one.live else 0,
                "out": bool(one.out),
            }
            for name, one in followed.items()
        }
        return {"pipelines": pipelines, "dropped": self._log.dropped}


def _collected(counted: "Mapping[int, Counted]") -> "Iterator[Metric]":
    """What processes have counted, by their numbers, as Prometheus' library has it."""
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

    of_one = ["pipeline", "process"]
    requests = CounterMetricFamily(
        "incumbent_requests", "Requests for predictions.", labels=["pipeline", "process", "status"]
    )
    rows = CounterMetricFamily("incumbent_rows", "Rows that were answered.", labels=of_one)
    refused = CounterMetricFamily("incumbent_refused_rows", "Rows that broke the contract.", labels=of_one)
    seconds = HistogramMetricFamily("incumbent_seconds", "Time to an answer.", labels=of_one)
    version = GaugeMetricFamily("incumbent_version", "The version that answers; 0 before the first.", labels=of_one)
    out = GaugeMetricFamily("incumbent_version_out", "1 while the live version is kept out.", labels=of_one)
    dropped = CounterMetricFamily(
        "incumbent_dropped_rows", "Answered rows that are not in the prediction log.", labels=["process"]
    )
    for process, of_process in sorted(counted.items()):
        for name, one in of_process["pipelines"].items():
            labels = [name, str(process)]
            for status, number in sorted(one["statuses"].items()):
                requests.add_metric([*labels, status], number)
            rows.add_metric(labels, one["rows"])
            refused.add_metric(labels, one["refused_rows"])
            seconds.add_metric(labels, buckets=_cumulated(one["times"]), sum_value=one["seconds"])
            version.add_metric(labels, one["version"])
            out.add_metric(labels, 1 if one["out"] else 0)
        dropped.add_metric([str(process)], of_process["dropped"])
    yield from (requests, rows, refused, seconds, version, out, dropped)


def _cumulated(times: list[int]) -> list[tuple[str, float]]:
    bounds = [*map(str, _SECONDS), "+Inf"]
    return [(bound, float(sum(times[: place + 1]))) for place, bound in enumerate(bounds)]
