"""Packages that were built: which digest, of which version, where."""

from sqlalchemy import select

from tasks.adapters.ledger import codec
from tasks.adapters.ledger.connection import Access, replace
from tasks.adapters.ledger.schema import packages
from tasks.adapters.ledger.troubles import patient
from tasks.domain.packages import Package


class Packages:
    """One row per digest: where it was built last."""

    def __init__(self, access: Access) -> None:
        """Args:
        access: The ledger's connections.
        """
        self._access = access

    @patient
    def record(self, pipeline: str, version: int, digest: str, folder: str, by: str) -> None:
        """Commit a package that is there; built again somewhere else, it is there."""
        values = {"version": version, "folder": folder, "by": by, "at": self._access.now()}
        with self._access.transaction() as connection:
            replace(connection, packages, {"pipeline": pipeline, "digest": digest}, values)

    def of(self, pipeline: str, version: int) -> Package | None:
        """The package of a version that was built last; None if none was."""
        mine = (packages.c.pipeline == pipeline) & (packages.c.version == version)
        row = self._access.first(select(packages).where(mine).order_by(packages.c.at.desc(), packages.c.digest))
        if row is None:
            return None
        at = codec.moment(row["at"])
        assert at is not None
        return Package(row["version"], row["digest"], row["folder"], row["by"], at)
