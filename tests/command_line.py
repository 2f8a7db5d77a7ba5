"""The command line, as a user has it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from configs import environment

CommandLine = Callable[..., "subprocess.CompletedProcess[str]"]


def run(home: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run `python -m flows.run` in a process of its own, as somebody to whom it is all the same who reads their files."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "INCUMBENT_"))}
    return subprocess.run(
        [sys.executable, "-m", "flows.run", *arguments],
        cwd=environment.CHECKOUT,
        env={**inherited, "INCUMBENT_HOME": str(home), **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        umask=0,
    )
