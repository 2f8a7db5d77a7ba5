"""What is said when MLflow cannot be written to: in one sentence, and short enough to cross to another process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from configs.errors import IncumbentError, UnusableHome
from tasks.adapters import files


@contextmanager
def explained(home: Path) -> Iterator[None]:
    """Say what is wrong when MLflow, or a file that goes to it, fails.

    Args:
        home: Where its database and artifacts are.

    Raises:
        UnusableHome: The disk is full.
        IncumbentError: Anything else that it cannot do.
    """
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as err:
        full = files.explain_want_of_room(home)
        if full:
            raise UnusableHome(full) from err
        raise IncumbentError(
            f"MLflow in {home / 'mlflow'} could not be written to: {_first_line(err)}. "
            "What was decided is committed; the same command goes on from there."
        ) from err


def _first_line(err: Exception) -> str:
    return next(iter(str(err).splitlines()), type(err).__name__).rstrip(". ")
