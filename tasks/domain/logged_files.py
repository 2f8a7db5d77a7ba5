"""What MLflow was given of a model, and what lies there now."""

from dataclasses import dataclass

WHOLE = "."
"""The path of a folder itself in a list of what lies in it: it has one if it is none."""


@dataclass(frozen=True)
class Logged:
    """What MLflow was given of a model: in which run, where the files are, and the sha256 of each."""

    run: str
    """MLflow's id of it."""
    run_folder: str
    """Where MLflow keeps the files of the run, as it names the place."""
    logged_model: str
    """MLflow's id of the model."""
    model_folder: str
    files: tuple[tuple[str, str], ...]
    """Path and digest of each; a path begins with `run/` or `model/`."""


@dataclass(frozen=True)
class Entry:
    """What lies at one place of a folder."""

    digest: str | None
    """sha256 of a regular file; None for anything else."""
    what: str = "a file"
