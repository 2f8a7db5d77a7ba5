"""One place from which tasks get their handles: ledger, store, bundles, settings, folders.

`current()` opens the home that the environment names, once per process; a test puts its own with `use()`.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from configs import environment, label_source, loader, plugs, table_source
from configs.errors import Damaged, InvalidSettings, LandingFolderMissing
from configs.settings import PipelineSettings
from tasks.adapters import ownership
from tasks.adapters.blobs import layout
from tasks.adapters.blobs.local import LocalBlobs
from tasks.adapters.ledger.book import Ledger
from tasks.domain.ports import Blobs

if TYPE_CHECKING:
    from tasks.adapters.blobs.bundles import Bundles
    from tasks.adapters.blobs.scratch import Scratch
    from tasks.adapters.blobs.store import Store
    from tasks.adapters.mlflow.tracking import TrackingStore
    from tasks.domain.records import Model

OVERVIEW = "_pipelines.html"
"""Name of the page over all pipelines; no pipeline can be called so."""
_OURS = ("bundles", "cut", "experiments", "mlflow", "polled", "predictions", "prefect", "reports", "store")
"""Folders of a home into which only we write."""


class Forgetful(Protocol):
    """What holds things that can be had again."""

    def forget(self) -> None:
        """Let go of them."""


T = TypeVar("T", bound=Forgetful)


@dataclass
class Home:
    """Everything local, opened when it is first needed."""

    folder: Path
    ledger_url: str | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _settings: dict[str, PipelineSettings] = field(default_factory=dict)
    _kept: dict[str, Any] = field(default_factory=dict)
    _trusted: set[str] = field(default_factory=set)
    """Types that pipeline files let models hold; of those that were read."""

    def __post_init__(self) -> None:
        """Refuse a home whose store was written by a newer version.

        Raises:
            UnusableHome: It was.
            Damaged: The note of its format cannot be understood.
        """
        layout.require(self.blobs)

    @cached_property
    def blobs(self) -> Blobs:
        """Rows, models and refused bytes."""
        return LocalBlobs(self.folder)

    @cached_property
    def ledger(self) -> Ledger:
        """The one source of truth.

        Raises:
            Damaged: It is gone, or empty, and the home is not: a new one would say that nothing had ever happened.
            UnusableHome: It cannot be opened, is of a newer version, or is that of another home.
        """
        opened = self._open()
        with ExitStack() as undo:
            undo.callback(opened.close)
            ownership.require(self.folder, opened)
            undo.pop_all()
        return opened

    def adopt(self) -> list[str]:
        """Let a home that was moved, copied or restored, and its ledger, belong together; gives what was done.

        Raises:
            Busy: Somebody is at work with this ledger.
            Damaged: The home has nothing of what the ledger knows.
        """
        from tasks.adapters.mlflow import relocation

        opened = self._open()
        try:
            done = ownership.adopt(self.folder, opened)
        finally:
            opened.close()
        return [*done, *relocation.relocate(self.folder / "mlflow")]

    def _open(self) -> Ledger:
        from sqlalchemy import URL

        # As text, a `?` in the path would begin the options.
        own: Any = URL.create("sqlite", database=str(self.folder / "ledger.db"))
        published = layout.published(self.blobs)
        lost = self._lost("is gone", published) if published else None
        opened = Ledger(self.ledger_url or own, self.folder / ".ledger.lock", self.clock, lost)
        if published and not opened.turns.any():
            opened.close()
            raise Damaged(self._lost("is empty", published))
        return opened

    def _lost(self, how: str, published: str) -> str:
        which = "The ledger that INCUMBENT_LEDGER_URL names" if self.ledger_url else f"{self.folder / 'ledger.db'}"
        return (
            f"{which} {how}, but there are rows or models in {self.folder} that it should know, such as "
            f"{published}. Restore the ledger from a backup, or name the right one. To begin "
            "anew without what was there, name another INCUMBENT_HOME or move that folder away."
        )

    @cached_property
    def store(self) -> "Store":
        """Accepted and set-aside rows."""
        from tasks.adapters.blobs.store import Store

        return Store(self.blobs)

    @cached_property
    def scratch(self) -> "Scratch":
        """What tasks of a turn hand to each other."""
        from tasks.adapters.blobs.scratch import Scratch

        return Scratch(self.blobs)

    @cached_property
    def bundles(self) -> "Bundles":
        """Model files."""
        from tasks.adapters.blobs.bundles import Bundles

        return Bundles(self.blobs, self._trusted)

    @cached_property
    def tracking(self) -> "TrackingStore":
        """MLflow's database and artifacts."""
        from tasks.adapters.mlflow import tracking

        return tracking.ensure_store(self.folder / "mlflow")

    def keep(self, name: str, make: Callable[["Home"], T]) -> T:
        """What a room keeps at hand for this home, made when it is first asked for; `forget` empties it.

        Args:
            name: What it is.
            make: Makes it.
        """
        if name not in self._kept:
            self._kept[name] = make(self)
        kept: T = self._kept[name]
        return kept

    def settings(self, pipeline: str) -> PipelineSettings:
        """The settings of a pipeline, its late labels or a table of it, read once: a change is for the next process."""
        owner, other = label_source.owner(pipeline), table_source.owner(pipeline)
        if pipeline not in self._settings and owner is not None:
            self._settings[pipeline] = label_source.settings(self.settings(owner))
        if pipeline not in self._settings and other is not None:
            self._settings[pipeline] = table_source.settings(self.settings(other[0]), other[1])
        if pipeline not in self._settings:
            self._settings[pipeline] = loader.load(pipeline)
            training = self._settings[pipeline].training
            own = [one for one in training.candidates if isinstance(one, plugs.Imported)]
            self._trusted.update(training.trusted, plugs.types(own))
        return self._settings[pipeline]

    def lent(self, model: str) -> "Model | None":
        """A model of this id that is fitted elsewhere and may be used here; a live home has its own ones only."""
        return None

    def landing(self, pipeline: str) -> Path:
        """The folder that a pipeline watches, or into which its source is delivered; a relative one is in the home.

        Raises:
            LandingFolderMissing: It is in the home of a user that there is not.
            InvalidSettings: It is where Incumbent writes: what it writes would be taken for deliveries.
        """
        source = self.settings(pipeline).ingestion.source
        folder = (None if source.is_elsewhere else source.folder) or f"landing/{pipeline}"
        try:
            landing = self.folder / Path(folder).expanduser()
        except RuntimeError as err:
            raise LandingFolderMissing(
                f"The landing folder {folder} is in the home of a user that there is not. "
                "Name another one as ingestion.source.folder."
            ) from err
        # realpath, unlike resolve, takes a loop of links for what it is: listing it says what is wrong.
        if _holds_ours(Path(os.path.realpath(landing)), Path(os.path.realpath(self.folder))):
            raise InvalidSettings(
                f"ingestion.source.folder of {pipeline} is {folder}: in {landing}, Incumbent keeps files of its own. "
                "Name a folder into which nobody writes but the source."
            )
        return landing

    def report(self, pipeline: str) -> Path:
        """Where the page of a pipeline is."""
        return self.folder / "reports" / f"{pipeline}.html"

    @property
    def predictions(self) -> Path:
        """Where the journals of the prediction log are."""
        return self.folder / "predictions"

    @property
    def overview(self) -> Path:
        """Where the page over all pipelines is."""
        return self.folder / "reports" / OVERVIEW

    @property
    def has_ledger(self) -> bool:
        """Whether there is a ledger to read: to look at a home makes none in it."""
        return self.ledger_url is not None or (self.folder / "ledger.db").exists()

    def forget(self) -> None:
        """Let go of rows that were kept for the turn."""
        for one in self._kept.values():
            one.forget()
        if "store" in self.__dict__:
            self.store.forget()
        if "ledger" in self.__dict__:
            self.ledger.batches.forget()

    def close(self) -> None:
        """Give back what was opened."""
        if "ledger" in self.__dict__:
            self.ledger.close()


def _holds_ours(landing: Path, home: Path) -> bool:
    return home.is_relative_to(landing) or any(landing.is_relative_to(home / part) for part in _OURS)


_current: Home | None = None


def current() -> Home:
    """The home of this process."""
    global _current
    if _current is None:
        found = environment.read()
        _current = Home(found.home, found.ledger_url)
    return _current


def open_here(home: Home) -> None:
    """Make a home the one of this process."""
    global _current
    _current = home


@contextmanager
def use(home: Home) -> Iterator[Home]:
    """Make another home the current one while the block runs."""
    global _current
    before, _current = _current, home
    try:
        yield home
    finally:
        _current = before
        home.close()
