"""One helper process for what need not be waited for: MLflow and Evidently are imported and written to there.

While the next model is fitted on one core, the last turn is shown on the other. The helper is spawned early, so that
its imports overlap with those of the caller, and it ends with its parent, however that ends.
"""

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from configs import environment

_WATCH_SECONDS = 0.5
_pool: ProcessPoolExecutor | None = None


@contextmanager
def open_stage(home: Path, ledger_url: str | None) -> Iterator[None]:
    """Keep a helper at hand while the block runs; without it `show` works in this process.

    Args:
        home: Folder of everything local.
        ledger_url: Address of the ledger if it is not in the home.
    """
    global _pool
    spawn = get_context("spawn")
    _pool = ProcessPoolExecutor(1, mp_context=spawn, initializer=_prepare, initargs=(os.getpid(), home, ledger_url))
    _pool.submit(_warm)
    try:
        yield
    finally:
        _pool.shutdown(wait=True, cancel_futures=True)
        _pool = None


def show(pipeline: str, number: int) -> "Future[str | None]":
    """Begin to show a turn in MLflow and Evidently; the future has the id of its MLflow run."""
    if _pool is not None:
        return _pool.submit(_show, pipeline, number)
    done: Future[str | None] = Future()
    done.set_result(_show(pipeline, number))
    return done


def _show(pipeline: str, number: int) -> str | None:
    from tasks.adapters import home, showing

    return showing.show(home.current(), pipeline, number)


def _prepare(parent: int, folder: Path, ledger_url: str | None) -> None:
    environment.settle()
    from tasks.adapters import home

    home.open_here(home.Home(folder, ledger_url))
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _warm() -> None:
    """Import what every turn needs, and make MLflow's database if there is none."""
    from tasks.adapters import evidently_report, home, showing

    assert showing
    evidently_report.warm()
    assert home.current().tracking.uri


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os._exit(1)
