"""The home of one experiment, below a live home: a ledger of its own, and a store that reads that of the live one.

Nothing of the live home is written. Models that were fitted for the same order before, live or in another experiment
of the pipeline, are lent: they are not fitted again.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from configs import plugs
from configs.errors import UnusableHome
from configs.settings import PipelineSettings
from tasks.adapters import files
from tasks.adapters.blobs import layout
from tasks.adapters.blobs.layered import LayeredBlobs
from tasks.adapters.blobs.local import LocalBlobs
from tasks.adapters.home import Home
from tasks.adapters.ledger import codec
from tasks.adapters.ledger.book import Ledger
from tasks.domain.ports import Blobs
from tasks.domain.records import Model

FOLDER = "experiments"
"""Of a home, in which those of each pipeline have a folder."""
_SHARED = ".shared"
"""Beside the experiments of a pipeline: the bundles of all of them. No experiment can be called so."""


def folder_of(live: Home, pipeline: str) -> Path:
    """Where the experiments of a pipeline are."""
    return live.folder / FOLDER / pipeline


def shared_folder(live: Home, pipeline: str) -> Path:
    """Where what all experiments of a pipeline have in common is."""
    return folder_of(live, pipeline) / _SHARED


@dataclass
class ExperimentHome(Home):
    """A home for the replay of one pipeline under other settings; made by `open_below`."""

    live: Home | None = None
    pipeline: str = ""

    @cached_property
    def blobs(self) -> Blobs:
        """Own bundles above those of the live home, whose rows are read where they are."""
        live = self._live
        return LayeredBlobs(LocalBlobs(shared_folder(live, self.pipeline)), live.blobs)

    @cached_property
    def ledger(self) -> Ledger:
        """What the experiment has done; a new one may be made at any time, as all of it can be done again."""
        return self._open()

    def lent(self, model: str) -> Model | None:
        """A model of this id that was fitted before, if its bundle is still there."""
        kept = self._kept_model(model)
        if kept is None and self._live.has_ledger:
            kept = self._live.ledger.models.get(self.pipeline, model)
        return kept if kept is not None and self._has(kept) else None

    def lend(self, model: Model) -> None:
        """Let later experiments have a model that was fitted in this one."""
        path = self._model_file(model.id)
        if not path.exists():
            files.publish(path, json.dumps(codec.dump(model)).encode())

    def _has(self, model: Model) -> bool:
        return self.blobs.has(layout.bundle(model.bundle)) and self.blobs.has(layout.golden(model.golden))

    @property
    def _live(self) -> Home:
        assert self.live is not None, "an experiment is below a home"
        return self.live

    def _open(self) -> Ledger:
        from sqlalchemy import URL

        address: Any = URL.create("sqlite", database=str(self.folder / "ledger.db"))
        return Ledger(address, self.folder / ".ledger.lock", self.clock)

    def _kept_model(self, model: str) -> Model | None:
        path = self._model_file(model)
        try:
            return codec.load_text(Model, path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except OSError as err:
            raise UnusableHome(f"{path} cannot be read: {err.strerror}. Give this user access to it.") from err

    def _model_file(self, model: str) -> Path:
        return shared_folder(self._live, self.pipeline) / "models" / f"{model}.json"


def open_below(live: Home, pipeline: str, name: str, settings: PipelineSettings) -> ExperimentHome:
    """The home of an experiment; its folder is made when it is first written.

    Args:
        live: The home below which it is.
        pipeline: What is replayed.
        name: Of the experiment.
        settings: Under which it is replayed.
    """
    folder = folder_of(live, pipeline) / name
    before = live.settings(pipeline).training
    trusted = {*before.trusted, *settings.training.trusted}
    own = [one for room in (before, settings.training) for one in room.candidates if isinstance(one, plugs.Imported)]
    about: dict[str, Any] = {"_settings": {pipeline: settings}, "_trusted": trusted | {*plugs.types(own)}}
    return ExperimentHome(folder, clock=live.clock, live=live, pipeline=pipeline, **about)
