"""What the service counts, as Prometheus reads it at `/metrics`: requests, rows, seconds, and which version answers.

A request adds to plain numbers; they become figures of Prometheus when somebody asks for them.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import Metric

    from deployments.serving.standing import Log, Standing

_SECONDS = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0)


@dataclass
class _Count:
    """Of one pipeline."""

    statuses: Counter[int] = field(default_factory=Counter)
    rows: int = 0
    refused_rows: int = 0
    seconds: float = 0.0
    times: list[int] = field(default_factory=lambda: [0] * (len(_SECONDS) + 1))
    """Requests by the bound below which their time was; the last one for those above all."""


class Figures:
    """Counts of one process."""

    def __init__(self, process: int, log: "Log") -> None:
        """Args:
        process: Its number among those of the service.
        log: Knows what it had to drop.
        """
        self._process, self._log = process, log
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
        counted.statuses[status] += 1
        counted.rows += rows
        counted.refused_rows += refused_rows
        counted.seconds += seconds
        counted.times[bisect_left(_SECONDS, seconds)] += 1

    def text(self, followed: "Mapping[str, Standing]") -> bytes:
        """All figures in the format of Prometheus."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.registry import Collector

        figures = self

        class Collected(Collector):
            def collect(self) -> "Iterator[Metric]":
                return figures.collect(followed)

        registry = CollectorRegistry()
        registry.register(Collected())
        return generate_latest(registry)

    def collect(self, followed: "Mapping[str, Standing]") -> "Iterator[Metric]":
        """The figures as Prometheus' library has them."""
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
        for name, one in followed.items():
            counted, labels = self._counts.get(name, _Count()), [name, str(self._process)]
            for status, number in sorted(counted.statuses.items()):
                requests.add_metric([*labels, str(status)], number)
            rows.add_metric(labels, counted.rows)
            refused.add_metric(labels, counted.refused_rows)
            seconds.add_metric(labels, buckets=_cumulated(counted.times), sum_value=counted.seconds)
            version.add_metric(labels, one.live.version.version if one.live else 0)
            out.add_metric(labels, 1 if one.out else 0)
        dropped = CounterMetricFamily(
            "incumbent_dropped_rows", "Answered rows that are not in the prediction log.", labels=["process"]
        )
        dropped.add_metric([str(self._process)], self._log.dropped)
        yield from (requests, rows, refused, seconds, version, out, dropped)


def _cumulated(times: list[int]) -> list[tuple[str, float]]:
    bounds = [*map(str, _SECONDS), "+Inf"]
    return [(bound, float(sum(times[: place + 1]))) for place, bound in enumerate(bounds)]
