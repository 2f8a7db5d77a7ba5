"""Bad and odd deliveries of labels that come later, each with exactly what has to become of it.

Each is about a day of its own, whose rows are there.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tasks.coordination import tasks as coordination
from tasks.domain.records import Batch
from tasks.ingestion import tasks as ingestion
from tasks.ingestion.steps import arrivals
from tasks.training.steps import labelling
from tasks.validation import tasks as validation
from tests.corpus import world

PIPELINE = "late"
YAML = world.YAML.replace(
    "ingestion:\n", "ingestion:\n  labels: {source: {kind: csv}, column: kept, time: known, horizon: 7 days}\n"
)
Change = Callable[[pd.DataFrame], pd.DataFrame | bytes]


@dataclass(frozen=True)
class Delivery:
    """Labels of one day, and what becomes of them."""

    name: str
    change: Change
    counts: tuple[int, int, int, int, int, int] = (0, 0, 0, 0, 0, 0)
    """Taken, there already, contradicting, unusable, not known yet; and how many of the taken wait for rows."""
    said: str = ""
    """Why it was refused, or what the contract found in it."""


def _first(**changes: object) -> Change:
    """One more label, which is the first one but for this."""
    return lambda labels: pd.concat([labels, labels[:1].assign(**changes)])


def _of_first(rows: int, name: str, value: object) -> Change:
    """The first labels have another value there."""
    return lambda labels: labels.assign(**{name: labels[name].astype(object).mask(labels.index < rows, value)})


CASES = [
    Delivery("all of a day", lambda labels: labels, (40, 0, 0, 0, 0, 0)),
    Delivery("a column more", lambda labels: labels.assign(by="ann"), (40, 0, 0, 0, 0, 0)),
    Delivery("in another order", lambda labels: labels[::-1], (40, 0, 0, 0, 0, 0)),
    Delivery("half of a day", lambda labels: labels[:20], (20, 0, 0, 0, 0, 0)),
    Delivery("one of them twice", _first(), (40, 1, 0, 0, 0, 0)),
    Delivery("one of them twice, later", _first(known="1800-01-01T00:00:00Z"), (40, 1, 0, 0, 0, 0)),
    Delivery("one of them with two answers", lambda labels: _first(kept=not labels["kept"].iloc[0])(labels), (39, 0, 2, 0, 0, 0)),
    Delivery("of a shop that there is not", _of_first(3, "shop", "z"), (40, 0, 0, 0, 0, 3)),
    Delivery("of another century", _of_first(3, "at", "1600-01-01T00:00:00Z"), (40, 0, 0, 0, 0, 3)),
    Delivery("some not known yet", _of_first(30, "kept", None), (10, 0, 0, 0, 30, 0)),
    Delivery("none known yet", lambda labels: labels.assign(kept=None), (0, 0, 0, 0, 40, 0)),
    Delivery("one without a key", _of_first(1, "shop", None), (39, 0, 0, 1, 0, 0), "shop: not missing (1)"),
    Delivery("one without a time", _of_first(1, "known", None), (39, 0, 0, 1, 0, 0), "known: not missing (1)"),
    Delivery("one from the future", _of_first(1, "known", "2999-01-01T00:00:00Z"), (39, 0, 0, 1, 0, 0),
             "known: no later than the delivery, where there is a label: it is given before it can be known (1)"),
    Delivery("three without a key", _of_first(3, "shop", None),
             said="3 of 40 rows break the contract, at most 2 (5\u202f%) may: 'shop' must be not missing (3 rows)."),
    Delivery("no label", lambda labels: labels.drop(columns="kept"), said="Column 'kept' is missing."),
    Delivery("no time", lambda labels: labels.drop(columns="known"), said="Column 'known' is missing."),
    Delivery("no key", lambda labels: labels.drop(columns="at"), said="Column 'at' is missing."),
    Delivery("labels that are words", lambda labels: labels.assign(kept="perhaps"),
             said="Column 'kept' must be true or false, but 'perhaps' in row 1 is neither; for another pair of values use a category or an integer; 40 such cells in all."),
    Delivery("no rows", lambda labels: labels[:0], said="The file has no rows."),
    Delivery("no bytes", lambda labels: b"", said="The file is empty (0 bytes)."),
    Delivery("cut off", lambda labels: _csv(labels)[:-9], said="The last line has no line break at its end: the file may have been cut off. If its source always writes so, set ingestion.labels.source.open_end: true."),
]  # fmt: skip


def _csv(labels: pd.DataFrame) -> bytes:
    return labels.to_csv(index=False).encode()


def labels(day: int) -> pd.DataFrame:
    """What became of the sales of a day, known two days later."""
    rows = world.good(day)
    known = rows["at"] + pd.Timedelta(days=2)
    texts = {name: times.dt.strftime("%Y-%m-%dT%H:%M:%SZ") for name, times in (("at", rows["at"]), ("known", known))}
    return pd.DataFrame({"at": texts["at"], "shop": rows["shop"], "kept": rows["sold"], "known": texts["known"]})


def take(folder: Path) -> Iterator[tuple[Delivery, Batch]]:
    """Put down the rows and then each delivery of labels, and take all of it in; gives what became of each."""
    (folder / "pipelines").mkdir(parents=True)
    (folder / "pipelines" / f"{PIPELINE}.yaml").write_text(YAML, encoding="utf-8")
    home = Home(folder / "home")
    rows, late = (home.folder / "landing" / name for name in (PIPELINE, f"{PIPELINE}.labels"))
    for place in (rows, late):
        place.mkdir(parents=True)
    with homes.use(home):
        for day, case in enumerate(CASES, start=1):
            good = world.good(day).drop(columns=["sold", "settled"])
            (rows / f"{case.name}.parquet").write_bytes(_parquet(good))
        _take_in(home)
        for day, case in enumerate(CASES, start=1):
            made = case.change(labels(day))
            (late / f"{case.name}.csv").write_bytes(made if isinstance(made, bytes) else _csv(made))
        _take_in(home)
        found = {one.name: one for one in home.ledger.batches.all(PIPELINE) if one.labels is not None}
        yield from ((case, found[case.name]) for case in CASES)


def outcome(batch: Batch) -> tuple[tuple[int, ...], str]:
    """What became of a delivery, as it is told in the table."""
    one = batch.labels
    assert one is not None
    assert one.landed == one.taken + one.repeated + one.contradicting + one.unusable + one.empty
    told = batch.reason or "; ".join(f"{rule.column}: {rule.message} ({rule.rows})" for rule in batch.findings)
    return (one.taken, one.repeated, one.contradicting, one.unusable, one.empty, one.unknown), told


def _parquet(rows: pd.DataFrame) -> bytes:
    sink = io.BytesIO()
    rows.to_parquet(sink, index=False)
    return sink.getvalue()


def _take_in(home: Home) -> None:
    for delivery in arrivals.look(home, PIPELINE).deliveries:
        turn = coordination.open_turn.fn(PIPELINE, delivery)
        check = validation.check_labels if delivery.of_labels else validation.check_batch
        batch = ingestion.read_batch.fn(turn, delivery) or check.fn(turn)
        if batch.reason:
            batch = validation.set_aside.fn(turn, delivery, batch)
        labelling.settle(home, turn, ingestion.accept_batch.fn(turn, batch))
        home.ledger.turns.close(PIPELINE, turn.number, "not_judged", ("why",))  # type: ignore[arg-type]
