"""The process of one flow run: `python -m deployments.process HOME PIPELINES`, which workers start for each.

The template of the work pool says so, in place of Prefect's own command. Change this module when every run needs
something before Prefect is imported. It is Prefect's engine, settled like every other entry point of ours, and without
the heartbeat whose thread every flow would wait a second for at its end; that a run was killed is noticed by its lease.
It outlives its worker. What is ours to say stands in the log of the run as a sentence, without a traceback.
"""

import io
import logging
import runpy
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from configs import environment
from configs.errors import IncumbentError, SetAside
from tasks.adapters import permissions

if TYPE_CHECKING:
    from typing_extensions import Buffer

_LOGS = ("prefect.flow_runs", "prefect.task_runs", "prefect.engine")
"""What a run logs goes through one of them."""
_set_aside: list[str] = []
"""How the run ended whose batch was set aside."""


def main() -> None:
    """Do the flow run that the environment names."""
    environment.settle()
    if len(sys.argv) == 3:
        environment.work_in(Path(sys.argv[1]), Path(sys.argv[2]))
        del sys.argv[1:]  # Prefect's engine would take the first one for the id of the run
    environment.keep_prefect_in(environment.read().home / "prefect")
    sys.stdout, sys.stderr = speaker(1), speaker(2)
    if closed := permissions.close(environment.read().home):
        print(closed)
    from prefect import settings

    for name in _LOGS:
        logging.getLogger(name).addFilter(in_words)
    with settings.temporary_settings({settings.PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        try:
            runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)
        except SystemExit as end:
            # Prefect takes a run whose batch was set aside for one that was cancelled under its hands.
            sys.exit(0 if _set_aside else end.code)


def speaker(number: int) -> io.TextIOWrapper:
    """A stream into an open file that does not mind if nobody listens any more.

    A worker reads what its runs print. When it is killed, the next line of the log would end the run: Rich, which
    prints it, then exits.
    """
    file = io.BufferedWriter(_Speaker(number, "w", closefd=False))
    return io.TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", line_buffering=True)


def in_words(record: logging.LogRecord) -> bool:
    """Put the sentence of an error of ours in the place of its traceback; those of others keep theirs.

    That a batch was set aside is said by the state of the run, and no error.
    """
    problem = record.exc_info[1] if record.exc_info else None
    if isinstance(problem, SetAside):
        _set_aside.append(str(problem))
        return False
    if isinstance(problem, IncumbentError):
        record.msg, record.args = environment.without_secrets(str(problem)), ()
        record.exc_info = record.exc_text = None
    return True


class _Speaker(io.FileIO):
    def write(self, text: "Buffer", /) -> int:
        try:
            return super().write(text)
        except BrokenPipeError:
            return memoryview(text).nbytes


if __name__ == "__main__":
    main()
