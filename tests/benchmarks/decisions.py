"""Decisions that hold: the rule of the project against its rivals, on streams that are replayed without orchestrator.

    python -m tests.benchmarks.decisions [--streams NAME ...] [--seeds 5] [--batches N] [--window 10|all]
                                         [--work DIR] [--quick]

The first ten batches train the first model; from then on each batch is judged once, with a probe that was fitted on
what was known of the ten before it (`--window all`: of all before it). Every rule sees the same probes, with the same
settings on all streams. The last row, at once, is no rule: it has each probe live from its fit on, which nobody has
judged. Whole days are shuffled to see how often a rule takes over where nothing has changed. Ctrl-C prints what was
measured until then. Nothing here is asserted in a test. The numbers depend on no clock.
"""

import argparse
import hashlib
import itertools
import math
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import joblib
import pandas as pd

from tasks.training import identities
from tests.benchmarks import decisions_replay as replaying
from tests.benchmarks.decisions_replay import ALWAYS, NEVER, OURS, RULES, THIRD_MONTH, Fitted, Replay
from tests.benchmarks.decisions_streams import STREAMS, Stream

MOST_FALSE, LEAST_GAIN, MOST_PROMOTIONS = 0.5, 0.95, 0.25
"""The targets: false promotions per 100 decisions, share of the gain, share of the promotions of retrain always."""
_CAPTURED = ("elec2", "hotel")
_QUICK = {"streams": ["elec2"], "seeds": 1, "batches": 16}


@dataclass
class Results:
    """What every rule did."""

    ordered: dict[str, dict[str, Replay]] = field(default_factory=dict)
    """Per stream and rule."""
    at_once: dict[str, float] = field(default_factory=dict)
    """Mean log loss per stream if every probe were live from its fit on."""
    shuffled: dict[str, dict[str, list[Replay]]] = field(default_factory=dict)
    """Per stream and rule, one for each seed."""

    def captured(self, stream: str, loss: float) -> float:
        """Share of the gain of retrain always that a loss captures; NaN where retraining gains nothing."""
        never, always = (self.ordered[stream][rule].loss for rule in (NEVER, ALWAYS))
        return (never - loss) / (never - always) if never > always else float("nan")

    def false_promotions(self, rule: str, stream: str | None = None) -> tuple[int, int]:
        """Promotions and decisions on shuffled days; on one stream, or on all."""
        names = [stream] if stream else list(self.shuffled)
        runs = [run for name in names for run in self.shuffled[name][rule]]
        return sum(len(run.promotions) for run in runs), sum(run.decisions for run in runs)


def measure(results: Results, chosen: argparse.Namespace) -> None:
    """Replay the streams as they were, then with their days shuffled."""
    began, seeds, most = time.perf_counter(), chosen.seeds, chosen.batches
    streams = {name: stream.first(most) if most else stream for name, stream in _read(chosen.streams).items()}
    for name, stream in streams.items():
        with _fitted(stream, chosen) as fitted:
            found = _all_rules(fitted), replaying.at_once(fitted)
        results.shuffled[name] = defaultdict(list)
        results.ordered[name], results.at_once[name] = found
        _tell(f"{time.perf_counter() - began:.0f} s: {name}, as it was")
    for seed, (name, stream) in itertools.product(range(1, seeds + 1), streams.items()):
        with _fitted(stream.shuffled(seed), chosen) as fitted:
            for rule, run in _all_rules(fitted).items():
                results.shuffled[name][rule].append(run)
        made, asked = results.false_promotions(OURS)
        _tell(f"{time.perf_counter() - began:.0f} s: {name}, shuffled {seed} of {seeds}; {made} of {asked} promoted")


def _read(names: list[str]) -> dict[str, Stream]:
    found = {}
    for name in names:
        try:
            found[name] = STREAMS[name]()
        except FileNotFoundError as missing:
            _tell(f"{name} is left out: {missing.filename} is not there.")
    return found


def _all_rules(fitted: Fitted) -> dict[str, Replay]:
    return {name: replaying.replay(fitted, make()) for name, make in RULES.items()}


@contextmanager
def _fitted(stream: Stream, chosen: argparse.Namespace) -> Iterator[Fitted]:
    """Fitted once per order of a stream; kept in a folder for the next time, with all answers, if one is named."""
    window, work = chosen.window, chosen.work
    if work is None:
        yield Fitted(stream, window=window)
        return
    rows = hashlib.sha256(pd.util.hash_pandas_object(stream.frame, index=False).to_numpy().tobytes()).hexdigest()
    about = f"{rows} {stream.columns} {replaying.CANDIDATES} {window} {replaying.SEED} {identities.RECIPE}"
    path = work / f"{stream.name}-{hashlib.sha256(about.encode()).hexdigest()[:12]}.joblib"
    fitted = Fitted(stream, joblib.load(path) if path.exists() else None, window=window)
    yield fitted
    work.mkdir(parents=True, exist_ok=True)
    joblib.dump(fitted.kept, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").rename(path)


def _tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


# ── what is printed ───────────────────────────────────────────────────────────────────────────────────────────────
def targets(results: Results) -> list[str]:
    """The table of the promises: figure, target, measured, whether it holds."""
    rows = [_false_row(results)] if any(results.shuffled.values()) else []
    for name in (name for name in _CAPTURED if name in results.ordered):
        ours, always = results.ordered[name][OURS], results.ordered[name][ALWAYS]
        gain, share = results.captured(name, ours.loss), len(ours.promotions) / max(1, len(always.promotions))
        told = f"{gain:.3f} with {len(ours.promotions)} of {len(always.promotions)} promotions ({share:.0%})"
        wanted = f"≥ {LEAST_GAIN} with ≤ {MOST_PROMOTIONS:.0%} of its promotions"
        figure = f"{name}: gain captured of retrain always"
        rows.append((figure, wanted, told, gain >= LEAST_GAIN and share <= MOST_PROMOTIONS))
    if "flights" in results.ordered:
        found = results.ordered["flights"]
        others = {"never": NEVER, "always": ALWAYS, "every third month": THIRD_MONTH}
        wanted = "not worse than " + ", ".join(f"{name} {found[rule].loss:.4f}" for name, rule in others.items())
        holds = all(found[OURS].loss <= found[rule].loss for rule in others.values())
        rows.append(("flights: mean log loss", wanted, f"{found[OURS].loss:.4f}", holds))
    lines = [f"| {figure} | {wanted} | {told} | {'yes' if holds else 'NO'} |" for figure, wanted, told, holds in rows]
    return ["| figure | target | measured | holds |", "|---|---|---|---|", *lines]


def _false_row(results: Results) -> tuple[str, str, str, bool]:
    made, asked = results.false_promotions(OURS)
    each = [f"{name} {'{} of {}'.format(*results.false_promotions(OURS, name))}" for name in results.shuffled]
    rate = 100 * made / max(1, asked)
    told = f"{rate:.2f} ({made} in {asked} decisions: {', '.join(each)})"
    return "promotions per 100 decisions, whole days shuffled", f"≤ {MOST_FALSE}", told, rate <= MOST_FALSE


def rivals(results: Results) -> list[str]:
    """All rules beside each other: mean log loss, share of the gain captured, promotions; and on shuffled days."""
    names = list(results.ordered)
    heads = [f"{name}: loss | gain | promotions" for name in names]
    shuffled = [f"shuffled {name}, per 100" for name in names if results.shuffled[name]]
    lines = [_row("rule", *heads, *shuffled), "|" + "---|" * (1 + 3 * len(names) + len(shuffled))]
    for rule in RULES:
        runs = [(name, results.ordered[name][rule]) for name in names]
        cells = [f"{run.loss:.4f} | {_gain(results, name, run.loss)} | {len(run.promotions)}" for name, run in runs]
        rates = [results.false_promotions(rule, name) for name in names if results.shuffled[name]]
        lines.append(_row(rule, *cells, *(f"{100 * made / max(1, asked):.1f}" for made, asked in rates)))
    last = [f"{loss:.4f} | {_gain(results, name, loss)} | –" for name, loss in results.at_once.items()]
    return [*lines, _row("at once, unjudged", *last, *("–" for _ in shuffled))]


def notes(results: Results) -> list[str]:
    """Where another rule wins, when ours acted, and which guards objected."""
    lines = []
    for name, found in results.ordered.items():
        ours = found[OURS]
        better = {rule: run for rule, run in found.items() if run.loss < ours.loss}
        wins = [
            f"{rule} by {ours.loss - run.loss:.4f} ({(ours.loss - run.loss) / ours.loss:.2%}, "
            f"{len(run.promotions)} promotions)"
            for rule, run in sorted(better.items(), key=lambda pair: pair[1].loss)
        ]
        after = ", ".join(map(str, ours.promotions)) or "none"
        vetoes = "; ".join(f"batch {number} {names}" for number, names in ours.vetoes) or "none"
        lines.append(f"- {name}: a lower loss than ours has {', '.join(wins) or 'none'}.")
        lines.append(f"  Ours promoted after batch {after} of {ours.decisions} decisions; vetoes: {vetoes}.")
    return lines


def _gain(results: Results, stream: str, loss: float) -> str:
    gain = results.captured(stream, loss)
    return "–" if math.isnan(gain) else f"{gain:.3f}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _window(text: str) -> int | None:
    return None if text == "all" else int(text)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--streams", nargs="+", choices=STREAMS, default=list(STREAMS), help="streams to replay")
    parser.add_argument("--seeds", type=int, default=5, help="orders of shuffled days per stream")
    parser.add_argument("--batches", type=int, help="batches of each stream, from its beginning; else all")
    window = "batches that a probe learns from (default: as many as the first model), or all"
    parser.add_argument("--window", type=_window, default=replaying.FIRST, help=window)
    parser.add_argument("--work", type=Path, help="folder in which what was fitted is kept for the next time")
    parser.add_argument("--quick", action="store_true", help="a few batches of one stream: does it still run?")
    if "--quick" in sys.argv:
        parser.set_defaults(**_QUICK)
    chosen = parser.parse_args()
    results = Results()
    try:
        measure(results, chosen)
    except KeyboardInterrupt:
        _tell("Stopped. This is what was measured until now.")
    if not results.ordered:
        raise SystemExit("There is no data to replay; see ../shared/data beside the checkout.")
    for part in (targets(results), rivals(results), notes(results)):
        print("\n".join(part), end="\n\n")


if __name__ == "__main__":
    main()
