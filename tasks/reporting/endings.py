"""What a run is called when it has ended, and its last word: names that tell the story without a log being opened."""

from collections.abc import Sequence

from tasks.domain import late_labels, wording
from tasks.domain.observations import Health
from tasks.domain.records import Batch
from tasks.domain.runs import Ended, Scored
from tasks.domain.trigger_kinds import TriggerKind
from tasks.domain.turns import Outcome, Promotion, Trigger, Turn
from tasks.promotion import refits
from tasks.reporting import titles

Row = dict[str, str | int | float | bool | None]


def turn(pipeline: str, ended: Turn) -> Ended:
    """`flights · 2013-06 · new data → keep shadowing`, and the main reason."""
    name = f"{pipeline} · {ended.batch.name} · {_kinds(ended.triggers)} → {_label(ended.outcome)}"
    also = f" {titles.ended(titles.capital(refits.brief(ended.refit)))}" if ended.refit else ""
    return Ended(name, f"{_sentence(_label(ended.outcome), ended.reasons)}{also}", _aside([ended]))


def run(
    pipeline: str, kind: str, turns: Sequence[Turn], failed: int, waits: str | None, taken_by: str | None, problem: str
) -> Ended:
    """What a run through the inbox came to.

    Args:
        pipeline: Its pipeline.
        kind: Why it was started.
        turns: The turns that it did, in order.
        failed: How many more it gave up.
        waits: Why batches wait that had no turn.
        taken_by: Who works on the pipeline and takes what this run was started for.
        problem: Why the source could not deliver; empty if it could.
    """
    lead = f"{pipeline} · {TriggerKind.in_words(kind)}"
    left = f" {failed} given up." if failed and turns else ""
    left += f" Batches wait: {waits}." if waits else ""
    left += f" {titles.ended(problem)}" if problem else ""
    if taken_by and not turns:
        return Ended(f"{lead} → taken along", f"The reason is recorded. {titles.ended(_first(taken_by))}")
    if not turns:
        done = f"{failed} given up" if failed else "nothing new"
        return Ended(f"{lead} → {done}", f"{titles.capital(done)}.{left}")
    last = turns[-1]
    if len(turns) == 1:
        return Ended(turn(pipeline, last).name, f"{turn(pipeline, last).message}{left}", _aside(turns))
    names = f"{turns[0].batch.name} to {last.batch.name}"
    told = f"{len(turns)} turns; the last one, {last.batch.name}: {turn(pipeline, last).message}"
    lead = f"{pipeline} · {names} · {TriggerKind.in_words(kind)}"
    return Ended(f"{lead} → {_label(last.outcome)}", f"{told}{left}", _aside(turns))


def monitor(pipeline: str, health: Health) -> Ended:
    """How the live model is, and why."""
    state = titles.STATES[health.state]
    return Ended(f"{pipeline} · monitor → {state}", _sentence(state, health.reasons))


def poll(pipeline: str, new: int, crashed: bool, old: bool, started: bool, alerts: int) -> Ended:
    """What a look at the source and the inbox led to."""
    found = [f"{new} new"] if new else []
    found += ["a crashed run closed"] if crashed else []
    found += ["the champion is too old"] if old else []
    found += ["started what was missed"] if started else []
    found += [f"{alerts} alert{'s' if alerts > 1 else ''}"] if alerts else []
    told = ", ".join(found) or "nothing new"
    return Ended(f"{pipeline} · poll → {told}", f"{titles.capital(told)}.")


def admission(pipeline: str, refused: Batch, judged: Batch, by: str) -> Ended:
    """`flights · admit → 2013-04 is in`, by whom, and how it had stood; or that it is refused again, or held."""
    before = f"Before, it {'was held' if refused.held else 'was refused'}: {titles.ended(refused.reason or '')}"
    if judged.reason:
        now = "is held" if judged.held else "is refused again"
        told = f"{by} admitted {judged.name}, and it {now}: {titles.ended(judged.reason)}"
        return Ended(f"{pipeline} · admit → {judged.name} {now}", f"{told} {before}", judged.status.capitalize())
    rows = f"{wording.count(judged.accepted)} of {wording.count(judged.landed)} rows were accepted"
    return Ended(f"{pipeline} · admit → {judged.name} is in", f"{by} admitted {judged.name}: {rows}. {before}")


def scoring(done: Scored) -> Ended:
    """`flights · score → 27,004 of 27,010 rows by v9`, where the answers are, and why rows have none."""
    rows = f"{wording.count(done.answered)} of {wording.count(done.rows)} rows"
    wrong = done.rows - done.answered
    name = f"{done.pipeline} · score → {rows} by v{done.version}"
    text = f"v{done.version} answered {rows}."
    if wrong:
        worst = "; ".join(
            f"{reason} ({titles.number_of(count, ('row', 'rows'))})" for reason, count in done.reasons[:3]
        )
        more = f", and {wording.count(len(done.reasons) - 3)} more reasons" if len(done.reasons) > 3 else ""
        text += f" {titles.number_of(wrong, ('row breaks', 'rows break')).capitalize()} the contract: {worst}{more}."
    return Ended(name, text)


def keeping_out(pipeline: str, refused: Batch, by: str, reason: str) -> Ended:
    """`flights · keep out → 2013-04 is refused`, by whom and why."""
    text = f"{by} keeps {refused.name} out: {titles.ended(reason)} Its {wording.count(refused.landed)} rows stay aside."
    return Ended(f"{pipeline} · keep out → {refused.name} is refused", text)


def rollback(pipeline: str, made: Promotion, problem: str, *, changed: bool) -> Ended:
    """`flights · rollback → v4 in place of v6`, by whom and why; or that it was live; and what could not be told."""
    later = f" MLflow or the report could not be told: {titles.ended(problem)}" if problem else ""
    if not changed:
        already = f"v{made.version} is live already, since {titles.since(made)}; nothing was changed."
        return Ended(f"{pipeline} · rollback → v{made.version} is live already", f"{already}{later}")
    told = f"{made.by} went back from v{made.previous} to v{made.version}: {titles.ended(made.reason)}"
    return Ended(f"{pipeline} · rollback → v{made.version} in place of v{made.previous}", f"{told}{later}")


def release(pipeline: str, version: int, by: str, reason: str, problem: str | None) -> Ended:
    """`flights · release → v6 is released`, by whom and why; or that it was not barred.

    Args:
        pipeline: Its pipeline.
        version: The version.
        by: Who decided.
        reason: Why.
        problem: What kept the report from saying so; empty if nothing did, None if the version was not barred.
    """
    if problem is None:
        return Ended(
            f"{pipeline} · release → v{version} was not barred",
            f"v{version} was not barred; nothing was changed.",
        )
    told = f"{by} released v{version}: {titles.ended(reason)} Automation may have it again."
    told += f" The report could not be told ({problem}); the next turn makes up for it." if problem else ""
    return Ended(f"{pipeline} · release → v{version} is released", told)


def data_rows(batch: Batch) -> list[Row]:
    """What became of the rows of a batch, and which rule kept how many out."""
    if batch.labels is not None and not batch.reason:
        return [{"what": "labels", "rows": "", "why": one} for one in late_labels.delivered(batch.labels)]
    rows: list[Row] = [
        {"what": "landed", "rows": batch.landed, "why": batch.reason or ""},
        {"what": "accepted", "rows": batch.accepted, "why": ""},
        {"what": "held", "rows": batch.held, "why": ""},
        {"what": "quarantined", "rows": batch.quarantined, "why": ""},
        {"what": "exact duplicates", "rows": batch.duplicates, "why": ""},
        {"what": "accepted without a label", "rows": batch.unlabelled, "why": "kept, counted, never trained on"},
    ]
    for one in batch.findings:
        rows.append({"what": f"{one.column}: {one.rule}", "rows": one.rows, "why": one.message})
    rows += [{"what": "note", "rows": "", "why": note} for note in batch.notes]
    return rows


def _aside(turns: Sequence[Turn]) -> str:
    """`Held` if a batch of these turns is held, else `Refused` if one was refused; else empty."""
    outcomes = {one.outcome for one in turns}
    return next((one.capitalize() for one in (Outcome.HELD, Outcome.REFUSED) if one in outcomes), "")


def _first(sentences: str) -> str:
    """The first of some sentences, as one."""
    return titles.capital(sentences.partition(". ")[0])


def _kinds(triggers: Sequence[Trigger]) -> str:
    kinds = dict.fromkeys(TriggerKind.in_words(trigger.kind) for trigger in triggers)
    return ", ".join(kinds) or TriggerKind.NEW_DATA.words


def _label(outcome: Outcome | None) -> str:
    return titles.UNFINISHED if outcome is None else titles.VERDICTS[outcome]


def _sentence(label: str, reasons: Sequence[str]) -> str:
    return titles.ended(titles.capital(f"{label}: {reasons[0]}" if reasons else label))
