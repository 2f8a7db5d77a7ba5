"""The life of a version: what it was made of, its gate, when it was live and how it did, and how that ended.

From stored records alone. Why one turn was decided as it was: `stories.py`.
"""

from collections.abc import Sequence

from configs.settings import PipelineSettings
from tasks.domain import wording
from tasks.domain.records import Score
from tasks.domain.turns import History, Promotion, Turn
from tasks.problems import kinds
from tasks.reporting import titles, versions
from tasks.reporting.sentences import loss, why
from tasks.reporting.stories import Part

_MOST_BATCHES = 12


def life(
    history: History, version: int, settings: PipelineSettings, feature_steps: Sequence[str] = ()
) -> tuple[Part, ...]:
    """The steps of a version's life, in the order in which they happened; what did not happen is left out."""
    tried = next((turn for turn in history.turns if turn.probe_version == version), None)
    parts = [
        Part("Trained", tuple(_trained(history, version, tried, settings))),
        Part("Features", (titles.ended(f"Made by {', '.join(feature_steps)}"),) if feature_steps else ()),
        Part("Gate", tuple(_gate(tried))),
        Part("Refit", tuple(_refit(history, version))),
        Part("Live", tuple(_live(history, version))),
        Part("Judged", tuple(_judged(history, version))),
        Part("Rollbacks", tuple(_rollbacks(history, version))),
        Part("Now", (_now(history, version),)),
    ]
    return tuple(part for part in parts if part.sentences)


def _trained(history: History, version: int, tried: Turn | None, settings: PipelineSettings) -> list[str]:
    model = dict(history.models)[version]
    found = [f"In turn {tried.number}, for batch {tried.batch.name}."] if tried else []
    rows = titles.number_of(model.snapshot.rows, settings.reporting.row)
    known = f"all {versions.known_before(model)}"
    found.append(f"{titles.capital(model.family.replace('_', ' '))} on {rows}, {versions.span(model)}, {known}.")
    made_of = f"snapshot {model.snapshot.id[:12]}, settings {model.settings_hash[:12]}, seed {model.seed}"
    return [*found, f"Made of {made_of}, code {model.code_version}."]


def _gate(tried: Turn | None) -> list[str]:
    if tried is None:
        return []
    score = tried.probe
    measured = [f"{titles.capital(_metric(score))} {loss(score)} on {tried.batch.name}."] if score else []
    return [*measured, titles.ended(f"{titles.capital(titles.verdict(tried))}: {why(tried)}")]


def _refit(history: History, version: int) -> list[str]:
    """What a first champion and its refit are to each other, and how both did on what was judged next."""
    refit = history.refit
    if refit is None or version not in (refit.version, refit.judged):
        return []
    passes = "objected" if refit.guard.objects else "let it pass"
    made = f"v{refit.version} is the refit of v{refit.judged}, which had won in turn {refit.turn}, on all rows"
    found = [titles.ended(f"{made}; the guard '{refit.guard.name}' {passes}: {refit.guard.text}")]
    if refit.check is not None:
        found.append(titles.ended(f"Turn {refit.check.turn} compared both: {refit.check.reason}"))
    return found


def _live(history: History, version: int) -> list[str]:
    made = list(history.promotions)
    found = []
    for place, change in enumerate(made):
        if change.version != version:
            continue
        later = made[place + 1] if place + 1 < len(made) else None
        end = f"until {titles.moment(later.at)}, when {_followed(later)}" if later else "to this day"
        how = "a rollback" if change.is_rollback else titles.since(change)
        cause = f"made live by {change.by}: {change.reason}"
        cause = f"{change.by} had gone back to it" if change.is_rollback else cause
        found.append(titles.ended(f"From {titles.moment(change.at)} ({how}) {end}; {cause}"))
    return found


def _followed(later: Promotion) -> str:
    if later.is_rollback:
        return f"{later.by} went back to v{later.version}"
    return f"v{later.version} took over"


def _judged(history: History, version: int) -> list[str]:
    scored = [(t, t.champion) for t in history.turns if t.champion_version == version and t.champion]
    told = [f"{titles.medium(turn.batch)} {loss(score)}, {titles.health(turn)}" for turn, score in scored]
    more = f"; and {wording.number_word(len(told) - _MOST_BATCHES)} before" if len(told) > _MOST_BATCHES else ""
    return [f"Live, {_metric(scored[0][1])}: {'; '.join(told[-_MOST_BATCHES:])}{more}."] if told else []


def _metric(score: Score) -> str:
    return kinds.of(score).title


def _rollbacks(history: History, version: int) -> list[str]:
    """Every rollback from it or to it; of one from it, whether that still keeps automation off it."""
    holds = {hold.sequence: hold for hold in history.holds}
    found = []
    for made in history.promotions:
        if not made.is_rollback or version not in (made.version, made.previous):
            continue
        what = f"{made.by} went back from v{made.previous} to v{made.version}"
        found.append(titles.ended(f"{titles.moment(made.at)}: {what}: {made.reason}"))
        if version == made.previous:
            found.append(versions.held(holds.get(made.sequence), version))
    return found


def _now(history: History, version: int) -> str:
    if titles.live_now(history) == version:
        return "It is live."
    if any(hold.version == version and hold.ended is None for hold in history.holds):
        return "It is not live, and is barred until it is released."
    been = any(made.version == version for made in history.promotions)
    been = been or (history.refit is not None and version == history.refit.judged)
    return "It is not live; a person may go back to it." if been else "It has never been live."
