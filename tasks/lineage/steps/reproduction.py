"""Makes a recorded model again from its snapshot, settings and seed, and compares what both say.

Nothing is kept of the new one. What is gone, or has changed since, is named; nothing is guessed.
"""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from configs import plugs
from configs.errors import Damaged, IncumbentError
from configs.training import Candidate
from tasks.adapters import provenance
from tasks.adapters.home import Home
from tasks.domain import late_labels
from tasks.domain.records import Model
from tasks.features import assembly
from tasks.problems import prediction
from tasks.training.steps import fitting, handles, kept_settings

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline


@dataclass(frozen=True)
class Reproduction:
    """What came of making a model again."""

    model: str
    rows: int = 0
    """On how many rows both were asked: those that it learned from, and its golden ones."""
    largest: float | None = None
    """Largest difference between two answers; of a number above 1, relative to it."""
    same_bytes: bool = False
    """Whether the bundle is the same to the last byte."""
    gone: tuple[str, ...] = ()
    """Inputs that are not there any more; then nothing was fitted."""
    building: tuple[str, ...] = ()
    """What builds models and is not as it was at the fit: libraries, steps and families."""
    by_chance: float | None = None
    """By how much two fits of today differ, if they do: then the estimator is not deterministic with its seed."""
    code: str | None = None
    """That the code is of another commit than at the fit, if it is."""

    @property
    def changed(self) -> tuple[str, ...]:
        """What else is not as it was at the fit: what builds models, and the code."""
        return self.building if self.code is None else (*self.building, self.code)

    @property
    def succeeded(self) -> bool:
        """Whether both say the same to every row."""
        from tasks.adapters.blobs.bundles import TOLERANCE

        return self.largest is not None and self.largest <= TOLERANCE


def reproduce(home: Home, pipeline: str, model: Model) -> Reproduction:
    """Fit a recorded model again, in a folder of its own that is thrown away, and compare its answers.

    Raises:
        Damaged: The recorded one, or its settings, cannot be read any more.
        IncumbentError: The installed libraries do not fit it.
    """
    from tasks.adapters.blobs.bundles import TOLERANCE, Bundles, differences
    from tasks.adapters.blobs.local import LocalBlobs

    settings, gone = kept_settings.of(home, pipeline, model), _gone(home, pipeline, model)
    if settings is None:
        gone = (*gone, f"the settings {model.settings_hash[:12]}: they were not kept, and the file has others now")
    if gone or settings is None:
        return Reproduction(model.id, gone=gone, building=_building(model, None), code=_code(model))
    order = fitting.order(home, settings, model.snapshot, model.family, model.recipe)
    old, (golden, expected) = home.bundles.load(model.bundle, model.golden), home.bundles.golden(model.golden)
    window = handles.rows(home).window(model.snapshot, settings)
    with tempfile.TemporaryDirectory(prefix="incumbent-") as folder:
        bundles = Bundles(LocalBlobs(Path(folder)), home.bundles.trusted)
        try:
            as_kept = assembly.of(old, settings.features)
            again = fitting.fit(home, replace(order, model=model.id), settings, bundles, as_kept)
        except (ValueError, TypeError) as err:  # what scikit-learn raises for parameters that it does not know
            why = in_one_line(err)
            raise IncumbentError(
                f"The installed libraries do not fit model {model.id[:12]}: {why}. {_libraries(model)}"
            ) from err
        now = _answers(bundles.load(again.bundle, again.golden), window.prepared, golden)
        off = differences(now, np.concatenate([prediction.predict(old, window.prepared), expected]))
        by_chance: float | None = None
        if off.max(initial=0.0) > TOLERANCE:
            second = fitting.fit(home, replace(order, model=model.id), settings, bundles, as_kept)
            third = _answers(bundles.load(second.bundle, second.golden), window.prepared, golden)
            by_chance = float(differences(third, now).max(initial=0.0))
    return Reproduction(
        model.id,
        rows=len(off),
        largest=float(off.max(initial=0.0)),
        by_chance=by_chance if by_chance and by_chance > TOLERANCE else None,
        same_bytes=again.bundle == model.bundle,
        building=(*_building(model, order.model), *changed_family(order.candidate)),
        code=_code(model),
    )


def _answers(fitted: "Pipeline", learned: "pd.DataFrame", golden: "pd.DataFrame") -> "NDArray[np.float64]":
    return np.concatenate([prediction.predict(fitted, learned), prediction.predict(fitted, golden)])


def in_one_line(problem: Exception) -> str:
    """What a library says, to go on in a sentence."""
    return " ".join(str(problem).split()).rstrip(".")


def _gone(home: Home, pipeline: str, model: Model) -> tuple[str, ...]:
    """Inputs that cannot be read any more."""
    named = {file: one.name for one in home.ledger.batches.all(pipeline) for file in late_labels.files(one)}
    missing = []
    for file in model.snapshot.batches:
        try:
            home.store.recheck(file)
        except Damaged as problem:
            missing.append(f"the rows of batch {named.get(file, file[:12])}: {problem}")
    return tuple(missing)


def _libraries(model: Model) -> str:
    return f"Use the code of {model.code_version}, and the libraries of its requirements.lock (`make install`)."


def _building(model: Model, identity: str | None) -> tuple[str, ...]:
    """What builds models and is not as it was at the fit."""
    if provenance.lock_hash() != model.lock_hash:
        return (f"libraries: fitted with requirements.lock {model.lock_hash[:12]}",)
    if identity is not None and identity != model.id:
        return ("what builds and fits models",)
    return ()


def changed_family(own: Candidate) -> tuple[str, ...]:
    """That a family of a user has other code than at the fit."""
    same = not isinstance(own, plugs.Imported) or plugs.find(own.use).source == own.source
    return () if same else (f"the code of {own.name}",)


def _code(model: Model) -> str | None:
    now = provenance.code_version()
    return None if now == model.code_version else f"code: fitted with {model.code_version}, this is {now}"
