"""The table: every bad file and what has to become of it; how the files are put down, and what became of them.

A file's outcome is read from the ledger, never from what was printed.
"""

import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tasks.coordination import tasks as coordination
from tasks.domain.records import Batch
from tasks.ingestion import tasks as ingestion
from tasks.validation import tasks as validation
from tests.corpus import formats, more_formats, names, others, shapes, texts, values
from tests.corpus.world import PIPELINE, SHEETS, SHEETS_YAML, YAML, Case, Expected, good

FILES: tuple[Case, ...] = (*formats.CASES, *shapes.CASES, *values.CASES, *names.CASES)
TEXTS: tuple[Case, ...] = tuple(texts.CASES)
TABLES: dict[str, Sequence[Case]] = {PIPELINE: FILES, SHEETS: TEXTS, **others.TABLES, **more_formats.TABLES}
"""For a pipeline whose source is parquet, for one whose source is CSV, and for some with settings of their own."""
_DAYS = 100_000
"""From 1700, after the first time in nanoseconds, to 1973, when all labels are known."""


def write_pipelines(folder: Path) -> Path:
    """Make the folder of the pipeline files."""
    folder.mkdir(parents=True)
    for name, text in {PIPELINE: YAML, SHEETS: SHEETS_YAML, **others.SETTINGS, **more_formats.SETTINGS}.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def take_in(home: Home, pipeline: str) -> None:
    """What the flow `ingest` does, door by door, without Prefect."""
    with homes.use(home):
        waiting = ingestion.list_waiting.fn(pipeline)
        for delivery in waiting.deliveries:
            turn = coordination.open_turn.fn(pipeline, delivery)
            batch = ingestion.read_batch.fn(turn, delivery) or validation.check_batch.fn(turn)
            if batch.reason:
                batch = validation.set_aside.fn(turn, delivery, batch)
            ingestion.accept_batch.fn(turn, batch)
        for copy in waiting.duplicates:
            ingestion.count_duplicate.fn(pipeline, copy)


def put(cases: Sequence[Case], landing: Path) -> None:
    """Make the files of all cases, each from the rows of its own day."""
    landing.mkdir(parents=True)
    for day, case in zip(days(cases), cases, strict=True):
        case.place(landing, good(day))


def days(cases: Sequence[Case]) -> list[int]:
    """The day of each case, told by its name, so that a new case changes no other one."""
    seen: Counter[str] = Counter()
    numbers = []
    for case in cases:
        numbers.append(zlib.crc32(f"{case.name}{seen[case.name]}".encode()) % _DAYS)
        seen[case.name] += 1
    return numbers


def outcomes(home: Home, pipeline: str) -> list[tuple[str, Expected]]:
    """What became of each delivery, in alphabetical order."""
    ledger = home.ledger.batches
    copies = [(copy, Expected("duplicate", rows)) for copy, _, rows in ledger.duplicates(pipeline)]
    return sorted([*((batch.name, outcome(batch)) for batch in ledger.all(pipeline)), *copies], key=repr)


def wanted(cases: Sequence[Case]) -> list[tuple[str, Expected]]:
    """The same as it has to be."""
    seen = [(case.name, case.expected) for case in cases if case.expected.status != "ignored"]
    return sorted([*seen, *((name, also) for case in cases for name, also in case.also)], key=repr)


def outcome(batch: Batch) -> Expected:
    """What became of one delivery."""
    found = "; ".join(f"{finding.column}: {finding.message} ({finding.rows})" for finding in batch.findings)
    counts = batch.landed, batch.accepted, batch.quarantined, batch.duplicates
    return Expected(batch.status.value, *counts, batch.reason or found)


def line(name: str, expected: Expected) -> str:
    """One row of the table, for people."""
    counts = f"{expected.landed:>4} {expected.accepted:>4} {expected.quarantined:>4} {expected.duplicates:>4}"
    shown = name if len(name) <= 44 else f"{name[:43]}…"
    return f"{shown:<44}  {expected.status:<9}  {counts}  {expected.said}".rstrip()
