"""What MLflow hands out of each model, file by file, against the digests in the ledger (I1, I6).

A model of which the ledger has no digests was logged by an earlier version: only what does not depend on the moment of
logging is compared then, and the rest is told as not known.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.adapters.home import Home
from tasks.adapters.mlflow import artifacts, packaging, run_facts, run_files, tracking
from tasks.domain.logged_files import Entry, Logged
from tasks.domain.records import Model, Score
from tasks.lineage.verify import files as rules
from tasks.lineage.verify.checks.ledger_copy import Recorded
from tasks.lineage.verify.findings import Finding, shown_wrongly

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Run

    from tasks.adapters.mlflow.registry import Registered

_NO_DIGEST = ""
"""Of a file that says something else than the ledger: nothing has this digest."""


@dataclass(frozen=True)
class State:
    """What MLflow hands out of one model."""

    turn: int
    model: Model
    version: int | None
    run: str
    kept: Logged | None
    """What the ledger says of its files; None if an earlier version has logged them."""
    score: Score | None
    """None of a refit, which was judged on nothing then."""
    logged_model: str | None = None
    """MLflow's id of it; None if it has none."""
    gone: tuple[str, ...] = ()
    """Why the model has to be logged anew."""
    files: tuple[tuple[str, Path, tuple[str, ...]], ...] = ()
    """Per folder what it is, where it is, and what is wrong in it."""
    elsewhere: tuple[tuple[int, str], ...] = ()
    """Versions in MLflow's own numbers that hand out another folder, and which."""
    in_home: bool = True
    """Whether its folders are in this home: others are not written to."""

    @property
    def named(self) -> str:
        """The model, for people."""
        return f"v{self.version}" if self.version else f"model {self.model.id[:12]} ({self.model.family})"

    @property
    def is_right(self) -> bool:
        """Whether nothing has to be done."""
        return self.kept is not None and not (self.gone or self.elsewhere or any(wrong for _, _, wrong in self.files))


def check(home: Home, recorded: Recorded) -> Iterator[Finding]:
    """Every file that MLflow hands out of the models that were shown."""
    unknown = []
    for state in states(home, recorded):
        invariant = "I1" if state.version else "I6"
        for why in state.gone:
            yield shown_wrongly(invariant, f"MLflow's {state.named} of turn {state.turn} {why}")
        for number, place in state.elsewhere:
            text = f"MLflow's {state.named} (its version {number}) is handed out from another folder, {place}"
            yield shown_wrongly("I1", text)
        for what, folder, wrong in state.files:
            if wrong:
                yield shown_wrongly(invariant, f"MLflow's {what} of {state.named}: {rules.listed(wrong)} ({folder})")
        unknown += [] if state.kept else [state.named]
    if unknown:
        yield shown_wrongly(
            "I6",
            f"MLflow's files of {', '.join(unknown[:4])}{f' and {len(unknown) - 4} more' if len(unknown) > 4 else ''} "
            "were logged by an earlier version, which kept no digests: whether they were changed since is not known. "
            "`verify --repair` logs them anew",
        )


def states(home: Home, recorded: Recorded) -> Iterator[State]:
    """What MLflow hands out of each judged model whose run is there; a run that is not is told elsewhere."""
    from tasks.adapters.mlflow import registry

    pipeline, store = recorded.pipeline, home.tracking
    client = tracking.open_client(store)
    runs = {run.info.run_id: run for run in tracking.finished(client, pipeline)}
    versions = {model.id: version for version, model in recorded.versions.items()}
    entries = registry.entries(store, pipeline)
    for turn, shown in sorted(home.ledger.turns.projected(pipeline, "mlflow").items()):
        batch, challenger = recorded.batch_of.get(turn), recorded.verdicts.get(turn, ("",))[0]
        for model in home.ledger.models.of_turn(pipeline, turn) if shown is not None else ():
            if batch is None or not recorded.was_shown(model.id, batch):
                continue
            kept = recorded.logged.get(model.id)
            run = runs.get(shown if model.id == challenger else _run_of(runs, model, kept))
            if run is not None:
                version = versions.get(model.id)
                registered = [one for one in entries if one.version == version] if version else []
                about = State(turn, model, version, run.info.run_id, kept, recorded.scores.get((model.id, batch.id)))
                yield _state(home, pipeline, about, run, registered)


def _run_of(runs: "Mapping[str, Run]", model: Model, kept: Logged | None) -> str | None:
    if kept is not None and kept.run in runs:
        return kept.run
    tagged = (name for name, run in runs.items() if run.data.tags.get(tracking.MODEL_TAG) == model.id)
    return next(tagged, None)


def _state(home: Home, pipeline: str, about: State, run: "Run", registered: "Sequence[Registered]") -> State:
    kept = about.kept
    logged = _logged_model(tracking.open_client(home.tracking), run, kept)
    if logged is None:
        return replace(about, gone=("has no logged model any more",))
    run_folder, folder = (artifacts.folder_of(str(one)) for one in (run.info.artifact_uri, logged.artifact_location))
    if run_folder is None or folder is None:
        return replace(about, gone=(f"is handed out from no folder of this machine ({logged.artifact_location})",))
    ours = [tracking.holds(home.tracking, one) for one in (run_folder, folder)]
    is_in_place = kept is None or (kept.run_folder, kept.model_folder) == (
        run.info.artifact_uri,
        logged.artifact_location,
    )
    gone = () if all(ours) or is_in_place else (f"is handed out from where it was not logged ({folder})",)
    if kept is not None and kept.run != about.run:
        gone = (f"is shown by run {about.run}, but was logged by run {kept.run}",)
    looks = [artifacts.look(one, pipeline) for one in (run_folder, folder)]
    expected = _kept(kept) if kept else _of_earlier(run, about, run_folder, looks)
    wrong = [rules.differences(*pair) for pair in zip(expected, looks, strict=True)]
    return replace(
        about,
        logged_model=logged.model_id,
        gone=gone,
        files=(("run", run_folder, wrong[0]), ("files", folder, wrong[1])),
        elsewhere=tuple((one.number, place) for one in registered for place in one.places if place != str(folder)),
        in_home=all(ours),
    )


def _logged_model(client: "MlflowClient", run: "Run", kept: Logged | None) -> "LoggedModel | None":
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST, ErrorCode

    named = kept.logged_model if kept else tracking.model_of(client, run.info.run_id)
    try:
        return client.get_logged_model(named) if named else None
    except MlflowException as err:
        if err.error_code != ErrorCode.Name(RESOURCE_DOES_NOT_EXIST):
            raise
        return None


def _kept(kept: Logged) -> tuple[dict[str, str | None], dict[str, str | None]]:
    """The digests in the ledger, of the run and of the model."""
    run, model = (
        {path.removeprefix(part): digest for path, digest in kept.files if path.startswith(part)}
        for part in (artifacts.RUN, artifacts.MODEL)
    )
    return {**run}, {**model}


def _of_earlier(
    run: "Run", about: State, folder: Path, looks: Sequence[Mapping[str, Entry]]
) -> tuple[dict[str, str | None], dict[str, str | None]]:
    """What an earlier version has logged: its names, the bundle, and what says the same as the ledger."""
    changed = run.data.tags.get(run_facts.SETTINGS_CHANGED) == "true"
    files: dict[str, str | None] = {run_files.LATER if changed else run_files.PIPELINE: None}
    files |= {} if about.score is None else {run_files.SLICES: None}
    values = {run_files.SNAPSHOT: asdict(about.model.snapshot)}
    values |= {} if about.score is None else {run_files.SCORE: _as_earlier(asdict(about.score))}
    for name, value in values.items():
        files[name] = None if _says(folder / name, value) else _NO_DIGEST
    files |= {path: None for path in looks[0] if path.startswith(f"{run_files.PLOTS}/") and path.endswith(".png")}
    described: dict[str, str | None] = dict.fromkeys([*packaging.DESCRIBED, *({packaging.CODE} & looks[1].keys())])
    return files, {**described, packaging.FILE: about.model.bundle}


def _as_earlier(score: dict[str, Any]) -> dict[str, Any]:
    """As an earlier version has written it, which had another name for the loss of a slice."""
    parts = [
        {"log_loss" if name == "loss" else name: value for name, value in part.items()} for part in score["slices"]
    ]
    return {**score, "slices": parts}


def _says(path: Path, value: Mapping[str, Any]) -> bool:
    """Whether a file says what the ledger says, in so far as both say it."""
    try:
        content = json.loads(path.read_text(encoding="utf-8")) if path.is_file() and not path.is_symlink() else {}
    except (OSError, ValueError):
        return False
    true = json.loads(json.dumps(value, default=str))
    return isinstance(content, dict) and all(content[name] == true[name] for name in content.keys() & true.keys())
