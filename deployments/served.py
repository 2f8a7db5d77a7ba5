"""The worker of `make up`: brings the server up to date with configs/, closes what is left open, then does the work.

Only `up` starts it. It is Prefect's own process worker; more of them may join at any time.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.error import HTTPError, URLError

from configs import environment
from deployments import apply, leftovers, plan
from deployments.plan import POOL
from tasks.adapters.prefect import running_server
from tasks.adapters.processes import patience
from tasks.adapters.processes.lifeline import Lifeline
from tasks.adapters.web import loopback

READY = b"ready"
"""What the parent is told when all is in place."""
START = patience.Limits()
"""Of the wait for the server; on a slow machine it first makes its database."""
_AGAIN_SECONDS = 0.1

Result = TypeVar("Result")


def main(arguments: list[str]) -> None:
    """`HOME URL FILE`: work for the server at an address; `READY` is written to the file when all is in place."""
    home, url, ready = Path(arguments[0]), arguments[1], int(arguments[2])
    Lifeline(_end).start()
    environment.settle()
    import prefect.workers.process

    _wait_for(url)
    pipelines = apply.known()
    wanted = plan.plan(pipelines.usable, plan.here())
    for line in patiently(url, lambda: list(apply.apply(home, wanted, own_server=True, broken=pipelines.broken))):
        print(line, flush=True)
    why = "Its process ended with the server that had started it. What was committed stays."
    closed = patiently(url, lambda: leftovers.close(url, why, leftovers.at_work(home, pipelines.usable)))
    missed = patiently(url, lambda: leftovers.skip_missed(url))
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
    waiting = patience.Patience(START)
    while not running_server.is_healthy(url):
        if waiting.judge() is not patience.Verdict.GO_ON:
            sys.exit(f"{url} does not answer after {waiting.look().waited:.0f} s; {waiting.explain()}")
        time.sleep(_AGAIN_SECONDS)


def patiently(url: str, act: Callable[[], Result], limits: patience.Limits = START) -> Result:
    """Do something on the server, and again as long as it may only be busy.

    Args:
        url: Address of the server.
        act: What may be done twice.
        limits: When it is given up, with a sentence as the last words of this process.
    """
    from httpx import TransportError

    waiting, pauses = patience.Patience(limits), patience.pauses()
    while True:
        try:
            return act()
        except (URLError, TimeoutError, ConnectionError, TransportError) as err:
            if isinstance(err, HTTPError) and not loopback.passes(err):
                raise
            if waiting.judge() is not patience.Verdict.GO_ON:
                sys.exit(f"{url} fails for {waiting.look().waited:.0f} s: {err}; {waiting.explain()}")
            time.sleep(next(pauses))


def _end() -> None:
    """End this process and the runs that it started."""
    os.killpg(os.getpgrp(), signal.SIGTERM)


if __name__ == "__main__":
    main(sys.argv[1:])
