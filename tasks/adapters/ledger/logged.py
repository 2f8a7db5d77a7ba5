"""What MLflow was given of each model: the digests by which its files are known."""

from sqlalchemy import select

from tasks.adapters.ledger import codec
from tasks.adapters.ledger.connection import Access, replace
from tasks.adapters.ledger.schema import logged_files
from tasks.adapters.ledger.troubles import patient
from tasks.domain.logged_files import Logged


class LoggedFiles:
    """One row per model: the run in which it was shown last."""

    def __init__(self, access: Access) -> None:
        """Args:
        access: The ledger's connections.
        """
        self._access = access

    @patient
    def keep(self, pipeline: str, model: str, logged: Logged) -> None:
        """Commit what MLflow has been given of a model; what it was given before does not count any more."""
        with self._access.writing(pipeline) as connection:
            values = {"run": logged.run, "record": codec.dump(logged), "at": self._access.now()}
            replace(connection, logged_files, {"pipeline": pipeline, "model": model}, values)

    def of(self, pipeline: str, model: str) -> Logged | None:
        """What MLflow was given of one model, if it is known."""
        return self.all(pipeline).get(model)

    def all(self, pipeline: str) -> dict[str, Logged]:
        """What MLflow was given of each model, by its id; models from before this was kept are not there."""
        query = select(logged_files).where(logged_files.c.pipeline == pipeline).order_by(logged_files.c.at)
        return {row["model"]: codec.load(Logged, row["record"]) for row in self._access.rows(query)}
