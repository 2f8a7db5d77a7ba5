"""Makes every model again from its snapshot, settings and seed, and says which answer as they did (I12).

How one is made again is in `reproduction`; here is what `verify --retrain` makes of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from configs.errors import IncumbentError
from tasks.adapters.home import Home
from tasks.domain import wording
from tasks.domain.records import Model
from tasks.lineage.steps import reproduction
from tasks.lineage.steps.reproduction import Reproduction
from tasks.lineage.verify.findings import Finding


class Remade(StrEnum):
    """What came of making a model again."""

    SAME = "same"
    DIFFERS = "differs"
    NOT_POSSIBLE = "not_possible"
    """An input is gone, or libraries or what builds models are others by now: nothing can be said of the promise.

    Another commit alone is no excuse.
    """


@dataclass(frozen=True)
class Retrained:
    """One model, made again."""

    model: str
    version: int | None
    outcome: Remade
    text: str

    @property
    def finding(self) -> Finding | None:
        """What of it breaks the promise."""
        return Finding("I12", self.text) if self.outcome is Remade.DIFFERS else None


def retrain(home: Home, pipeline: str) -> Iterator[Retrained]:
    """Every model of a pipeline, the champion first, then the others from the newest on."""
    versions = {model.id: version for version, model in home.ledger.models.versions(pipeline).items()}
    live = home.ledger.promotions.champion(pipeline)
    models = home.ledger.models.all(pipeline)[::-1]
    for model in sorted(models, key=lambda model: live is None or model.id != live.model):
        yield _retrain(home, pipeline, model, versions.get(model.id))
        home.forget()


def _retrain(home: Home, pipeline: str, model: Model, version: int | None) -> Retrained:
    named = f"{f'v{version}' if version else 'model'} {model.family} {model.id[:12]}"
    try:
        again = reproduction.reproduce(home, pipeline, model)
    except IncumbentError as problem:
        return Retrained(model.id, version, Remade.NOT_POSSIBLE, f"{named} could not be made again: {problem}")
    return Retrained(model.id, version, *_judge(named, again))


def _judge(named: str, again: Reproduction) -> tuple[Remade, str]:
    if again.gone:
        return Remade.NOT_POSSIBLE, f"{named} could not be made again: {'; '.join(again.gone)}"
    asked = f"on {wording.count(again.rows)} rows"
    if again.succeeded:
        same = "bundle the same to the last byte" if again.same_bytes else "bundle of other bytes"
        return Remade.SAME, f"{named} made again: the same answers {asked}, {same}"
    text = f"{named} made again answers differently {asked}, by up to {again.largest:.3g}"
    if again.by_chance is not None:
        text = f"{text}; it is not deterministic with its seed: two fits of now differ by up to {again.by_chance:.3g}"
        return Remade.NOT_POSSIBLE, text
    if again.building:
        return Remade.NOT_POSSIBLE, f"{text}; not as it was at the fit: {'; '.join(again.building)}"
    return Remade.DIFFERS, text
