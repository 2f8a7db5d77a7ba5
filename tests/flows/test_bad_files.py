"""Bad files among good ones: each is a refused turn with one clear reason, kept byte for byte; the others go on.

One run over one folder, looked at from all sides.
"""

import html
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from tasks.adapters.home import Home
from tasks.domain.records import Batch, BatchStatus
from tasks.domain.turns import Outcome
from tasks.lineage.steps import verification
from tests import stored
from tests.command_line import CommandLine

GOOD_FIRST, GOOD_LAST, COPY = "2013-01", "2013-03", "2013-02 january once more"
ALL_ROWS = -1

#   name of the file without its ending      rows   what is said about it
REFUSED = {
    "2013-02 a truncated": (0, "The file is truncated: the end that every parquet file has is missing."),
    "2013-02 b empty": (0, "The file is empty (0 bytes)."),
    "2013-02 c text": (0, "The file is not parquet: it begins with 'carrier,flig'."),
    "2013-02 d no rows": (0, "The file has no rows."),
    "2013-02 e columns missing": (ALL_ROWS, "Column 'late' is missing. Column 'pressure' is missing."),
    "2013-02 f text in a number": (ALL_ROWS, "Column 'temp' must be a number, but holds text (e.g. '28.04'); "
                                             "text is never converted."),
    "2013-02 g no time zone": (ALL_ROWS, "Column 'scheduled_departure' has times without a time zone; write them in UTC, or name their "
                                   "zone as ingestion.source.timezone."),
    "2013-02 h all rows bad": (ALL_ROWS, "6,238 of 6,238 rows break the contract, at most 311 (5\u202f%) may: "
                                         "'distance' must be at least 50 miles (route inside one city) (6,238 rows, e.g. 1)"),
    "2013-02 i inches of mercury": (ALL_ROWS, "5,421 of 6,238 rows break the contract, at most 311 (5\u202f%) may: "
                                              "'pressure' must be at least 900 hPa (another unit)"),
    "2013-02 j pipe": (0, "It is a pipe, not a file."),
    "2013-02 k folder": (0, "It is a folder, not a file."),
    "2013-02 l link": (0, "It is a link to nothing, not a file."),
    "2013-02 m link": (0, "It is a link out of the landing folder, not a file."),
    "2013-02 n <script>alert(1)<&>": (0, "The file is not parquet: it begins with '<script>aler'."),
    "2013-02 o {{ 7*7 }}{% x %}": (0, "The file is not parquet: it begins with '{{ 7*6 }}'."),
    "2013-02 p line\ufffdbreak\ufffd[2J": (0, "The file is not parquet: it begins with '1'."),
    "2013-02 q it's \"so\" $HOME `id`": (0, "The file is not parquet: it begins with '2'."),
    "2013-02 r " + "long" * 60: (0, "The file is not parquet: it begins with '3'."),
}  # fmt: skip


@dataclass(frozen=True)
class Ran:
    """A home after its run."""

    home: Path
    ran: "subprocess.CompletedProcess[str]"
    landed: dict[str, bytes]
    """The regular files of the landing folder before the run."""
    rows: int
    """Rows of February."""

    @property
    def landing(self) -> Path:
        return self.home / "landing" / "flights"


def put_bad_files(landing: Path, january: Path, february: Path) -> int:
    """Fill the folder; gives the rows of February."""
    rows = pd.read_parquet(february)
    frames = {
        "d no rows": rows.iloc[:0],
        "e columns missing": rows.drop(columns=["pressure", "late"]),
        "f text in a number": rows.assign(temp=rows["temp"].astype("str")),
        "g no time zone": rows.assign(scheduled_departure=rows["scheduled_departure"].dt.tz_localize(None)),
        "h all rows bad": rows.assign(distance=1),
        "i inches of mercury": rows.assign(pressure=rows["pressure"] / 33.8639),
    }
    contents = {
        "a truncated": february.read_bytes()[:30_000],
        "b empty": b"",
        "c text": b"carrier,flight\nUA,1\n",
        "n <script>alert(1)<&>": b"<script>alert(2)</script>",
        "o {{ 7*7 }}{% x %}": b"{{ 7*6 }}",
        "p line\nbreak\x1b[2J": b"1",
        'q it\'s "so" $HOME `id`': b"2",
        "r " + "long" * 60: b"3",
    }
    for name, frame in frames.items():
        frame.to_parquet(landing / f"2013-02 {name}.parquet", index=False)
    for name, content in contents.items():
        (landing / f"2013-02 {name}.pq").write_bytes(content)
    os.mkfifo(landing / "2013-02 j pipe.parquet")
    (landing / "2013-02 k folder.parquet").mkdir()
    (landing / "2013-02 l link.parquet").symlink_to("nowhere")
    (landing / "2013-02 m link.parquet").symlink_to(january)
    shutil.copyfile(january, landing / f"{COPY}.parquet")
    (landing / "2013-04.parquet.tmp").write_bytes(b"half a file")
    return len(rows)


@pytest.fixture(scope="module", autouse=True)
def few_trees(lived_pipelines: Path) -> Iterator[None]:
    """It is about files: models may be small."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INCUMBENT_PIPELINES", str(lived_pipelines))
        yield


@pytest.fixture(scope="module")
def after(furnished_home: Callable[..., Path], months: Callable[[str], Path], served_run: CommandLine) -> Ran:
    """The one run: a good month, all that is bad, a good month."""
    home = furnished_home("bad-files", months(GOOD_FIRST), months(GOOD_LAST))
    landing = home / "landing" / "flights"
    rows = put_bad_files(landing, months(GOOD_FIRST), months("2013-02"))
    landed = {path.name: path.read_bytes() for path in landing.iterdir() if path.is_file() and not path.is_symlink()}
    return Ran(home, served_run(home), landed, rows)


@pytest.fixture(scope="module")
def home(after: Ran) -> Iterator[Home]:
    """The same home, to look into."""
    opened = Home(after.home)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def batches(home: Home) -> dict[str, Batch]:
    """What the ledger says about each batch."""
    return {batch.name: batch for batch in home.ledger.batches.all("flights")}


# ── what is recorded ──────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_file_is_refused_whole_with_its_reason(after: Ran, batches: dict[str, Batch], name: str) -> None:
    rows, reason = REFUSED[name]

    refused = batches[name]

    assert refused.status is BatchStatus.REFUSED
    assert (refused.reason or "").startswith(reason)
    assert (refused.landed, refused.quarantined) == ((after.rows,) * 2 if rows == ALL_ROWS else (0, 0))
    assert (refused.accepted, refused.duplicates) == (0, 0)


def test_every_delivery_had_one_turn_in_order_and_the_good_ones_were_judged(home: Home) -> None:
    turns = home.ledger.turns.all("flights")

    outcomes = {turn["batch_name"]: Outcome(turn["outcome"]) for turn in turns}

    assert [turn["batch_name"] for turn in turns] == [GOOD_FIRST, *REFUSED, GOOD_LAST]
    assert {name for name, outcome in outcomes.items() if outcome is Outcome.REFUSED} == set(REFUSED)
    assert outcomes[GOOD_FIRST] is Outcome.FIRST_CHAMPION
    assert outcomes[GOOD_LAST] in (Outcome.PROMOTE, Outcome.REJECT, Outcome.KEEP_SHADOWING)


def test_nothing_was_trained_or_judged_on_what_was_refused(home: Home, batches: dict[str, Batch]) -> None:
    models, good = home.ledger.models.all("flights"), {batches[GOOD_FIRST].id, batches[GOOD_LAST].id}

    files = {file for model in models for file in model.snapshot.batches}
    judged = {batch for _, batch in home.ledger.models.scores("flights")}

    assert files == {batches[GOOD_FIRST].accepted_file}
    assert judged == good


def test_a_known_file_under_another_name_is_a_duplicate_and_no_turn(home: Home, batches: dict[str, Batch]) -> None:
    copies = home.ledger.batches.duplicates("flights")

    assert copies == ((COPY, GOOD_FIRST, batches[GOOD_FIRST].landed),)


# ── what is kept ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_every_refused_file_is_in_quarantine_byte_for_byte(after: Ran, home: Home, batches: dict[str, Batch]) -> None:
    refused = [batch for batch in batches.values() if batch.status is BatchStatus.REFUSED]

    kept = {batch.name: stored.refused(home, batch.aside_file or "").read_bytes() for batch in refused}

    good = {f"{name}.parquet" for name in (GOOD_FIRST, GOOD_LAST, COPY)} | {"2013-04.parquet.tmp"}
    files = [content for name, content in after.landed.items() if name not in good]
    notes = [f"{name}.parquet is {REFUSED[name][1][6:]}\n".encode() for name in REFUSED if "It is" in REFUSED[name][1]]
    assert sorted(kept.values()) == sorted([*files, *notes])
    assert kept["2013-02 p line\ufffdbreak\ufffd[2J"] == b"1"


def test_the_landing_folder_is_left_as_it_was(after: Ran) -> None:
    paths = [path for path in after.landing.iterdir() if path.is_file() and not path.is_symlink()]

    assert {path.name: path.read_bytes() for path in paths} == after.landed
    assert (after.landing / "2013-02 j pipe.parquet").is_fifo()


# ── what is said ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_exit_code_says_that_a_batch_was_refused(after: Ran) -> None:
    assert after.ran.returncode == 3, after.ran.stderr
    assert after.ran.stderr == ""


def test_each_refusal_is_one_line_that_can_be_printed_anywhere(after: Ran) -> None:
    lines = after.ran.stdout.splitlines()
    refused = [line for line in lines if line.startswith("turn ") and ": batch refused: " in line]

    told = [(name.replace("\ufffd", "?"), reason) for name, (_, reason) in REFUSED.items()]
    found = zip(told, refused, strict=True)

    assert after.ran.stdout.isascii() and after.ran.stdout.replace("\n", "").isprintable()
    assert all(f" {name}: batch refused: " in line for (name, _), line in found)
    assert lines[0] == f"flights: {len(REFUSED) + 2} batches wait in {after.landing}."
    assert lines[2].endswith("every parquet file has is missing; the file was set aside whole")


def test_the_closing_words_add_up(after: Ran, batches: dict[str, Batch]) -> None:
    good = [batches[GOOD_FIRST], batches[GOOD_LAST]]
    known = after.rows * sum(rows == ALL_ROWS for rows, _ in REFUSED.values())

    words = after.ran.stdout.replace(",", "")

    assert f"{sum(batch.landed for batch in good)} flights landed in two batches" in words
    assert f"{len(REFUSED)} more deliveries (at least {known} flights) were refused whole." in words
    assert "One delivery came a second time and was counted once." in words


def test_the_page_names_each_bad_file_and_takes_none_of_them_for_markup(after: Ran) -> None:
    page = (after.home / "reports" / "flights.html").read_text(encoding="utf-8")

    missing = [
        name
        for name in REFUSED
        if html.escape(name, quote=False) not in page.replace("&#39;", "'").replace("&#34;", '"')
    ]

    assert missing == []
    assert "<script>al" not in page
    assert "{{ 7*7 }}{% x %}" in page and "{{ 7*6 }}" in page


# ── afterwards ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_second_run_has_nothing_to_do(after: Ran, served_run: CommandLine) -> None:
    before = (after.home / "reports" / "flights.html").read_bytes()

    again = served_run(after.home)

    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.startswith(f"flights: nothing waits in {after.landing}. Champion v")
    assert (after.home / "reports" / "flights.html").read_bytes() == before


def test_what_is_stored_is_what_was_recorded(home: Home) -> None:
    assert list(verification.verify(home, "flights")) == []
