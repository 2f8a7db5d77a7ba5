"""The sections of a draft, one function for each room: plain values as the file has them, and the guesses behind them.

Change a function here when a section should say more, or say it in another way. What is guessed comes from the other
modules of this room.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from configs import family_names
from configs.ingestion import Source
from configs.problems import KINDS
from tasks.drafting import dialect, ranges, rhythm, roles
from tasks.drafting.guess import Guess
from tasks.drafting.label import Label
from tasks.drafting.rhythm import Rhythm
from tasks.drafting.survey import Column
from tasks.drafting.times import Moment, Times

BY_ORDER = "row_time"
"""Name of the made-up time where nothing is known about when."""
_EARLIER, _MATURE, _RIPE = 1.5, 0.9, 1 / 3
"""How much later one answer is known than the other, the share of labels that are known by then, and the largest share
of the span of all rows that may be waited for them."""
_DAY = 86_400_000_000
_MOST_NAMED = 8
Section = dict[str, Any]


@dataclass(frozen=True)
class Parts:
    """What the sections are made from."""

    columns: Sequence[Column]
    label: Label
    times: Times
    features: Sequence[Column]
    key: Sequence[str]
    beat: Rhythm | None
    """How one file is cut; None where each file is a batch."""
    copies: bool
    """Whether there are rows that are equal in all columns, and no key."""

    @property
    def moments(self) -> list[Moment]:
        """The times that there are."""
        return [one for one in (self.times.event, self.times.arrival, self.times.label) if one is not None]

    @property
    def rows(self) -> int:
        """Rows of the table."""
        return self.columns[0].rows


def title(label: Label) -> str:
    """The question that the model answers."""
    name = label.column.name
    if label.classes:
        return f"Which {name} will it be?"
    if not label.is_yes_or_no:
        return f"How large will {name} be?"
    return f"Will {name} be {' or '.join(label.positives) or 'true'}?"


# ── ingestion ─────────────────────────────────────────────────────────────────────────────────────────────────────
def ingestion(parts: Parts, source: Source, reasons: Mapping[str, str]) -> tuple[Section, list[Guess]]:
    """Where the rows are, how they are written and cut, and their times."""
    guesses = [Guess(f"ingestion.source.{name}", str(getattr(source, name)), why) for name, why in reasons.items()]
    places = ("kind", "address", "table", "file", "folder")
    written: Section = {name: value for name in places if (value := getattr(source, name))}
    if source.kind == "sql" and parts.times.event is not None:
        written["watermark"] = parts.times.event.columns[0]
        guesses.append(Guess("ingestion.source.watermark", written["watermark"], "by it rows belong to batches"))
    for more, reasoned in (_cut(parts), _written(source), _cells(parts, source), _zone(parts)):
        written |= more
        guesses += reasoned
    section: Section = {"source": written}
    derived = {one.name: one.derived.model_dump(exclude_none=True) for one in parts.moments if one.derived}
    guesses += [_derivation(one) for one in parts.moments if one.derived]
    if parts.times.event is None:
        derived[BY_ORDER] = rhythm.by_order(parts.rows)[0].model_dump(exclude_none=True)
    section |= {"derive": derived} if derived else {}
    roles_of_times = {"event": parts.times.event, "arrival": parts.times.arrival, "label": parts.times.label}
    section["times"] = {"event": BY_ORDER} | {role: one.name for role, one in roles_of_times.items() if one}
    return section, guesses


def _cut(parts: Parts) -> tuple[Section, list[Guess]]:
    beat, setting = parts.beat, "ingestion.source.cut"
    if beat is None:
        return {}, [Guess("ingestion.source.folder", "a batch each", "each file of the folder is one batch")]
    cut = beat.cut.model_dump(exclude_defaults=True)
    size = f"{beat.batches:,} batches of {beat.rows:,} rows"
    if parts.times.event is None:
        value, why, doubtful = f"{beat.word} by their order", f"{size}; rows may be added at the end", True
    else:
        enough = "the shortest window with enough of both"
        value, doubtful = f"a {beat.word} each", not beat.is_enough
        lacking = "no window has 500 rows and ten days in each of two batches"
        why = f"{size} on {beat.days:,} days (medians): {lacking if doubtful else enough}"
    guesses = [Guess(setting, value, why, is_doubtful=doubtful)]
    if parts.copies:
        cut["copies"] = "kept"
        guesses.append(Guess(f"{setting}.copies", "kept", "some rows are equal, and no key tells them apart"))
    return {"cut": cut}, guesses


def _written(source: Source) -> tuple[Section, list[Guess]]:
    """What is not as usual in how the file is written; why, was said by whoever found it."""
    usual = Source()
    names = ("member", "delimiter", "encoding", "open_end")
    return {name: value for name in names if (value := getattr(source, name)) != getattr(usual, name)}, []


def _cells(parts: Parts, source: Source) -> tuple[Section, list[Guess]]:
    """How the cells of a CSV are written."""
    if source.kind != "csv":
        return {}, []
    of_times = {name for one in parts.moments for name in one.columns}
    used = [*parts.features, parts.label.column, *(one for one in parts.columns if one.name in of_times)]
    written, guesses = Section(), list[Guess]()
    if dialect.decimal(column.points for column in used if column.kind == "number") == ",":
        written["decimal"] = ","
        guesses.append(Guess("ingestion.source.decimal", ",", "numbers are written so"))
    tokens = {token: column.name for column in used for token in column.tokens}
    if tokens:
        written["missing"] = ["", *sorted(tokens)]
        examples = "; ".join(f"{token!r} in {name}" for token, name in list(tokens.items())[:4])
        listed = ", ".join(map(repr, sorted(tokens)))
        guesses.append(Guess("ingestion.source.missing", listed, f"they stand for no value: {examples}"))
    return written, guesses


def _zone(parts: Parts) -> tuple[Section, list[Guess]]:
    naive = [one.name for one in parts.moments if one.is_naive]
    if not naive:
        return {}, []
    why = f"the times have no zone ({', '.join(naive)}); name yours, such as Europe/Berlin"
    return {"timezone": "UTC"}, [Guess("ingestion.source.timezone", "UTC", why, is_doubtful=True)]


def _derivation(one: Moment) -> Guess:
    assert one.derived is not None
    why = f"it reads every cell, but so would {one.rival}" if one.rival else "it reads every cell"
    value = f"{one.derived.text} as {one.derived.format}"
    return Guess(f"ingestion.derive.{one.name}", value, why, is_doubtful=one.rival is not None)


# ── validation ────────────────────────────────────────────────────────────────────────────────────────────────────
def validation(parts: Parts, evaluation: Mapping[str, Any]) -> Section:
    """The contract: every column that another section names, and no other."""
    rules: Section = {one.name: _moment_rule(one, parts) for one in parts.moments}
    rules |= {} if parts.times.event else {BY_ORDER: {"type": "timestamp"}}
    named = {column.name: column for column in parts.columns}
    cluster = evaluation.get("cluster")
    for name in (*parts.key, *([cluster["column"]] if isinstance(cluster, dict) else [])):
        if name not in rules:
            kind = "timestamp" if named[name].kind == "time" else ranges.rule(named[name])["type"]
            rules[name] = {"type": kind, **_nullable(named[name].missing)}
    label = parts.label
    rule = ranges.rule(label.column, label.type)
    rules[label.column.name] = {k: v for k, v in rule.items() if k not in ("min", "max") or not label.is_yes_or_no}
    rules |= {column.name: ranges.rule(column) for column in parts.features if column.name not in rules}
    return {**({"key": list(parts.key)} if parts.key else {}), "columns": rules}


def _moment_rule(one: Moment, parts: Parts) -> Section:
    """A row without its event or arrival is set aside; a label may be known later."""
    return {"type": "timestamp", **({} if one is not parts.times.label else _nullable(one.missing))}


def _nullable(missing: int) -> Section:
    return {"nullable": True} if missing else {}


# ── training ──────────────────────────────────────────────────────────────────────────────────────────────────────
def training(parts: Parts) -> tuple[Section, list[Guess]]:
    """What is learned from what."""
    label = parts.label
    written: Section = {} if label.is_yes_or_no else {"problem": label.problem}
    written["label"] = label.column.name
    if label.classes:
        written["classes"] = label.written(label.classes)
    if label.positives:
        written["positive"] = _one_or_several(label.written(label.positives))
    if label.positives and len(label.negatives) <= _MOST_NAMED:
        written["negative"] = _one_or_several(label.written(label.negatives))
    written["features"] = [column.name for column in parts.features]
    ripe, guesses = _maturity(parts)
    written |= ripe
    written["candidates"] = [{"family": family} for family in family_names.of(KINDS[label.problem])]
    return written, guesses


def _one_or_several(values: list[str | int]) -> object:
    return values[0] if len(values) == 1 else values


def _maturity(parts: Parts) -> tuple[Section, list[Guess]]:
    """The age at which labels count, where those of one answer are known much earlier than those of the other."""
    event, label_time = parts.times.event, parts.times.label
    if event is None or label_time is None or not parts.label.is_yes_or_no:
        return {}, []
    delays = (label_time.values - event.values).astype("timedelta64[us]").astype(np.float64) / _DAY
    delays[np.isnat(label_time.values) | np.isnat(event.values)] = np.nan
    medians = [_median(delays[parts.label.numbers == answer]) for answer in (1, 0)]
    if min(medians) <= 0 or max(medians) < max(_EARLIER * min(medians), 1):
        return {}, []
    days = int(np.ceil(np.nanquantile(delays, _MATURE)))
    span = float((event.there.max() - event.there.min()).astype("timedelta64[us]").astype(np.float64)) / _DAY
    waits = f"labels for yes are known after {medians[0]:.0f} days, for no after {medians[1]:.0f}"
    if days > _RIPE * span:
        why = f"{waits}, and early ones are not like the rest; but the rows span {span:,.0f} days only"
        return {}, [Guess("training.mature_after", f"not {days:,} days", why, is_doubtful=True)]
    why = f"{waits}; by then nine of ten are"
    return {"mature_after": f"{days} days"}, [Guess("training.mature_after", f"{days} days", why)]


def _median(delays: "np.typing.NDArray[np.float64]") -> float:
    there = delays[~np.isnan(delays)]
    return float(np.median(there)) if len(there) else 0.0


# ── evaluation ────────────────────────────────────────────────────────────────────────────────────────────────────
def evaluation(parts: Parts) -> tuple[Section, list[Guess]]:
    """What rows share their luck by, and groups that are judged apart."""
    watched = [{"column": name} for name in roles.slices(parts.features)]
    cluster, guess = _cluster(parts)
    return {**cluster, **({"slices": watched} if watched else {})}, [guess]


def _cluster(parts: Parts) -> tuple[Section, Guess]:
    """The day unless batches have too few of them; nothing where nothing tells."""
    entity, beat, setting = roles.entity(parts.columns), parts.beat, "evaluation.cluster"
    if parts.times.event is None:
        return {}, Guess(setting, "day", "a block of rows that follow one another, as days are unknown")
    if beat is None or beat.days >= rhythm.FEWEST_CLUSTERS:
        also = f"; `cluster: {{column: {entity}}}` if rows of one share their luck" if entity else ""
        return {}, Guess(setting, "day", f"rows of one day share their luck{also}")
    if entity is not None:
        why = f"a batch has only {beat.days} days; rows of one {entity} share their luck"
        return {"cluster": {"column": entity}}, Guess(setting, entity, why)
    why = f"a batch has {beat.days} days and ten are needed: models are compared, but none takes over by itself"
    return {"cluster": "none"}, Guess(setting, "none", why, is_doubtful=True)
