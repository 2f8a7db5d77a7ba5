"""What fails in MLflow is told in one paragraph, with what to do."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import DatabaseError

from configs.errors import IncumbentError, UnusableHome
from tasks.adapters import mlflow_troubles

ON = "The same command goes on from there."
ANEW = "Its database is damaged: `verify --repair` makes it anew"
MALFORMED = DatabaseError("select 1", {}, Exception("database disk image is malformed"))
Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(
    ("problem", "said", "advice"),
    [
        (MlflowException("no run. \n a story"), "failed: no run. What", ON),
        (PermissionError(13, "Permission denied", "file"), "failed: [Errno 13] Permission denied: 'file'. What", ON),
        (OSError(), "failed: OSError. What", ON),
        (MALFORMED, "image is malformed. What", ANEW),
    ],
)
def test_it_is_told_in_one_paragraph_what_failed_and_what_to_do(
    problem: Exception, said: str, advice: str, tmp_path: Path
) -> None:
    with pytest.raises(IncumbentError) as told, mlflow_troubles.explained(tmp_path):
        raise problem

    assert said in str(told.value) and advice in str(told.value)
    assert "\n" not in str(told.value)


def test_a_disk_that_is_full_is_told_as_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(9, 9, 0))

    with pytest.raises(UnusableHome, match="is full"), mlflow_troubles.explained(tmp_path):
        raise OSError(28, "No space left on device")
