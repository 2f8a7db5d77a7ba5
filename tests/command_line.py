"""The command line, as a user has it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from configs import environment

Completed = subprocess.CompletedProcess[str]
CommandLine = Callable[..., Completed]


def run(home: Path, *arguments: str, **variables: str) -> Completed:
    """Run `python -m flows.run` in a process of its own, as somebody to whom it is all the same who reads their files."""
    return subprocess.run(
        [sys.executable, "-m", "flows.run", *arguments],
        cwd=environment.CHECKOUT,
        env=variables_of(home, **variables),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        umask=0,
    )


def variables_of(home: Path, **more: str) -> dict[str, str]:
    """The environment of somebody who works on a home with the pipelines of the test, and knows no Prefect but ours."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "INCUMBENT_"))}
    pipelines = {name: os.environ[name] for name in ("INCUMBENT_PIPELINES",) if name in os.environ}
    return {**inherited, **pipelines, "INCUMBENT_HOME": str(home), **more}
