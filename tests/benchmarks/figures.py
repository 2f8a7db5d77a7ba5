"""The figures: `python -m flows.run` against the bare script, in cold processes, one after the other and interleaved.

    python -m tests.benchmarks.figures [--rounds 3] [--work DIR] [--only NAME ...]

Prints a table of medians with ratios and limits, then where the time goes. Nothing here is asserted in a test: figures
depend on the machine and on who else works on it. Needs Linux for the memory.
"""

import argparse
import json
import os
import shutil
import sqlite3
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import homes
from tests.benchmarks.processes import Measured, run
from tests.homes import copied

OURS, BARE = ("-m", "flows.run"), ("-m", "tests.benchmarks.bare")


@dataclass
class Bench:
    """Homes that every round starts from, and what was measured."""

    work: Path
    rounds: int
    rows: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def landing(self) -> Path:
        """Twelve months."""
        return self.fresh / "landing" / "flights"

    @property
    def fresh(self) -> Path:
        """A home with the data prepared and nothing done."""
        home = self.work / "fresh"
        if not home.exists():
            run(*OURS, "prepare", home=home)
        return home

    @property
    def eleven(self) -> Path:
        """A home in which eleven turns are done and the twelfth month waits."""
        home = self.work / "eleven"
        if not home.exists():
            last = sorted(self.landing.glob("*.parquet"))[-1]
            copied(self.fresh, home)
            (home / "landing" / "flights" / last.name).unlink()
            run(*OURS, "--json", home=home)
            shutil.copyfile(last, home / "landing" / "flights" / last.name)
        return home

    @property
    def state(self) -> Path:
        """What the bare script knows after eleven turns."""
        path = self.work / "bare.joblib"
        if not path.exists():
            run(*BARE, "--landing", str(self.landing), "--turns", "11", "--save", str(path), home=self.work)
        return path

    def copies(self, template: Path) -> Iterator[Path]:
        """One copy of a home per round; the one before is removed."""
        home = self.work / "home"
        for _ in range(self.rounds):
            shutil.rmtree(home, ignore_errors=True)
            yield homes.copied(template, home)

    def row(self, name: str, ours: float, bare: float | None, limit: str, unit: str = "s") -> None:
        """Add a line to the table."""
        other, ratio = (f"{bare:.1f} {unit}", f"{ours / bare:.2f}") if bare else ("", "")
        self.rows.append((name, f"{ours:,.1f} {unit}" if ours >= 10 else f"{ours:.2f} {unit}", other, ratio, limit))


def twelve(bench: Bench) -> None:
    """Twelve turns; with it the first line, one more turn in the running process, the memory, and equal losses."""
    ours, bare = [], []
    for home in bench.copies(bench.fresh):
        ours.append(run(*OURS, "--json", home=home))
        bare.append(run(*BARE, "--landing", str(bench.landing), home=bench.work))
    told = [json.loads(one.lines[-1][1]) for one in bare]
    bench.row("twelve turns", _median(ours), _median(bare), "ratio 1.8")
    last = [one.lines[-1][0] - one.lines[-2][0] for one in ours]
    theirs = [one["turns"][-1]["seconds"] for one in told]
    bench.row("one more turn, running", statistics.median(last), statistics.median(theirs), "ratio 1.4")
    bench.row("first turn's line", statistics.median(one.lines[0][0] for one in ours), None, "15 s")
    megabytes = [statistics.median(one.megabytes for one in each) for each in (ours, bare)]
    bench.row("peak memory", megabytes[0], megabytes[1], "1,500 MB", "MB")
    bench.notes += [
        f"twelve turns, first line {_line(ours, 0)}, last line {_line(ours, -1)}, end {_median(ours):.1f} s; "
        f"CPU {statistics.median(one.cpu_seconds for one in ours):.1f} s, "
        f"bare {statistics.median(one.cpu_seconds for one in bare):.1f} s",
        _stages(bench.work / "home"),
        f"bare, twelve turns: {_listed(told[-1]['stages'])}",
        _difference(ours[-1], told[-1]),
    ]


def cold(bench: Bench) -> None:
    """One turn in a cold process, with eleven months of history."""
    ours, bare = [], []
    for home in bench.copies(bench.eleven):
        ours.append(run(*OURS, "--json", home=home))
        command = ("--landing", str(bench.landing), "--last-turn-only", "--load", str(bench.state))
        bare.append(run(*BARE, *command, home=bench.work))
    told = json.loads(bare[-1].lines[-1][1])
    bench.row("one cold turn", _median(ours), _median(bare), "ratio 1.6")
    bench.notes += [
        f"one cold turn: its line {_line(ours, 0)}, end {_median(ours):.1f} s; "
        f"CPU {statistics.median(one.cpu_seconds for one in ours):.1f} s, "
        f"bare {statistics.median(one.cpu_seconds for one in bare):.1f} s",
        _stages(bench.work / "home", last_run=True),
        f"bare, one cold turn: {_listed(told['stages'])}",
        _difference(ours[-1], told),
    ]


def quick(bench: Bench) -> None:
    """Nothing to do, `--help` and `status`; on the home of the last turn."""
    home = bench.work / "home"
    if not home.exists():
        next(bench.copies(bench.eleven))
        run(*OURS, "--json", home=home)
    limits = {(): ("nothing to do", "2.5 s"), ("--help",): ("--help", "1 s"), ("status",): ("status", "2 s")}
    for arguments, (name, limit) in limits.items():
        measured = [run(*OURS, *arguments, home=home) for _ in range(max(3, bench.rounds))]
        bench.row(name, _median(measured), None, limit)


def _median(measured: list[Measured]) -> float:
    return statistics.median(one.seconds for one in measured)


def _line(measured: list[Measured], place: int) -> str:
    return f"{statistics.median(one.lines[place][0] for one in measured):.1f} s"


def _stages(home: Path, last_run: bool = False) -> str:
    """Seconds per kind of task, as Prefect has recorded them."""
    query = """
        select t.task_key, count(*), sum((julianday(t.end_time) - julianday(t.start_time)) * 86400)
        from task_run t where t.end_time is not null and t.start_time >= ?
        and t.id not in (select parent_task_run_id from flow_run where parent_task_run_id is not null)
        group by 1 order by 3 desc
    """
    with closing(sqlite3.connect(home / "prefect" / "prefect.db")) as connection:
        since = "select max(start_time) from flow_run where name like '%catch up%'"
        (start,) = connection.execute(since).fetchone() if last_run else ("",)
        found = connection.execute(query, (start or "",)).fetchall()
    tasks = {key.rsplit(".", 1)[-1].rsplit("-", 1)[0]: seconds for key, _, seconds in found}
    return f"ours, seconds in tasks (some overlap): {_listed(tasks)}; {sum(n for _, n, _ in found)} task runs"


def _listed(seconds: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.2f}" for name, value in seconds.items() if value >= 0.05)


def _difference(ours: Measured, told: dict[str, Any]) -> str:
    """How far the losses of two separate codes are apart."""
    mine = {turn["batch"]: turn for turn in (json.loads(line) for _, line in ours.lines)}
    pairs = [(mine[turn["month"]], turn) for turn in told["turns"]]
    gaps = [abs(a["challenger_log_loss"] - b["losses"][b["probe"]]) for a, b in pairs]
    gaps += [abs(a["champion_log_loss"] - b["champion"]) for a, b in pairs if "champion" in b]
    same = sum((a["verdict"] in ("promote", "first_champion")) == b["promote"] for a, b in pairs)
    return f"losses: largest difference {max(gaps):.1e}; the same decision in {same} of {len(pairs)} turns"


PARTS: dict[str, Callable[[Bench], None]] = {"twelve": twelve, "cold": cold, "quick": quick}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="cold processes of each kind; medians are printed")
    parser.add_argument("--work", type=Path, help="folder for the homes, kept for the next time; else temporary")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="parts to measure")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        bench = Bench((chosen.work or Path(temporary)).absolute(), chosen.rounds)
        bench.work.mkdir(parents=True, exist_ok=True)
        for name in chosen.only:
            PARTS[name](bench)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{os.cpu_count()} cores, load {load}; medians of {chosen.rounds}, interleaved\n")
    print("| figure | ours | bare | ratio | at most |\n|---|---|---|---|---|")
    for row in bench.rows:
        print(f"| {' | '.join(row)} |")
    print("\nWhere the time goes")
    for note in bench.notes:
        print(f"- {note}")


if __name__ == "__main__":
    main()
