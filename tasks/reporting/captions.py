"""The captions: one finding per chart and table, made from values by a rule, never typed.

`paid` means that the interval of the gain lies above 0. The first sentences of the page: `sentences.py`.
"""

from collections.abc import Sequence

from configs.settings import PipelineSettings
from tasks.domain import late_labels, wording
from tasks.domain.records import Batch, BatchStatus, Score, SliceScore
from tasks.domain.turns import History, Outcome, Turn, VerdictKind
from tasks.problems import kinds
from tasks.reporting import standing, titles
from tasks.reporting.sentences import challenger
from tasks.reporting.titles import capital

_TOP = 5


def loss(history: History) -> str:
    """How much of the gain of retraining every turn the promotions captured."""
    known = []
    problem = None
    for turn in history.turns:
        losses = [s.loss.value if s else None for s in (turn.champion, turn.probe, turn.never)]
        if turn.champion and turn.champion.rows and all(value is not None for value in losses):
            known.append((turn.champion.rows, *[float(value or 0) for value in losses]))
            problem = kinds.of(turn.champion)
    if problem is None:
        return "No champion has been judged on a later batch yet."
    rows = sum(n for n, _, _, _ in known)
    saved = sum(n * (never - live) for n, live, _, never in known) / rows
    most = sum(n * (never - fresh) for n, _, fresh, never in known) / rows
    base = sum(n * never for n, _, _, never in known) / rows
    check = history.refit.check if history.refit else None
    back = check.turn if check and check.goes_back else 0  # the first champion stays the first
    changes = sum(1 for p in history.promotions if p.previous is not None and not p.is_rollback and p.turn != back)
    turns = f"at {'each of ' if len(known) > 1 else ''}{titles.number_of(len(known), ('turn', 'turns'))}"
    if most <= 0:
        return f"Putting a retrained model live {turns} would have gained nothing over never retraining."
    if not changes:
        by = problem.difference(most, base)
        return f"Putting a retrained model live {turns} would have lowered the {problem.title} by {by}."
    who = f"{capital(wording.number_word(changes))} promotion{'s' if changes > 1 else ''}"
    if saved <= 0:
        return f"{who} cost {problem.difference(saved, base)} of {problem.title} against never retraining."
    part = wording.share(saved / most)
    return f"{who} captured {part} of what putting a retrained model live {turns} would have gained."


def gain(turns: Sequence[Turn]) -> str:
    """In which batches retraining would have paid or cost; the others do not tell."""
    pairs = [(turn.batch, turn.comparison) for turn in turns if turn.champion and turn.comparison]
    if not pairs:
        return "Retraining has not been compared with a champion yet."
    paid = [batch for batch, pair in pairs if pair.low > 0]
    cost = [batch for batch, pair in pairs if pair.high < 0]
    parts = [f"would have paid {titles.several(paid)}"] if paid else []
    parts += [f"{'' if paid else 'would have '}cost {titles.several(cost)}"] if cost else []
    silent = len(pairs) - len(paid) - len(cost)
    if not parts:
        which = f"any of {_batches(len(pairs))}" if len(pairs) > 1 else "one batch"
        return f"Whether retraining would have paid cannot be told from {which}."
    rest = "" if not silent else f"; the other {_batches(silent, skip_one=True)} not tell"
    return f"Retraining {' and '.join(parts)}{rest}."


def evidence(turns: Sequence[Turn], needed: float) -> str:
    """How often the evidence reached what is needed, or how close it came."""
    known = [turn for turn in turns if turn.evidence]
    limit = wording.number(needed)
    if not known and any(turn.comparison and turn.comparison.independent for turn in turns):
        return "No evidence is taken: nothing tells which rows share their luck."
    if not known:
        return f"No evidence yet; {limit} is needed."
    reached = [turn for turn in known if turn.evidence and turn.evidence.value >= turn.evidence.needed]
    won = [turn for turn in reached if turn.verdict and turn.verdict.kind is VerdictKind.PROMOTE]
    if not reached:
        best = max(known, key=lambda turn: turn.evidence.value if turn.evidence else 0.0)
        found = wording.evidence(best.evidence.value if best.evidence else None)
        return f"At {limit} a challenger takes over; the most was {found}, {titles.when(best.batch)}."
    vetoed = [turn for turn in reached if turn.verdict and any(guard.objects for guard in turn.verdict.guards)]
    other = sum(turn.verdict is not None for turn in reached) - len(won) - len(vetoed)
    text = f"At {limit} a challenger takes over; that happened {_times(len(won))}"
    text += f", and a guard objected {_times(len(vetoed))}" if vetoed else ""
    return f"{text}, and something else stood against it {_times(other)}." if other else f"{text}."


def share(turns: Sequence[Turn], settings: PipelineSettings) -> str:
    """In which batches the expected share (of a number: mean) was off, and to which side."""
    problem, limits = kinds.named(settings.training.kind), settings.monitoring.health
    most = problem.most_off(limits)
    scores = [(t.batch, t.champion) for t in turns if t.champion and t.champion.rows]
    judged = [(batch, kinds.bias(score) or 0.0) for batch, score in scores]
    if not judged:
        return f"{problem.expected_title(settings.reporting)} has not been compared with what happened yet."
    low = [batch for batch, error in judged if error < -most]
    high = [batch for batch, error in judged if error > most]
    points, subject = problem.off_by(limits), problem.expected_title(settings.reporting)
    if not low and not high:
        return f"{subject} was never off by more than {points} in {_batches(len(judged))}."
    sides = [f"too low {titles.several(low)}"] if low else []
    sides += [f"too high {titles.several(high)}"] if high else []
    count = f" in {wording.number_word(len(low) + len(high))} of {_batches(len(judged))}" if len(judged) > 1 else ""
    return f"{subject} was off by more than {points}{count}: {'; '.join(sides)}."


def inputs(turn: Turn, settings: PipelineSettings) -> str:
    """How many columns moved, whether they belong together, and how many of them matter."""
    if turn.drift is None:
        return "Nothing to compare the inputs with yet."
    moved = {column.column for column in turn.drift.moved}
    total = titles.number_of(len(turn.drift.columns), ("column", "columns"))
    when = titles.when(turn.batch)
    if not moved:
        return f"None of {total} moved {when}."
    group = next((n for n, members in settings.reporting.groups.items() if moved <= set(members)), None)
    together = f", all of them {group}" if group and len(moved) > 1 else ""
    text = f"{capital(wording.number_word(len(moved)))} of {total} moved {when}{together}."
    top = [name for name, value in turn.importance if value > 0][:_TOP]
    if len(top) < _TOP:
        return text
    inside = wording.number_word(len(moved & set(top))) if moved & set(top) else "none"
    verb = "is" if len(moved & set(top)) == 1 else "are"
    most = f"the {wording.number_word(_TOP)} that matter most to {challenger(turn)}"
    return f"{text} {capital(inside)} of {most} {verb} among them."


def compared_with(history: History, turn: Turn) -> str:
    """With what the inputs of that turn were compared, if that is not what the live version would be compared with now.

    Empty as long as the last comparison was with the training data of the live version.
    """
    live, version = titles.live_now(history), turn.champion_version
    if live is None:
        return ""
    if version != live:
        against = f"That is against the training data of v{version}"
        return f"{against}; no batch has been compared with that of v{live} yet."
    later = [t for t in history.turns if t.number > turn.number and t.drift and t.champion_version != live]
    if not later:
        return ""
    others = titles.listed([f"v{one}" for one in dict.fromkeys(t.champion_version for t in later)])
    number = "batch was" if len(later) == 1 else "batches were"
    return (
        f"That is the last batch that was compared with the training data of v{live}: "
        f"{wording.number_word(len(later))} {number} compared with that of {others} since."
    )


def calibration(score: Score | None, version: int | None, settings: PipelineSettings) -> str:
    """In how many of the groups it happened more (or less) often than expected."""
    if score is None or not score.calibration:
        return "Calibration is not known yet."
    groups = score.calibration
    more = sum(b.actual > b.predicted for b in groups)
    less = sum(b.actual < b.predicted for b in groups)
    problem, rows = kinds.named(settings.training.kind), capital(settings.reporting.row[1])
    where = f"{max(more, less)} of {len(groups)} groups"
    return problem.happened_more(more >= less, version, where, rows, settings.reporting.outcome)


def slices(score: Score | None) -> str:
    """Highest and lowest loss among the slices with enough rows."""
    enough = [part for part in (score.slices if score else ()) if part.sufficient]
    known = [(part.loss.value, part) for part in enough if part.loss.value is not None]
    if not known:
        return "No slice has enough rows to be judged."
    high, low = max(known, key=lambda pair: pair[0])[1], min(known, key=lambda pair: pair[0])[1]
    if len(known) == 1:
        return f"One slice has enough rows: {_slice(high)}."
    return f"Highest loss: {_slice(high)}; lowest: {_slice(low)}."


def data(history: History, settings: PipelineSettings) -> str:
    """What came in and what was kept out, with sums that add up."""
    taken = [t.batch for t in history.turns if t.batch.is_in and t.batch.labels is None]
    refused = _last(history, BatchStatus.REFUSED)
    nouns = settings.reporting.row
    sentences = []
    if taken:
        landed = titles.number_of(sum(b.landed for b in taken), nouns)
        accepted, aside = sum(b.accepted for b in taken), sum(b.quarantined for b in taken)
        sentences.append(
            f"{capital(landed)} landed in {_batches(len(taken))}: {wording.count(accepted)} accepted, "
            f"{wording.count(aside)} quarantined, {wording.count(sum(b.duplicates for b in taken))} duplicates."
        )
    if missing := sum(b.unlabelled for b in taken):
        reason = f" ({settings.reporting.unlabelled})" if settings.reporting.unlabelled else ""
        number = titles.number_of(missing, (f"accepted {nouns[0]} has", f"accepted {nouns[1]} have"))
        sentences.append(f"{number} no label{reason}: kept, counted, never trained on.")
    sentences += labels(history, settings)
    if refused:
        one = len(refused) == 1
        many = "One more delivery" if one else f"{capital(wording.number_word(len(refused)))} more deliveries"
        sentences.append(f"{many}{_rows_of(refused, nouns)} {'was' if one else 'were'} refused whole.")
    if held := _last(history, BatchStatus.HELD):
        verb = "is" if len(held) == 1 else "are"
        sentences.append(f"{capital(_batches(len(held)))}{_rows_of(held, nouns)} {verb} held until somebody decides.")
    if history.duplicates:
        one = len(history.duplicates) == 1
        many = "One delivery" if one else f"{capital(wording.number_word(len(history.duplicates)))} deliveries"
        sentences.append(f"{many} came a second time and {'was' if one else 'were'} counted once.")
    return " ".join(sentences) or "Nothing has come in yet."


def labels(history: History, settings: PipelineSettings) -> list[str]:
    """What became of labels that come later than their rows, and which batches wait for theirs."""
    rules, batches = settings.ingestion.labels, {turn.batch.id: turn.batch for turn in history.turns}
    came = [batch.labels for batch in batches.values() if batch.labels is not None and batch.is_in]
    told = late_labels.delivered(late_labels.together(came)) if came else []
    waiting = sorted((one for one in batches.values() if one.awaits), key=lambda one: str(one.first_event))
    told += late_labels.waiting(waiting, rules.horizon if rules else None)
    return [titles.ended(capital(one)) for one in told]


def _last(history: History, status: BatchStatus) -> list[Batch]:
    """The batches that stand so now, each once; those that were admitted since and accepted are not refused or held."""
    last = {turn.batch.id: turn.batch for turn in history.turns}
    return [batch for batch in last.values() if batch.status is status]


def _rows_of(refused: Sequence[Batch], nouns: tuple[str, str]) -> str:
    """How many rows were in refused deliveries; those of a file that cannot be read are not known."""
    known = titles.number_of(sum(b.landed for b in refused), nouns)
    if all(b.landed for b in refused):
        return f" ({known})"
    return f" (at least {known})" if any(b.landed for b in refused) else ""


def _slice(part: SliceScore) -> str:
    return f"{part.column} {part.label} ({kinds.write(part.loss)(part.loss.value)})"


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{wording.number_word(count)} times")


def _batches(count: int, skip_one: bool = False) -> str:
    if skip_one:
        return "batch does" if count == 1 else f"{wording.number_word(count)} batches do"
    return "one batch" if count == 1 else f"{wording.number_word(count)} batches"


def left_out(history: History, settings: PipelineSettings) -> tuple[tuple[str, str], ...]:
    """What is not in the numbers: counts with what they count."""
    taken = [t.batch for t in history.turns if t.batch.is_in and t.batch.labels is None]
    refused, held = _last(history, BatchStatus.REFUSED), _last(history, BatchStatus.HELD)
    row, rows = settings.reporting.row
    reason = f" ({settings.reporting.unlabelled})" if settings.reporting.unlabelled else ""
    counts = (
        (sum(b.unlabelled for b in taken), f"accepted {rows} without a label{reason}"),
        (sum(b.quarantined for b in taken), f"quarantined {rows}"),
        (sum(b.landed for b in refused), f"rows of {_batches(sum(b.landed > 0 for b in refused))} refused whole"),
        (sum(b.held for b in held), f"rows of {_batches(len(held))} held until somebody decides"),
        (sum(not b.landed for b in refused), "refused deliveries whose rows could not be counted"),
        (sum(b.duplicates for b in taken), f"{rows} that were exact duplicates of others"),
        (sum(n for _, _, n in history.duplicates), "rows of deliveries that came a second time"),
        (_pooled(history), f"{rows} in slices with too few of them, in the slice table (they are in the total)"),
        (_older(history), f"{rows} of judged batches, from before the end of what was judged by then"),
        (sum(_is_unjudged(turn) for turn in history.turns), "batches that could not be judged"),
    )
    first = next((t for t in history.turns if t.outcome is Outcome.FIRST_CHAMPION), None)
    found = [(wording.count(count), text) for count, text in counts if count]
    if first and first.probe:
        judged = titles.number_of(first.probe.rows, (row, rows))
        text = f"{titles.medium(first.batch)} in the lines over time: the first champion was judged on"
        found.append(("", f"{text} {judged} of it only"))
    return tuple(found)


def _is_unjudged(turn: Turn) -> bool:
    """A delivery of labels has no rows of its own to judge."""
    return turn.outcome is Outcome.NOT_JUDGED and turn.batch.labels is None


def _older(history: History) -> int:
    return sum(turn.decision.older for turn in history.turns if turn.decision and turn.decision.retrain)


def total(history: History) -> str:
    """The sum that shows that nothing else was left out."""
    taken = [t.batch for t in history.turns if t.batch.is_in and t.batch.labels is None]
    if not taken:
        return ""
    unlabelled, aside = sum(b.unlabelled for b in taken), sum(b.quarantined for b in taken)
    labelled, copies = sum(b.accepted for b in taken) - unlabelled, sum(b.duplicates for b in taken)
    landed = sum(b.landed for b in taken)
    parts = f"{wording.count(labelled)} labelled + {wording.count(unlabelled)} without label"
    parts += f" + {wording.count(aside)} quarantined + {wording.count(copies)} duplicates"
    known = labelled + unlabelled + aside + copies
    sign = "=" if known == landed else f"= {wording.count(known)}, which is not the"
    return f"{parts} {sign} {wording.count(landed)} landed."


def _pooled(history: History) -> int:
    turn = standing.shown(history)
    score = (turn.champion or turn.probe) if turn else None
    return sum(part.rows for part in score.slices if not part.sufficient) if score else 0
