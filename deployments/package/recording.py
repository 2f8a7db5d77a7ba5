"""Writes down that a package was built: a row in the ledger, then a tag of the version in MLflow."""

from configs.errors import IncumbentError
from deployments.package.building import Built
from tasks.adapters.home import Home
from tasks.adapters.mlflow import failures, registry


def record(home: Home, built: Built, by: str) -> str:
    """Record a package; gives what kept MLflow from being told, empty if nothing did.

    A version that MLflow does not have yet bears the tag as soon as it is registered.

    Args:
        home: Ledger and MLflow.
        built: The package.
        by: Who built it.
    """
    pipeline, version = built.live.pipeline, built.live.version
    home.ledger.packages.record(pipeline, version, built.digest, str(built.folder), by)
    try:
        with failures.explained(home.folder):
            registry.tag(home.tracking, pipeline, version, registry.PACKAGE_TAG, built.digest)
    except IncumbentError as problem:
        return str(problem)
    return ""
