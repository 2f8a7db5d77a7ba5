"""One helper process for what need not be waited for: MLflow and Evidently are imported and written to there.

What it does are jobs that are handed to it: functions of a module, which cross to it by their name. While a model is
fitted on one core, the last turn is shown on the other, and then the other candidates are fitted. The helper is forked
as soon as its parent has imported what both need, so that this is read once and lies in memory once; where a fork is
not safe it is spawned. It ends with its parent, however that ends. If it is killed, another one takes its place: all
that it does can be done again.
"""

import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import active_children, connection, get_context
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from configs import environment
from configs.errors import IncumbentError
from tasks.adapters.processes import memory

if TYPE_CHECKING:
    from tasks.adapters.home import Home
    from tasks.domain.records import Model

T = TypeVar("T")
Job = Callable[["Home", str, int], T]
"""What is done about a turn: it gets the home, the pipeline and the number of the turn."""
Warming = Callable[["Home"], None]

_WATCH_SECONDS = 0.5
_END_SECONDS = 5.0
"""Longest wait for the end of the helper after it was killed."""
_ENDING = (signal.SIGINT, signal.SIGTERM)
_DRAWING = "rich.live"
"""Where the thread comes from that redraws the line of progress: the helper needs none of its locks."""


@dataclass
class _Stage:
    """The helper, and whose it is."""

    home: Path
    ledger_url: str | None
    warm: Warming
    pool: ProcessPoolExecutor
    warmed: "Future[None]"
    wanted: "dict[str, Callable[[], Model]]" = field(default_factory=dict)
    """What it is to fit as soon as it is warm, by the id that the model will have."""
    fits: "dict[str, Future[Model]]" = field(default_factory=dict)
    """What it has been asked to fit."""
    handing: threading.Lock = field(default_factory=threading.Lock)


_stage: _Stage | None = None
_turn_by_turn = threading.Lock()
_is_helper = False


@contextmanager
def open_stage(home: Path, ledger_url: str | None, warm: Warming) -> Iterator[None]:
    """Keep a helper at hand while the block runs; without it `show` works in this process.

    Args:
        home: Folder of everything local.
        ledger_url: Address of the ledger if it is not in the home.
        warm: Imports what the jobs need; done first.
    """
    global _stage
    _stage = _Stage(home, ledger_url, warm, *_start(home, ledger_url, warm))
    try:
        yield
    finally:
        pool, _stage = _stage.pool, None
        _end(pool)


def is_open() -> bool:
    """Whether this process has a helper."""
    return _stage is not None


def show(job: Job[T], pipeline: str, number: int) -> T:
    """Have a turn shown, and wait for it; gives what the job gives.

    Raises:
        IncumbentError: The helper was killed; asked again, another one does it.
    """
    stage, token = _stage, _token(pipeline)  # as they are now: the turn may have to wait for others
    with _turn_by_turn:
        if stage is None:
            return _work(job, pipeline, number)
        if stage is not _stage:
            raise IncumbentError(f"Turn {number} is not shown in MLflow yet: the run ended. The next one shows it.")
        try:
            return stage.pool.submit(_work, job, pipeline, number, token).result()
        except BrokenProcessPool as err:
            if stage is _stage:
                stage.pool, stage.warmed = _start(stage.home, stage.ledger_url, stage.warm)
            raise IncumbentError(
                f"The process that shows turn {number} in MLflow was killed, perhaps for want of memory. "
                "What was decided is committed; the same command goes on from there."
            ) from err


def begin(job: Job[None], pipeline: str, number: int) -> None:
    """Let the helper begin to show a turn that goes on; `show` waits for it, and makes up for it if it fails."""
    if _stage is not None:
        work = partial(_work, job, pipeline, number, _token(pipeline))
        # Not before it is warm: then it would come before the fits, which somebody waits for.
        _stage.warmed.add_done_callback(partial(_submit, _stage, work))


def begin_fit(model: str, job: "Callable[..., Model]", *arguments: object) -> None:
    """Let the helper fit a candidate and publish its bundle when it is warm, while this process fits another one.

    Args:
        model: Id that the model will have; `fitted` asks for it.
        job: Fits it; gets the home, and the arguments.
        arguments: Which candidate of what.
    """
    if _stage is not None:
        _stage.wanted[model] = partial(_fit, job, *arguments)
        _stage.warmed.add_done_callback(partial(_hand_over, _stage, model))


def _hand_over(stage: _Stage, model: str, warmed: "Future[None]") -> None:
    with stage.handing:
        work = stage.wanted.pop(model, None)
        begun = None if work is None else _submit(stage, work, warmed)
        if begun is not None:
            stage.fits[model] = begun


def _submit(stage: _Stage, work: Callable[[], T], warmed: "Future[None]") -> "Future[T] | None":
    """Let a warm helper begin; None if it has ended: whoever asks for it does it there, or has another helper do it."""
    if stage is not _stage or warmed.cancelled() or warmed.exception() is not None:
        return None
    try:
        return stage.pool.submit(work)
    except RuntimeError:
        return None


def fitted(model: str, settings: str) -> "Model | None":
    """Wait for a model that the helper was asked to fit; None if it was not, or could not, or has made another one.

    Whoever asked fits it then, and meets in person what the helper met. A helper that is not warm yet, and has begun
    with nothing, is not waited for: its imports take longer than many a fit.

    Args:
        model: Its id.
        settings: Hash of the settings that it has to be of; the helper may have read a file that was changed meanwhile.
    """
    if _stage is None:
        return None
    with _stage.handing:
        _stage.wanted.pop(model, None)
        begun = _stage.fits.pop(model, None)
    if begun is None or begun.exception() is not None:
        return None
    found = begun.result()
    return found if (found.id, found.settings_hash) == (model, settings) else None


def _start(home: Path, ledger_url: str | None, warm: Warming) -> "tuple[ProcessPoolExecutor, Future[None]]":
    """A helper that was born deaf to Ctrl-C and the like: its parent hears them, and ends it."""
    arguments = (os.getpid(), home, ledger_url)
    context = get_context("fork" if _may_fork() else "spawn")
    pool = ProcessPoolExecutor(1, mp_context=context, initializer=_prepare, initargs=arguments)
    heard = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        return pool, pool.submit(_warm, warm)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)


def _may_fork() -> bool:
    """Not where another thread may hold a lock that nobody would ever open in the helper, nor where libraries mind."""
    others = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
    return sys.platform == "linux" and all(type(thread).__module__ == _DRAWING for thread in others)


def _end(pool: ProcessPoolExecutor) -> None:
    """End the helper at once: it has nothing to do, or what it does will be done again by the next run."""
    helpers = active_children()
    for helper in helpers:
        helper.kill()
    pool.shutdown(wait=False, cancel_futures=True)
    connection.wait([helper.sentinel for helper in helpers], _END_SECONDS)


def _token(pipeline: str) -> int | None:
    """What the helper works under: if another process takes over, it has to stop as well."""
    from tasks.adapters import home

    return home.current().ledger.lease.token(pipeline)


def _work(job: Job[T], pipeline: str, number: int, token: int | None = None) -> T:
    from tasks.adapters import home

    hands = home.current()
    try:
        with hands.ledger.lease.lent(pipeline, token):
            return job(hands, pipeline, number)
    finally:
        if _is_helper:
            gc.collect()  # what was drawn and logged holds itself in circles
            _let_go(hands)


def _fit(job: "Callable[..., Model]", *arguments: object) -> "Model":
    from tasks.adapters import home

    hands = home.current()
    try:
        return job(hands, *arguments)
    finally:
        _let_go(hands)


def _let_go(hands: "Home") -> None:
    """Forget the rows: the fit next door needs their memory."""
    hands.forget()
    memory.give_back()


def _prepare(parent: int, folder: Path, ledger_url: str | None) -> None:
    global _is_helper, _stage
    _is_helper, _stage = True, None
    environment.settle()
    from tasks.adapters import home

    home.open_here(home.Home(folder, ledger_url))
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _warm(warm: Warming) -> None:
    """Import what every turn needs."""
    from tasks.adapters import home
    from tasks.adapters.ledger import troubles

    # The caller has it open already, so a server that does not answer now is one that has gone away: it is waited for.
    troubles.wait_for(lambda: home.current().ledger)
    with memory.importing():
        warm(home.current())


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os._exit(1)
