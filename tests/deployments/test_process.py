"""The process of a flow run: what must not end it, and what it says in the log of the run."""

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from configs.environment import CHECKOUT
from configs.errors import MistakeOfUser
from deployments import process, rest
from tests.deployments.conftest import own_variables
from tests.fixtures_server import wait_until

TALKS = """
import sys
from deployments import process
sys.stdout, sys.stderr = process.speaker(1), process.speaker(2)
from rich.console import Console
print("begun", flush=True)
sys.stdin.readline()
for stream in (sys.stdout, sys.stderr):
    Console(file=stream).print("a line of the log")
    print("a word", file=stream, flush=True)
sys.exit(7)
"""


def test_a_run_whose_worker_listens_no_more_goes_on() -> None:
    pipe = subprocess.PIPE
    talks = subprocess.Popen([sys.executable, "-c", TALKS], cwd=CHECKOUT, stdin=pipe, stdout=pipe, stderr=pipe)
    assert talks.stdin and talks.stdout and talks.stderr
    begun = talks.stdout.readline()

    talks.stdout.close()
    talks.stderr.close()
    talks.stdin.close()

    assert begun == b"begun\n"
    assert talks.wait(60) == 7


# ── the log of a run ──────────────────────────────────────────────────────────────────────────────────────────────
def test_a_mistake_in_a_form_is_a_sentence_in_the_log_of_its_run(
    prefect_server: str, write: Callable[..., None], put_to_work: Callable[[], list[str]], tmp_path: Path
) -> None:
    write("churn")
    put_to_work()
    there = rest.call(prefect_server, "GET", "/deployments/name/release/churn")
    given = {"parameters": {"pipeline": "churn", "version": "v7", "reason": "it was the data"}}
    run = rest.call(prefect_server, "POST", f"/deployments/{there['id']}/create_flow_run", given)["id"]

    told = own_variables(tmp_path / "home", PREFECT_API_URL=prefect_server, PREFECT__FLOW_RUN_ID=run)
    told["INCUMBENT_PIPELINES"] = str(tmp_path / "pipelines")
    subprocess.run([sys.executable, "-m", "deployments.process"], cwd=CHECKOUT, env=told, check=False, timeout=300)

    wait_until(lambda: any("Finished in" in line for line in logged(prefect_server, run)))
    state = rest.call(prefect_server, "GET", f"/flow_runs/{run}")["state"]
    sentence = "Unknown version v7 of churn. It has none yet; `history` and the report list those that were live."
    assert (state["name"], state["message"]) == ("Failed", sentence)
    assert sentence in logged(prefect_server, run)
    assert [line for line in logged(prefect_server, run) if "Traceback" in line or "unexpected" in line] == []


def logged(url: str, run: str) -> list[str]:
    """The lines of the log of a run and of its tasks, as the server has them."""
    wanted = {"logs": {"flow_run_id": {"any_": [run]}}, "sort": "TIMESTAMP_ASC"}
    return [line["message"] for line in rest.call(url, "POST", "/logs/filter", wanted)]


@pytest.mark.parametrize(
    ("error", "text", "has_traceback"),
    [
        (MistakeOfUser("100 % wrong. Type another one."), "100 % wrong. Type another one.", False),
        (KeyError("a fault"), "it failed: KeyError('a fault')", True),
    ],
)
def test_only_what_is_ours_stands_there_without_its_traceback(error: Exception, text: str, has_traceback: bool) -> None:
    about = (type(error), error, None)
    record = logging.LogRecord("prefect.flow_runs", logging.ERROR, "here", 1, "it failed: %r", (error,), about)

    assert process.in_words(record)
    assert (record.getMessage(), record.exc_info is not None) == (text, has_traceback)
