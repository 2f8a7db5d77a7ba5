"""The source of late labels as if it were a pipeline of its own, so that all that reads rows can read labels.

Its name is that of the pipeline with an ending that no pipeline can have. Add here what is different when labels are
read; what becomes of them is said in `tasks/validation/late_labels.py`.
"""

from configs import late_labels
from configs.errors import IncumbentError
from configs.features import FeaturesSettings
from configs.ingestion import Times
from configs.settings import PipelineSettings
from configs.validation import ColumnRule, TriageSettings, ValidationSettings

_ENDING = ".labels"


def named(pipeline: str) -> str:
    """What the source of a pipeline's labels is called."""
    return f"{pipeline}{_ENDING}"


def owner(name: str) -> str | None:
    """The pipeline of which it is the source of labels; None if it is none."""
    return name.removesuffix(_ENDING) if name.endswith(_ENDING) else None


def in_words(text: str) -> str:
    """What is wrong with labels: it is said of the settings of rows by whoever reads both."""
    return text.replace("ingestion.source.", "ingestion.labels.source.")


def settings(rows: PipelineSettings) -> PipelineSettings:
    """The settings by which labels are read: their key, the label and its time, under the names that they have there.

    A label may be missing: it is not known yet. Its key and its time may not.
    """
    labels, rules = rows.ingestion.labels, rows.validation.columns
    if labels is None:
        raise IncumbentError("There is no source of labels.")
    column = labels.column or rows.training.label
    contract = {name: rules[name].model_copy(update={"nullable": False}) for name in key(rows)}
    contract[column] = rules[rows.training.label].model_copy(update={"nullable": True})
    if labels.time is not None:
        contract[labels.time] = ColumnRule(type="timestamp")
    room = rows.ingestion.model_copy(
        update={
            "source": labels.source,
            "labels": None,
            "derive": {},
            "times": Times(event=labels.time or column, label=labels.time),
        }
    )
    kept = ValidationSettings(
        columns=contract, max_quarantined=rows.validation.max_quarantined, triage=TriageSettings(enabled=False)
    )
    training = rows.training.model_copy(update={"label": column})
    update = {"ingestion": room, "validation": kept, "features": FeaturesSettings(), "training": training}
    return rows.model_copy(update=update)


def key(rows: PipelineSettings) -> tuple[str, ...]:
    """The columns by which a label names its row; none where labels come with the rows."""
    labels = rows.ingestion.labels
    return () if labels is None else late_labels.key(labels, rows.validation)
