"""What did a change cost? The figures of two checkouts, in cold processes, one after the other and interleaved.

    python -m tests.benchmarks.against CHECKOUT [--rounds 3] [--work DIR]

CHECKOUT is another version of this project, such as `git worktree add ../before COMMIT`; both run with the libraries of
this environment, each on homes that it has made itself. Prints medians, with ratios of wall time and of processor time.
"""

import argparse
import os
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.processes import CHECKOUT, Measured, run
from tests.homes import copied

OURS = ("-m", "flows.run")
QUICK: dict[str, tuple[str, ...]] = {"nothing to do": (), "--help": ("--help",), "status": ("status",)}


@dataclass(frozen=True)
class Side:
    """One of the two versions, with homes that it made."""

    checkout: Path
    work: Path

    def run(self, *arguments: str, home: Path) -> Measured:
        """One cold process of this version."""
        return run(*OURS, *arguments, home=home, checkout=self.checkout)

    @property
    def fresh(self) -> Path:
        """A home with the data prepared and nothing done."""
        home = self.work / "fresh"
        if not home.exists():
            self.run("prepare", home=home)
        return home

    @property
    def eleven(self) -> Path:
        """A home in which eleven turns are done and the twelfth month waits.

        It is made in the place where it is measured: MLflow keeps absolute paths.
        """
        home, kept = self.work / "home", self.work / "eleven"
        if not kept.exists():
            last = sorted((self.fresh / "landing" / "flights").glob("*.parquet"))[-1]
            _copy(self.fresh, home)
            (home / "landing" / "flights" / last.name).unlink()
            self.run("--json", home=home)
            shutil.copyfile(last, home / "landing" / "flights" / last.name)
            shutil.copytree(home, kept)
        return kept

    def copy(self, template: Path) -> Path:
        """A home to measure on, as the template is."""
        return _copy(template, self.work / "home")


Row = tuple[str, float, float, str]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("checkout", type=Path, help="folder of the other version")
    parser.add_argument("--rounds", type=int, default=3, help="cold processes of each kind; medians are printed")
    parser.add_argument("--work", type=Path, help="folder for the homes; else temporary")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = (chosen.work or Path(temporary)).absolute()
        sides = tuple(
            Side(checkout, work / name)
            for name, checkout in (("this", CHECKOUT), ("other", chosen.checkout.absolute()))
        )
        rows = [*_cold(sides, chosen.rounds), *_quick(sides, chosen.rounds), *_twelve(sides, chosen.rounds)]
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{os.cpu_count()} cores, load {load}; medians of {chosen.rounds}, interleaved\n")
    print("| figure | this | other | ratio |\n|---|---|---|---|")
    for name, this, other, unit in rows:
        print(f"| {name} | {this:,.2f} {unit} | {other:,.2f} {unit} | {this / other:.3f} |")


def _cold(sides: tuple[Side, ...], rounds: int) -> Iterator[Row]:
    measured = _interleaved(sides, rounds, lambda side: side.run("--json", home=side.copy(side.eleven)))
    yield _row("one cold turn", measured, lambda one: one.seconds)
    yield _row("one cold turn, processor", measured, lambda one: one.cpu_seconds)


def _quick(sides: tuple[Side, ...], rounds: int) -> Iterator[Row]:
    for name, arguments in QUICK.items():
        measured = _interleaved(
            sides, max(5, rounds), lambda side, asked=arguments: side.run(*asked, home=side.work / "home")
        )
        yield _row(name, measured, lambda one: one.seconds)
        yield _row(f"{name}, processor", measured, lambda one: one.cpu_seconds)


def _twelve(sides: tuple[Side, ...], rounds: int) -> Iterator[Row]:
    measured = _interleaved(sides, rounds, lambda side: side.run("--json", home=side.copy(side.fresh)))
    yield _row("twelve turns", measured, lambda one: one.seconds)
    yield _row("twelve turns, processor", measured, lambda one: one.cpu_seconds)
    yield _row("first turn's line", measured, lambda one: one.lines[0][0])
    yield _row("one more turn, running", measured, lambda one: one.lines[-1][0] - one.lines[-2][0])
    yield _row("peak memory", measured, lambda one: one.megabytes, "MB")


def _interleaved(
    sides: tuple[Side, ...], rounds: int, measure: Callable[[Side], Measured]
) -> tuple[list[Measured], ...]:
    """Each side once a round; who goes first changes from round to round."""
    measured: tuple[list[Measured], ...] = tuple([] for _ in sides)
    for place in range(rounds):
        for at in range(len(sides)):
            turn = (at + place) % len(sides)
            measured[turn].append(measure(sides[turn]))
    return measured


def _row(name: str, measured: tuple[list[Measured], ...], value: Callable[[Measured], float], unit: str = "s") -> Row:
    this, other = (statistics.median(map(value, each)) for each in measured)
    return name, this, other, unit


def _copy(template: Path, home: Path) -> Path:
    shutil.rmtree(home, ignore_errors=True)
    return copied(template, home)


if __name__ == "__main__":
    main()
