"""What is told of experiments, on a screen and on a page: all of a pipeline beside each other, and each by itself.

Add here what is said of them. How a page looks is in `tasks.reporting.account_page`, what follows from losses in
`standings`.
"""

import math
from collections.abc import Sequence

from configs.settings import PipelineSettings
from tasks.domain import wording
from tasks.domain.records import Comparison
from tasks.domain.turns import Outcome
from tasks.experiments import experiment_charts, plans, standings
from tasks.experiments.replayed import Replayed
from tasks.experiments.standings import Answer, Standing
from tasks.problems import kinds
from tasks.reporting import titles
from tasks.reporting.account_page import Figure, Section

HEAD = (
    *("experiment", "batches", "live loss", "loss", "gain", "interval", "evidence", "took over"),
    *("fits", "time", "what changes"),
)
_ENDS = {
    Outcome.FIRST_CHAMPION: "first champion",
    Outcome.PROMOTE: "takes over",
    Outcome.KEEP_SHADOWING: "keeps shadowing",
    Outcome.NOT_JUDGED: "not judged",
    Outcome.FAILED: "given up live",
}


def of(pipeline: str, found: Sequence[Standing], settings: PipelineSettings) -> list[Section]:
    """All experiments of a pipeline: first beside each other, then each batch by batch.

    Args:
        pipeline: What they replay.
        found: In the order in which they were begun.
        settings: Of the live pipeline.
    """
    return [overview(pipeline, found, settings), *(alone(one, settings) for one in found)]


def overview(pipeline: str, found: Sequence[Standing], settings: PipelineSettings) -> Section:
    """One line per experiment, and how the lines are to be read."""
    if not found:
        return Section("experiments", (f"{pipeline} has no experiment yet.",))
    tried, confidence = found[0].tried, settings.evaluation.confidence
    corrected = wording.share(standings.corrected(confidence, tried))
    many = f"{titles.number_of(tried, ('experiment was', 'experiments were'))} tried"
    read = (
        f"{many}: each interval is one of {corrected}, so that all together hold at {wording.share(confidence)}, and "
        f"the evidence that one is better has to reach {wording.number(found[0].needed)}."
    )
    rows = (
        "Losses are those of the models that were live in each batch, on rows that neither of the two had learned from."
    )
    return Section("experiments", (read, rows, *map(sentence, found)), (HEAD, *map(_row, found)), figures=9)


def alone(standing: Standing, settings: PipelineSettings) -> Section:
    """One experiment: what it says, its charts, and a line per batch."""
    begun = f"It changes {plans.described(standing.plan)}."
    table = (_BATCH_HEAD, *map(_batch_row, standing.replayed)) if standing.replayed else ()
    figures = tuple(_figures(standing, settings))
    return Section(
        standing.plan.name, (begun, sentence(standing), _work(standing)), table, figures=7, figures_over_time=figures
    )


def sentence(standing: Standing) -> str:
    """What an experiment says, in a sentence or two."""
    name, whole = standing.plan.name, standing.whole
    waits = titles.number_of(standing.left, ("batch is", "batches are"))
    left = f" {titles.capital(waits)} not replayed yet: run it again." if standing.left else ""
    if whole is None:
        if standing.answer is Answer.SAME:
            return f"{name}: the same models were live as in the pipeline, on {_batches(standing.same)}.{left}"
        return f"{name}: on no batch were two models live that could be compared.{left}"
    problem = kinds.of(whole)
    where = f"on {_batches(standing.compared)}{_same(standing)}"
    gain = f"{problem.gain_title} over what was live {kinds.gain(whole)} ({interval(whole)}) {where}"
    if standing.answer is Answer.BETTER:
        return f"{name} is better: {gain}{_lacking(standing)}.{left}"
    if standing.answer is Answer.WORSE:
        return f"{name} is worse: {gain}.{left}"
    return f"{name}: whether it is better cannot be told: {gain}{_lacking(standing)}.{left}"


def interval(whole: Comparison) -> str:
    """The interval of a gain; none from a single cluster."""
    return kinds.ends(whole) if math.isfinite(whole.low) else "no interval from a single cluster"


def as_object(standing: Standing) -> dict[str, object]:
    """An experiment for machines."""
    whole, plan = standing.whole, standing.plan
    bounded = whole is not None and math.isfinite(whole.low)
    return {
        "pipeline": plan.pipeline,
        "experiment": plan.name,
        "changes": list(plan.changes),
        "from": plan.start,
        "answer": standing.answer.value,
        "batches": len(standing.replayed),
        "left": standing.left,
        "compared": standing.compared,
        "same": standing.same,
        "rows": whole.rows if whole else 0,
        "gain": whole.gain if whole else None,
        "low": whole.low if whole and bounded else None,
        "high": whole.high if whole and bounded else None,
        "evidence": standing.evidence,
        "needed": standing.needed,
        "tried": standing.tried,
        "promotions": standing.promotions,
        "live_promotions": standing.live_promotions,
        "fits": standing.fits,
        "lent": standing.lent,
        "seconds": round(standing.seconds, 1),
    }


# ── parts ─────────────────────────────────────────────────────────────────────────────────────────────────────────
_BATCH_HEAD = (
    *("batch", "live then", "its loss", "loss", "gain", "interval", "evidence", "seconds"),
    "in the experiment",
)


def _row(standing: Standing) -> tuple[str, ...]:
    whole = standing.whole
    losses = _loss_pair(whole) if whole else (wording.MISSING, wording.MISSING)
    done = len(standing.replayed)
    batches = f"{done} of {done + standing.left}" if standing.left else wording.count(done)
    return (
        standing.plan.name,
        batches,
        *losses,
        kinds.gain(whole) if whole else wording.MISSING,
        interval(whole) if whole else wording.MISSING,
        _evidence(standing.evidence),
        f"{standing.promotions} ({standing.live_promotions} live)",
        f"{standing.fits} (+{standing.lent} had)",
        wording.seconds(standing.seconds),
        plans.described(standing.plan),
    )


def _batch_row(one: Replayed) -> tuple[str, ...]:
    pair = one.comparison
    losses = _loss_pair(pair) if pair else (wording.MISSING, wording.MISSING)
    live = f"v{one.live_version}" if one.live_version else wording.MISSING
    end = _ENDS.get(one.outcome, "not better")
    same = "; the same model as live" if one.is_same and pair is None else ""
    return (
        one.batch,
        live,
        *losses,
        kinds.gain(pair) if pair else wording.MISSING,
        interval(pair) if pair else wording.MISSING,
        _evidence(one.evidence.value if one.evidence and pair else None),
        f"{one.seconds:.1f}",
        f"{end}{same}",
    )


def _figures(standing: Standing, settings: PipelineSettings) -> list[Figure]:
    whole = standing.whole
    title = titles.capital(kinds.named(settings.training.kind).title)
    better = sum(one.comparison is not None and one.comparison.gain > 0 for one in standing.replayed)
    promotions = titles.number_of(standing.promotions, ("model", "models"))
    drawn = (
        (
            f"{title} per batch.",
            "Lower is better; a line where a model took over in the experiment.",
            experiment_charts.loss,
        ),
        (
            f"Lower than that of the live model on {better} of {_batches(standing.compared)}.",
            f"Each with the interval of its own batch; a diamond where a model took over: {promotions} did, "
            f"{standing.live_promotions} in the pipeline.",
            experiment_charts.gain,
        ),
        (f"It took {wording.seconds(standing.seconds)}.", "Seconds per batch.", experiment_charts.time),
    )
    figures = [
        (finding, reading, draw(standing, f"{standing.plan.name}: {finding}")) for finding, reading, draw in drawn
    ]
    kept = figures if whole else figures[2:]
    return [Figure(finding, reading, chart) for finding, reading, chart in kept if chart is not None]


def _loss_pair(pair: Comparison) -> tuple[str, str]:
    problem = kinds.of(pair)
    sums = math.fsum(pair.base_loss), math.fsum(pair.challenger_loss)
    return problem.loss(sums[0] / pair.rows), problem.loss(sums[1] / pair.rows)


def _evidence(value: float | None) -> str:
    return wording.MISSING if value is None else wording.evidence(value)


def _batches(number: int) -> str:
    return titles.number_of(number, ("batch", "batches"))


def _same(standing: Standing) -> str:
    return f", and on {standing.same} the same model was live" if standing.same else ""


def _needed(standing: Standing) -> str:
    return wording.number(standing.needed)


def _lacking(standing: Standing) -> str:
    if standing.evidence is None:
        return "; nothing tells which rows share their luck, so no evidence is taken"
    return f"; evidence {wording.evidence(standing.evidence)}, needs {_needed(standing)}"


def _work(standing: Standing) -> str:
    took = titles.number_of(standing.promotions, ("model took over", "models took over"))
    fits = titles.number_of(standing.fits, ("model was fitted", "models were fitted"))
    return (
        f"{titles.capital(took)} ({standing.live_promotions} in the pipeline); {fits}, "
        f"{wording.count(standing.lent)} were there already; {wording.seconds(standing.seconds)}."
    )
