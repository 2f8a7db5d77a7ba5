"""Restores what is a projection of the ledger: MLflow's runs, versions, aliases and tags, drift pages, the report.

Only what is gone or says otherwise is made again, by the same steps that showed it first; killed and begun again, it
ends the same. What only the projection held cannot come back, and is named. Nothing in ledger, store or bundles changes
but where a turn is shown; and batches that were refused because nobody could read them wait for that.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from configs.errors import Busy, IncumbentError, Unreachable, UnusableHome
from tasks.adapters import failpoints
from tasks.adapters.home import Home
from tasks.adapters.mlflow import failures, registry, tracking
from tasks.domain.turns import Verdict
from tasks.ingestion.steps import arrivals
from tasks.lineage.steps import showing
from tasks.lineage.verify import balance as lineage
from tasks.lineage.verify.checks import ledger_copy, projections, recount, served_files
from tasks.lineage.verify.checks.ledger_copy import Recorded
from tasks.lineage.verify.checks.served_files import State
from tasks.reporting.steps import report_file

if TYPE_CHECKING:
    from mlflow import MlflowClient

_WRITTEN_BY_HAND = (
    "what was written into MLflow by hand: notes, tags, runs and experiments of your own",
    "the ids of MLflow's runs: the turns have new ones, links to the old ones in Prefect's UI lead nowhere",
)
_OF_ALL = (Busy, Unreachable, UnusableHome)
"""What stands in the way of all turns: nothing of one turn is lost by it, and the same command goes on from there."""


@dataclass(frozen=True)
class Repaired:
    """What came of a repair, one sentence each."""

    restored: tuple[str, ...]
    lost: tuple[str, ...]
    """What cannot be restored, and why."""


def repair(home: Home, pipeline: str) -> Repaired:
    """Bring what is shown of a pipeline in line with the ledger. The caller holds the lease.

    Args:
        home: Ledger and everything that is shown.
        pipeline: Whose projections.

    Raises:
        IncumbentError: MLflow cannot be used, and why.
    """
    recorded = ledger_copy.read(home, pipeline)
    if recorded.unreadable:
        return Repaired((), ("anything: rows of the ledger cannot be read. Restore it from a backup first",))
    restored: list[str] = list(_reopen(home, recorded))
    lost: list[str] = []
    with failures.explained(home.folder):
        _repair_mlflow(home, recorded, restored, lost)
    for turn, name in sorted(home.ledger.turns.projected(pipeline, "drift_report").items()):
        _draw_drift(home, pipeline, turn, str(name), restored, lost)
    restored.extend(_write_page(home, recorded))
    return Repaired(tuple(restored), tuple(lost))


# ── deliveries ────────────────────────────────────────────────────────────────────────────────────────────────────
def _reopen(home: Home, recorded: Recorded) -> Iterator[str]:
    """Let batches wait that were refused because their bytes could not be read, as earlier versions did."""
    admitted = {admission.batch for admission in recorded.admissions}
    for batch in recorded.batches:
        if lineage.never_read(batch) and batch.id not in admitted:
            home.ledger.admissions.record(recorded.pipeline, batch, "verify --repair", "its bytes could not be read")
            failpoints.reach("refusal-reopened")
            arrivals.forget(home, recorded.pipeline)
            yield f"batch {batch.name}: it waits until its bytes can be read, and is judged then"


# ── MLflow ────────────────────────────────────────────────────────────────────────────────────────────────────────
def _repair_mlflow(home: Home, recorded: Recorded, restored: list[str], lost: list[str]) -> None:
    projected = home.ledger.turns.projected(recorded.pipeline, "mlflow")
    anew = _database_made_anew(home, bool(projected))
    if anew:
        restored.append(anew)
        lost.extend(_WRITTEN_BY_HAND)
    pointed, before = registry.aliases(home.tracking, recorded.pipeline), _put_aside(home)
    states = list(served_files.states(home, recorded))
    for turn in sorted(turn for turn, run in projected.items() if run is not None):
        _show_turn(home, recorded, turn, [one for one in states if one.turn == turn], restored, lost)
    restored.extend(_point_aliases(home, recorded, set(projected), pointed))
    if moved := len(_put_aside(home) - before):
        files = "1 file that was" if moved == 1 else f"{moved} files that were"
        restored.append(f"the folders of MLflow: {files} not logged so are put aside in {showing.aside(home)}")


def _database_made_anew(home: Home, was_shown: bool) -> str | None:
    """Make MLflow's database if it is gone or no database any more; what was there is moved aside, never removed.

    Gives what to tell: it is of all pipelines, also if nothing of this one was shown in it yet.
    """
    database = projections.database(home)
    was_there = database.exists()
    if was_there and _is_sound(database):
        return None
    aside = next(name for number in range(1, 1000) if not (name := Path(f"{database}.damaged-{number}")).exists())
    for ending in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):  # left behind, they would be taken for changes of the new one
            Path(f"{database}{ending}").rename(f"{aside}{ending}")
    assert home.tracking
    if not was_there and not was_shown:
        return None
    state = f"it was damaged; that one is {aside.name} now" if was_there else "it was gone"
    return f"MLflow's database: {state}. It is shared: each other pipeline needs `verify --repair` too"


def _is_sound(database: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True)) as connection:
            return bool(connection.execute("pragma quick_check(1)").fetchone() == ("ok",))
    except sqlite3.OperationalError as err:
        return failures.code_of(err) != sqlite3.SQLITE_CANTOPEN  # busy is not broken
    except sqlite3.DatabaseError:
        return False


def _put_aside(home: Home) -> set[Path]:
    return {path for path in showing.aside(home).rglob("*") if path.is_symlink() or not path.is_dir()}


def _show_turn(
    home: Home, recorded: Recorded, turn: int, states: list[State], restored: list[str], lost: list[str]
) -> None:
    """Show a turn again if anything of it is gone in MLflow, or is not what the ledger says."""
    wrong = [*_wrong_in_files(home, recorded, states), *_wrong_in(home, recorded, turn, states)]
    if not wrong:
        return
    try:
        showing.show_again(home, recorded.pipeline, turn)
    except _OF_ALL:
        raise
    except IncumbentError as problem:
        lost.append(f"turn {turn} in MLflow: {_unstopped(problem)}")
        return
    restored.append(f"turn {turn} in MLflow: {', '.join(wrong)}")
    lost.extend(_not_made_again(home, recorded, states))
    failpoints.reach("turn-repaired")


def _wrong_in_files(home: Home, recorded: Recorded, states: list[State]) -> Iterator[str]:
    """What is to be put back in its place; what cannot be is taken out of the way, so that it is written anew."""
    client = tracking.open_client(home.tracking)
    for state in states:
        for number in dict(state.elsewhere):
            client.delete_model_version(recorded.pipeline, str(number))
        if state.is_right:
            continue
        if state.gone or not state.in_home:
            _take_out(home, client, recorded.pipeline, state)
        yield f"the files of {state.named}"


def _take_out(home: Home, client: "MlflowClient", pipeline: str, state: State) -> None:
    """Remove a run, its model and the versions of it from what MLflow shows; it keeps the files."""
    client.delete_run(state.run)
    if state.logged_model:
        client.delete_logged_model(state.logged_model)
    for one in registry.entries(home.tracking, pipeline):
        if one.version == state.version:
            client.delete_model_version(pipeline, str(one.number))


def _not_made_again(home: Home, recorded: Recorded, states: list[State]) -> Iterator[str]:
    """Files that were logged once, and that MLflow cannot be given again."""
    for state in states:
        held = home.ledger.logged.of(recorded.pipeline, state.model.id)
        gone = dict(state.kept.files).keys() - dict(held.files).keys() if state.kept and held else ()
        yield from (
            f"{path} of {state.named} in MLflow: what it was made from is others by now" for path in sorted(gone)
        )


def _wrong_in(home: Home, recorded: Recorded, turn: int, states: list[State]) -> Iterator[str]:
    """What of a turn is missing in MLflow; what says otherwise is taken out of the way, so that it is written anew."""
    client = tracking.open_client(home.tracking)
    challenger, verdict = recorded.verdicts.get(turn, ("", None))
    batch = recorded.batch_of.get(turn)
    there = projections.finished_runs(home.tracking, recorded.pipeline)
    run = home.ledger.turns.projected(recorded.pipeline, "mlflow").get(turn)
    if run in there and _corrected(client, run, there[run], challenger, verdict):
        yield f"the tags of run {run}"
    for model in home.ledger.models.of_turn(recorded.pipeline, turn):
        runs = [name for name, tags in there.items() if tags.get(tracking.MODEL_TAG) == model.id]
        if recorded.was_shown(model.id, batch) and not (run in there if model.id == challenger else runs):
            yield f"the run of {model.family}"
    refit = recorded.refit.model if recorded.refit and recorded.refit.turn == turn else None
    for version in (number for number, model in recorded.versions.items() if model.id in (challenger, refit)):
        put_back = any(state.version == version and state.in_home and not state.gone for state in states)
        if not _is_registered(home, client, recorded, version, put_back):
            yield f"v{version}"


def _corrected(client: "MlflowClient", run: str, tags: dict[str, str], model: str, verdict: Verdict | None) -> bool:
    """Put right the tags of a run by which it is known; says whether one was wrong."""
    true = {tracking.MODEL_TAG: model, **({projections.VERDICT_TAG: verdict.kind.value} if verdict else {})}
    wrong = {name: value for name, value in true.items() if tags.get(name) != value}
    for name, value in wrong.items():
        client.set_tag(run, name, value)
    return bool(wrong)


def _unstopped(problem: Exception) -> str:
    """What is wrong, to be ended by who tells it."""
    return str(problem).rstrip(". ")


def _is_registered(home: Home, client: "MlflowClient", recorded: Recorded, version: int, put_back: bool) -> bool:
    """Whether MLflow has a version as it should be; one that gives out another bundle is removed, with its run.

    `put_back` says that its folder is put right in its place.
    """
    model, there = recorded.versions[version], registry.find(home.tracking, recorded.pipeline, version)
    if there is None:
        return False
    if put_back or projections.gives_out(there, model):
        return there.model == model.id
    shown = registry.number(home.tracking, recorded.pipeline, version)
    if shown is not None:
        tags = projections.finished_runs(home.tracking, recorded.pipeline).get(shown.run_id or "", {})
        if shown.run_id and tags.get(tracking.MODEL_TAG) == model.id:  # it may be gone, or be of another model
            client.delete_run(shown.run_id)
        client.delete_model_version(recorded.pipeline, shown.version)
    return False


def _point_aliases(home: Home, recorded: Recorded, projected: set[int], pointed: dict[str, int]) -> Iterator[str]:
    """Let `champion` and `challenger` say what the ledger says, as far as those versions are there.

    `pointed` is what they said before anything was shown again, which moves them as well.
    """
    there = registry.versions(home.tracking, recorded.pipeline)
    owed = home.ledger.promotions.untold(recorded.pipeline)
    challengers = projections.expected_versions(recorded, projected)
    right = {"challenger": next(reversed(challengers), None)}
    if recorded.promotions:
        right["champion"] = recorded.promotions[-1].version
    for alias, version in sorted(right.items()):
        if version not in there:
            continue
        registry.set_alias(home.tracking, recorded.pipeline, alias, version)
        if pointed.get(alias) != version:
            yield f"MLflow's alias {alias}: v{version}"
    if owed and right.get("champion") in there:
        showing.show_rollbacks(home, recorded.pipeline)


# ── pages ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def _draw_drift(home: Home, pipeline: str, turn: int, name: str, restored: list[str], lost: list[str]) -> None:
    path = home.report(pipeline).parent / name
    if projections.is_whole(path):
        return
    for script in path.parent.glob("evidently-*.js"):
        if not script.stat().st_size:
            script.unlink()
    try:
        showing.show_drift(home, pipeline, turn, again=True)
    except _OF_ALL:
        raise
    except IncumbentError as problem:
        lost.append(f"the drift page of turn {turn}: {_unstopped(problem)}")
        return
    (restored if projections.is_whole(path) else lost).append(f"the drift page of turn {turn} ({path.name})")


def _write_page(home: Home, recorded: Recorded) -> Iterator[str]:
    """Write the report anew if it is gone, or is not what follows from the bytes."""
    counted = recount.Counted()
    list(recount.check(home, recorded, counted))
    if any(projections.check_report(home, recorded, counted)):
        path = report_file.write(home, recorded.pipeline)
        yield f"the report ({path.name})"
