"""Named step boundaries at which a process can be made to kill itself, so that recovery can be proven.

`INCUMBENT_FAILPOINT=<name>` names one. SIGKILL leaves no time for handlers: it is what a power cut looks like. It
takes the process that a helper works for as well.
"""

import os
import signal
from multiprocessing import parent_process

from configs import environment


def reach(name: str) -> None:
    """Die here if the environment says so."""
    if environment.read().failpoint != name:
        return
    helped = parent_process()
    if helped is not None and helped.pid is not None:
        os.kill(helped.pid, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
