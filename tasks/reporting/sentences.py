"""The first sentences: is the live model well, and one line per turn.

Everything is computed from values; page, terminal and `status` print the same. The four numbers beside it: `tiles.py`;
captions of charts: `captions.py`; why a turn was decided: `stories.py`.
"""

from dataclasses import dataclass

from configs.settings import PipelineSettings
from tasks.domain import wording
from tasks.domain.observations import Drift, HealthState
from tasks.domain.records import Comparison, Metric, Score
from tasks.domain.turns import History, Outcome, Promotion, Turn
from tasks.monitoring import health
from tasks.problems import kinds
from tasks.promotion import refits
from tasks.reporting import standing, titles
from tasks.reporting.titles import capital, ended

_NEEDS_SUBJECT = ("beats ", "does not beat ")
_STATES = {HealthState.WELL: "well", HealthState.WATCH: "watch", HealthState.UNWELL: "unwell"}
WAS = {
    HealthState.WELL: "was well",
    HealthState.WATCH: "needed watching",
    HealthState.UNWELL: "was not well",
    HealthState.NOT_JUDGED: "was scored but not judged",
}
"""The state of a model on a batch, as a sentence goes on."""
_TITLES = {"well": "is well", "watch": "needs watching", "unwell": "is not well", "unjudged": "was not judged"}


@dataclass(frozen=True)
class Headline:
    """Is the live model well? `state` is one of well, watch, unwell, unjudged, new, refused (or given up), none."""

    state: str
    title: str
    text: str
    """What was seen, and what it is compared with."""
    action: str
    """What was done."""
    note: str
    """Since when, and how often a challenger was tried."""


def headline(history: History, settings: PipelineSettings) -> Headline:
    """Whether the live model is well, why, and what was done."""
    if not history.turns:
        return Headline("none", "Nothing has come in yet", "No batch has landed.", "", "")
    last = next((turn for turn in reversed(history.turns) if not _is_of_labels_alone(turn)), history.turns[-1])
    live = titles.live_now(history)
    note = _note(history, live)
    if made := standing.gone_back(history, last.number):
        return _rolled_back(history, settings, made, note)
    if last.outcome in (Outcome.REFUSED, Outcome.HELD) or not last.batch.is_in:
        return _refused(history, settings, last, live, note)
    if live is None:
        return _no_champion(history, settings, last)
    if last.outcome is Outcome.FAILED:
        return _given_up(history, settings, last, live, note)
    if last.outcome in (Outcome.FIRST_CHAMPION, Outcome.PROMOTE):
        return _new(settings, last, live, note)
    if last.refit and last.refit.check and last.refit.check.goes_back:
        return Headline("new", f"Champion v{live} is live in place of its refit v{last.refit.version}",
                        ended(capital(f"{titles.when(last.batch)} {last.refit.check.reason}")),
                        "Evidence starts anew: the next batch compares challengers with it.", note)  # fmt: skip
    state = _state(last)
    title = f"Champion v{live} {_TITLES[state]}"
    text = measured(last, dict(history.gates).get(live), settings) or _why_not(last)
    if state == "unjudged":
        title += f" {titles.when(last.batch)}"
        text = f"{_why_not(last)} {_last_judged(history, settings, last.number)}".strip()
    return Headline(state, title, text, ended(_action(last, live, settings)), note)


def _is_of_labels_alone(turn: Turn) -> bool:
    """Whether a turn took in labels that completed nothing: of the live model it has nothing to say."""
    return turn.batch.labels is not None and turn.outcome is Outcome.NOT_JUDGED


def measured(turn: Turn, gate: Score | None, settings: PipelineSettings) -> str:
    """What the champion expected, what happened, and its loss beside its gate: the reasons of its health, dated."""
    found = [reason for reason in turn.health.reasons if reason not in _told_by_drift(turn)] if turn.health else []
    found = found or _unjudged_metrics(turn, gate, settings)
    if not found:
        return ""
    return " ".join([f"{capital(titles.when(turn.batch))} {titles.inside(found[0])}", *found[1:]])


def loss(score: Score | None) -> str:
    """`0.590 (0.551 to 0.626)`, without the interval where there is none."""
    return written(score.loss) if score else wording.MISSING


def written(metric: Metric) -> str:
    """The value of a metric with its interval, if it has one."""
    write = kinds.write(metric)
    text = write(metric.value)
    known = metric.value is not None and metric.low is not None and metric.high is not None
    return f"{text} ({wording.interval(metric.low, metric.high, write)})" if known else text


def value(score: Score | None) -> str:
    """The loss alone: `0.590`."""
    return kinds.of(score).loss(score.loss.value) if score else wording.MISSING


def gain(pair: Comparison) -> str:
    """`+0.0244 (+0.0129 to +0.0387)`; positive is better for the challenger."""
    return f"{kinds.gain(pair)} ({kinds.ends(pair)})"


def why(turn: Turn) -> str:
    """The main reason of the outcome of a turn, for one line."""
    if turn.outcome in (Outcome.REFUSED, Outcome.HELD) and turn.batch.reason:
        return turn.batch.reason
    reasons = decisive(turn)
    if not reasons:
        return ""
    lacks_subject = turn.probe_version is not None and reasons[0].startswith(_NEEDS_SUBJECT)
    told = [f"v{turn.probe_version} {reasons[0]}" if lacks_subject else reasons[0], refitted(turn)]
    told += [f"{older(turn)} not judged"] if older(turn) else []
    return "; ".join(part for part in told if part)


def refitted(turn: Turn) -> str:
    """Which of a first champion and its refit is live, where the turn has decided it; empty elsewhere."""
    return refits.brief(turn.refit) if turn.refit and turn.outcome is not Outcome.FAILED else ""


def older(turn: Turn) -> str:
    """`1,200 older rows`: those of a batch from before the end of what was judged; empty where there are none."""
    rows = turn.decision.older if turn.decision else 0
    return f"{wording.count(rows)} older row{'' if rows == 1 else 's'}" if rows else ""


def decisive(turn: Turn) -> tuple[str, ...]:
    """The reasons of the verdict, if there is one and the turn was not given up after it; else those of the turn."""
    if turn.verdict and turn.verdict.reasons and turn.outcome is not Outcome.FAILED:
        return turn.verdict.reasons
    return turn.reasons


def moved_groups(drift: Drift, settings: PipelineSettings) -> str:
    """`All are weather columns: the season.` Empty where no group of the settings has two of the moved columns."""
    moved = {column.column for column in drift.moved}
    for name, members in settings.reporting.groups.items():
        inside = moved & set(members)
        if not inside or 2 * len(inside) < len(moved):
            continue
        note = f": {settings.reporting.notes[name]}" if name in settings.reporting.notes else ""
        if len(moved) == 1:
            return f"It is a {name} column{note}."
        share = "All" if inside == moved else f"{capital(wording.number_word(len(inside)))} of them"
        return f"{share} are {name} columns{note}."
    return ""


def challenger(turn: Turn) -> str:
    """What the probe is called: its version, if it has one."""
    return f"v{turn.probe_version}" if turn.probe_version is not None else "the retrained model"


def condition(turn: Turn, settings: PipelineSettings) -> str:
    """Why the champion is not simply well on the batch of a turn, in a few words; else its state."""
    score = turn.champion
    if turn.health is None or turn.health.state not in (HealthState.WATCH, HealthState.UNWELL) or not score:
        return titles.health(turn)
    told, actual = kinds.of(score), kinds.actual(score)
    if actual is not None and health.is_off(score, settings.monitoring.health):
        return f"expected {told.reached(score.mean_predicted)}, {told.happened(told.reached(actual))}"
    return f"{told.title} {value(score)}"


# ── headlines ─────────────────────────────────────────────────────────────────────────────────────────────────────
def _refused(history: History, settings: PipelineSettings, last: Turn, live: int | None, note: str) -> Headline:
    held, stays = last.batch.held > 0, f"v{live} stays live. " if live else ""
    stands = "held" if held else "refused"
    title = f"Batch {stands}; " + (f"champion v{live} not judged" if live else "no champion yet")
    rows = f" ({titles.number_of(last.batch.landed, settings.reporting.row)})" if last.batch.landed else ""
    verb = "is held" if held else "was refused"
    text = f"The delivery {last.batch.name}{rows} {verb}: {ended(why(last) or 'the reason is not recorded')} "
    text += _last_judged(history, settings, last.number)
    needed = "a decision, admit or keep-out" if held else "a corrected delivery"
    action = f"It was set aside whole; nothing was trained or scored on it. {stays}Needed: {needed}."
    return Headline(stands, title, text.strip(), action, note)


def _given_up(history: History, settings: PipelineSettings, last: Turn, live: int, note: str) -> Headline:
    state = _state(last) if last.champion_version == live else "unjudged"
    reason = ended(why(last) or "the reason is not recorded")
    text = f"{capital(titles.when(last.batch))} the turn failed: {reason} "
    text += _last_judged(history, settings, last.number + 1)
    action = f"It is not tried again; the next batch goes on with v{live}."
    return Headline("refused", f"Turn given up; champion v{live} {_TITLES[state]}", text.strip(), action, note)


def _no_champion(history: History, settings: PipelineSettings, last: Turn) -> Headline:
    taken = sum(t.batch.is_in and t.batch.labels is None for t in history.turns)
    batches = f"{wording.number_word(taken)} {'batch' if taken == 1 else 'batches'}"
    rows = sum(t.batch.accepted for t in history.turns)
    text = f"{capital(batches)} with {titles.number_of(rows, settings.reporting.row)} came in."
    if reason := why(last):
        text += f" {capital(titles.when(last.batch))}: {ended(reason)}"
    return Headline("none", "No champion yet", text, "The next batch is the next chance.", "")


def _new(settings: PipelineSettings, last: Turn, live: int, note: str) -> Headline:
    first, told = last.outcome is Outcome.FIRST_CHAMPION, kinds.of_turn(last, settings.training.kind)
    title = f"Champion v{live} is {'the first' if first else 'new'}"
    rows = titles.number_of(last.probe.rows, settings.reporting.row) if last.probe else "its batch"
    when, who = capital(titles.when(last.batch)), ("it", "it")
    if last.refit and live == last.refit.version:
        who = (f"v{last.refit.judged}, of which it is the refit on all rows,", "that one")
    text = f"{when} {who[0]} had {told.title} {loss(last.probe)} on {rows} {who[1]} was not trained on"
    if first and last.dummy_loss is not None:
        text += f"; without a model it would have been {told.loss(last.dummy_loss)}"
    elif not first and last.champion:
        text += f"; v{last.champion_version} had {loss(last.champion)} on the same {settings.reporting.row[1]}"
    won = why(last) if first else f"It took over from v{last.champion_version}: {why(last)}"
    action = ended(capital(won)) if why(last) else ""
    return Headline("new", title, f"{text}.", f"{action} The next batch tells whether it holds.".strip(), note)


def _state(turn: Turn) -> str:
    return _STATES.get(turn.health.state, "unjudged") if turn.health and turn.champion else "unjudged"


def _rolled_back(history: History, settings: PipelineSettings, made: Promotion, note: str) -> Headline:
    title = f"Champion v{made.version} is back in place of v{made.previous}"
    how = "It has not been judged on a batch after its gate."
    if turn := standing.judged(history):
        how = f"{capital(titles.when(turn.batch))}, when it was judged last, {_how_it_was(turn, settings)}"
    text = f"{made.by} went back to it: {ended(made.reason)} {how}"
    action = "Evidence starts anew: the next batch compares challengers with it."
    return Headline("watch", title, text, action, note)


def _note(history: History, live: int | None) -> str:
    if live is None:
        return ""
    since = next(p for p in reversed(history.promotions) if p.version == live)
    turn = next((t for t in history.turns if t.number == since.turn), None)
    name = f" ({titles.medium(turn.batch)})" if turn else ""
    tried = [t for t in history.turns if t.number > since.place and t.verdict]
    text = f"v{live} is live since {titles.since(since)}{name}"
    if tried:
        number = wording.number_word(len(tried))
        text += f"; {number} challenger{'s' if len(tried) > 1 else ''} since, none promoted"
    return f"{text}.{_held(history)}"


def _held(history: History) -> str:
    """` v6 is barred until it is released.`"""
    names = [f"v{version}" for version in dict.fromkeys(one.version for one in history.holds if one.ended is None)]
    verb, they = ("is", "it is") if len(names) == 1 else ("are", "they are")
    return f" {titles.listed(names)} {verb} barred until {they} released." if names else ""


def _last_judged(history: History, settings: PipelineSettings, before: int) -> str:
    """How the live version (else the one of then) was when it was scored last, of turns before that number."""
    turns, live = [t for t in history.turns if t.champion and t.number < before], titles.live_now(history)
    turn = next(reversed([t for t in turns if t.champion_version == live] or turns), None)
    if turn is None or turn.champion is None or not turn.champion.rows:
        return ""
    return f"{capital(titles.when(turn.batch))} {_how_it_was(turn, settings)}"


def _how_it_was(turn: Turn, settings: PipelineSettings) -> str:
    """`v4 needed watching: it expected 20 % of flights to be late; 32 % were.`"""
    state = f"v{turn.champion_version} {WAS[turn.health.state if turn.health else HealthState.NOT_JUDGED]}"
    told = health.level_sentence(turn.champion, settings.reporting) if turn.champion else ""
    return f"{state}: {titles.inside(told)}" if told else f"{state}."


def _told_by_drift(turn: Turn) -> set[str]:
    return {ended(reason) for reason in turn.drift.reasons} if turn.drift else set()


def _unjudged_metrics(turn: Turn, gate: Score | None, settings: PipelineSettings) -> list[str]:
    score, nouns = turn.champion, settings.reporting.row
    if score is None or not score.rows:
        return []
    first, told = health.level_sentence(score, settings.reporting), kinds.of(score)
    against = f", against {loss(gate)} at its gate" if gate else ""
    return [first, f"Its {told.title} on {titles.number_of(score.rows, nouns)} was {loss(score)}{against}."]


def _why_not(turn: Turn) -> str:
    reason = why(turn) or (turn.health.reasons[0] if turn.health and turn.health.reasons else "")
    return f"It could not be judged: {ended(reason)}" if reason else "It could not be judged on this batch."


def _action(turn: Turn, live: int, settings: PipelineSettings) -> str:
    stays = f"v{live} stays live"
    if turn.probe is None or turn.verdict is None:
        reasons = "; ".join(turn.decision.reasons) if turn.decision and not turn.decision.retrain else ""
        return f"No model was retrained ({reasons}); {stays}" if reasons else f"No model was retrained; {stays}"
    days = settings.training.window.days
    window = "everything before" if days is None else f"the {wording.count(days)} days before"
    who = f"A model retrained on {window}"
    objections = [guard.text for guard in turn.verdict.guards if guard.objects]
    had = value(turn.probe)
    if turn.comparison and turn.comparison.gain <= 0:
        return f"{who} did no better ({had}), so {stays}"
    if objections and (turn.evidence is None or turn.evidence.value >= 1):
        return f"{who} had {had}, but a guard objects ({'; '.join(objections)}), so {stays}"
    if turn.evidence is None:
        return f"{who} had {had}; {stays}"
    if turn.evidence.value >= turn.evidence.needed and turn.verdict.reasons:
        return f"{who} had {had}: {turn.verdict.reasons[0]}, so {stays}"
    found, needed = wording.evidence(turn.evidence.value), wording.number(turn.evidence.needed)
    return f"{who} had {had}, but the evidence for it is {found} and needs {needed}, so {stays}"
