"""Why a turn was decided as it was: trigger, data, inputs, champion, evidence, verdict, action.

A part that did not happen is left out or says so. First sentences of the page: `sentences.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from configs.reporting import ReportingSettings
from configs.settings import PipelineSettings
from tasks.domain import late_labels, wording
from tasks.domain.observations import HealthState
from tasks.domain.records import Batch, Comparison, Score
from tasks.domain.trigger_kinds import TriggerKind
from tasks.domain.turns import History, Outcome, Turn
from tasks.problems import kinds
from tasks.reporting import pictures, titles
from tasks.reporting.sentences import WAS, challenger, decisive, gain, measured, moved_groups, older, value, why
from tasks.reporting.titles import capital, ended
from tasks.training import earliness

_AGAINST_A_CONSTANT = "beats a dummy"
"""The guard that compares a challenger with no model."""
_MOST_COLUMNS = 3
_MOST_RULES = 5
_HELD = "It is held: nothing is learned from it or judged on it until somebody admits it or keeps it out."


@dataclass(frozen=True)
class Part:
    """One step of a story with its sentences."""

    name: str
    sentences: tuple[str, ...]


def story(history: History, turn: Turn, settings: PipelineSettings) -> tuple[Part, ...]:
    """The steps of one turn, in the order in which they happened."""
    tell: tuple[tuple[str, Callable[[], list[str]]], ...] = (
        ("Trigger", lambda: _trigger(turn)),
        ("Data", lambda: [*_data(turn, settings), *_admitted(history, turn)]),
        ("Inputs", lambda: _inputs(turn, settings)),
        ("Champion", lambda: _champion(history, turn, settings)),
        ("Evidence", lambda: _evidence(turn, settings)),
        ("Verdict", lambda: _verdict(turn)),
        ("Refit", lambda: _refit(history, turn, settings)),
        ("Action", lambda: _action(history, turn)),
        ("Run", lambda: _run(turn)),
    )
    parts = [Part(name, tuple(sentence for sentence in sentences() if sentence)) for name, sentences in tell]
    return tuple(part for part in parts if part.sentences)


def clusters(pair: Comparison, turn: Turn, settings: PipelineSettings) -> str:
    """What the bars of a story show: `gain of v12 per day: better on 14 of 30 days`."""
    unit, units = _units(settings)
    gains = pictures.cluster_gains(pair)
    better = sum(value > 0 for value in gains)
    over = titles.number_of(len(gains), (unit, units))
    return f"Gain of {challenger(turn)} per {unit}: better on {wording.count(better)} of {over}"


def _units(settings: PipelineSettings) -> tuple[str, str]:
    column = settings.evaluation.cluster.column
    return ("day", "days") if column is None else (f"value of {column}", f"values of {column}")


def _run(turn: Turn) -> list[str]:
    """Who ran it, from when on, and how long each step took."""
    if not turn.steps:
        return []
    by = f"By {turn.by} on " if turn.by else "On "
    lasted = [f"{one.name} {wording.seconds(one.seconds)}" for one in turn.steps if one.seconds is not None]
    return [f"{by}{titles.moment(turn.steps[0].began)}: {', '.join(lasted) or 'not ended yet'}."]


def _trigger(turn: Turn) -> list[str]:
    found = [f"{capital(TriggerKind.in_words(t.kind))}: {ended(t.evidence)}" for t in turn.triggers]
    return found or [f"New data: {titles.medium(turn.batch)} landed."]


def _data(turn: Turn, settings: PipelineSettings) -> list[str]:
    batch, nouns = turn.batch, settings.reporting.row
    if not batch.is_in:
        found = [ended(capital(batch.reason or "refused"))]
        broken = [f for f in batch.findings if f.rows]
        found += [f"'{f.column}' must be {f.message}: {wording.count(f.rows)} rows are not." for f in broken]
        return [*found, _HELD if batch.held else "The delivery is refused as a whole and kept aside."]
    if batch.labels is not None:
        return [ended(capital(one)) for one in late_labels.delivered(batch.labels)]
    rules = [f"{wording.count(f.rows)} {f.column}" for f in batch.findings if f.rows]
    names = f" ({', '.join(rules[:_MOST_RULES])})" if rules else ""
    aside = f"{wording.count(batch.quarantined)} quarantined{names}, {wording.count(batch.duplicates)} duplicates"
    landed = capital(titles.number_of(batch.landed, nouns))
    found = [f"{landed} landed: {wording.count(batch.accepted)} accepted, {aside}."]
    found += [ended(note) for note in batch.notes]
    found += _told_of(batch)
    labelled = batch.accepted - batch.unlabelled
    if batch.unlabelled:
        reason = f" ({settings.reporting.unlabelled})" if settings.reporting.unlabelled else ""
        number, verb = wording.count(batch.unlabelled), "has" if batch.unlabelled == 1 else "have"
        found.append(f"{number} of the accepted {verb} no label{reason}: kept, not trained on.")
    if labelled:
        others = "the others" if batch.unlabelled else nouns[1]
        found.append(_level(batch, others, settings.reporting))
    return found


def _told_of(batch: Batch) -> list[str]:
    """What speaks against the rows of a batch that was taken in."""
    warned = [one.text for one in batch.suspects if one.certain]
    odd = [one.text for one in batch.suspects if not one.certain]
    found = [f"It speaks against it, and nothing is promoted on it until it is settled: {'; '.join(warned)}."]
    return [*(found if warned else []), *([f"Odd, and no reason to hold it: {'; '.join(odd)}."] if odd else [])]


def _admitted(history: History, turn: Turn) -> list[str]:
    """That a refusal was not the end of it, or that this is the second look at a batch."""
    of_this = [one for one in history.admissions if one.batch == turn.batch.id and one.turn is not None]
    later = [one for one in of_this if one.turn == turn.number]
    before = [one for one in of_this if one.turn is not None and one.turn < turn.number]
    found = [f"Before, in turn {one.turn}, it {titles.stood(one)}: {ended(one.refusal.reason or '')}" for one in before]
    for one in later:
        waits = "" if one.ended else " It waits for its second look."
        decided = f"{titles.DECISIONS[one.decision]} by {one.by} on {titles.moment(one.at)}"
        found.append(f"It was {decided}: {ended(one.reason)}{waits}")
    return found


def _level(batch: Batch, others: str, words: ReportingSettings) -> str:
    """Share of positives of the rows with a label, or mean label."""
    return kinds.of_labels(batch).delivery(batch, others, words)


def _inputs(turn: Turn, settings: PipelineSettings) -> list[str]:
    if not turn.batch.is_in:
        return ["Not judged: a data fault is not drift."]
    if turn.drift is None:
        return []
    moved, matters = turn.drift.moved, dict(turn.importance)
    since = f"since v{turn.champion_version} was trained"
    total = titles.number_of(len(turn.drift.columns), ("column", "columns"))
    if not moved:
        return [f"None of {total} moved {since}."]
    ranked = sorted(moved, key=lambda c: -matters.get(c.column, 0.0)) if matters else list(moved)
    named = [f"'{c.column}': {c.text}" for c in ranked[:_MOST_COLUMNS]]
    named += [f"and {wording.number_word(len(ranked) - len(named))} more"] if len(ranked) > len(named) else []
    order = "by importance" if matters else "by distance"
    group = moved_groups(turn.drift, settings)
    number = capital(wording.number_word(len(moved)))
    return [
        f"{number} of {total} moved {since}; {order}: {'; '.join(named)}.",
        f"{group} That opens the question whether to retrain; evidence answers it.".strip(),
    ]


def _champion(history: History, turn: Turn, settings: PipelineSettings) -> list[str]:
    score = turn.champion
    if score is None or not score.rows:
        answers = turn.drift.answers if turn.drift else None
        return [answers.text, "There are no labels yet to judge it by."] if answers else []
    state = turn.health.state if turn.health else HealthState.NOT_JUDGED
    found = [f"v{turn.champion_version} {WAS[state]}."]
    found.append(measured(turn, dict(history.gates).get(turn.champion_version or 0), settings))
    problem = kinds.of(score)
    floor = problem.floor(settings.promotion.first).metric
    best = next((one for one in score.metrics if one.name == floor and one.value is not None), None)
    beside = [f"{kinds.title(best)} {wording.loss(best.value)}"] if best else []
    if turn.dummy_loss is not None:
        said = f"{_constant(score, f'v{turn.champion_version}')}, said for every {settings.reporting.row[0]}"
        beside.append(f"{problem.title} without a model {problem.loss(turn.dummy_loss)} ({said})")
    if turn.never and turn.never.loss.value is not None:
        beside.append(f"of the first champion {problem.loss(turn.never.loss.value)}")
    return [*found, f"{', '.join(beside)}." if beside else ""]


def _constant(score: Score, whose: str) -> str:
    """What “no model” answers for every row."""
    return f"the {kinds.of(score).constant_title} in the training data of {whose}"


def _evidence(turn: Turn, settings: PipelineSettings) -> list[str]:
    if not turn.batch.is_in:
        return ["None taken."]
    found = []
    pair, probe, nouns = turn.comparison, turn.probe, settings.reporting.row
    if pair and probe:
        rows = titles.number_of(turn.probe_model.snapshot.rows, nouns) if turn.probe_model else f"the {nouns[1]}"
        other = f"v{turn.champion_version}" if turn.champion else "no model"
        word = "less" if pair.gain >= 0 else "more"
        percent = wording.share(settings.evaluation.confidence)
        problem = kinds.of(pair)
        compared = f"{kinds.difference(pair)} {word}{problem.per_row(nouns[0])} than {other}"
        found.append(
            f"{capital(challenger(turn))}, trained on the {rows} before, had {problem.title} "
            f"{value(probe)} on the same {nouns[1]}: {compared} "
            f"({problem.gain_title} {gain(pair)}, {percent} interval)."
        )
    if turn.evidence:
        before, after = wording.evidence(turn.evidence.before), wording.evidence(turn.evidence.value)
        over = titles.number_of(len(turn.evidence.sums), _units(settings))
        needed = wording.number(turn.evidence.needed)
        found.append(f"Over {over} the evidence went from {before} to {after}; it needs {needed}.")
    if len(turn.candidates) > 1:
        write = kinds.of_turn(turn, settings.training.kind).loss
        losses = [f"{family.replace('_', ' ')} {write(found_loss)}" for family, found_loss in turn.candidates]
        found.append(f"Every family on this batch: {', '.join(losses)}; the lowest is the next probe.")
    snapshot = turn.probe_model.snapshot if turn.probe_model else None
    if snapshot and snapshot.early:
        note = earliness.note(snapshot.early, kinds.of_labels(snapshot))
        found.append(f"{capital(note)}.")
    if left_out := older(turn):
        found.append(f"Kept, and not judged: {left_out}, because that time had been judged before.")
    return found


def _verdict(turn: Turn) -> list[str]:
    text = "; ".join(dict.fromkeys(decisive(turn))) or why(turn)
    found = [ended(f"{capital(titles.verdict(turn))}{f': {text}' if text else ''}")]
    guards = turn.verdict.guards if turn.verdict else ()
    if guards and not any(guard.objects for guard in guards):
        found.append(f"No guard objected: {'; '.join(f'{guard.name} ({guard.text})' for guard in guards)}.")
    told = [guard for guard in guards if guard.objects] or guards
    if turn.champion and turn.probe and any(guard.name == _AGAINST_A_CONSTANT for guard in told):
        whose = _constant(turn.probe, challenger(turn))
        found.append(f"“No model” of the guard '{_AGAINST_A_CONSTANT}' is {whose}.")
    return found


def _refit(history: History, turn: Turn, settings: PipelineSettings) -> list[str]:
    refit, models = turn.refit, dict(history.models)
    if refit is None:
        return []
    if refit.check is not None:
        return [ended(refit.check.reason)]
    nouns, found = settings.reporting.row, []
    if refit.judged in models and refit.version in models:
        part, all_rows = (models[one].snapshot.rows for one in (refit.judged, refit.version))
        learned = f"v{refit.judged} had learned from {titles.number_of(part, nouns)}"
        found.append(f"{learned}; v{refit.version} is the same, fitted on all {titles.number_of(all_rows, nouns)}.")
    passes = "objects" if refit.guard.objects else "lets it pass"
    return [*found, ended(f"The guard '{refit.guard.name}' {passes}: {refit.guard.text}")]


def _action(history: History, turn: Turn) -> list[str]:
    back = [made for made in history.promotions if made.is_rollback and made.place == turn.number]
    told = [f"{titles.moment(one.at)}: {one.by} went back from v{one.previous} to v{one.version}." for one in back]
    anew = ["Evidence starts anew."] if back else []
    return [*_own_action(history, turn, carries=not back), *told, *anew]


def _own_action(history: History, turn: Turn, *, carries: bool) -> list[str]:
    """What the turn itself did; whether its evidence carries over is known from what came behind it."""
    live = titles.live_after(history, turn)
    stays = f"v{live} stays live." if live is not None else "There is no champion yet."
    match turn.outcome:
        case Outcome.FIRST_CHAMPION:
            again = turn.refit is not None and live == turn.refit.version
            later = "The next batch that is judged compares both." if again else ""
            return [f"v{live} is live: the first champion{', refitted' if again else ''}.", later]
        case Outcome.PROMOTE:
            return [f"v{live} is live in place of v{turn.champion_version}."]
        case Outcome.REFUSED | Outcome.HELD:
            return [f"Nothing was trained and nothing was scored; {stays[:1].lower() + stays[1:]}"]
        case Outcome.FAILED:
            after = stays if live is None else f"The next batch goes on with v{live}."
            return [f"The turn is not tried again. {after}"]
        case Outcome.KEEP_SHADOWING | Outcome.REJECT if turn.refit and turn.refit.check and turn.refit.check.goes_back:
            return [f"v{live} is live in place of v{turn.champion_version}. Evidence starts anew."]
        case Outcome.KEEP_SHADOWING | Outcome.REJECT if carries and turn.evidence and turn.evidence.m:
            carried = sum(max(m, 1.0) for m in turn.evidence.m) / len(turn.evidence.m)
            return [f"None. {stays} The next batch starts with evidence {wording.evidence(carried)}."]
        case None:
            return ["The turn is not finished; the next run goes on with it."]
        case _:
            return [f"None. {stays}"]
