"""What a join as of a time costs beside DuckDB alone, and the past of a key beside it.

    python -m tests.benchmarks.joins [--rows 1000000] [--lines 1000000] [--rounds 5]

Both sides get the same columns and give the place of the line of each row; medians of interleaved rounds. Nothing here is
asserted in a test: figures depend on the machine and on who else works on it.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import timedelta

import duckdb
import numpy as np
import pyarrow as pa

from tasks.features import as_of, pasts
from tasks.features.as_of import Asked, Lines

KEYS, YEAR = 10_000, 365 * 86_400_000_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    source = np.random.default_rng(0)
    keys, named = (source.integers(0, KEYS, size) for size in (chosen.rows, chosen.lines))
    happened, holds = (source.integers(0, YEAR, size) for size in (chosen.rows, chosen.lines))
    known = holds + source.integers(0, YEAR // 100, chosen.lines)
    rows, values = Asked([pa.array(keys)], happened), source.normal(size=chosen.lines)

    def bare() -> None:
        left, right = (
            pa.table({"k": keys, "t": happened}),
            pa.table({"k": named, "t": holds, "n": np.arange(len(holds))}),
        )
        with duckdb.connect() as database:
            database.register("l", left)
            database.register("r", right)
            database.execute("select l.k, r.n from l asof left join r on l.k = r.k and l.t >= r.t").fetchnumpy()

    sides: dict[str, Callable[[], object]] = {
        "DuckDB alone": bare,
        "as of the event": lambda: as_of.places(rows, Lines([pa.array(named)], holds)),
        "as of event and arrival": lambda: as_of.places(rows, Lines([pa.array(named)], holds, known)),
        "the mean of the past": lambda: pasts.take(
            "mean", timedelta(days=30), (keys, happened), (named, holds, values)
        ),
    }
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    for _ in range(chosen.rounds):
        for name, side in sides.items():
            measured[name].append(_timed(side))
    usual = [statistics.median(one[part] for one in measured["DuckDB alone"]) for part in (0, 1)]
    print(f"{chosen.rows:,} rows, {chosen.lines:,} lines, {KEYS:,} keys; medians of {chosen.rounds}\n")
    print("| join | seconds | ratio | processor | ratio |\n|---|---|---|---|---|")
    for name, times in measured.items():
        wall, cpu = (statistics.median(one[part] for one in times) for part in (0, 1))
        print(f"| {name} | {wall:.2f} | {wall / usual[0]:.2f} | {cpu:.2f} | {cpu / usual[1]:.2f} |")


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    began, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - cpu


if __name__ == "__main__":
    main()
