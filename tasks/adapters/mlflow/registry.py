"""MLflow registry: the versions of each pipeline's model and the aliases `champion` and `challenger`.

A projection of the promotions in the ledger, like `tracking`. MLflow has no conditional write and no history of
aliases, so these functions only make it say what the ledger already says. Add nothing here that decides.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from configs.errors import IncumbentError
from tasks.adapters.mlflow import artifacts, packaging
from tasks.adapters.mlflow.tracking import MODEL_TAG, TrackingStore, model_of, open_client

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

VERSION_TAG = "incumbent.version"
PACKAGE_TAG = "incumbent.package"
"""The digest of the folder as which a version can leave the house, once one was built."""


@dataclass(frozen=True)
class Shown:
    """A version as MLflow has it."""

    model: str
    """Id of the model in the ledger."""
    bundle: Path
    """MLflow's copy of the skops file."""


@dataclass(frozen=True)
class Registered:
    """A version in MLflow that says it is one of ours."""

    number: int
    """MLflow's own."""
    version: int
    model: str
    places: tuple[str, ...]
    """The folders of which MLflow says that they are its source."""


def register(
    store: TrackingStore,
    pipeline: str,
    *,
    model: str,
    version: int,
    run_id: str,
    tags: tuple[tuple[str, str], ...] = (),
) -> int:
    """Register the model that a run logged as a version of `pipeline`; done before, nothing is written but the tags.

    A version that came of another run makes way: that run is gone, and its folder is not the one that is shown now.
    Returns MLflow's number of it. It equals `version` unless somebody else has written to the registry; what counts is
    the tag `incumbent.version`.
    """
    client = open_client(store)
    all_tags = {MODEL_TAG: model, VERSION_TAG: str(version), **dict(tags)}
    registered = _find(client, pipeline, version)
    if registered is not None and registered.run_id != run_id:
        client.delete_model_version(pipeline, registered.version)
    elif registered is not None:
        for name, value in all_tags.items():
            if registered.tags.get(name) != value:
                client.set_model_version_tag(pipeline, registered.version, name, value)
        return int(registered.version)
    if not _exists(client, pipeline):
        client.create_registered_model(pipeline)
    named = model_of(client, run_id)
    if named is None:
        raise IncumbentError(
            f"The MLflow run {run_id} has no model, so version {version} cannot be registered. Log it anew."
        )
    logged = client.get_logged_model(named)
    created = client.create_model_version(
        pipeline,
        source=logged.artifact_location,
        run_id=run_id,
        tags=all_tags,
        model_id=logged.model_id,
        await_creation_for=0,
    )
    return int(created.version)


def tag(store: TrackingStore, pipeline: str, version: int, name: str, value: str) -> bool:
    """Give a version of ours a tag; whether it is registered yet."""
    client = open_client(store)
    registered = _find(client, pipeline, version)
    if registered is not None and registered.tags.get(name) != value:
        client.set_model_version_tag(pipeline, registered.version, name, value)
    return registered is not None


def set_alias(store: TrackingStore, pipeline: str, alias: str, version: int | None) -> None:
    """Point an alias at a registered version of ours (None: at nothing), unless it points there already."""
    client = open_client(store)
    current = client.get_registered_model(pipeline).aliases.get(alias) if _exists(client, pipeline) else None
    if version is None:
        if current is not None:
            client.delete_registered_model_alias(pipeline, alias)
        return
    target = _find(client, pipeline, version)
    if target is None:
        raise IncumbentError(f"MLflow has no version {version} of '{pipeline}' to call {alias}. Register it first.")
    if str(current) != str(target.version):
        client.set_registered_model_alias(pipeline, alias, str(target.version))


def aliases(store: TrackingStore, pipeline: str) -> dict[str, int]:
    """Every alias and the version of ours that it points to; aliases of versions that are not ours are left out."""
    client = open_client(store)
    if not _exists(client, pipeline):
        return {}
    pointing = client.get_registered_model(pipeline).aliases
    ours = {str(version.version): int(version.tags[VERSION_TAG]) for version in _versions(client, pipeline)}
    return {alias: ours[str(number)] for alias, number in pointing.items() if str(number) in ours}


def versions(store: TrackingStore, pipeline: str) -> dict[int, str]:
    """Every version of ours and the id of its model."""
    client = open_client(store)
    return {int(version.tags[VERSION_TAG]): version.tags.get(MODEL_TAG, "") for version in _versions(client, pipeline)}


def find(store: TrackingStore, pipeline: str, version: int) -> Shown | None:
    """A version of ours as MLflow has it, or None."""
    registered = _find(open_client(store), pipeline, version)
    if registered is None:
        return None
    folder = _places(open_client(store), registered)[0]
    return Shown(registered.tags.get(MODEL_TAG, ""), Path(folder) / packaging.FILE)


def entries(store: TrackingStore, pipeline: str) -> list[Registered]:
    """Every version that says it is one of ours; two may say that they are the same one."""
    client = open_client(store)
    return [
        Registered(int(one.version), int(one.tags[VERSION_TAG]), one.tags.get(MODEL_TAG, ""), _places(client, one))
        for one in _versions(client, pipeline)
    ]


def number(store: TrackingStore, pipeline: str, version: int) -> "ModelVersion | None":
    """A version of ours under MLflow's own number, or None."""
    return _find(open_client(store), pipeline, version)


def _places(client: "MlflowClient", version: "ModelVersion") -> tuple[str, ...]:
    """From where MLflow hands a version out, and what it names as its source, where that is another place."""
    handed = client.get_model_version_download_uri(version.name, version.version)
    return tuple(dict.fromkeys(str(artifacts.folder_of(one) or one) for one in (handed, version.source or "")))


def _versions(client: "MlflowClient", pipeline: str) -> list["ModelVersion"]:
    versions: list[ModelVersion] = []
    token: str | None = None
    while True:
        page = client.search_model_versions(f"name = '{pipeline}'", max_results=1000, page_token=token)
        versions += [one for one in page if one.tags.get(VERSION_TAG, "").isdigit()]
        token = page.token
        if not token:
            return versions


def _find(client: "MlflowClient", pipeline: str, version: int) -> "ModelVersion | None":
    wanted = f"name = '{pipeline}' and tags.`{VERSION_TAG}` = '{version}'"
    return next(iter(client.search_model_versions(wanted, max_results=1)), None)


def _exists(client: "MlflowClient", pipeline: str) -> bool:
    return bool(client.search_registered_models(f"name = '{pipeline}'", max_results=1))
