"""What is shown elsewhere: MLflow's versions, aliases and runs, Evidently's pages, the report (I1, I6, I9).

All of it is a projection of the ledger. A turn that has yet to be shown is no difference.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.adapters import files
from tasks.adapters.home import Home
from tasks.adapters.mlflow import failures, tracking
from tasks.domain.records import Model
from tasks.lineage.verify import report as rules
from tasks.lineage.verify.checks import served_files
from tasks.lineage.verify.checks.ledger_copy import Recorded
from tasks.lineage.verify.checks.recount import Counted
from tasks.lineage.verify.findings import Finding, shown_wrongly

if TYPE_CHECKING:
    from tasks.adapters.mlflow.registry import Shown
    from tasks.adapters.mlflow.tracking import TrackingStore

VERDICT_TAG = "incumbent.verdict"
GONE = "MLflow's database is gone, and with it {what}. `verify --repair` brings back what the ledger holds"
_SCRIPT = re.compile(r'<script src="([^"/]+\.js)"')


def check_mlflow(home: Home, recorded: Recorded) -> Iterator[Finding]:
    """Versions, aliases and runs in MLflow against the ledger."""
    shown = home.ledger.turns.projected(recorded.pipeline, "mlflow")
    runs = {turn: run for turn, run in shown.items() if run is not None}
    if not database(home).exists():
        if runs:
            yield shown_wrongly("I1", GONE.format(what=f"{len(runs)} turns that were shown there") + ".")
        return
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        untold = {promotion.sequence for promotion in home.ledger.promotions.untold(recorded.pipeline)}
        yield from _check_registry(home.tracking, recorded, set(shown), untold)
        yield from _check_runs(home, recorded, runs)
        yield from served_files.check(home, recorded)
    except (MlflowException, SQLAlchemyError) as err:
        why = failures.first_line(err)[:200]
        yield shown_wrongly(
            "I1", f"MLflow's database cannot be read: {why}. Move it away; `verify --repair` makes it anew."
        )


def check_drift(home: Home, recorded: Recorded) -> Iterator[Finding]:
    """Evidently's pages are there."""
    folder = home.report(recorded.pipeline).parent
    for turn, name in sorted(home.ledger.turns.projected(recorded.pipeline, "drift_report").items()):
        if not is_whole(folder / str(name)):
            yield shown_wrongly("I6", f"the drift page of turn {turn} is gone or not whole ({folder / str(name)})")


def check_report(home: Home, recorded: Recorded, counted: Counted) -> Iterator[Finding]:
    """The report is there, and leaves out what the bytes say."""
    pages = home.ledger.turns.projected(recorded.pipeline, "page")
    last = max((turn["number"] for turn in recorded.done), default=None)
    if last not in pages:
        return
    path = home.report(recorded.pipeline)
    if not path.is_file():
        yield shown_wrongly("I6", f"the report is gone ({path})")
    elif counted.whole and not recorded.unreadable and not _is_older(home, recorded.pipeline, path):
        try:
            page = path.read_text(encoding="utf-8", errors="replace")
        except OSError as err:
            yield shown_wrongly("I6", f"the report cannot be read: {err.strerror} ({path})")
            return
        yield from rules.says_the_same(page, *_counted(home, recorded.pipeline, counted))


def database(home: Home) -> Path:
    """MLflow's own; who only looks must not make it."""
    return home.folder / "mlflow" / "mlflow.db"


def is_whole(page: Path) -> bool:
    """Whether a page of Evidently is there to its end, and its script beside it."""
    try:
        text = page.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    scripts = _SCRIPT.findall(text)
    return "</html>" in text[-200:] and all((page.parent / script).is_file() for script in scripts)


def champion_shown(recorded: Recorded, shown: set[int], untold: set[int]) -> set[int | None]:
    """The versions to which MLflow's alias may point: the live one, or the one before what is yet to be shown.

    Args:
        recorded: With at least one promotion.
        shown: Turns that are shown in MLflow.
        untold: Sequences of rollbacks that are not.
    """
    allowed: set[int | None] = {recorded.promotions[-1].version}
    for place in range(len(recorded.promotions) - 1, -1, -1):
        promotion = recorded.promotions[place]
        if promotion.sequence not in untold and (promotion.turn is None or promotion.turn in shown):
            break
        allowed.add(recorded.promotions[place - 1].version if place else None)
    return allowed


def _check_registry(store: "TrackingStore", recorded: Recorded, shown: set[int], untold: set[int]) -> Iterator[Finding]:
    from tasks.adapters.mlflow import registry

    there, aliases = registry.versions(store, recorded.pipeline), registry.aliases(store, recorded.pipeline)
    if recorded.promotions and aliases.get("champion") not in champion_shown(recorded, shown, untold):
        points, live = _version(aliases.get("champion")), recorded.promotions[-1].version
        yield shown_wrongly("I1", f"MLflow's alias champion points to {points}, the ledger to v{live}")
    versions = expected_versions(recorded, shown)
    newest, coming = next(reversed(versions), None), expected_versions(recorded, set(recorded.verdicts) - shown)
    if aliases.get("challenger") not in (newest, *coming):
        points = _version(aliases.get("challenger"))
        yield shown_wrongly(
            "I1", f"MLflow's alias challenger points to {points}, the last one judged is {_version(newest)}"
        )
    for version, model in {**versions, **_refit(recorded, shown)}.items():
        if version not in there:
            yield shown_wrongly("I1", f"MLflow has no v{version}, which the ledger has given to model {model[:12]}")
        elif there[version] != model:
            yield shown_wrongly("I1", f"MLflow's v{version} is another model than the ledger's")
        else:
            yield from _check_copy(store, recorded, version)
    strange = [f"v{version}" for version in sorted(there) if version not in recorded.versions]
    if strange and not recorded.unreadable:
        lost = "was the ledger lost, or restored from an older backup?"
        yield Finding("I1", f"MLflow has {', '.join(strange)}, of which the ledger knows nothing; {lost}")


def _version(number: int | None) -> str:
    return "nothing" if number is None else f"v{number}"


def finished_runs(store: "TrackingStore", pipeline: str) -> dict[str, dict[str, str]]:
    """Tags of every finished run of a pipeline in MLflow, by the id of the run."""
    client = tracking.open_client(store)
    return {str(run.info.run_id): dict(run.data.tags) for run in tracking.finished(client, pipeline)}


def gives_out(copy: "Shown", model: Model) -> bool:
    """Whether what MLflow gives out as a version is the bundle of this model."""
    try:
        return files.digest(copy.bundle) == model.bundle
    except OSError:
        return False


def expected_versions(recorded: Recorded, shown: set[int]) -> dict[int, str]:
    """Versions and models of the turns that were shown."""
    numbers = {model.id: version for version, model in recorded.versions.items()}
    challengers = {turn: challenger for turn, (challenger, _) in recorded.verdicts.items() if turn in shown}
    return {numbers[model]: model for _, model in sorted(challengers.items()) if model in numbers}


def _refit(recorded: Recorded, shown: set[int]) -> dict[int, str]:
    """Version and model of the refit, if its turn was shown."""
    refit = recorded.refit
    return {refit.version: refit.model} if refit and refit.turn in shown else {}


def _check_copy(store: "TrackingStore", recorded: Recorded, version: int) -> Iterator[Finding]:
    """What MLflow gives out as a version is the bundle that the ledger knows."""
    from tasks.adapters.mlflow import registry

    copy, model = registry.find(store, recorded.pipeline, version), recorded.versions[version]
    if copy is None:
        return
    if not gives_out(copy, model):
        yield shown_wrongly("I1", f"MLflow's v{version} is not the bundle that passed its gate ({copy.bundle})")


def _check_runs(home: Home, recorded: Recorded, runs: dict[int, str]) -> Iterator[Finding]:
    """Each model that was judged in a turn has its run, which ended; the challenger's is known and says its verdict."""
    there = finished_runs(home.tracking, recorded.pipeline)
    models = {tags.get(tracking.MODEL_TAG) for tags in there.values()}
    for turn, run in sorted(runs.items()):
        challenger, verdict = recorded.verdicts.get(turn, ("", None))
        shown_as = there.get(run)
        if shown_as is None:
            yield shown_wrongly("I6", f"MLflow has no finished run {run} of turn {turn}")
        elif recorded.model(challenger) is None:
            continue  # has been told
        elif shown_as.get(tracking.MODEL_TAG) != challenger:
            yield shown_wrongly("I6", f"MLflow's run {run} of turn {turn} is of another model than the ledger's")
        elif verdict is not None and shown_as.get(VERDICT_TAG) != verdict.kind.value:
            yield shown_wrongly("I6", f"MLflow's run {run} of turn {turn} does not say the verdict, {verdict.kind}")
        batch = recorded.batch_of.get(turn)
        others = [one.id for one in home.ledger.models.of_turn(recorded.pipeline, turn) if one.id != challenger]
        for model in others:
            if recorded.was_shown(model, batch) and model not in models:
                yield shown_wrongly("I6", f"MLflow has no finished run of model {model[:12]}, judged in turn {turn}")


def _is_older(home: Home, pipeline: str, path: Path) -> bool:
    """Whether something was taken in since the page was written: then it is yet to tell it."""
    moments = [at for _, _, _, at in home.ledger.audit.delivered(pipeline) if at is not None]
    moments += [one.ended or one.at for one in home.ledger.admissions.all(pipeline)]
    return bool(moments) and max(moments).timestamp() > path.stat().st_mtime


def _counted(home: Home, pipeline: str, counted: Counted) -> tuple[str, str]:
    """What the report would say of rows, with what was counted in the bytes: per batch, and what is left out."""
    from tasks.reporting import captions, tables
    from tasks.reporting.steps import report_file

    history = report_file.read_history(home, pipeline)
    turns = tuple(
        turn  # of refused rows nothing is counted, and the batch may have been admitted since
        if not turn.batch.is_in
        else replace(turn, batch=counted.batches.get(turn.batch.id, turn.batch))
        for turn in history.turns
    )
    true = replace(history, turns=turns)
    settings = home.settings(pipeline)
    batches = "\n".join(" ".join((row.name, *row.cells.values())) for row in tables.batches(true, settings))
    left_out = [" ".join(part) for part in captions.left_out(true, settings) if part[0]]
    return batches, "\n".join((*left_out, captions.total(true)))
