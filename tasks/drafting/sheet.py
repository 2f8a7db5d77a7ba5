"""A draft as the text of a pipeline file, with the lines on which its settings stand.

Change this module when the file should read in another way. What stands in it is `draft`'s.
"""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tasks.drafting.draft import Draft

_PLAIN = re.compile(r"([A-Za-z_][A-Za-z0-9_./+?-]*( [A-Za-z0-9_./+?-]+)*|[0-9]+ [a-z]+)")
_WORDS = {"y", "yes", "n", "no", "true", "false", "on", "off", "null", "none", "nan", "inf"}
_WIDTH = 116
_ASIDE = 60


def text(name: str, draft: Draft) -> tuple[str, dict[str, int]]:
    """The file, and the line of each setting by its dotted name; lines count from 1."""
    lines, places = list[str](), dict[str, int]()
    for line, setting in _lines(name, draft):
        lines.append(line)
        if setting:
            places.setdefault(setting, len(lines))
    return "\n".join(lines) + "\n", places


def line_of(setting: str, places: Mapping[str, int]) -> int | None:
    """The line of a setting, or of the nearest one around it; None if it does not stand in the file."""
    while setting and setting not in places:
        setting = setting.rpartition(".")[0]
    return places.get(setting)


def _lines(name: str, draft: Draft) -> Iterator[tuple[str, str]]:
    yield f"# {name}: drafted from {draft.rows:,} rows with {draft.columns:,} columns.", ""
    yield "# Only what differs from the defaults is written down; all settings: configs/pipeline.schema.json", ""
    yield f"title: {scalar(draft.settings['title'])}", "title"
    yield from _ingestion(draft.settings["ingestion"])
    yield from _validation(draft.settings["validation"])
    yield from _training(draft)
    if "evaluation" in draft.settings:
        yield "evaluation:", "evaluation"
        for part, value in draft.settings["evaluation"].items():
            yield f"  {part}: {flow(value)}", f"evaluation.{part}"


def _ingestion(room: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "ingestion:", "ingestion"
    yield "  source:", "ingestion.source"
    for part, value in room["source"].items():
        yield f"    {part}: {flow(value)}", f"ingestion.source.{part}"
    if "derive" in room:
        yield "  derive:", "ingestion.derive"
        for part, value in room["derive"].items():
            yield f"    {scalar(part)}: {flow(value)}", f"ingestion.derive.{part}"
    yield f"  times: {flow(room['times'])}", "ingestion.times"


def _validation(room: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "validation:", "validation"
    if "key" in room:
        yield f"  key: {flow(room['key'])}", "validation.key"
    yield "  columns:", "validation.columns"
    for part, value in room["columns"].items():
        yield f"    {scalar(part)}: {flow(value)}", f"validation.columns.{part}"


def _training(draft: Draft) -> Iterator[tuple[str, str]]:
    yield "training:", "training"
    for part, value in draft.settings["training"].items():
        if part == "features":
            yield from _features(value)
            for line in textwrap.wrap(f"left out: {left_out(draft)}", _WIDTH - 4) if draft.left_out else []:
                yield f"  # {line}", "training.left_out"
        else:
            yield f"  {part}: {flow(value)}", f"training.{part}"


def _features(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    whole = f"  features: {flow(names)}"
    lines = textwrap.wrap(whole, _WIDTH, subsequent_indent=" " * 13, break_long_words=False, break_on_hyphens=False)
    if any(" " in name for name in names):
        lines = [whole]  # a name must not be parted
    yield (
        lines[0].replace("features:", "  features:", 1) if not lines[0].startswith(" ") else lines[0],
        "training.features",
    )
    for line in lines[1:]:
        yield line, ""


def left_out(draft: Draft) -> str:
    """Which columns are no features, and why; those with one reason together."""
    columns: dict[str, list[str]] = {}
    for one in draft.left_out:
        columns.setdefault(one.why, []).append(one.column)
    return "; ".join(f"{', '.join(map(shown, names))}: {why}" for why, names in columns.items())


def shown(column: str) -> str:
    """A column's name in a sentence; in quotes if it is empty, or has blanks around it or signs that are not seen."""
    return column if column and column.strip() == column and column.isprintable() else repr(column)


def flow(value: object) -> str:
    """A value on one line of YAML."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(name)}: {flow(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(one) for one in value) + "]"
    return scalar(value)


def scalar(value: object) -> str:
    """One value; text in quotes where it would be read as something else."""
    if not isinstance(value, str):
        return json.dumps(int(value) if isinstance(value, float) and value.is_integer() else value)
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return "'" + value.replace("'", "''") + "'" if value.isprintable() else json.dumps(value)
