"""Goes back to a version that had been live: does it answer as at its gate? Then it is made live.

The ledger says who is live; that MLflow and the report follow is the matter of lineage. Which version may be gone back
to is said in `tasks.promotion.rollback`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from configs.errors import BundleRefused, Damaged, InvalidSettings
from configs.settings import PipelineSettings
from tasks.adapters import lookup
from tasks.adapters.home import Home
from tasks.domain.records import Model
from tasks.domain.turns import Guard, Promotion, TurnRef
from tasks.promotion import rollback
from tasks.training.steps import handles, kept_settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Way:
    """From which version to which."""

    pipeline: str
    live: Promotion
    version: int
    model: Model
    hold: bool
    """Whether automation keeps off the live version afterwards."""

    @property
    def done(self) -> bool:
        """Whether it is live already."""
        return self.version == self.live.version


def require_decision(home: Home, pipeline: str, reason: str, by: str) -> None:
    """Raise what a decision of a person lacks: there is no such pipeline, or who decided, and why, is not said."""
    home.settings(pipeline)
    rollback.require_words(reason, by)


def find_way(home: Home, pipeline: str, to: int | None) -> Way:
    """Which version to go back to; without `to`, a rollback that was cut off before it was shown is gone on with.

    Raises:
        MistakeOfUser: There is none, or it may not be made live, and why.
    """
    ledger = home.ledger
    history, versions = ledger.promotions.all(pipeline), ledger.models.versions(pipeline)
    if to is None and history and _was_cut_off(home, pipeline, history[-1]):
        to = history[-1].version
    held, refit = ledger.promotions.held(pipeline), ledger.refits.get(pipeline)
    version = rollback.target(pipeline, history, held, tuple(versions), to, refit)
    if version not in versions:
        raise Damaged(f"v{version} of {pipeline} is not among its models. Restore the ledger from a backup.")
    return Way(pipeline, history[-1], version, versions[version], rollback.holds_off(history, version))


def _was_cut_off(home: Home, pipeline: str, made: Promotion) -> bool:
    """Whether this is a rollback of which not all was shown, or whose process died before it had ended."""
    if not made.is_rollback:
        return False
    holder = home.ledger.lease.holder(pipeline)
    return made in home.ledger.promotions.untold(pipeline) or (holder is not None and holder.fence == made.fence)


def require_old_answers(home: Home, way: Way) -> str:
    """Digest, allow-list, golden batch, and the way from stored rows to the model's input; gives what was found.

    Raises:
        BundleRefused: It would not answer as it did at its gate, and why.
        InvalidSettings: It needs a column that the contract has no more.
    """
    model, settings = way.model, home.settings(way.pipeline)
    try:
        fitted = home.bundles.check(model.bundle, model.golden)
    except BundleRefused as problem:
        raise BundleRefused(f"v{way.version} cannot be made live. {problem} {_needs(model)}") from problem
    import numpy as np

    from tasks.adapters.blobs.bundles import TOLERANCE, differences
    from tasks.training import preparation

    names = preparation.inputs(fitted)
    gone = [name for name in names if name not in settings.validation.columns]
    if gone:
        raise InvalidSettings(
            f"v{way.version} cannot be made live: it needs {', '.join(map(repr, gone))}, which validation.columns no "
            f"longer has. Put the column back into configs/pipelines/{way.pipeline}.yaml first."
        )
    expected, given = home.bundles.golden(model.golden)[1], _answers_of_stored_rows(home, way, names, settings)
    if given is None:
        return f"{len(expected)} golden rows answered as at its gate; the rows that it learned from are not there"
    off = differences(given, expected) if len(given) == len(expected) else np.full(len(expected), np.inf)
    if not (off <= TOLERANCE).all():
        raise BundleRefused(
            f"v{way.version} cannot be made live: prepared by the code of now, {int((off > TOLERANCE).sum())} of its "
            f"{len(expected)} golden rows are answered differently than at its gate. What prepares its inputs has "
            f"changed since. {_needs(model)}"
        )
    return f"{len(expected)} golden rows answered as at its gate"


def make_live(home: Home, way: Way, by: str, reason: str) -> Promotion:
    """One row in the ledger, in one step: who is live, and what is barred.

    Raises:
        Busy: Another version has been made live since the way was found.
        MistakeOfUser: A turn was cut off just before it would have made another version live.
    """
    ledger, pipeline = home.ledger, way.pipeline
    open_turns = [row["number"] for row in ledger.turns.unfinished(pipeline)]
    history, refit = ledger.promotions.all(pipeline), ledger.refits.get(pipeline)
    rollback.require_settled(ledger.promotions.verdicts(pipeline), open_turns, history, refit)
    return home.ledger.promotions.roll_back(
        way.pipeline, way.version, way.model.id, live=way.live.sequence, hold=way.hold, by=by, reason=reason
    )


def release(home: Home, pipeline: str, version: int, by: str, reason: str) -> bool:
    """Let automation have a version again; says whether it was barred.

    Raises:
        MistakeOfUser: There is no such version.
    """
    lookup.model(home, pipeline, version)
    return home.ledger.promotions.release(pipeline, version, by=by, reason=reason)


def guards(home: Home, turn: TurnRef, challenger: Model) -> tuple[Guard, ...]:
    """What rollbacks have against a challenger."""
    ledger = home.ledger
    history, held = ledger.promotions.all(turn.pipeline), ledger.promotions.held(turn.pipeline)
    return rollback.guards(history, turn.number, ledger.models.number(turn.pipeline, challenger.id), held)


def _answers_of_stored_rows(
    home: Home, way: Way, names: tuple[str, ...], settings: PipelineSettings
) -> "NDArray[np.float64] | None":
    """What the model says to its golden rows, taken from the store and prepared by the code of now; None if gone."""
    from tasks.problems import prediction
    from tasks.training import learning, preparation

    then = kept_settings.readable(home, way.pipeline, way.model) or settings
    try:
        rows = handles.rows(home).reference(way.model.snapshot, then, names)
    except Damaged:
        return None
    prepared = preparation.prepare(rows, names, settings.validation.columns)
    return prediction.predict(home.bundles.load(way.model.bundle, way.model.golden), learning.golden(prepared))


def _needs(model: Model) -> str:
    return f"It needs the code of {model.code_version}."
