"""The worker of `make up`: brings the server up to date with configs/, closes what is left open, then does the work.

Only `up` starts it. It is Prefect's own process worker; more of them may join at any time.
"""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from configs import environment
from deployments import apply, leftovers, plan
from deployments.plan import POOL
from tasks.adapters import running_server
from tasks.adapters.lifeline import Lifeline

READY = b"ready"
"""What the parent is told when all is in place."""
START_SECONDS = 180.0
"""Longest wait for the server; on a slow machine it first makes its database."""
_AGAIN_SECONDS = 0.1


def main(arguments: list[str]) -> None:
    """`HOME URL FILE`: work for the server at an address; `READY` is written to the file when all is in place."""
    home, url, ready = Path(arguments[0]), arguments[1], int(arguments[2])
    Lifeline(_end).start()
    environment.settle()
    import prefect.workers.process

    _wait_for(url)
    pipelines = apply.known()
    wanted = plan.plan(pipelines.usable, plan.here())
    for line in apply.apply(home, wanted, own_server=True, broken=pipelines.broken):
        print(line, flush=True)
    closed = leftovers.close(url, "Its process ended with the server that had started it. What was committed stays.")
    missed = leftovers.skip_missed(url)
    print(f"{closed} runs that were left open are closed, {missed} that were missed are skipped", flush=True)
    worker = prefect.workers.process.ProcessWorker(
        work_pool_name=POOL, name=f"make up, process {os.getpid()}", limit=_most_runs()
    )
    os.write(ready, READY)
    asyncio.run(worker.start())


def _most_runs() -> int:
    """Runs at once: more than there are cores, because a run mostly waits for its imports, or for its lease."""
    return max(4, 2 * (os.cpu_count() or 1))


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not running_server.is_healthy(url):
        if time.monotonic() > deadline:
            sys.exit(f"{url} does not answer after {START_SECONDS:.0f} s")
        time.sleep(_AGAIN_SECONDS)


def _end() -> None:
    """End this process and the runs that it started."""
    os.killpg(os.getpgrp(), signal.SIGTERM)


if __name__ == "__main__":
    main(sys.argv[1:])
