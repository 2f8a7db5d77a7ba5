"""The process of a flow run, and what must not end it."""

import subprocess
import sys

from configs.environment import CHECKOUT

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
