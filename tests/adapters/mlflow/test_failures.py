"""What fails in MLflow is told in one paragraph, with what to do."""

import shutil
import sqlite3
from collections import namedtuple
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import DatabaseError

from configs.errors import IncumbentError, UnusableHome
from tasks.adapters.mlflow import failures

ON = "The same command goes on from there."
ANEW = "Its database is damaged: `verify --repair` makes it anew"


def met(code: int, words: str = "database disk image is malformed") -> MlflowException:
    """What MLflow makes of an error of SQLite."""
    first = sqlite3.DatabaseError(words)
    first.sqlite_errorcode = code
    second = DatabaseError("select 1", {}, first)
    second.__cause__ = first
    found = MlflowException(str(second))
    found.__context__ = second
    return found


Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(
    ("problem", "said", "advice"),
    [
        (MlflowException("no run. \n a story"), "failed: no run. What", ON),
        (PermissionError(13, "Permission denied", "file"), "failed: [Errno 13] Permission denied: 'file'. What", ON),
        (OSError(), "failed: OSError. What", ON),
        (met(sqlite3.SQLITE_CORRUPT), "image is malformed. What", ANEW),
        (met(sqlite3.SQLITE_CORRUPT_INDEX, "bad"), "bad. What", ANEW),
        (met(sqlite3.SQLITE_NOTADB), "image is malformed. What", ANEW),
        (met(sqlite3.SQLITE_BUSY), "image is malformed. What", ON),
        (MlflowException("the note says: database disk image is malformed"), "image is malformed. What", ON),
    ],
)
def test_it_is_told_in_one_paragraph_what_failed_and_what_to_do(
    problem: Exception, said: str, advice: str, tmp_path: Path
) -> None:
    with pytest.raises(IncumbentError) as told, failures.explained(tmp_path):
        raise problem

    assert said in str(told.value) and advice in str(told.value)
    assert "\n" not in str(told.value)


def test_a_disk_that_is_full_is_told_as_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(9, 9, 0))

    with pytest.raises(UnusableHome, match="is full"), failures.explained(tmp_path):
        raise OSError(28, "No space left on device")
