"""Named step boundaries at which a process can be made to kill itself, so that recovery can be proven.

`INCUMBENT_FAILPOINT=<name>` names one. SIGKILL leaves no time for handlers: it is what a power cut looks like.
"""

import os
import signal

from configs import environment


def reach(name: str) -> None:
    """Die here if the environment says so."""
    if environment.read().failpoint == name:
        os.kill(os.getpid(), signal.SIGKILL)
