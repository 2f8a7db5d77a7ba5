"""Corrected labels: what was judged with the labels before is judged again, by the same models on the same rows.

Evidence is not taken twice, and nothing that was decided changes: what comes out is kept beside what came out then.
"""

from collections.abc import Mapping

from tasks.adapters import failpoints
from tasks.adapters.home import Home
from tasks.domain.pools import Pool
from tasks.domain.records import Comparison, Model
from tasks.domain.turns import JudgedAgain
from tasks.evaluation.steps import compare
from tasks.training.steps import kept_settings


def judge_again(home: Home, pipeline: str, turn: int) -> None:
    """Judge again what was judged before a turn with labels corrected in it; a second time changes nothing."""
    batches = {batch.id: batch for batch in home.ledger.batches.accepted(pipeline)}
    corrected = {
        batch.id: sum(one.corrected for one in batch.superseded if one.until == turn) for batch in batches.values()
    }
    done = {one.judged for one in home.ledger.corrections.all(pipeline, turn)}
    for judged, members in _judged_in(home, pipeline, turn).items():
        labels = sum(corrected.get(one, 0) for one in members)
        if not labels or judged in done or not {*members} <= batches.keys():
            continue
        found = _compared(home, pipeline, judged)
        after = again(home, pipeline, judged, Pool(tuple(batches[one] for one in members), None))
        if found is not None and after is not None:
            *_, before = found
            home.ledger.corrections.record(pipeline, JudgedAgain(turn, judged, labels, before.gain, after))
            failpoints.reach("judged-again")


def again(home: Home, pipeline: str, judged: int, pool: Pool) -> Comparison | None:
    """The comparison of a turn, made again on the rows of a pool as they are given; None if it cannot be made."""
    found = _compared(home, pipeline, judged)
    settings = kept_settings.readable(home, pipeline, found[0]) if found else None
    if found is None or settings is None:
        return None
    probe, champion, _ = found
    return compare.compare(home, settings, pool, probe.snapshot.cutoff, champion, probe, sliced=False)


def _judged_in(home: Home, pipeline: str, before: int) -> Mapping[int, tuple[str, ...]]:
    """Ids of the batches on which a challenger was judged, by turn, in those before another."""
    verdicts, found = home.ledger.promotions.verdicts(pipeline), dict[int, tuple[str, ...]]()
    for row in home.ledger.turns.all(pipeline):
        if row["number"] in verdicts and row["number"] < before:
            found[row["number"]] = tuple((row["decision"] or {}).get("pool") or [row["batch"]])
    return found


def _compared(home: Home, pipeline: str, judged: int) -> tuple[Model, Model | None, Comparison] | None:
    """The challenger of a turn, whom it was compared with (None: no model), and how; None if one cannot be had."""
    batch = home.ledger.turns.get(pipeline, judged)["batch"]
    challenger, verdict = home.ledger.promotions.verdicts(pipeline, [judged])[judged]
    evidence = home.ledger.promotions.evidence(pipeline, [batch]).get(batch)
    comparison = home.ledger.models.comparisons(pipeline, [batch]).get(batch)
    probe = home.ledger.models.get(pipeline, challenger)
    champion = home.ledger.models.get(pipeline, evidence.champion) if evidence else None
    if probe is None or comparison is None or (champion is None and not verdict.first):
        return None
    return probe, champion, comparison
