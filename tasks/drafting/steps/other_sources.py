"""What the sources of late labels and of other tables hold, beside the rows that they are for; nothing is kept.

Each is read as a turn reads it. Add here what a person should hear of them before the first turn.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from configs import label_source, table_source
from configs.errors import BadInput, DeliveryWaits, MistakeOfUser
from configs.settings import PipelineSettings
from tasks.adapters.home import Home
from tasks.domain import late_labels, wording
from tasks.drafting.steps import deliveries_there
from tasks.features import lines as rules
from tasks.ingestion import columns
from tasks.ingestion.formats import decoding
from tasks.validation import label_rows

if TYPE_CHECKING:
    import pandas as pd

_EXAMPLES = 3


@dataclass
class Source:
    """What one of them holds."""

    setting: str
    """Where it stands in the pipeline file."""
    sentences: list[str] = field(default_factory=list)
    """What it holds, and how it fits the rows."""
    wrong: list[str] = field(default_factory=list)
    """What keeps it, or a delivery of it, from being used."""
    lines: "pd.DataFrame | None" = None
    """The lines of a table that are used."""


def tables(home: Home, pipeline: str) -> dict[str, Source]:
    """Other tables by their names, with the lines that they have."""
    return {name: _table(home, pipeline, name) for name in home.settings(pipeline).features.tables}


def filled(frame: "pd.DataFrame", settings: PipelineSettings, there: dict[str, Source]) -> "pd.DataFrame":
    """Rows with what these tables say of them."""
    for name, source in there.items():
        frame = frame.assign(**rules.values(_asked(frame, settings), source.lines, settings.features.tables[name]))
    return frame


def match(settings: PipelineSettings, there: dict[str, Source], rows: "Sequence[pd.DataFrame]") -> None:
    """Say of each table how many rows get a line of it, and which keys it does not have."""
    for name, source in there.items():
        if source.lines is not None and rows:
            source.sentences += _matched(settings, name, source.lines, rows)


def labels(home: Home, pipeline: str, rows: "Sequence[pd.DataFrame]") -> Source | None:
    """The source of late labels beside accepted rows; None where labels come with the rows."""
    import numpy as np
    import pandas as pd

    settings = home.settings(pipeline)
    if settings.ingestion.labels is None:
        return None
    source, named = Source("ingestion.labels"), label_source.named(pipeline)
    read, key = home.settings(named), label_source.key(settings)
    label, taken, counts = read.training.label, list[pd.DataFrame](), list[Any]()
    for name, frame in _frames(home, named, source, label_source.in_words):
        try:
            earlier = label_rows.remembered(taken, key, label)
            done = label_rows.sort_out(frame, earlier, key, read, home.clock())
        except BadInput as problem:
            source.wrong.append(f"{name} would be refused: {label_source.in_words(str(problem))}")
            continue
        taken.append(done.taken)
        counts.append(done.counts)
    if not counts:
        return source
    source.sentences += late_labels.delivered(late_labels.together(counts))
    whole = pd.concat(taken, ignore_index=True)
    there = [label_rows.keys(frame, key) for frame in rows]
    asked, own = label_rows.keys(whole, key), np.concatenate(there) if there else np.zeros(0, dtype=np.uint64)
    unknown = ~np.isin(asked, own)
    without = int((~np.isin(own, asked)).sum())
    source.sentences.append(_of(int((~unknown).sum()), len(whole), "labels find their row"))
    if unknown.any():
        source.sentences[-1] += f"; none is there for {_examples(whole[unknown], key)}"
    source.sentences.append(_of(without, len(own), "rows have no label yet"))
    return source


# ── parts ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def _table(home: Home, pipeline: str, name: str) -> Source:
    import pandas as pd

    table, source = home.settings(pipeline).features.tables[name], Source(f"features.tables.{name}")
    parts, landed, counts = list[pd.DataFrame](), 0, [0, 0, 0]
    frames = _frames(home, table_source.named(pipeline, name), source, lambda text: table_source.in_words(name, text))
    for _, frame in frames:
        done = rules.sort_out(frame, table)
        parts.append(done.used)
        landed += len(frame)
        numbers = zip(counts, (done.repeated, done.contradicting, done.unusable), strict=True)
        counts = [before + now for before, now in numbers]
    if not parts:
        return source
    source.lines = rules.together(parts, table)
    words = ("there twice", "contradicting each other", "without a key or a time")
    aside = [f"{wording.count(number)} {what}" for number, what in zip(counts, words, strict=True) if number]
    source.sentences.append(", ".join([f"{wording.count(landed)} lines", *aside]))
    return source


def _matched(
    settings: PipelineSettings, name: str, lines: "pd.DataFrame", rows: "Sequence[pd.DataFrame]"
) -> Iterator[str]:
    import pandas as pd

    table = settings.features.tables[name]
    whole = pd.concat(rows, ignore_index=True)
    hits = rules.places_of(_asked(whole, settings), lines, table) >= 0
    yield _of(int(hits.sum()), len(whole), "rows get a line")
    ours, theirs = list(table.key.values()), list(table.key)
    there = pd.MultiIndex.from_frame(lines[theirs].astype(str))
    strange = whole[~pd.MultiIndex.from_frame(whole[ours].astype(str)).isin(there)]
    if len(strange):
        yield f"no line at all has the key of {wording.count(len(strange))} rows, such as {_examples(strange, ours)}"


def _frames(
    home: Home, named: str, source: Source, in_words: Callable[[str], str]
) -> "Iterator[tuple[str, pd.DataFrame]]":
    """The deliveries of a source, by name; what cannot be read is noted as wrong."""
    settings = home.settings(named)
    try:
        for name, content, odd in deliveries_there.of(home, named):
            try:
                yield name, decoding.decode(content, settings.ingestion, settings.validation, odd)
            except BadInput as problem:
                source.wrong.append(f"{name} would not be used: {in_words(str(problem))}")
    except (BadInput, DeliveryWaits, MistakeOfUser) as problem:
        source.wrong.append(in_words(str(problem)))


def _asked(frame: "pd.DataFrame", settings: PipelineSettings) -> rules.Rows:
    types = {name: rule.type for name, rule in settings.validation.columns.items()}
    return rules.Rows(frame, types, settings.ingestion.times.event, settings.ingestion.times.arrival)


def _of(number: int, all_of_them: int, what: str) -> str:
    return f"{wording.count(number)} of {wording.count(all_of_them)} {what}"


def _examples(frame: "pd.DataFrame", names: Sequence[str]) -> str:
    shown = frame[list(names)].drop_duplicates().head(_EXAMPLES)
    return ", ".join(" ".join(columns.example(value) for value in row) for row in shown.itertuples(index=False))
