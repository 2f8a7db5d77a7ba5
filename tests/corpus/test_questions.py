"""Wrong command lines and surroundings: each has exactly its exit code, and is answered in words."""

from pathlib import Path

import pytest

from tests.corpus import questions
from tests.corpus.questions import Question


@pytest.mark.parametrize("question", questions.CASES, ids=lambda question: question.name)
def test_a_wrong_command_line_is_answered_in_words(question: Question, tmp_path: Path) -> None:
    questions.write_pipelines(tmp_path / "pipelines")

    code, told = questions.ask(question, tmp_path)

    assert questions.is_right(question, tmp_path, code, told), (code, told)
