"""Starts the command line: `python -m flows.run`. One exit code per class of error.

Nothing heavy is imported before it is needed: `--help` and mistakes are answered at once, and when nothing waits
neither Prefect nor scikit-learn is loaded. Which commands there are is in `flows/console/commands.py`.
"""

import os
import sys
from collections.abc import Sequence

from configs import environment
from configs.errors import IncumbentError
from flows.console import parsing, suggestions
from flows.console.commands import COMMANDS
from flows.console.signals import Stop, leave


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    line = list(sys.argv[1:] if arguments is None else arguments)
    try:
        suggestions.require_command(line, COMMANDS)
        chosen = parsing.read(line)
        environment.settle()
        parsing.sort_out(chosen)
        with Stop() as stop:
            from flows.console import execution

            return execution.execute(chosen)
    except IncumbentError as problem:
        print(environment.without_secrets(str(problem)), file=sys.stderr)
        return problem.exit_code
    print("\nStopped. What was committed stays; the same command goes on from there.", file=sys.stderr)
    return stop.code


def _fill_streams() -> None:
    """Give a stream that was closed (`>&-`) somewhere to go, before another file takes its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None and os.open(os.devnull, os.O_RDWR) == number:
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8"))


if __name__ == "__main__":
    _fill_streams()
    leave(main())
