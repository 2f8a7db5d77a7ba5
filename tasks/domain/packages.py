"""A package: a version as a folder that answers without the house, as the ledger has it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Package:
    """What was built, and where it was put."""

    version: int
    digest: str
    """sha256 of its list of files, in which each has its own."""
    folder: str
    by: str
    at: datetime


def sentence(pipeline: str, version: int, package: Package | None) -> str:
    """Which package a version has, or how it gets one.

    Args:
        pipeline: Its pipeline.
        version: Its number.
        package: The last one that was built of it.
    """
    if package is None:
        return f"v{version} has no package: `python -m deployments.package {pipeline} --version {version}` builds one."
    return f"The package of v{version} was built into {package.folder} (digest {package.digest[:12]})."
