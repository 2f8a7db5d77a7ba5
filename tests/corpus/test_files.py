"""The corpus of bad files: each has exactly the outcome that the table says, and no value is changed on its way.

The files are taken in by the doors, one after the other, in this process; `test_command.py` looks at the command.
"""

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tasks.adapters.home import Home
from tasks.domain.records import Batch, BatchStatus
from tasks.lineage.steps import verification
from tests import stored
from tests.corpus import table, values_kept
from tests.corpus.world import PIPELINE, SHEETS, Expected, accepted

FEWEST = 80


@dataclass(frozen=True)
class After:
    """A home in which all files of both pipelines were taken in."""

    home: Home
    landed: dict[str, dict[bytes, bytes]]
    """Content of the regular files before, by pipeline and name."""


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Iterator[After]:
    """All files, taken in once."""
    folder = tmp_path_factory.mktemp("corpus")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INCUMBENT_PIPELINES", str(table.write_pipelines(folder / "pipelines")))
        home, landed = Home(folder / "home"), {}
        for pipeline, cases in table.TABLES.items():
            table.put(cases, home.landing(pipeline))
            landed[pipeline] = regular(home.landing(pipeline))
            table.take_in(home, pipeline)
        yield After(home, landed)
        home.close()


@pytest.mark.parametrize("pipeline", table.TABLES)
def test_no_name_stands_for_two_outcomes_and_no_two_files_share_a_day(pipeline: str) -> None:
    cases = table.TABLES[pipeline]

    outcomes = Counter(name for name, _ in {(name, repr(expected)) for name, expected in table.wanted(cases)})

    assert max(outcomes.values()) == 1
    assert len(set(table.days(cases))) == len(cases)


def test_the_table_has_as_many_bad_files_as_were_promised() -> None:
    bad = [case for cases in table.TABLES.values() for case in cases if case.expected not in (accepted(), accepted(1))]

    assert len(bad) >= FEWEST


@pytest.mark.parametrize("pipeline", table.TABLES)
def test_every_file_has_exactly_the_outcome_of_the_table(after: After, pipeline: str) -> None:
    wanted = Counter(table.wanted(table.TABLES[pipeline]))

    found = Counter(table.outcomes(after.home, pipeline))

    assert sorted((found - wanted).items(), key=repr) == []
    assert sorted((wanted - found).items(), key=repr) == []


def test_no_value_of_a_parquet_file_is_changed_on_its_way_into_the_store(after: After) -> None:
    batches = _batches(after.home, PIPELINE, BatchStatus.ACCEPTED)
    landed = {hashlib.sha256(content).hexdigest(): content for content in after.landed[PIPELINE].values()}

    changed = [
        batch.name
        for digest, batch in batches.items()
        if values_kept.of(landed[digest]) != sum((_stored(after.home, file) for file in _files(batch)), Counter())
    ]

    assert changed == []
    assert len(batches) >= FEWEST


@pytest.mark.parametrize("pipeline", table.TABLES)
def test_every_refused_file_is_kept_byte_for_byte(after: After, pipeline: str) -> None:
    landed = {hashlib.sha256(content).hexdigest() for content in after.landed[pipeline].values()}

    refused = _batches(after.home, pipeline, BatchStatus.REFUSED)

    assert all(batch.aside_file for batch in refused.values())
    assert all(digest == batch.aside_file for digest, batch in refused.items() if digest in landed)


@pytest.mark.parametrize("pipeline", table.TABLES)
def test_the_landing_folder_is_left_as_it_was(after: After, pipeline: str) -> None:
    assert regular(after.home.landing(pipeline)) == after.landed[pipeline]


@pytest.mark.long
@pytest.mark.parametrize("pipeline", table.TABLES)
def test_what_is_stored_is_what_was_recorded(after: After, pipeline: str) -> None:
    assert list(verification.verify(after.home, pipeline)) == []


def test_a_cell_of_a_csv_is_stored_as_it_was_written(after: After) -> None:
    stored = {batch.name: batch for batch in after.home.ledger.batches.all(SHEETS)}

    def first(name: str, column: str, rows: int) -> list[object]:
        return list(after.home.store.recheck(stored[name].accepted_file or "")[column].head(rows))

    assert first("leading zeros in a category", "shop", 2) == ["00501", "00502"]
    assert first("words for missing in a category", "shop", 5) == ["NA", "null", "None", "nan", "-"]
    assert first("lines and delimiters in quotes", "shop", 4) == ["a\nb", "c,d", 'e"f', "g\r\nh"]
    assert first("beyond 2^53", "items", 2) == [2**53 + 1, 2**63 - 1]
    assert first("exponents", "price", 5) == [100.0, 0.01, 5.0, 0.5, 5.0]


def test_a_file_that_is_not_seen_as_a_delivery_is_one_that_its_name_keeps_out() -> None:
    ignored = [case.name for case in table.FILES if case.expected == Expected("ignored")]

    assert sorted(ignored) == ["..", ".hidden", "_SUCCESS", "being written"]


def regular(folder: Path) -> dict[bytes, bytes]:
    """Regular files by name; what a link leads to is there under its own name, or is none of ours."""
    entries = [entry for entry in os.scandir(folder) if stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode)]
    return {os.fsencode(entry.name): Path(entry.path).read_bytes() for entry in entries}


def _batches(home: Home, pipeline: str, status: BatchStatus) -> dict[str, Batch]:
    return {batch.id: batch for batch in home.ledger.batches.all(pipeline) if batch.status is status}


def _files(batch: Batch) -> list[str]:
    return [file for file in (batch.accepted_file, batch.aside_file) if file]


def _stored(home: Home, file: str) -> "Counter[tuple[object, ...]]":
    return values_kept.of(stored.rows(home, file).read_bytes())
