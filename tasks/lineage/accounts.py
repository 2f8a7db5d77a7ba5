"""What differs, in words: the sentences and tables that terminal and page share.

Add a sentence here when something new is measured in `differences` or told apart in `origins`.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from configs.settings import PipelineSettings
from tasks.domain import wording
from tasks.lineage import stretches
from tasks.lineage.column_pairs import CHANCE, ColumnDifference, Facts, SchemaChange, Value
from tasks.lineage.differences import Difference, StretchDifference
from tasks.lineage.origins import Origins, StepChange
from tasks.monitoring.comparable import TELLING
from tasks.problems import kinds
from tasks.problems.base import Problem
from tasks.reporting import pictures, titles
from tasks.reporting.account_page import Section
from tasks.reporting.marks import Chart

_NAMED, _COLUMNS, _STRETCHES, _COMMITS = 3, 12, 8, 20


def of_rows(
    difference: Difference, sides: tuple[str, str], looked_at: int | None, settings: PipelineSettings
) -> Iterator[Section]:
    """Rows, label, schema and columns.

    Args:
        difference: What was measured.
        sides: What both are called.
        looked_at: The turn whose permutation importance ranks the columns.
        settings: Label and nouns.
    """
    problem, reading = kinds.named(settings.training.kind), f"Grey: {sides[0]}. Line: {sides[1]}."
    head = (stretches.NAMES[difference.unit][0], "rows", "were", "added", "gone", "changed", "label", "was")
    busiest = _busiest(difference, problem)
    sentences = _rows(difference, settings.reporting.row), _concentrated(difference)
    days = _days(difference)
    yield Section(
        name="rows",
        sentences=sentences,
        table=(head, *busiest) if busiest else (),
        figures=len(head) - 1,
        pictures=((f"per {head[0]}", "", days),) if days else (),
        reading=reading,
    )
    yield Section("label", (_label(difference, problem.averaged_title(settings.training), problem),))
    if difference.schema:
        yield Section("schema", tuple(map(_schema, difference.schema)))
    telling = [one for one in difference.columns if is_telling(one)]
    text = f"{len(telling)} of {len(difference.columns)} differ by more than chance, {_order(looked_at)}."
    hidden = len(telling) - _COLUMNS
    also = (f"The first {_COLUMNS} of them; --json has all.",) if hidden > 0 else ()
    columns = (("column", "matters", "distance", "where they differ"), *map(_column, telling[:_COLUMNS]))
    yield Section(
        name="columns",
        sentences=(text, *also),
        table=columns if telling else (),
        figures=2,
        pictures=tuple(_drawn(telling[:_COLUMNS])),
        reading=reading,
    )


def of_origins(origins: Origins) -> Iterator[Section]:
    """Family, settings, code and libraries of two models."""
    was, now = origins.models
    yield Section("settings", tuple(_settings(origins)))
    if origins.steps:
        yield Section("features", tuple(map(_step, origins.steps)), code=_code(origins.steps))
    yield Section("code", tuple(_commits(origins)), code=origins.code)
    if was.lock_hash == now.lock_hash:
        yield Section("libraries", ("Fitted with the same ones.",))
    elif origins.libraries is None:
        text = f"Other ones: requirements.lock {now.lock_hash[:12]}, was {was.lock_hash[:12]}; "
        yield Section(
            "libraries", (f"{text}which ones cannot be told, as one of the two files is not to be had here.",)
        )
    else:
        yield Section("libraries", tuple(one.text for one in origins.libraries) or ("Other files, the same versions.",))


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _rows(difference: Difference, nouns: tuple[str, str]) -> str:
    counts = difference.rows
    parts = [f"{wording.count(counts.same)} the same", f"{wording.count(counts.added)} added"]
    parts.append(f"{wording.count(counts.gone)} gone")
    parts += [f"{wording.count(counts.changed)} changed"] if counts.by_key else []
    text = f"{titles.number_of(counts.now, nouns)}, was {wording.count(counts.was)}: {', '.join(parts)}."
    if counts.columns:
        touched = [f"{name} ({wording.count(number)})" for name, number in counts.columns]
        text += f" Changed in {titles.listed(touched, 2 * _NAMED)}."
    by_all = " They have no key, so one that changed is one gone and one added."
    return text if counts.by_key else text + by_all


def _concentrated(difference: Difference) -> str:
    """In how many stretches all rows lie that came, went or changed."""
    touched = sum(any(one.touched) for one in difference.stretches)
    if not touched:
        return "No row came, went or changed."
    span = titles.number_of(len(difference.stretches), stretches.NAMES[difference.unit])
    return f"What came, went or changed lies in {wording.count(touched)} of {span}."


def _busiest(difference: Difference, problem: Problem) -> tuple[tuple[str, ...], ...]:
    """Where most rows came, went or changed, in order: stretches one after the other in which the same happened."""
    runs = [[*run] for touched, run in groupby(difference.stretches, key=lambda one: one.touched) if any(touched)]
    most = sorted(runs, key=lambda run: -sum(one.added + one.gone + one.changed for one in run))[:_STRETCHES]
    return tuple(_run(run, problem) for run in runs if run in most)


def _run(run: Sequence[StretchDifference], problem: Problem) -> tuple[str, ...]:
    name = run[0].stretch if len(run) == 1 else f"{run[0].stretch} to {run[-1].stretch}"
    counts = [sum(getattr(one, name) for one in run) for name in ("now", "was", "added", "gone", "changed")]
    labels = [
        _together([(getattr(one, f"labelled_{side}"), getattr(one, f"label_{side}")) for one in run])
        for side in ("now", "was")
    ]
    return (name, *map(wording.count, counts), *map(problem.level, labels))


def _together(means: Sequence[tuple[int, float | None]]) -> float | None:
    rows = sum(count for count, _ in means)
    return sum(count * (mean or 0.0) for count, mean in means) / rows if rows else None


def _days(difference: Difference) -> Chart | None:
    """How many rows each side has over time."""
    bins = [(one.stretch, float(one.was), float(one.now)) for one in difference.stretches]
    return pictures.histogram(bins, "Rows over time on both sides") if len(bins) > 1 else None


def _label(difference: Difference, name: str, problem: Problem) -> str:
    return f"{name}: {problem.level(difference.label_now)}, was {problem.level(difference.label_was)}."


def _schema(change: SchemaChange) -> str:
    if change.was is None:
        return f"'{change.column}' is new ({change.now})."
    what = "is gone" if change.now is None else f"is {change.now}, was {change.was}"
    return f"'{change.column}' {what}."


# ── columns ───────────────────────────────────────────────────────────────────────────────────────────────────────
def _order(looked_at: int | None) -> str:
    if looked_at is None:
        return "by distance (no model has been looked at yet, so what matters to one is not known)"
    return f"by distance times what they matter to the model (permutation importance, turn {looked_at})"


def is_telling(column: ColumnDifference) -> bool:
    """Whether a column differs by more than chance, or has levels that it had not; a time by what is missing."""
    if column.distance is None or column.p_value is None:
        return abs(column.now.missing - column.was.missing) >= TELLING
    is_far = column.distance >= TELLING and column.p_value < CHANCE
    return is_far or bool(column.added_levels or column.gone_levels)


def _column(column: ColumnDifference) -> tuple[str, ...]:
    matters = wording.MISSING if column.matters is None else wording.share(column.matters)
    distance = wording.loss(column.distance)
    where = [column.text] if (column.distance or 0.0) >= TELLING else []
    return column.column, matters, distance, "; ".join((*where, *_details(column)))


def _drawn(columns: Sequence[ColumnDifference]) -> Iterator[tuple[str, str, Chart]]:
    for one in columns:
        chart = pictures.histogram(one.histogram, f"{one.column}: {one.text}")
        if chart is not None:
            yield one.column, one.text, chart


def _details(column: ColumnDifference) -> Iterator[str]:
    """What else differs: missing, zeros, levels, range, and in which stretch most of the difference lies."""
    was, now = column.was, column.now
    if abs(now.missing - was.missing) >= TELLING and column.distance is None:
        yield f"missing {wording.share(now.missing)}, was {wording.share(was.missing)}"
    if abs((now.zeros or 0.0) - (was.zeros or 0.0)) >= TELLING:
        yield f"{wording.share(now.zeros or 0.0)} zero, was {wording.share(was.zeros or 0.0)}"
    if column.added_levels:
        yield f"new: {_levels(column.added, column.added_levels)}"
    if column.gone_levels:
        yield f"gone: {_levels(column.gone, column.gone_levels)}"
    if was.low is not None and now.low is not None and (was.low, was.high) != (now.low, now.high):
        yield f"from {_range(now)}, was {_range(was)}"
    for place in column.places[:1]:
        if place.stands_out:
            part = wording.share(min(place.difference, 1.0))
            yield f"{part} of it from {place.stretch}, {wording.share(place.rows)} of the rows"


def _levels(levels: Sequence[str], count: int) -> str:
    named = [f"'{level}'" for level in levels[:_NAMED]]
    return titles.listed([*named, f"{wording.count(count - _NAMED)} more"] if count > _NAMED else named)


def _range(facts: Facts) -> str:
    return f"{_value(facts.low)} to {_value(facts.high)}"


def _value(value: Value) -> str:
    return wording.number(value) if isinstance(value, float) else str(value)


# ── what models are made with ─────────────────────────────────────────────────────────────────────────────────────
def _settings(origins: Origins) -> Iterator[str]:
    was, now = origins.models
    if was.family != now.family:
        yield f"Family {now.family}, was {was.family}."
    if was.seed != now.seed:
        yield f"Seed {now.seed}, was {was.seed}."
    if was.recipe != now.recipe:
        yield f"Rows became a model by recipe {now.recipe}, was {was.recipe}."
    if origins.settings is None:
        yield "What else differs cannot be told: those of one of the two were not kept, or are not of this version."
    elif origins.settings:
        yield from (titles.ended(one.text) for one in origins.settings)
    else:
        yield "The settings of the pipeline are the same."


def _step(change: StepChange) -> str:
    unknown = "; what changed cannot be told, as one of the two models cannot be read any more"
    return titles.ended(f"{change.text}{unknown if change.code is None else ''}")


def _code(steps: Sequence[StepChange]) -> tuple[str, ...]:
    """What changed in their code; a module in which several stand is shown once."""
    return tuple(line for code in dict.fromkeys(step.code or () for step in steps) for line in code)


def _commits(origins: Origins) -> Iterator[str]:
    was, now = (model.code_version for model in origins.models)
    if was == now:
        yield f"Both were fitted with {now}."
        return
    yield f"Fitted with {now}, was {was}."
    if origins.commits is None or origins.commits_gone is None:
        yield "What lies between cannot be told: git does not have both commits here."
        return
    for commits, where in ((origins.commits, "since"), (origins.commits_gone, "no longer")):
        yield from (f"{where}: {commit}" for commit in commits[:_COMMITS])
        if len(commits) > _COMMITS:
            yield f"{where}: and {len(commits) - _COMMITS} more"
