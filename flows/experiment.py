"""The flow `experiment`: what a pipeline has taken in is replayed under other settings; nothing live is touched."""

from prefect import flow

from flows.announcements import Closing, tell
from flows.train import challenge
from tasks.coordination import tasks as coordination
from tasks.domain.pools import Pool
from tasks.domain.records import Batch, Model
from tasks.domain.turns import TurnRef
from tasks.evaluation import tasks as evaluation
from tasks.experiments import tasks as experiments
from tasks.experiments.plans import Plan
from tasks.experiments.standings import Standing
from tasks.monitoring import tasks as monitoring
from tasks.reporting import tasks as reporting
from tasks.training import tasks as training


@flow(name="experiment", flow_run_name="{pipeline} · experiment")
@reporting.in_words
def experiment(changes: list[str], pipeline: str = "flights", name: str = "", start: str = "") -> Standing:
    """Replay all batches of a pipeline under other settings, and compare with what was live then.

    Ledger, registry, aliases and evidence of the live pipeline stay as they are. What was cut off goes on.

    Args:
        changes: What differs, one setting each, such as training.candidates.0.max_iter=300.
        pipeline: Name of a file in configs/pipelines/, without .yaml.
        name: Of the experiment; empty: it follows from what differs.
        start: The version or batch from which on it is replayed; empty for all of it.
    """
    plan = experiments.plan_experiment(pipeline, name, changes, start)
    with experiments.at_work(plan):
        for number in experiments.list_batches(plan):
            turn, batch = experiments.begin_turn(plan, number)
            if not experiments.skip_given_up(plan, turn):
                replay(plan, turn, batch)
    tell(Closing("showing the experiment in MLflow and on its page"))
    experiments.show(plan)
    return experiments.end(plan)


def replay(plan: Plan, turn: TurnRef, batch: Batch) -> None:
    """All of a turn after its batch has been taken in, by the same steps, but for what watches and shows."""
    pool = training.pool_batches(turn, batch)
    snapshot = training.take_snapshot(turn, pool)
    training.begin_fits(turn, pool, snapshot)
    champion = score_champion(turn, batch, pool)
    decision = coordination.decide_retraining(turn, batch, pool, snapshot)
    verdict = challenge(turn, pool, snapshot, champion) if decision.retrain and snapshot else None
    experiments.compare_with_live(plan, turn, batch, pool, champion, decision, verdict)
    coordination.close_turn(turn, batch, decision, verdict)


def score_champion(turn: TurnRef, batch: Batch, pool: Pool) -> Model | None:
    """The live model of the experiment, measured on what is judged, as guards ask."""
    live = monitoring.find_live_models(turn)
    lot: Pool | Batch = pool if pool.members else batch
    if live and pool.batches and lot.has_labels:
        evaluation.score_model(turn, lot, live[0])
    return live[0] if live else None
