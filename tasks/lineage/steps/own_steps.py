"""Feature steps of users, as models have kept them: their code lies in the fitted Pipeline.

Change this module when such code is kept elsewhere. How two texts differ is told in `origins`.
"""

from configs.errors import IncumbentError
from configs.feature_steps import OwnStep as Declared
from tasks.adapters.home import Home
from tasks.domain.records import Model
from tasks.features import assembly
from tasks.features.own_step import OwnStep
from tasks.lineage import origins
from tasks.lineage.origins import StepChange, StepVersion
from tasks.training.steps import kept_settings


def of(home: Home, pipeline: str, model: Model) -> dict[tuple[str, str], OwnStep]:
    """By import path and hash of their source; none if model or settings cannot be read any more."""
    settings = kept_settings.readable(home, pipeline, model)
    if settings is None or not _declared(home, pipeline, model):
        return {}
    try:
        return dict(assembly.of(home.bundles.load(model.bundle, model.golden), settings.features))
    except IncumbentError:  # it is damaged, or needs what is not there any more: `verify` says which
        return {}


def versions(home: Home, pipeline: str, model: Model) -> dict[str, StepVersion]:
    """What a model has of them, by import path."""
    held = of(home, pipeline, model)
    pairs = [(step, held.get((step.use, step.source))) for step in _declared(home, pipeline, model)]
    return {step.use: StepVersion(step.called, step.source, one.texts if one else None) for step, one in pairs}


def changes(home: Home, pipeline: str, was: Model, now: Model) -> tuple[StepChange, ...]:
    """Steps of users in either of two models, and what changed in the code of each."""
    return origins.steps(versions(home, pipeline, was), versions(home, pipeline, now))


def before(home: Home, pipeline: str, number: int) -> int | None:
    """The newest version before this one in which a step of a user has other code; None if there is none."""
    models = home.ledger.models.versions(pipeline)
    now = _sources(home, pipeline, models[number])
    for earlier in sorted((one for one in models if one < number), reverse=True):
        was = _sources(home, pipeline, models[earlier])
        if any(was[use] != now[use] for use in was.keys() & now.keys()):
            return earlier
    return None


def listed(home: Home, pipeline: str, model: Model) -> list[str]:
    """What each feature step of a model is called, with the source of a user's own; none if that cannot be told."""
    settings = kept_settings.readable(home, pipeline, model)
    named = settings.features.named if settings else {}
    return [f"{name} (source {step.source})" if isinstance(step, Declared) else name for name, step in named.items()]


def _sources(home: Home, pipeline: str, model: Model) -> dict[str, str]:
    return {step.use: step.source for step in _declared(home, pipeline, model)}


def _declared(home: Home, pipeline: str, model: Model) -> list[Declared]:
    settings = kept_settings.readable(home, pipeline, model)
    return [step for step in settings.features.steps if isinstance(step, Declared)] if settings else []
