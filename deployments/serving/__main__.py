"""`python -m deployments.serving PIPELINE…`: the live models answer over HTTP, until Ctrl-C.

One process per core; each follows the ledger by itself. On loopback unless told otherwise.
"""

import argparse
import os
import socket
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from configs import environment
from configs.errors import IncumbentError, MistakeOfUser
from deployments import alone, listening
from deployments.serving import doorkeeper, fleet
from deployments.serving.keeper import Keeper
from deployments.tree import Tree
from flows.console.signals import leave
from tasks.adapters import journal, permissions
from tasks.adapters.home import Home

_TICK_SECONDS, _GRACE_SECONDS = 0.2, 25.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until somebody ends it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deployments.serving", description=__doc__)
    parser.add_argument("pipelines", nargs="+", metavar="PIPELINE", help="whose live model answers")
    parser.add_argument("--port", type=int, default=fleet.PORT, help=f"default: {fleet.PORT}, or a free one")
    parser.add_argument("--host", default=listening.HERE[0], help="another address than loopback; needs keys")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="default: one per core")
    chosen = parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    try:
        environment.settle()
        home = environment.read().home
        if closed := permissions.close(home):
            _say(closed)
        _require(home, chosen)
        with alone.stopped() as stop, listening.at(chosen.host, chosen.port) as listener:
            _serve(home, listener, chosen, stop)
    except IncumbentError as problem:
        _say(environment.without_secrets(str(problem)), error=True)
        return problem.exit_code
    return 0


def _require(home: Path, chosen: argparse.Namespace) -> None:
    """Say a mistake before anything is started; raises as making a version ready does."""
    if not 1 <= chosen.processes <= 256:
        raise MistakeOfUser(f"--processes {chosen.processes}: name a number from 1 to 256.")
    if not 0 <= chosen.port <= 65_535:
        raise MistakeOfUser(f"--port {chosen.port}: name a number from 0 (any that is free) to 65535.")
    if chosen.host not in listening.HERE and not doorkeeper.keys_of(home):
        raise MistakeOfUser(
            f"--host {chosen.host}: beyond this machine the service needs keys. Make one first: "
            "python -m deployments.serving.keys add NAME."
        )
    with closing(Home(home, environment.read().ledger_url)) as hands:
        for pipeline in chosen.pipelines:
            hands.settings(pipeline)
        journal.require(hands.predictions)
        from tasks.scoring.steps import live_models  # scikit-learn takes seconds, a mistake is said before

        for pipeline in chosen.pipelines:
            if live_models.live_version(hands, pipeline) is not None:
                live_models.ready(hands, pipeline)


def _serve(home: Path, listener: socket.socket, chosen: argparse.Namespace, stop: threading.Event) -> None:
    tree, began, keeper = Tree(_say), time.monotonic(), Keeper(home, _say)
    try:
        processes = range(chosen.processes)
        started = [tree.start(fleet.process(home, listener, place, chosen.pipelines)) for place in processes]
        while not fleet.answers(listener) and not stop.wait(_TICK_SECONDS):
            tree.look()
        if not stop.is_set():
            names, where = ", ".join(chosen.pipelines), fleet.address(listener)
            _say(f"{names}: answers at {where} after {time.monotonic() - began:.0f} s. Ctrl-C ends it.")
        keeper.start()
        while not stop.wait(_TICK_SECONDS):
            tree.look()
        for child in started:
            tree.end(child, _GRACE_SECONDS)
        keeper.end()
    finally:
        tree.close()


def _say(text: str, *, error: bool = False) -> None:
    print(text, file=sys.stderr if error else sys.stdout, flush=True)


if __name__ == "__main__":
    leave(main())
