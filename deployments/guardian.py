"""Outlives `make up` by a few seconds, to end what it started: kill -9 leaves no other way.

Started by `tree` with the plainest of Pythons, so it imports nothing of ours. It reads process groups from its standard
input, `+123` for one to watch and `-123` for one that has ended; when the input ends, so do the groups: by SIGTERM, and
after a while by SIGKILL.
"""

import os
import signal
import sys
import time

GRACE_SECONDS = 8.0
"""How long a group may take to end by itself."""
BURIAL_SECONDS = 3.0
"""How long the system may take to forget one that was killed."""


def main() -> None:
    """Wait for the end of the parent, then end its groups."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    end(groups)


def end(groups: set[int], grace: float = GRACE_SECONDS) -> None:
    """End process groups, and wait until they are gone.

    Args:
        groups: Their numbers.
        grace: Seconds after which they are killed.
    """
    deadline = time.monotonic() + grace
    left = {group for group in groups if send(group, signal.SIGTERM)}
    # A group of which only the dead are left, for want of somebody who buries them, is not waited for.
    while left and time.monotonic() < deadline + BURIAL_SECONDS:
        time.sleep(0.02)
        late = time.monotonic() > deadline
        left = {group for group in left if send(group, signal.SIGKILL if late else 0)}


def send(group: int, kind: int) -> bool:
    """Signal a group; says whether there was one (0 only asks)."""
    try:
        os.killpg(group, kind)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
