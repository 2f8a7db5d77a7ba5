"""The command line: `python -m flows.run`. One exit code per class of error.

Nothing heavy is imported before it is needed: `--help` and mistakes are answered at once, and when nothing waits
neither Prefect nor scikit-learn is loaded. What is printed is in `terminal.py`.
"""

import argparse
import sys
from collections.abc import Callable, Sequence

from configs import environment
from configs.errors import IncumbentError

COMMANDS = ("run", "ingest", "monitor", "train", "status", "history", "verify", "prepare")
DEFAULT = "flights"


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    environment.settle()
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        chosen = _parser().parse_args(_with_command(given))
        return int(chosen.do(chosen))
    except IncumbentError as problem:
        print(problem, file=sys.stderr)
        return problem.exit_code
    except KeyboardInterrupt:
        print("\nStopped. What was committed stays; run the same command again to go on from there.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def _with_command(given: list[str]) -> list[str]:
    """`flows.run [PIPELINE]` means `run [PIPELINE]`."""
    words = [word for word in given if not word.startswith("-")]
    if words[:1] and words[0] in COMMANDS or {"-h", "--help"} & set(given):
        return given
    return ["run", *given]
