"""Files that are looked at more than once: what happens to one between the look and the reading, and second looks at
those that were refused.

Each has one outcome at the first time, and one at the second.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from configs.errors import DeliveryWaits
from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tasks.coordination import tasks as coordination
from tasks.domain.decisions import Decision
from tasks.domain.records import Batch
from tasks.ingestion import tasks as ingestion
from tasks.ingestion.steps import admission
from tasks.validation import tasks as validation
from tests.corpus.world import ROWS, YAML, Expected, Make, accepted, file, good, parquet, refused

MOMENTS, STRICT = "moments", "strict"
SETTINGS = {MOMENTS: YAML, STRICT: YAML.replace("max: 1000", "max: 1")}
LATER = {STRICT: YAML}
"""Settings at the time of the second look."""

Happen = Callable[[Path], object]


@dataclass(frozen=True)
class Look:
    """One file, what happens to it, and what is said at the first and the second look."""

    name: str
    make: Make
    happen: Happen
    """To the path of the file: between look and reading, or between refusal and second look."""
    first: str
    """Why it waits, or was refused."""
    then: Expected


def _good(rows: object) -> bytes:
    return parquet(rows)  # type: ignore[arg-type]


def _away(path: Path) -> None:
    path.rename(path.with_name(".away"))


def _in_its_place(make: Callable[[Path], object]) -> Happen:
    """Something else under the same name; the file itself is put aside."""

    def happen(path: Path) -> None:
        _away(path)
        make(path)

    return happen


def _back(path: Path) -> None:
    """As it was."""
    away = path.with_name(".away")
    if not away.exists():
        return
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    away.replace(path)


def _gone(path: Path) -> None:
    path.unlink()


def _nothing(path: Path) -> None:
    """It stays as it is."""


_READ = "it was read"
_GONE = (
    "gone cannot be read just now: No such file or directory. It waits, and is tried again; nothing of it was recorded."
)
_BOUND = "40 of 40 rows break the contract, at most 2 (5\u202f%) may: 'price' must be at most 1 € (40 rows, e.g. {})."
_NO_PARQUET = "The file is not parquet: it begins with 'no parquet'."
_CUT = "The file is truncated: the end that every parquet file has is missing."
_MISSING = "Column 'gift' is missing."


def _changed(name: str) -> str:
    told = "changed while it was read; it waits. Write it under a name that ends in .tmp, and rename it then."
    return f"{name} {told}"


OF_MOMENTS = [
    Look("gone", _good, _away, _GONE, accepted()),
    Look("a link out", _good, _in_its_place(lambda path: path.symlink_to("/etc/passwd")), _changed("a link out"), accepted()),
    Look("a link to the same rows", _good, _in_its_place(lambda path: path.symlink_to(".away")), _READ, accepted()),
    Look("a link to nothing", _good, _in_its_place(lambda path: path.symlink_to("nowhere")), _changed("a link to nothing"), accepted()),
    Look("a link to itself", _good, _in_its_place(lambda path: path.symlink_to(path.name)), _changed("a link to itself"), accepted()),
    Look("a folder", _good, _in_its_place(Path.mkdir), _changed("a folder"), accepted()),
    Look("a pipe", _good, _in_its_place(os.mkfifo), _changed("a pipe"), accepted()),
    Look("other bytes", _good, _in_its_place(lambda path: path.write_bytes(b"PAR1 and more")), _changed("other bytes"), accepted()),
    Look("half of it", _good, _in_its_place(lambda path: path.write_bytes(path.with_name(".away").read_bytes()[:999])), _changed("half of it"), accepted()),
]  # fmt: skip
OF_REFUSALS = [
    Look("above a bound", _good, _nothing, _BOUND.format("7.3"), accepted()),
    Look("above a bound, and gone since", _good, _gone, _BOUND.format("4.77"), accepted()),
    Look("no parquet", lambda rows: b"no parquet", _nothing, _NO_PARQUET, refused(_NO_PARQUET)),
    Look("cut off", lambda rows: parquet(rows)[:-1], _nothing, _CUT, refused(_CUT)),
    Look("a column missing", lambda rows: parquet(rows.drop(columns="gift")), _nothing, _MISSING, refused(_MISSING, ROWS)),
]  # fmt: skip
TABLES = {MOMENTS: OF_MOMENTS, STRICT: OF_REFUSALS}


def put(pipeline: str, landing: Path) -> None:
    """Make the files, each from the rows of a day of its own."""
    landing.mkdir(parents=True)
    for day, look in enumerate(TABLES[pipeline]):
        file(look.name, look.make, look.then).place(landing, good(day))


def write_pipelines(folder: Path, settings: dict[str, str]) -> Path:
    """Write the pipeline files, or others in their place."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in settings.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def take(folder: Path) -> Iterator[tuple[Look, str, Batch]]:
    """Each file of both tables with what was said at the first look, and what became of it at the second.

    Args:
        folder: Where to make a home and its pipeline files; `INCUMBENT_PIPELINES` names `pipelines` in it.
    """
    write_pipelines(folder / "pipelines", SETTINGS)
    with closing(Home(folder / "home")) as home:
        for pipeline in TABLES:
            put(pipeline, home.landing(pipeline))
        yield from _moments(home)
        refused_before = {batch.name: str(batch.reason) for batch in _refusals(home)}
    write_pipelines(folder / "pipelines", LATER)
    with closing(Home(folder / "home")) as home:
        yield from ((look, refused_before[look.name], batch) for look, batch in _second_looks(home))


def _moments(home: Home) -> Iterator[tuple[Look, str, Batch]]:
    """What happens to each file happens between look and reading; then it is put back."""
    looks = {look.name: look for look in OF_MOMENTS}
    with homes.use(home):
        for delivery in ingestion.list_waiting.fn(MOMENTS).deliveries:
            look, turn = looks[delivery.name], coordination.open_turn.fn(MOMENTS, delivery)
            path = home.landing(MOMENTS) / delivery.address
            look.happen(path)
            try:
                ingestion.read_batch.fn(turn, delivery)
                said = _READ
            except DeliveryWaits as waits:
                said = str(waits)
            _back(path)
            (again,) = (one for one in ingestion.list_waiting.fn(MOMENTS).deliveries if one.name == delivery.name)
            yield look, said, _take(MOMENTS, again)


def _refusals(home: Home) -> list[Batch]:
    """Every file is taken in under the strict settings, and refused; what happens to some, happens."""
    with homes.use(home):
        taken = [_take(STRICT, delivery) for delivery in ingestion.list_waiting.fn(STRICT).deliveries]
    for look in OF_REFUSALS:
        look.happen(home.landing(STRICT) / f"{look.name}.parquet")
    return taken


def _second_looks(home: Home) -> Iterator[tuple[Look, Batch]]:
    """Each refused file with what became of it under the settings of now."""
    with homes.use(home):
        for look in OF_REFUSALS:
            delivery = ingestion.admit_batch.fn(
                STRICT, admission.find(home, STRICT, look.name), "anna", "it is whole", Decision.ADMIT
            )
            yield look, _take(STRICT, delivery)


def _take(pipeline: str, delivery: ingestion.Delivery) -> Batch:
    turn = coordination.open_turn.fn(pipeline, delivery)
    batch = ingestion.read_batch.fn(turn, delivery) or validation.check_batch.fn(turn)
    if batch.reason:
        batch = validation.set_aside.fn(turn, delivery, batch)
    return ingestion.accept_batch.fn(turn, batch)
