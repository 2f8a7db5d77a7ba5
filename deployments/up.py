"""`python -m deployments.up` (`make up`): everything on this machine, until Ctrl-C.

Starts Prefect's server with its UI, a worker with all deployments and their triggers, MLflow's UI and the prediction
service, on loopback; watches the landing folders. Whatever ends it, Ctrl-C, a closed terminal or kill -9, ends all of
it.
"""

import argparse
import itertools
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path

from configs import environment
from configs.errors import IncumbentError, Unreachable
from deployments import alone, apply, children, leftovers, listening, mlflow_ui, reports, served
from deployments.serving import fleet
from deployments.serving.keeper import Keeper
from deployments.tree import Child, Tree
from deployments.watcher import LOOK_SECONDS, Watcher
from flows.console import program
from flows.console.signals import leave
from tasks.adapters import journal, permissions
from tasks.adapters.home import Home
from tasks.adapters.prefect import running_server
from tasks.adapters.processes import patience
from tasks.adapters.web import access, loopback
from tasks.adapters.web.door import Door
from tasks.ingestion.sources import source_kinds
from tasks.ingestion.sources.base import Source
from tasks.ingestion.steps import arrivals

_TICK_SECONDS = 0.1
_GRACE_SECONDS = 10.0
_TIDY_LOOKS = 5
"""Looks at the folders between two at the list of runs."""
_LINK = "lets one browser in, once"
_AFTER = "in that browser"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run everything until somebody ends it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deployments.up", description=__doc__)
    parser.add_argument("--end-with-parent", action="store_true", help="end when the process that started it ends")
    chosen = parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    try:
        environment.settle()
        home = environment.read().home
        with alone.on(home) as other:
            if other is not None:
                _say(f"It is up already, by process {other.pid}.")
                _say(f"  Prefect  {access.link(home, other.ui)}  {_LINK}")
                _say(f"  MLflow   {_runs(other.mlflow, other.name)}  {_AFTER}")
                return 0
            if closed := permissions.close(home):
                _say(closed)
            _require_own_ledger(home)
            with alone.stopped(os.getppid() if chosen.end_with_parent else None) as stop, ExitStack() as opened:
                _Up(home, stop, opened).run()
    except IncumbentError as problem:
        _say(environment.without_secrets(str(problem)), error=True)
        return problem.exit_code
    return 0


def _require_own_ledger(home: Path) -> None:
    """Refuse a home that was moved or copied before anything is started; a ledger that is away comes back.

    Raises:
        UnusableHome: It was, its ledger is that of another home, or the prediction log cannot be written.
        Damaged: Its ledger is gone.
    """
    with closing(Home(home, environment.read().ledger_url)) as hands, suppress(Unreachable):
        hands.ledger.turns.any()
        journal.require(hands.predictions)


class _Up:
    """One run of everything."""

    def __init__(self, home: Path, stop: threading.Event, opened: ExitStack) -> None:
        self._home, self._stop = home, stop
        known = apply.known()  # a mistake in a file is said before anything is started
        for problem in known.sentences:
            _say(environment.without_secrets(problem), error=True)
        self._pipelines = list(known.usable)
        self._sources = dict(_sources(home, self._pipelines))
        self._prefect = opened.enter_context(listening.on(children.PREFECT_PORT))
        self._mlflow = opened.enter_context(listening.on(children.MLFLOW_PORT))
        self._url = f"{listening.address(self._prefect)}/api"
        environment.give_auth(access.auth(home))
        self._name = access.new_name()
        door = Door(home, access.auth(home), self._name)
        self._models = opened.enter_context(listening.on(fleet.PORT))
        self._service: Child | None = None
        self._reports = opened.enter_context(reports.served(home / "reports", door, reports.PORT))
        self._told, ready = os.pipe()
        os.set_blocking(self._told, False)
        self._tree = Tree(_say)
        opened.callback(self._end)
        self._server = children.server(
            home, self._prefect, self._name, (listening.address(self._mlflow), self._reports)
        )
        self._worker = children.worker(home, self._url, ready)
        self._keeper = Keeper(home, _say)
        self._began = time.monotonic()

    def run(self) -> None:
        """Start all, say where they answer, then look after them until the end."""
        _say("Starting Prefect's server, a worker, MLflow's UI and the prediction service. Ctrl-C ends all of it.")
        self._tree.start(self._server)
        self._tree.start(self._worker)
        if self._wait(lambda: running_server.is_healthy(self._url, timeout=1.0)):
            mlflow = listening.address(self._mlflow)
            running_server.announce(self._home, self._url, mlflow, self._reports, self._name)
            prefect = access.named(listening.address(self._prefect), self._name)
            self._say_address("Prefect", access.link(self._home, prefect), _LINK)
            # Only now: its imports would take the cores from the other two.
            self._tree.start(children.ui_of_mlflow(self._home, self._mlflow, self._name))
        if self._wait(lambda: _answers(self._mlflow)):
            self._say_address("MLflow", _runs(listening.address(self._mlflow), self._name), _AFTER)
        shown = access.named(self._reports, self._name)
        _say(f"  Reports  {shown}  (after the first turn)  {_AFTER}")
        if self._wait(self._is_ready):
            # One process is enough here, and it starts when the others are done with the cores.
            self._service = self._tree.start(fleet.process(self._home, self._models, 0, self._pipelines))
            self._keeper.start()
            _say(f"  Models   {fleet.address(self._models)}  (answer after the first turn)")
            _say(_what_next(self._home, self._url, self._sources, time.monotonic() - self._began))
        self._watch()

    def _watch(self) -> None:
        watcher = Watcher(self._url, self._sources)
        for looks in itertools.count(1):
            if self._stop.wait(LOOK_SECONDS):
                return
            self._tree.look()
            if looks % _TIDY_LOOKS == 0:
                with suppress(OSError):
                    leftovers.forget_turned_away(self._url)
            for pipeline in watcher.look():
                _say(f"{time.strftime('%H:%M:%S')}  {pipeline}: its landing folder has changed; poll/{pipeline} starts")

    def _wait(self, is_there: Callable[[], bool]) -> bool:
        """Wait until something is there; False if somebody stops everything before."""
        while not self._stop.is_set():
            self._tree.look()
            if is_there():
                return True
            self._stop.wait(_TICK_SECONDS)
        return False

    def _is_ready(self) -> bool:
        try:
            return served.READY in os.read(self._told, 1 << 16)
        except BlockingIOError:
            return False

    def _say_address(self, name: str, address: str, about: str = "") -> None:
        _say(f"  {name:<8} {address}  ({time.monotonic() - self._began:.0f} s){about and f'  {about}'}")

    def _end(self) -> None:
        """End the worker first, so that what it did can be closed; then who answers, with its log; then the rest."""
        self._tree.end(self._worker, _GRACE_SECONDS)
        if self._service is not None:
            self._tree.end(self._service, _GRACE_SECONDS)
        if self._keeper.is_alive():
            self._keeper.end()
        if running_server.is_healthy(self._url):
            with suppress(OSError):
                working = leftovers.at_work(self._home, self._pipelines)
                leftovers.close(self._url, "`make up` was ended. What was committed stays.", working, at_once=True)
        running_server.withdraw(self._home)
        self._tree.end(self._server, _GRACE_SECONDS)
        self._tree.close()


def _sources(home: Path, pipelines: Sequence[str]) -> Iterator[tuple[str, Source]]:
    """The sources of each pipeline; a folder in the home is made, so that there is somewhere to drop a file."""
    hands = Home(home)
    for pipeline in pipelines:
        try:
            found = {name: source_kinds.of(hands, name) for name in reversed(arrivals.sources(hands, pipeline))}
        except IncumbentError as problem:
            _say(environment.without_secrets(f"{pipeline} is not watched: {problem}"), error=True)
            continue
        for name in found:
            _make_place(hands, name)
        yield from found.items()


def _make_place(hands: Home, name: str) -> None:
    if hands.settings(name).ingestion.source.folder is None:
        with suppress(OSError):
            hands.landing(name).mkdir(parents=True, exist_ok=True)


def _runs(mlflow: str, name: str) -> str:
    return f"{access.named(mlflow, name)}/{mlflow_ui.RUNS}"


def _answers(listener: socket.socket) -> bool:
    return loopback.answers(f"{listening.address(listener)}{mlflow_ui.HEALTH}", patience.stretched(1.0))


def _shown(where: str, here: Path) -> str:
    return str(Path(where).relative_to(here)) if Path(where).is_relative_to(here) else where


def _what_next(home: Path, url: str, sources: Mapping[str, Source], seconds: float) -> str:
    here, resource = Path.cwd(), f"incumbent.pipeline.{next(iter(sources))}"
    shown = [_shown(source.where, here) for source in sources.values()]
    places = shown[0] if len(shown) == 1 else f"{shown[0]}, or another of {len(shown)} landing folders"
    return "\n".join(
        (
            f"All is up after {seconds:.0f} s. What next:",
            f"  drop a parquet file into {places}",
            f"  the example's data:          {program.command('prepare')}",
            f"  a fault, to see it answered: {program.command('simulate')}",
            "  an event, from another program:",
            f"    {access.shown(home)} PREFECT_API_URL={url} \\",
            f"    {program.prefect()} event emit incumbent.data.arrived --resource-id {resource}",
        )
    )


def _say(text: str, *, error: bool = False) -> None:
    with suppress(OSError):  # the terminal may be gone
        print(text, file=sys.stderr if error else sys.stdout, flush=True)


if __name__ == "__main__":
    leave(main())
