"""Ports at which a server answers, and nobody else: of this machine, unless another address is asked for.

Change this module when a server has to be reached from elsewhere.
"""

import errno
import itertools
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from configs.errors import MistakeOfUser

HERE = ("127.0.0.1", "localhost")
_LOOPBACK, _OTHER_LOOPBACK = "127.0.0.1", "::1"
_PENDING = 1024


@contextmanager
def on(port: int) -> Iterator[socket.socket]:
    """Listen on loopback while the block runs, at this port or, if it is taken, at one that is free.

    The parent binds, so that the address is known now, cannot be taken by somebody else, and stays when a child is
    begun again. A browser looks for a name of this machine at both addresses of loopback: the port of the other one is
    kept as well, or another user could answer there.
    """
    with ExitStack() as opened:
        tries = (_bound(wanted, opened) for wanted in itertools.chain([port], itertools.repeat(0)))
        listener = next(bound for bound in tries if bound is not None)
        listener.listen(128)
        yield listener


@contextmanager
def at(host: str, port: int) -> Iterator[socket.socket]:
    """Listen while the block runs: on loopback at this port or a free one, elsewhere at this one.

    Raises:
        MistakeOfUser: Nothing can listen there.
    """
    if host in HERE:
        with on(port) as listener:
            yield listener
        return
    try:
        listener = socket.create_server((host, port), backlog=_PENDING)
    except OSError as err:
        raise MistakeOfUser(f"--host {host} --port {port}: {err.strerror or err}.") from err
    with listener:
        yield listener


def address(listener: socket.socket) -> str:
    """`http://127.0.0.1:4200`."""
    return f"http://{_LOOPBACK}:{listener.getsockname()[1]}"


def _bound(port: int, opened: ExitStack) -> socket.socket | None:
    """A socket at a port that is free at both addresses; None if it is not."""
    with ExitStack() as tried:
        listener = tried.enter_context(closing(socket.socket()))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_LOOPBACK, port))
            if _has_other_loopback():
                # It does not listen: a browser that comes to it first goes on to the one that does.
                other = tried.enter_context(closing(socket.socket(socket.AF_INET6)))
                other.bind((_OTHER_LOOPBACK, listener.getsockname()[1]))
        except OSError as err:
            if err.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            return None
        opened.push(tried.pop_all())
        return listener


def _has_other_loopback() -> bool:
    try:
        with closing(socket.socket(socket.AF_INET6)) as tried:
            tried.bind((_OTHER_LOOPBACK, 0))
    except OSError:
        return False
    return True
