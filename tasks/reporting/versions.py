"""What is told about versions: promotions, the facts about the live model, and with what it could be made again.

Values in, texts out. Batches and inputs are in `tables.py`, sentences in `sentences.py`.
"""

from dataclasses import dataclass

from configs.settings import PipelineSettings
from tasks.domain import wording
from tasks.domain.records import Comparison, Model, Score
from tasks.domain.turns import History, Hold, Promotion, Turn
from tasks.problems import kinds
from tasks.reporting import standing, titles
from tasks.reporting.sentences import loss, value
from tasks.reporting.standing import Role
from tasks.reporting.titles import moment

_HASH = 12
_ITS_SETTINGS = "of the pipeline file, with defaults"


@dataclass(frozen=True)
class PromotionRow:
    """One change of the live model."""

    version: str
    turn: int | None
    """The turn that decided it; None for a rollback."""
    batch: str
    """The batch on which it won; for a rollback, when that was."""
    until: str
    trained_on: str
    """How many rows."""
    span: str
    """Of which days they are."""
    gain: str
    gain_ends: str
    """The interval of the gain."""
    loss: str
    """At its gate."""
    loss_ends: str
    what: str
    """What happened, by whom, and why."""


@dataclass(frozen=True)
class Fact:
    """A named value; `code` are identifiers, whole, of which the page shows the beginning."""

    name: str
    text: str
    code: tuple[str, ...] = ()

    @property
    def brief(self) -> tuple[tuple[str, str], ...]:
        """Beginning of each identifier, and all of it."""
        return tuple((one[:_HASH], one) for one in self.code)


def promotions(history: History) -> tuple[PromotionRow, ...]:
    """Changes of the live model, the latest first."""
    names: dict[int | None, Turn] = {turn.number: turn for turn in history.turns}
    models, gates = dict(history.models), dict(history.gates)
    rows = []
    for n, change in enumerate(history.promotions):
        turn, model, gate = names.get(change.turn), models.get(change.version), gates.get(change.version)
        later = history.promotions[n + 1] if n + 1 < len(history.promotions) else None
        pair = _pair(history, change, turn)
        over = f"over v{change.previous}" if change.previous is not None else "over no model"
        gain = kinds.gain(pair) if pair else wording.MISSING
        whose = f" of v{stands}" if (stands := standing.stands_for(history, change.version)) else ""
        rows.append(
            PromotionRow(
                version=f"v{change.version}",
                turn=change.turn,
                batch=titles.medium(turn.batch) if turn else moment(change.at) if change.is_rollback else "",
                until=_until(later, names.get(later.turn) if later else None),
                trained_on=wording.count(model.snapshot.rows) if model else wording.MISSING,
                span=span(model) if model else "",
                gain=gain if change.is_rollback else f"{gain}{whose} {over}",
                gain_ends=kinds.ends(pair) if pair else "",
                loss=f"{value(gate)}{whose}",
                loss_ends=_ends(gate),
                what=_what(history, change),
            )
        )
    return tuple(reversed(rows))


def _pair(history: History, change: Promotion, turn: Turn | None) -> Comparison | None:
    """By what a version won: of one that took the place of its refit, the comparison of the two."""
    check = history.refit.check if history.refit else None
    if check is not None and check.goes_back and change.turn == check.turn:
        return check.comparison
    return turn.comparison if turn else None


def _loss_on_them(model: Model, settings: PipelineSettings) -> str:
    """What it loses on the rows that it was fitted on: far less than at its gate is learned by heart."""
    problem = kinds.named(settings.training.kind)
    return f"; {problem.title} {problem.loss(model.trained_loss)} on these" if model.trained_loss is not None else ""


def model_facts(history: History, version: int, judged: Turn | None, settings: PipelineSettings) -> tuple[Fact, ...]:
    """What the live model is, what it was trained on, and how it did at its gate and on the last batch."""
    model, gate = dict(history.models).get(version), dict(history.gates).get(version)
    nouns = settings.reporting.row
    facts = [Fact("Answers", settings.title)]
    if model:
        parameters = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in model.parameters)
        facts.append(Fact("Made of", f"{model.family.replace('_', ' ')}{f': {parameters}' if parameters else ''}"))
        facts.append(Fact("Inputs", _inputs(history, model, settings)))
        base = _base(model, settings)
        rows = titles.number_of(model.snapshot.rows, nouns)
        trained = f"{rows}, {span(model)}; {base}; fitted in {model.fit_seconds:.1f} s"
        facts.append(Fact("Trained on", trained + _loss_on_them(model, settings)))
    if gate:
        stands = standing.stands_for(history, version)
        facts.append(Fact(f"v{stands} at its gate" if stands else "At its gate", _metrics(gate, settings)))
    if judged and judged.champion and judged.champion_version == version:
        text = f"{titles.medium(judged.batch)}, {titles.health(judged)}: {_metrics(judged.champion, settings)}"
        others = sum(turn.champion is not None for turn in history.turns if turn.number > judged.number)
        since = f"; not judged on the {titles.number_of(others, ('batch', 'batches'))} since" if others else ""
        facts.append(Fact("Last judged", f"{text}{since}"))
    else:
        facts.append(Fact("Last judged", "not on a batch after its gate yet"))
    if (seen := standing.seen(history)) and seen.role is Role.FIRST and version == titles.live_now(history):
        text = f"{titles.medium(seen.turn.batch)}, beside the champion of then: {_metrics(seen.score, settings)}"
        facts.append(Fact("Last scored", text))
    if model:
        facts.append(Fact("Bundle", f"skops, {model.bundle_bytes / 1e6:.1f} MB, sha256", (model.bundle,)))
    return tuple(facts)


def provenance(history: History, version: int | None) -> tuple[Fact, ...]:
    """With what the live model could be made again."""
    model = dict(history.models).get(version) if version is not None else None
    facts = []
    if model:
        shot = model.snapshot
        number = titles.number_of(len(shot.batches), ("batch", "batches"))
        facts.append(Fact("Snapshot", f"{number}, everything {known_before(model)}", (shot.id,)))
        facts.append(Fact("Model", f"seed {model.seed}", (model.id,)))
        changed = "; the file has been changed since" if _other_settings(history, model) else ""
        facts.append(Fact("Settings", f"{_ITS_SETTINGS}{changed}", (model.settings_hash,)))
        facts.append(Fact("Code", model.code_version))
        facts.append(Fact("Golden batch", "rows with the answers it gave at its gate", (model.golden,)))
    elif history.settings_hash:
        facts.append(Fact("Settings", _ITS_SETTINGS, (history.settings_hash,)))
    libraries = _libraries(history, model)
    return (*facts, libraries) if libraries else tuple(facts)


def known_before(model: Model) -> str:
    """Up to when a model was told what happened: `known before 2013-02-01 05:00 UTC`."""
    if model.snapshot.ignores_labels:
        return f"that happened before {moment(model.snapshot.cutoff)}"
    return f"known before {moment(model.snapshot.cutoff)}"


def span(model: Model) -> str:
    """The days of the training data: `2013-01-01 – 2013-05-31`."""
    first, last = model.snapshot.first_event, model.snapshot.last_event
    if first is None or last is None:
        return f"before {moment(model.snapshot.cutoff)}"
    return f"{first:%Y-%m-%d} – {last:%Y-%m-%d}"


def _what(history: History, change: Promotion) -> str:
    why = f": {change.reason}" if change.reason else ""
    if not change.is_rollback:
        over = f" over v{change.previous}" if change.previous is not None else ""
        return f"promoted{over} by {change.by}{why}"
    hold = next((one for one in history.holds if one.sequence == change.sequence), None)
    return " ".join(
        [
            titles.ended(f"{change.by} went back from v{change.previous} to v{change.version}{why}"),
            held(hold, change.previous),
        ]
    )


def held(hold: Hold | None, version: int | None) -> str:
    """What a rollback meant for the version that it took off: barred, barred and released, or neither."""
    if hold is None:
        return f"v{version} was not barred: that undid the rollback before."
    if hold.ended is None:
        return f"v{version} is barred until it is released."
    said = f": {hold.release_reason}" if hold.release_reason else ""
    return titles.ended(
        f"v{version} was barred until {moment(hold.ended)}, when it was released by {hold.released_by}{said}"
    )


def _until(later: Promotion | None, end: Turn | None) -> str:
    if later is None:
        return "now"
    if later.is_rollback:
        return f"rolled back {moment(later.at)}"
    return titles.medium(end.batch) if end else f"turn {later.turn}"


def _inputs(history: History, model: Model, settings: PipelineSettings) -> str:
    """Columns of the settings; they are those that the model was trained on unless the settings were changed since."""
    features = settings.inputs
    named = f"{titles.number_of(len(features), ('column', 'columns'))}: {', '.join(features)}"
    if settings.features.steps:
        made = titles.number_of(len(settings.features.outputs), ("column", "columns"))
        named += f"; {made} made of them by {', '.join(settings.features.named)}"
    if _other_settings(history, model):
        return f"{named} (by the pipeline file as it is now; it has been changed since this version was trained)"
    return named


def _other_settings(history: History, model: Model) -> bool:
    return bool(history.settings_hash) and history.settings_hash != model.settings_hash


def _libraries(history: History, model: Model | None) -> Fact | None:
    """What is known is the lock file of the fit; releases are those of now, and told only if that file is the same."""
    lock = model.lock_hash if model else history.lock_hash
    if lock != history.lock_hash:
        return Fact("Libraries", "of the lock file that it was trained with; another one is installed now", (lock,))
    releases = ", ".join(f"{name} {release}" for name, release in history.libraries)
    now = f"of this lock file; installed now: {releases}" if releases else "of this lock file"
    return Fact("Libraries", now if lock else releases, (lock,) if lock else ()) if releases or lock else None


def _ends(score: Score | None) -> str:
    known = score and score.loss.low is not None and score.loss.high is not None
    return wording.interval(score.loss.low, score.loss.high, kinds.of(score).loss) if known and score else ""


def _base(model: Model, settings: PipelineSettings) -> str:
    """Share of positives, or mean label, of what it was trained on."""
    return kinds.of_labels(model.snapshot).training_level(model, settings.reporting)


def _metrics(score: Score, settings: PipelineSettings) -> str:
    told, first = [f"{kinds.of(score).title} {loss(score)}"], kinds.of(score).title
    others = [m for m in score.metrics[1:] if m.value is not None and kinds.title(m) != first]
    told += [f"{kinds.title(metric)} {kinds.write(metric)(metric.value)}" for metric in others]
    return f"{titles.number_of(score.rows, settings.reporting.row)}: {', '.join(told)}"
