"""Made-up histories that the tests of the report and of the terminal share: numbers like those of the flights of 2013.

Add a world here when a case (a refusal, a first turn, tags in names) is needed by more than one test.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from configs.settings import PipelineSettings
from tasks.domain.observations import Health, HealthState
from tasks.domain.records import Batch, Metric, Model, RuleFinding, Score
from tasks.domain.turns import (
    Evidence,
    Guard,
    History,
    Hold,
    Outcome,
    Promotion,
    RetrainingDecision,
    Trigger,
    Turn,
    TurnState,
    Verdict,
    VerdictKind,
)
from tests.reporting import pieces
from tests.reporting.pieces import CATEGORIES, FEATURES, MATTERS, WEATHER, comparison, drift, score

WRITTEN = datetime(2026, 11, 21, 7, 47, tzinfo=UTC)
GIVEN_UP = "given up after 4 attempts: the disk is full"
NASTY = "<script>alert('x')</script>{{ 7*7 }}\"&"

# name, landed, quarantined, without label, champion's loss, its interval, probe, never, no model, gain's interval,
# evidence before and after, expected share, actual share; None as loss is a refused batch
YEAR: tuple[tuple[object, ...], ...] = (
    ("2013-01", 27004, 22, 605, None, None, None, 0.586, None, 0.624, None, None, None, None, None, 0.24, 0.23),
    ("2013-02", 24951, 20, 1340, 0.536, 0.497, 0.575, 0.548, 0.536, 0.550, -0.029, 0.002, 1, 0.17, 1, 0.24, 0.24),
    ("2013-03", 28834, 18, 932, 0.520, 0.466, 0.584, 0.496, 0.520, 0.547, 0.0129, 0.0387, 1, 482, 2, 0.23, 0.24),
    ("2013-04", 28330, 12, 765, 0.598, 0.515, 0.688, 0.604, 0.658, 0.607, -0.0169, 0.0035, 1, 0.18, 1, 0.20, 0.29),
    ("2013-05", 28796, 35, 667, 0.484, 0.442, 0.530, 0.477, 0.515, 0.535, -0.0094, 0.0253, 1, 0.86, 1, 0.24, 0.23),
    ("2013-06", 28243, 13, 1168, 0.580, 0.525, 0.624, 0.538, 0.639, 0.639, 0.0251, 0.0613, 1, 1516, 2, 0.26, 0.32),
    ("2013-07", 29425, 16, 1130, 0.574, 0.532, 0.617, 0.536, 0.661, 0.644, 0.0059, 0.0695, 1, 8.9, 3, 0.24, 0.32),
    ("2013-08", 29327, 29327, 0, None, None, None, None, None, None, None, None, None, None, None, None, None),
    ("2013-08", 29327, 32, 571, 0.500, 0.451, 0.544, 0.511, 0.549, 0.558, -0.0302, 0.0099, 8.9, 1.5, 3, 0.24, 0.25),
    ("2013-09", 27574, 17, 564, 0.389, 0.361, 0.421, 0.387, 0.403, 0.435, -0.0139, 0.0154, 1.5, 0.63, 1, 0.22, 0.14),
    ("2013-10", 28889, 18, 270, 0.449, 0.426, 0.476, 0.444, 0.459, 0.479, -0.001, 0.0114, 1, 1.7, 3, 0.23, 0.18),
    ("2013-11", 27268, 13, 297, 0.461, 0.428, 0.493, 0.457, 0.460, 0.485, -0.0005, 0.0096, 1.7, 3.1, 3, 0.25, 0.18),
    ("2013-12", 28135, 12, 1113, 0.590, 0.551, 0.626, 0.598, 0.629, 0.659, -0.0192, -0.0001, 3.1, 0.33, 1, 0.26, 0.34),
)


def settings(**reporting: object) -> PipelineSettings:
    """The settings of a pipeline like flights; the arguments replace parts of its section `reporting`."""
    columns: dict[str, object] = {name: {"type": "number", "nullable": True} for name in FEATURES}
    columns |= {name: {"type": "category"} for name in CATEGORIES}
    columns |= {"hour": {"type": "integer"}, "late": {"type": "boolean", "nullable": True}, "at": {"type": "timestamp"}}
    nouns = {
        "row": ("flight", "flights"),
        "outcome": "late",
        "groups": {"weather": WEATHER},
        "notes": {"weather": "the season"},
        "unlabelled": "cancelled or diverted",
    }
    return PipelineSettings.model_validate(
        {
            "title": "Will a flight out of New York arrive 15 or more minutes late? Asked at its scheduled departure.",
            "ingestion": {"times": {"event": "at"}},
            "validation": {"columns": columns},
            "training": {
                "label": "late",
                "features": FEATURES,
                "candidates": ({"family": "hist_gradient_boosting"}, {"family": "logistic_regression"}),
            },
            "evaluation": {"slices": ({"column": "origin"}, {"column": "carrier"})},
            "reporting": nouns | reporting,
        }
    )


def year() -> History:
    """Thirteen turns: a first champion, two promotions, a refused batch in the middle, and a champion to watch."""
    return told(YEAR)


def refused_last() -> History:
    """The batch of the last turn was refused."""
    return told(YEAR[:8])


def first_turn() -> History:
    """One turn, which brought the first champion."""
    return told(YEAR[:1])


def promoted_last() -> History:
    """The champion is new: it won in the last turn."""
    return told(YEAR[:6])


def no_champion() -> History:
    """Two turns, and no model was good enough."""
    world = told(YEAR[:2])
    reasons = ("does not beat no model: gain −0.0012 (−0.0100 to +0.0076)",)
    verdict = Verdict(VerdictKind.REJECT, reasons, first=True)
    turns = tuple(
        replace(
            turn,
            outcome=Outcome.REJECT,
            reasons=reasons,
            verdict=verdict,
            champion=None,
            champion_version=None,
            drift=None,
            health=None,
            never=None,
            evidence=None,
        )
        for turn in world.turns
    )
    return replace(world, turns=turns, promotions=(), gates=())


def not_judged_last() -> History:
    """The last batch had too few labelled rows to judge on."""
    world = year()
    reason = "412 labelled flights, needs 500"
    last = world.turns[-1]
    small = replace(last.batch, landed=420, accepted=415, quarantined=5, unlabelled=3, positives=90)
    silent = replace(
        bare_turn(last.number, small),
        outcome=Outcome.NOT_JUDGED,
        reasons=(reason,),
        champion_version=6,
        decision=RetrainingDecision(retrain=False, reasons=(reason,)),
        health=Health(HealthState.NOT_JUDGED, (reason,)),
    )
    return replace(world, turns=(*world.turns[:-1], silent))


def given_up_last() -> History:
    """The last turn was watched and judged, and then given up."""
    world = year()
    failed = replace(world.turns[-1], outcome=Outcome.FAILED, reasons=(GIVEN_UP,))
    return replace(world, turns=(*world.turns[:-1], failed))


def long(count: int) -> History:
    """Many turns with plain names, the second of which brought the second champion."""
    rows = [YEAR[0]]
    rows += [(f"delivery-{n:03}", *YEAR[2 if n == 2 else 10 + n % 3][1:]) for n in range(2, count + 1)]
    return told(rows)


def silent() -> History:
    """Turns of which hardly anything is known: every optional value is None, and no metric is defined."""
    world = year()
    turns = tuple(bare_turn(turn.number, turn.batch) for turn in world.turns)
    nothing = score("m6", 26, 0.26, 0.34, None, None, None)
    nothing = replace(nothing, slices=(), calibration=(), metrics=(Metric("log_loss", None, None, None, False),))
    last = replace(turns[-1], champion=nothing, champion_version=6, probe=nothing, never=nothing)
    return replace(world, turns=(*turns[:-1], last), gates=(), libraries=())


def hostile() -> History:
    """Tags, braces and quotes wherever text comes from data."""
    world = year()
    turns = tuple(_poisoned(turn) for turn in world.turns)
    return replace(world, turns=turns, duplicates=((NASTY, NASTY, 3),), libraries=((NASTY, NASTY),))


def gone_back(
    world: History | None = None, *, after: int = 13, to: int | None = None, reason: str = "too many complaints"
) -> History:
    """The year, and a person who went back: to that version, or to the one that was live before."""
    world = world or year()
    live, been = world.promotions[-1], [made for made in world.promotions if to in (None, made.version)]
    before = next(made for made in reversed(been) if made.version != live.version)
    finished = world.turns[after - 1].finished
    assert finished is not None
    sequence = live.sequence + 1
    at = finished + timedelta(seconds=sequence)
    made = Promotion(sequence, before.version, before.model, live.version, None, 9, at, "anna", reason, after)
    return replace(world, promotions=(*world.promotions, made), holds=(*world.holds, Hold(sequence, live.version)))


def bare_turn(number: int, batch: Batch) -> Turn:
    """A turn of which nothing but the batch is known."""
    return Turn(number=number, batch=batch, state=TurnState.DONE, started=WRITTEN + timedelta(minutes=number))


def told(rows: Sequence[Sequence[object]]) -> History:
    """The history that the rows tell; see YEAR for their columns."""
    turns: list[Turn] = []
    promotions: list[Promotion] = []
    models: list[tuple[int, Model]] = []
    gates: list[tuple[int, Score]] = []
    for number, row in enumerate(rows, 1):
        live = promotions[-1].version if promotions else None
        turn = _turn(number, row, live, len(models) + 1)
        turns.append(turn)
        if turn.probe_model and turn.probe_version and turn.probe:
            models.append((turn.probe_version, turn.probe_model))
            if turn.outcome in (Outcome.FIRST_CHAMPION, Outcome.PROMOTE):
                gates.append((turn.probe_version, turn.probe))
                promotions.append(_promotion(len(promotions) + 1, turn, live))
    return History(
        "flights",
        tuple(turns),
        tuple(promotions),
        tuple(models),
        tuple(gates),
        duplicates=(("2013-03 copy", "2013-03", 28834),),
        settings_hash="acf5ad81f982",
        lock_hash="c09d9c72cb41dd7d3fd881429f89c8eb30f1339e77733c321ba138b320bb7df3",
        libraries=(("Python", "3.11.7"), ("scikit-learn", "1.9.1"), ("pandas", "3.0.6"), ("skops", "0.16.0")),
    )


def _turn(number: int, row: Sequence[object], live: int | None, version: int) -> Turn:
    name, landed, quarantined = str(row[0]), int(str(row[1])), int(str(row[2]))
    refused = landed == quarantined
    batch = pieces.batch(number, name, landed, quarantined, int(str(row[3])), refused, row[16])
    turn = bare_turn(number, batch)
    turn = replace(
        turn,
        finished=turn.started + timedelta(seconds=4),
        triggers=(Trigger(number, "new_data", f"batch {name} landed", turn.started, number),),
        champion_version=live,
    )
    if refused:
        return replace(turn, outcome=Outcome.REFUSED, reasons=(str(batch.reason),))
    rows = batch.accepted - batch.unlabelled
    expected, actual, probe_loss = _float(row[15]), _float(row[16]), _float(row[7])
    model = pieces.model(version, number)
    turn = replace(
        turn,
        probe_model=model,
        probe_version=version,
        probe=score(model.id, rows, actual, actual, probe_loss, probe_loss - 0.04, probe_loss + 0.04),
        candidates=(("hist_gradient_boosting", probe_loss), ("logistic_regression", probe_loss + 0.011)),
        dummy_loss=_float(row[9]),
        importance=tuple((f, MATTERS.get(f, 0.002)) for f in sorted(FEATURES, key=lambda f: -MATTERS.get(f, 0.002))),
        decision=RetrainingDecision(retrain=True, reasons=("every batch that can be judged gets a probe",)),
    )
    if live is None:
        return _first(turn)
    return _judged(turn, row, rows, expected, actual)


def _first(turn: Turn) -> Turn:
    reasons = ("beats no model by 0.0381", "AUC 0.708")
    return replace(
        turn,
        outcome=Outcome.FIRST_CHAMPION,
        reasons=reasons,
        comparison=comparison(0.0381, 0.0028, 0.0755, 1),
        verdict=Verdict(VerdictKind.PROMOTE, reasons, first=True),
    )


def _judged(turn: Turn, row: Sequence[object], rows: int, expected: float, actual: float) -> Turn:
    loss, low, high = _float(row[4]), _float(row[5]), _float(row[6])
    before, value = _float(row[12]), _float(row[13])
    kind = (VerdictKind.REJECT, VerdictKind.PROMOTE, VerdictKind.KEEP_SHADOWING)[int(str(row[14])) - 1]
    gain = loss - _float(row[7])
    won = kind is VerdictKind.PROMOTE
    reason = f"evidence {value:,.0f} ≥ 200; gain {gain:.4f}" if won else f"evidence {value:g}, needs 200"
    guards = (
        Guard("calibration", False, "calibration error 0.05"),
        Guard("slices", False, "none of 13 slices is worse"),
    )
    off = abs(expected - actual) > 0.03
    share = f"It expected {expected:.0%} of flights to be late; {actual:.0%} were.".replace("%", "\u202f%")
    at_gate = f"Its log loss on {rows:,} flights was {loss:.3f} ({low:.3f} to {high:.3f}), against 0.538 at its gate."
    return replace(
        turn,
        outcome=Outcome(kind.value),
        reasons=(reason,),
        champion=score("c", rows, expected, actual, loss, low, high),
        drift=drift(turn.number),
        health=Health(HealthState.WATCH if off else HealthState.WELL, (share, at_gate)),
        never=score("n", rows, expected, actual, _float(row[8]), None, None),
        comparison=comparison(gain, _float(row[10]), _float(row[11]), turn.number),
        evidence=Evidence("b", "c", "p", before, (1.0,) * 30, (900,) * 30, 2.0, (value,) * 6, value, 200),
        verdict=Verdict(kind, (reason,), guards),
    )


def _promotion(sequence: int, turn: Turn, previous: int | None) -> Promotion:
    assert turn.probe_model and turn.probe_version and turn.finished
    reason = turn.reasons[0]
    by = "the gate"
    version = turn.probe_version
    return Promotion(sequence, version, turn.probe_model.id, previous, turn.number, 1, turn.finished, by, reason)


def _poisoned(turn: Turn) -> Turn:
    finding = RuleFinding(NASTY, NASTY, NASTY, 3, (NASTY,))
    batch = replace(turn.batch, name=NASTY, findings=(finding,), reason=NASTY, missing=((NASTY, 4),))
    turn = replace(turn, batch=batch, reasons=(NASTY,), importance=((NASTY, 0.1),), drift_report=NASTY)
    turn = replace(turn, triggers=(Trigger(1, NASTY, NASTY, turn.started, 1),), candidates=((NASTY, 0.5),))
    if turn.verdict:
        turn = replace(turn, verdict=replace(turn.verdict, reasons=(NASTY,), guards=(Guard(NASTY, True, NASTY),)))
    if turn.health:
        turn = replace(turn, health=replace(turn.health, reasons=(NASTY,)))
    if turn.drift:
        columns = tuple(replace(c, column=NASTY, text=NASTY) for c in turn.drift.columns)
        turn = replace(turn, drift=replace(turn.drift, columns=columns, reasons=(NASTY,)))
    if turn.champion:
        parts = tuple(replace(s, column=NASTY, label=NASTY) for s in turn.champion.slices)
        turn = replace(turn, champion=replace(turn.champion, slices=parts))
    return turn


def _float(value: object) -> float:
    return float(str(value))
