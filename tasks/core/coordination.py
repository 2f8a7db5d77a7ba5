"""What a turn does next and how it ended: rules without a world.

Add a rule here when it decides about the course of a turn. The inbox, the lease and the states of a turn as they are
stored belong to the ledger; whether a challenger is better belongs to promotion.
"""

from collections.abc import Sequence

from tasks.core import wording
from tasks.core.records import Batch
from tasks.core.turns import Outcome, RetrainingDecision, Verdict, VerdictKind


def decide(
    *,
    has_champion: bool,
    labelled_rows: int,
    positives: int,
    training_rows: int,
    training_positives: int,
    min_rows: int,
    late: bool = False,
    triggers: Sequence[str] = (),
) -> RetrainingDecision:
    """Decide whether a probe is trained: every batch that can be judged gets one.

    `labelled_rows` and `positives` are those that a model would be judged on, `training_rows` and `training_positives`
    those before them; a `late` batch has events before the end of one that was judged, and evidence is taken in event
    order; `triggers` are sentences that say what opened the question.
    """
    obstacles = ["it has rows from before the end of a batch that was judged"] if late else []
    obstacles += _obstacles("judge", labelled_rows, positives, min_rows)
    obstacles += _obstacles("train", training_rows, training_positives, min_rows)
    if obstacles:
        return RetrainingDecision(False, tuple(obstacles))
    why = "a probe shows whether retraining pays" if has_champion else "there is no champion yet"
    return RetrainingDecision(True, (why, *triggers))


def outcome(verdict: Verdict | None, *, refused: bool) -> Outcome:
    """Name how a turn ended; without a verdict nothing was judged."""
    if refused:
        return Outcome.REFUSED
    if verdict is None:
        return Outcome.NOT_JUDGED
    if verdict.first and verdict.kind is VerdictKind.PROMOTE:
        return Outcome.FIRST_CHAMPION
    return Outcome(verdict.kind.value)


def reasons(batch: Batch, decision: RetrainingDecision | None, verdict: Verdict | None) -> tuple[str, ...]:
    """Why a turn ended as it did, the main reason first: of the refusal, the verdict, or the decision not to judge."""
    if batch.reason is not None:
        return (batch.reason,)
    if verdict is not None:
        return verdict.reasons
    return decision.reasons if decision is not None else ()


def _obstacles(purpose: str, rows: int, positives: int, min_rows: int) -> list[str]:
    if rows < min_rows:
        return [f"{wording.count(rows)} labelled rows to {purpose} on, needs {wording.count(min_rows)}"]
    if positives in (0, rows):
        only = "negative" if positives == 0 else "positive"
        return [f"all {wording.count(rows)} rows to {purpose} on are {only}"]
    return []
