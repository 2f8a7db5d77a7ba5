"""Shows experiments elsewhere: runs in MLflow, the page that compares them, and the last word of a run in Prefect."""

from pathlib import Path

from tasks.adapters import files
from tasks.adapters.home import Home
from tasks.adapters.mlflow import experiment_runs, failures
from tasks.adapters.mlflow.experiment_runs import TAG, Described
from tasks.domain.runs import Ended
from tasks.experiments import experiment_account, plans
from tasks.experiments.replayed import Replayed
from tasks.experiments.standings import Standing
from tasks.experiments.steps import comparing
from tasks.reporting import account_page


def page(live: Home, pipeline: str) -> Path:
    """Where the page over all experiments of a pipeline is, beside its report."""
    return live.report(pipeline).with_name(f"{pipeline}-experiments.html")


def write_page(live: Home, pipeline: str) -> Path:
    """Write it anew, in one step; returns its path."""
    settings, standings = live.settings(pipeline), comparing.standings_of(live, pipeline)
    sections = experiment_account.of(pipeline, standings, settings)
    text = account_page.render(pipeline, settings.title, "Experiments", sections, written=live.clock())
    files.publish(page(live, pipeline), text.encode())
    return page(live, pipeline)


def show_in_mlflow(live: Home, standing: Standing) -> str:
    """One run for the experiment and one within it for each batch; gives the id of the first."""
    with failures.explained(live.folder):
        batches = {one.turn: _batch(live, one) for one in standing.replayed}
        return experiment_runs.show(live.tracking, standing.plan.pipeline, _whole(live, standing), batches)


def ending(standing: Standing) -> Ended:
    """The last name and word of a run."""
    plan = standing.plan
    name = f"{plan.pipeline} · experiment {plan.name} → {standing.answer}"
    return Ended(name, experiment_account.sentence(standing))


def _whole(live: Home, standing: Standing) -> Described:
    plan, whole = standing.plan, standing.whole
    return Described(
        name=plan.name,
        tags={
            TAG: plan.name,
            "incumbent.pipeline": plan.pipeline,
            "incumbent.settings": plan.settings,
            "incumbent.answer": standing.answer,
            "mlflow.note.content": experiment_account.sentence(standing),
        },
        params={"changes": plans.described(plan), "from": plan.start},
        metrics={
            "gain": whole.gain if whole else None,
            "gain_low": whole.low if whole else None,
            "gain_high": whole.high if whole else None,
            "evidence": standing.evidence,
            "evidence_needed": standing.needed,
            "promotions": standing.promotions,
            "promotions_live": standing.live_promotions,
            "batches": len(standing.replayed),
            "fits": standing.fits,
            "seconds": standing.seconds,
        },
        step=len(standing.replayed),
        ended=live.clock(),
    )


def _batch(live: Home, one: Replayed) -> Described:
    pair = one.comparison
    return Described(
        name=one.batch,
        tags={"incumbent.batch": one.batch, "incumbent.outcome": one.outcome, "incumbent.model": one.model or ""},
        params={"live_version": f"v{one.live_version}" if one.live_version else ""},
        metrics={
            "rows": pair.rows if pair else None,
            "gain": pair.gain if pair else None,
            "gain_low": pair.low if pair else None,
            "gain_high": pair.high if pair else None,
            "loss": sum(pair.challenger_loss) / pair.rows if pair else None,
            "loss_live": sum(pair.base_loss) / pair.rows if pair else None,
            "evidence": one.evidence.value if one.evidence else None,
            "seconds": one.seconds,
        },
        step=one.turn,
        ended=live.clock(),
    )
