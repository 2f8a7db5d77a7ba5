"""The flow `train`: fit candidates, and let one take over only if the evidence says that it is better."""

from prefect import flow

from flows import monitor
from flows.steps import come_to
from tasks.coordination import tasks as coordination
from tasks.domain.pools import Pool
from tasks.domain.records import Batch, Model, Snapshot
from tasks.domain.turns import Outcome, TurnRef, Verdict, VerdictKind
from tasks.evaluation import tasks as evaluation
from tasks.lineage import tasks as lineage
from tasks.promotion import tasks as promotion
from tasks.reporting import tasks as reporting
from tasks.training import tasks as training
from tasks.validation import tasks as validation


@flow(name="train", flow_run_name="train {pipeline}")
def train(pipeline: str) -> Outcome | None:
    """Finish the oldest turn that has been taken in: watch, train, compare, decide.

    Args:
        pipeline: Name of a file in configs/pipelines/, without .yaml.
    """
    coordination.close_crashed(pipeline)
    with coordination.at_work(pipeline):
        resumed = coordination.find_open_turn(pipeline)
        if resumed is None:
            return None
        outcome = finish(*resumed)
        reporting.show_verdict(resumed[0])
        return outcome


def finish(turn: TurnRef, batch: Batch) -> Outcome:
    """All of a turn after its batch has been taken in."""
    if not batch.is_in:
        return coordination.close_turn(turn, batch, None, None)
    batch = validation.take_places(turn, batch)
    batch = training.settle_labels(turn, batch)
    if batch.labels is not None and batch.labels.replaced:
        evaluation.judge_again(turn)
    pool = training.pool_batches(turn, batch)
    snapshot = training.take_snapshot(turn, pool)
    training.begin_fits(turn, pool, snapshot)  # they count while the live model is watched
    champion, _ = monitor.watch(turn, batch, pool)
    decision = coordination.decide_retraining(turn, batch, pool, snapshot)
    verdict = challenge(turn, pool, snapshot, champion) if decision.retrain and snapshot else None
    return coordination.close_turn(turn, batch, decision, verdict)


def challenge(turn: TurnRef, pool: Pool, snapshot: Snapshot, champion: Model | None) -> Verdict:
    """Find out whether a model that was trained on the rows before the batch is better, and let it take over if so."""
    probe, verdict = promotion.find_verdict(turn) or judge(turn, pool, snapshot, champion)
    version = promotion.register_challenger(turn, champion, probe, verdict)
    if verdict.kind is VerdictKind.PROMOTE:
        refit = promotion.refit_winner(turn, pool, version, probe) if verdict.first else None
        promotion.promote(turn, version, probe, verdict, refit)
    elif champion and promotion.is_check_due(turn, champion, verdict):
        promotion.check_refit(turn, pool, champion, verdict)
    return verdict


def judge(turn: TurnRef, pool: Pool, snapshot: Snapshot, champion: Model | None) -> tuple[Model, Verdict]:
    """Train every candidate on the window before the batch; the probe is judged against the champion on the batch."""
    family, families = promotion.nominate_family(turn, pool, snapshot, champion), training.list_families(turn)
    come_to(turn, 3, f"training {' and '.join(families)} on {snapshot.rows:,} rows")
    lineage.begin_showing(turn)
    models = {name: training.train_candidate(turn, pool, snapshot, name) for name in families}
    come_to(turn, 4, "judging on rows that no model has seen")
    scores = {name: evaluation.score_model(turn, pool, model, snapshot) for name, model in models.items()}
    probe, score = models[family], scores[family]
    lineage.keep_answers(turn, pool, probe)
    comparison = evaluation.compare_models(turn, pool, champion, probe)
    evidence = promotion.weigh_evidence(turn, pool, champion, probe, comparison) if champion else None
    come_to(turn, 5, "deciding")
    return probe, promotion.judge_challenger(turn, pool, champion, probe, score, comparison, evidence)
