"""Labels that come later than the rows: what their settings ask of the others. The settings are in `ingestion`.

Add here what must fit between `ingestion.labels`, the contract and the label.
"""

from configs.ingestion import IngestionSettings, LateLabels
from configs.validation import ValidationSettings


def key(labels: LateLabels, contract: ValidationSettings) -> tuple[str, ...]:
    """The columns by which a label names its row."""
    return labels.key or contract.key


def require(room: IngestionSettings, contract: ValidationSettings, label: str) -> None:
    """Raises a ValueError if labels could not find their rows, or have no place in them."""
    labels, known = room.labels, room.times.label
    if labels is None:
        return
    if known is None:
        raise ValueError(
            "ingestion.times.label is missing: labels that come later are kept with the moment at which they were "
            "known; name a timestamp of the contract for it, with nullable: true"
        )
    for where, name in (("training.label", label), ("ingestion.times.label", known)):
        if not contract.columns[name].nullable:
            raise ValueError(
                f"{where}: {name!r} comes later than the rows (ingestion.labels), so validation.columns.{name} needs "
                "nullable: true"
            )
        if name in room.derive:
            raise ValueError(f"ingestion.derive.{name}: with ingestion.labels it comes from the source of labels")
    _require_key(key(labels, contract), contract, (label, known))
    _require_a_source_of_its_own(room, labels)
    there = [*key(labels, contract), labels.column or label, *([labels.time] if labels.time else [])]
    twice = next((name for name in there if there.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"ingestion.labels: {twice!r} is named for two of key, column and time")


def _require_key(names: tuple[str, ...], contract: ValidationSettings, late: tuple[str, ...]) -> None:
    if not names:
        raise ValueError(
            "ingestion.labels.key is missing: name the columns by which a label finds its row, or the key of the rows "
            "as validation.key"
        )
    for name in names:
        if name not in contract.columns:
            raise ValueError(f"ingestion.labels.key names the column {name!r}, which validation.columns does not have")
        if name in late:
            raise ValueError(f"ingestion.labels.key: {name!r} is not there before the label is")


def _require_a_source_of_its_own(room: IngestionSettings, labels: LateLabels) -> None:
    if labels.source.file is not None and labels.source.cut is not None and labels.time is None:
        raise ValueError("ingestion.labels.time is missing: by it the file of labels is cut into deliveries")
    for part in ("folder", "file"):
        place = getattr(labels.source, part)
        if place is not None and place == getattr(room.source, part):
            raise ValueError(
                f"ingestion.labels.source.{part} is that of the rows, {place!r}: what lies there would be taken for "
                "both; name another one"
            )
