"""Shows a finished turn elsewhere: the Evidently page, permutation importance, MLflow's runs, versions and aliases.

All of it is a projection of the ledger: it can be done late, twice, or by another process, and ends the same.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from configs import loader, plugs
from configs.errors import MistakeOfUser
from configs.settings import PipelineSettings
from tasks.adapters import evidently_report, failpoints
from tasks.adapters.blobs.skops_files import ALLOWED
from tasks.adapters.home import Home
from tasks.adapters.ledger import history, promotions
from tasks.adapters.mlflow import failures, registry, restoration, tracking
from tasks.adapters.mlflow.training_run import Judged, TrainingRun
from tasks.domain.pools import Pool
from tasks.domain.records import Comparison, Metric, Model, Score
from tasks.domain.turns import History, Refit, Turn
from tasks.evaluation import spot_sentences
from tasks.lineage.steps import own_steps
from tasks.problems import kinds
from tasks.training import learning, preparation
from tasks.training.steps import handles


def show(home: Home, pipeline: str, number: int) -> str | None:
    """Show a turn, and before it any earlier one that is not shown yet: aliases and versions must end as the ledger's.

    Args:
        home: Ledger and all the rest.
        pipeline: Its pipeline.
        number: The turn, which is done.

    Returns:
        The id of the MLflow run of its probe, None if there was none.
    """
    shown = home.ledger.turns.projected(pipeline, "mlflow")
    owed = [one for one in home.ledger.turns.done(pipeline) if one <= number and one not in shown]
    told = history.read(home.ledger, pipeline, owed)
    for turn in told.turns:
        with failures.explained(home.folder):
            shown[turn.number] = _show_turn(home, pipeline, told, turn)
    show_rollbacks(home, pipeline)
    if number not in shown and number in owed:  # given up before its batch was taken in
        home.ledger.turns.project(pipeline, number, "mlflow", None)
        return None
    run = shown[number]
    return None if run is None else str(run)


def show_again(home: Home, pipeline: str, number: int) -> str | None:
    """Show a turn that had been shown, and of which something is gone or changed; what is in order is left as it is.

    The aliases are afterwards as they were behind that turn.
    """
    told = history.read(home.ledger, pipeline, [number])
    with failures.explained(home.folder):
        run = _show_turn(home, pipeline, told, told.turns[0], again=True)
    home.ledger.turns.project(pipeline, number, "mlflow", run, again=True)
    return run


def show_rollbacks(home: Home, pipeline: str) -> None:
    """Let MLflow's alias say who is live after rollbacks that it does not show yet.

    A version that was promoted behind them and is not registered yet is said when its turn is shown.
    """
    owed = home.ledger.promotions.untold(pipeline)
    if not owed:
        return
    later = [made for made in home.ledger.promotions.all(pipeline) if made.sequence >= owed[-1].sequence]
    with failures.explained(home.folder):
        there = registry.versions(home.tracking, pipeline)
        live = next((made for made in reversed(later) if made.version in there), owed[-1])
        home.ledger.lease.require(pipeline)
        registry.set_alias(home.tracking, pipeline, "champion", live.version)
    for made in owed:
        home.ledger.turns.project(pipeline, made.place, promotions.target(made), made.version)


def _show_turn(home: Home, pipeline: str, told: History, turn: Turn, *, again: bool = False) -> str | None:
    versions = {model.id: version for version, model in told.models}
    show_drift(home, pipeline, turn.number)
    run, refit = _show_models(home, pipeline, turn, versions, again) if turn.probe_model else (None, None)
    if turn.probe_version and run:  # a turn may have been given up before its challenger was registered
        _show_versions(home, pipeline, turn, run, refit)
    failpoints.reach("shown-in-mlflow")
    home.ledger.turns.project(pipeline, turn.number, "mlflow", run)
    failpoints.reach("showing-committed")
    return run


def show_drift(home: Home, pipeline: str, number: int, *, again: bool = False) -> None:
    """Draw what moved in a turn, if it was measured and is not drawn yet, or is to be drawn again."""
    row = home.ledger.turns.get(pipeline, number)
    drift, batch = home.ledger.models.drift(pipeline, row["batch"]), home.ledger.batches.get(pipeline, row["batch"])
    champion = home.ledger.models.version(pipeline, row["champion_version"] or 0)
    drawn = not again and number in home.ledger.turns.projected(pipeline, "drift_report", [number])
    if drawn or drift is None or champion is None or batch is None or batch.accepted_file is None:
        return
    settings, name = home.settings(pipeline), f"{pipeline}-drift-{number}.html"
    columns, measured = settings.validation.columns, {one.column for one in drift.columns}
    matters = _most_important_first(home, pipeline, settings.compared)
    features = [feature for feature in matters if feature in measured]
    if not features:  # the settings have others by now
        return
    evidently_report.write(
        home.report(pipeline).parent / name,
        handles.rows(home).reference(champion.snapshot, settings),
        preparation.complete(home.store.read(batch.accepted_file), columns),
        drift,
        features,
        columns,
        settings.monitoring.drift,
        settings.training.seed,
    )
    failpoints.reach("drift-report-published")
    home.ledger.turns.project(pipeline, number, "drift_report", name)
    failpoints.reach("drift-report-committed")


def _most_important_first(home: Home, pipeline: str, features: Sequence[str]) -> list[str]:
    """The features by what they mattered to the model that was looked at last; new ones last, as in the settings."""
    looked_at = home.ledger.turns.projected(pipeline, "importance")
    ranks = {name: place for place, (name, _) in enumerate(looked_at[max(looked_at)])} if looked_at else {}
    return sorted(features, key=lambda name: ranks.get(name, len(ranks)))


def _show_models(
    home: Home, pipeline: str, turn: Turn, versions: dict[str, int], again: bool
) -> tuple[str | None, str | None]:
    """One MLflow run for every candidate, and for a refit; the probe's has the plots and the verdict."""
    settings, probe_run, refit_run = home.settings(pipeline), None, None
    text, now = _pipeline_file(pipeline)
    for model in home.ledger.models.of_turn(pipeline, turn.number):
        refit = turn.refit if turn.refit and turn.refit.model == model.id else None
        score = home.ledger.models.score(pipeline, model.id, turn.batch.id)
        score = _no_score(model, turn, settings) if refit else score
        if score is None:
            continue
        is_probe = turn.probe_model is not None and model.id == turn.probe_model.id
        described = TrainingRun(
            pipeline=pipeline,
            title=settings.title,
            turn=turn.number,
            batch=turn.batch,
            model=model,
            score=score,
            label=settings.training.label,
            features=tuple((name, *_kind(settings, name)) for name in settings.inputs),
            feature_steps=tuple(own_steps.listed(home, pipeline, model)),
            triggers=tuple(trigger.evidence for trigger in turn.triggers),
            pipeline_yaml=text,
            settings_changed=now != model.settings_hash,
            bundle=partial(home.bundles.content, model.bundle),
            trusted_types=ALLOWED
            if model.family in plugs.ESTIMATORS and not settings.features.steps
            else home.bundles.types(model.bundle),
            started=turn.started,
            finished=turn.finished or turn.started,
            probe=is_probe,
            **(_verdict_of(home, pipeline, turn, versions) if is_probe else _as_refit(refit) if refit else {}),
        )
        home.ledger.lease.require(pipeline)
        keep, kept = partial(home.ledger.logged.keep, pipeline, model.id), home.ledger.logged.of(pipeline, model.id)
        run = tracking.log_training(home.tracking, described, keep)
        if again and kept == home.ledger.logged.of(pipeline, model.id):  # nothing was logged just now
            restoration.restore(home.tracking, described, run, kept, aside(home), keep)
        failpoints.reach("mlflow-run-finished")
        probe_run = run if is_probe else probe_run
        refit_run = run if refit else refit_run
    return probe_run, refit_run


def _no_score(model: Model, turn: Turn, settings: PipelineSettings) -> Score:
    """That of a refit, which was judged on nothing yet."""
    loss = kinds.named(settings.training.kind).metric
    return Score(model.id, turn.batch.id, 0, 0, 0.0, (Metric(loss, None, None, None, False),), (), ())


def _as_refit(refit: Refit) -> dict[str, Any]:
    return {"version": refit.version, "refit_of": refit.judged, "reasons": (_why_refitted(refit),)}


def _why_refitted(refit: Refit) -> str:
    return f"v{refit.judged} won, and was fitted again on all rows; {refit.guard.name}: {refit.guard.text}"


def aside(home: Home) -> Path:
    """Where files are put that lay where MLflow hands out others."""
    return home.folder / "mlflow" / "aside"


def _pipeline_file(pipeline: str) -> tuple[str, str | None]:
    """The pipeline file as it is now, and the hash of its settings; None if they are not valid any more."""
    text = loader.source_text(pipeline)
    try:
        return text, loader.settings_hash(loader.load(pipeline))
    except MistakeOfUser:
        return text, None


def _kind(settings: PipelineSettings, feature: str) -> tuple[Any, bool]:
    rule = settings.validation.columns[feature]
    return rule.type, rule.nullable


def _verdict_of(home: Home, pipeline: str, turn: Turn, versions: dict[str, int]) -> dict[str, Any]:
    model, verdict = turn.probe_model, turn.verdict
    assert model is not None and verdict is not None
    settings = home.settings(pipeline)
    judged = Pool(turn.pool, None, turn.batch.id) if turn.pool else turn.batch
    rows = handles.rows(home).judged(judged, model.snapshot.cutoff, settings)
    answers = handles.rows(home).answers(model, judged, model.snapshot.cutoff, settings)
    loaded = home.bundles.load(model.bundle, model.golden)
    matters = learning.importance(
        loaded,
        handles.rows(home).inputs(model, judged, model.snapshot.cutoff, settings),
        rows.outcomes,
        rows=settings.evaluation.importance_rows,
        seed=settings.training.seed,
        problem=rows.problem,
    )
    home.ledger.turns.project(pipeline, turn.number, "importance", [list(pair) for pair in matters])
    failpoints.reach("importance-committed")
    figures = [("evidence", turn.evidence.value)] if turn.evidence else []
    figures += _gains(turn.comparison) if turn.comparison else []
    return {
        "verdict": verdict.kind.value,
        "reasons": verdict.reasons,
        "version": versions.get(model.id),
        "figures": tuple(figures),
        "notes": learning.notes(loaded),
        **_weak(turn),
        "judged": Judged(rows.outcomes, answers.astype("float32"), matters),
    }


def _weak(turn: Turn) -> dict[str, Any]:
    """Weak spots of the probe and of the live model, in words."""
    opened = turn.comparison.opened if turn.comparison else ()
    live = turn.health.weak if turn.health and turn.champion else ()
    of_both = (("weak", opened, turn.probe), ("live_weak", live, turn.champion))
    return {
        name: tuple(spot_sentences.brief(spot, kinds.of(score)) for spot in spots)
        for name, spots, score in of_both
        if score is not None
    }


def _gains(pair: Comparison) -> list[tuple[str, float]]:
    """The gain as it is kept, and of a number by how much the RMSE is lower."""
    told, _, _ = kinds.gains(pair)
    return [("gain", pair.gain), *kinds.of(pair).own_gains(told)]


def _show_versions(home: Home, pipeline: str, turn: Turn, run: str, refit_run: str | None) -> None:
    """Register the challenger, and a refit of it, and let the aliases say what the ledger says now."""
    model, version = turn.probe_model, turn.probe_version
    assert model is not None and version is not None and turn.verdict is not None
    tags: tuple[tuple[str, str], ...] = (
        ("incumbent.verdict", turn.verdict.kind.value),
        ("incumbent.reason", turn.verdict.reasons[0]),
    )
    home.ledger.lease.require(pipeline)
    packaged = _package(home, pipeline, version)
    registry.register(home.tracking, pipeline, model=model.id, version=version, run_id=run, tags=(*tags, *packaged))
    failpoints.reach("mlflow-version-registered")
    if turn.refit is not None and refit_run is not None:
        refit, tags = (
            turn.refit,
            (("incumbent.refit_of", str(turn.refit.judged)), ("incumbent.reason", _why_refitted(turn.refit))),
        )
        home.ledger.lease.require(pipeline)
        tags = *tags, *_package(home, pipeline, refit.version)
        registry.register(
            home.tracking, pipeline, model=refit.model, version=refit.version, run_id=refit_run, tags=tags
        )
        failpoints.reach("mlflow-refit-registered")
    home.ledger.lease.require(pipeline)
    shown = [made for made in home.ledger.promotions.all(pipeline) if made.place <= turn.number]
    registry.set_alias(home.tracking, pipeline, "champion", shown[-1].version if shown else None)
    failpoints.reach("mlflow-champion-set")
    registry.set_alias(home.tracking, pipeline, "challenger", version)


def _package(home: Home, pipeline: str, version: int) -> tuple[tuple[str, str], ...]:
    """The tag of a version that has been packaged."""
    built = home.ledger.packages.of(pipeline, version)
    return () if built is None else ((registry.PACKAGE_TAG, built.digest),)
