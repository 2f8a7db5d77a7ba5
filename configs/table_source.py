"""The source of another table as if it were a pipeline of its own, so that all that reads rows can read its lines.

Its name is that of the pipeline with an ending that no pipeline can have. Add here what is different when a table is
read; what is made of its lines is said in `tasks/features`.
"""

from configs.features import FeaturesSettings
from configs.ingestion import Times
from configs.settings import PipelineSettings
from configs.validation import ColumnRule, TriageSettings, ValidationSettings

_BETWEEN = ".table."


def named(pipeline: str, table: str) -> str:
    """What the source of a table of a pipeline is called."""
    return f"{pipeline}{_BETWEEN}{table}"


def owner(name: str) -> tuple[str, str] | None:
    """The pipeline and its table; None if it is the source of none."""
    pipeline, found, table = name.partition(_BETWEEN)
    return (pipeline, table) if found else None


def in_words(table: str, text: str) -> str:
    """What is wrong with lines: it is said of the settings of rows by whoever reads both."""
    return text.replace("ingestion.source.", f"features.tables.{table}.source.")


def settings(rows: PipelineSettings, table: str) -> PipelineSettings:
    """The settings by which its lines are read: their key, times and values, under the names that they have there.

    Key and times may not be missing; values may.
    """
    other, rules = rows.features.tables[table], rows.validation.columns
    contract = {theirs: _rule(rules[ours], nullable=True) for ours, theirs in other.columns.items()}
    contract |= {theirs: _rule(rules[ours], nullable=False) for theirs, ours in other.key.items()}
    contract |= {name: ColumnRule(type="timestamp") for name in other.times}
    room = rows.ingestion.model_copy(
        update={
            "source": other.source,
            "labels": None,
            "derive": {},
            "times": Times(event=other.time, arrival=other.known),
        }
    )
    kept = ValidationSettings(columns=contract, triage=TriageSettings(enabled=False))
    return rows.model_copy(update={"ingestion": room, "validation": kept, "features": FeaturesSettings()})


def _rule(of: ColumnRule, *, nullable: bool) -> ColumnRule:
    """The type alone: what else the contract asks of a value is asked of the rows that get it."""
    return ColumnRule(type=of.type, nullable=nullable)
