"""There is one `make up` on a home; and it ends when it is told to.

Change this module when a second start must behave in another way, or when something else must end the first.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from configs.errors import Busy, UnusableHome
from tasks.adapters import files
from tasks.adapters.prefect import running_server
from tasks.adapters.prefect.running_server import RunningServer
from tasks.adapters.processes import patience

_START = patience.Limits(usual=300.0)
"""Of the wait for another one that is just starting."""
_LOOK_SECONDS = 0.2
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def on(home: Path) -> Iterator[RunningServer | None]:
    """Be the only one on a home while the block runs: gives None, or the other one as soon as it answers.

    The kernel forgets the lock of one that was killed; what it left in files counts for nothing.

    Raises:
        Busy: There is another one, and it does not answer.
        UnusableHome: The home cannot be written.
    """
    path, waiting = home / "prefect" / ".up.lock", patience.Patience(_START)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as err:
        raise UnusableHome(f"{path.parent} cannot be written: {err.strerror}. Set INCUMBENT_HOME.") from err
    try:
        other = None
        while not files.lock_now(handle) and (other := running_server.find(home)) is None:
            if waiting.judge() is not patience.Verdict.GO_ON:
                slow = f"does not answer after {waiting.look().waited:.0f} seconds; {waiting.explain()}"
                raise Busy(f"Another `make up` holds {path}, but {slow}. End it first.")
            time.sleep(_LOOK_SECONDS)
        yield other
    finally:
        os.close(handle)


@contextmanager
def stopped(parent: int | None = None) -> Iterator[threading.Event]:
    """An event that is set by Ctrl-C, SIGTERM or a closed terminal; a second signal ends this process at once.

    Args:
        parent: Its end counts as well.
    """
    stop = threading.Event()

    def hear(number: int, _: object) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    before = {number: signal.signal(number, hear) for number in _SIGNALS}
    if parent is not None:
        threading.Thread(target=_follow, args=(parent, stop), daemon=True).start()
    try:
        yield stop
    finally:
        stop.set()
        for number, handler in before.items():
            signal.signal(number, handler)


def _follow(parent: int, stop: threading.Event) -> None:
    while not stop.wait(_LOOK_SECONDS):
        if os.getppid() != parent:
            stop.set()
