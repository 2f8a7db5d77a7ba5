"""Who runs the flows of this process: the user, the host, and the worker of Prefect that started it, if one did."""

import getpass
import os
import socket

from configs import environment


def here() -> str:
    """`ann at laptop`, or `ann at server-3, worker incumbent`; a user without a name is told by number."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = f"user {os.getuid()}"
    worker = environment.worker()
    return f"{user} at {socket.gethostname()}{f', worker {worker}' if worker else ''}"[:300]
