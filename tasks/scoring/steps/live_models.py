"""A version made ready to answer: checked as at its gate, compiled, and with the contract that its rows must keep.

Who is live is said by the ledger alone. Add here what must be so before a version may answer anybody.
"""

from typing import TYPE_CHECKING, Any

from configs.errors import InvalidSettings, MistakeOfUser
from configs.settings import PipelineSettings
from configs.validation import ColumnRule
from tasks.adapters import lookup
from tasks.adapters.home import Home
from tasks.domain.records import Model
from tasks.problems import kinds
from tasks.scoring.compiled import compiler
from tasks.scoring.fields import Fields, moment
from tasks.scoring.live import Live
from tasks.training import preparation

if TYPE_CHECKING:
    import pandas as pd


def live_version(home: Home, pipeline: str) -> tuple[int, int] | None:
    """Number of the last promotion, and the version that it made live; None before the first."""
    made = home.ledger.promotions.champion(pipeline)
    return None if made is None else (made.sequence, made.version)


def ready(home: Home, pipeline: str, version: int | None = None) -> Live:
    """The live version of a pipeline, or another one, ready to answer.

    Raises:
        MistakeOfUser: No version is live, or there is no such version.
        BundleRefused: It does not answer as at its gate, and why.
        InvalidSettings: It needs a column that the contract has no more.
    """
    settings, made = home.settings(pipeline), home.ledger.promotions.champion(pipeline)
    if version is None and made is None:
        raise MistakeOfUser(f"No version of {pipeline} is live yet, so none can answer. `run {pipeline}` comes first.")
    number = version if version is not None else made.version if made else 0
    model = lookup.model(home, pipeline, number)
    fitted = home.bundles.check(model.bundle, model.golden)
    golden, expected = home.bundles.golden(model.golden)
    chosen = compiler.choose(fitted, golden, expected)
    since = made.at if made is not None and made.version == number else None
    fields = _fields(pipeline, number, preparation.inputs(fitted), settings)
    example = {name: _usual(golden[name], rule) for name, rule in fields.rules.items()}
    is_probability = kinds.named(settings.training.kind).learner == "classifier"
    return Live(
        pipeline,
        number,
        model.id,
        model.snapshot.id,
        since,
        settings.title,
        settings.validation.key,
        settings.scoring,
        is_probability,
        fields,
        chosen,
        example,
        model,
        settings,
        classes=_classes(pipeline, number, model, settings),
    )


def _classes(pipeline: str, version: int, model: Model, settings: PipelineSettings) -> tuple[str, ...]:
    """What the places of its answers mean: the classes that the settings listed when it was fitted."""
    then, now = tuple(name for name, _ in model.snapshot.classes), settings.training.class_names
    if {*then} - {*now}:
        raise InvalidSettings(
            f"v{version} cannot answer: it tells {', '.join(map(repr, then))} apart, and training.classes lists "
            f"{', '.join(map(repr, now)) or 'none'}. Put them back into configs/pipelines/{pipeline}.yaml first."
        )
    return then


def _usual(values: "pd.Series[Any]", rule: ColumnRule) -> Any:
    """The value in the middle of those that are there, or the most frequent one; None where there is none."""
    there = values.dropna().sort_values()
    if there.empty:
        return None
    if rule.type == "category":
        return str(there.mode().iloc[0])
    middle = float(there.iloc[len(there) // 2])
    if rule.type == "timestamp":
        return moment(middle)
    return {"boolean": bool, "integer": int}.get(rule.type, float)(middle)


def _fields(pipeline: str, version: int, inputs: tuple[str, ...], settings: PipelineSettings) -> Fields:
    columns = settings.validation.columns
    gone = [name for name in inputs if name not in columns]
    if gone:
        raise InvalidSettings(
            f"v{version} cannot answer: it needs {', '.join(map(repr, gone))}, which validation.columns no longer has. "
            f"Put the column back into configs/pipelines/{pipeline}.yaml first."
        )
    others = frozenset(columns.keys() - {*inputs, settings.training.label})
    refuses = settings.scoring.unknown_columns == "refuse"
    looked_up = frozenset(settings.features.joined) & {*inputs}
    return Fields({name: columns[name] for name in inputs}, others, refuses, looked_up)
