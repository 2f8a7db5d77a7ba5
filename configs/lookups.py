"""What must hold of columns that are looked up, given the contract: asked when a pipeline file is read."""

from collections.abc import Collection, Mapping

from configs.features import FeaturesSettings
from configs.joined import Past
from configs.validation import ColumnRule

_NUMBERS = ("number", "integer", "boolean")


def require(features: FeaturesSettings, columns: Mapping[str, ColumnRule], own: Collection[str | None]) -> None:
    """Raise a ValueError if a lookup fills a column that it cannot, or goes by one that no delivery has.

    Args:
        features: Tables and past.
        columns: The contract.
        own: What comes with each row: its key, its times, its label.
    """
    for name in features.joined:
        if name not in columns:
            raise ValueError(f"features: {name!r} is looked up, and validation.columns does not have it")
        if not columns[name].nullable:
            raise ValueError(f"features: {name!r} is looked up, so it may be missing: give it nullable: true")
        if name in own:
            raise ValueError(f"features: {name!r} cannot be looked up: key, times and label come with the row")
    for where, name in _asked(features):
        if name not in columns or name in features.joined:
            raise ValueError(f"{where} names the column {name!r}, which no delivery has by the contract")
    for past in features.past:
        _require_types(past, columns)


def _asked(features: FeaturesSettings) -> list[tuple[str, str]]:
    tables = features.tables.items()
    asked = [(f"features.tables.{name}.key", own) for name, table in tables for own in table.key.values()]
    for past in features.past:
        asked += [("features.past", name) for name in (*past.key, *((past.of,) if past.of else ()))]
    return asked


def _require_types(past: Past, columns: Mapping[str, ColumnRule]) -> None:
    filled, of = columns[past.column].type, columns[past.of].type if past.of else None
    if past.take == "last":
        if of != filled:
            raise ValueError(f"features.past: {past.column!r} must be of the type of {past.of!r}, {of} (is {filled})")
        return
    if filled != "number":
        raise ValueError(f"features.past: {past.column!r} must be of type number (is {filled})")
    if of is not None and of not in _NUMBERS:
        raise ValueError(f"features.past: {past.take} needs numbers, and {past.of!r} is of type {of}")
