"""Reaches a Prefect API for a command, with the libraries that a turn needs and a helper process at hand.

Change this module when a command waits too long for its first step: what happens here before anything else is done is
ordered so that both cores work. What is reached belongs to `tasks.adapters`.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from configs import environment
from flows import announcements
from flows.announcements import STEPS, Announcement, Opening, Step, TurnDone
from flows.console.terminal import Terminal
from tasks.adapters.home import Home
from tasks.adapters.prefect import running_server
from tasks.adapters.processes import memory
from tasks.adapters.web import access
from tasks.reporting.steps import report_file


@contextmanager
def connected(hands: Home, pipeline: str, screen: Terminal, *, stage: bool = True) -> Iterator[None]:
    """Reach a Prefect API, local or named, and tag what runs in the block with the pipeline.

    The API starts in its own process while this one imports. The helper is forked after that, before there is any
    other thread and while no connection to the ledger is open.

    Args:
        hands: The home.
        pipeline: Whose runs these are.
        screen: Shows what is announced meanwhile.
        stage: Whether turns will be shown, for which there is a helper.
    """
    from tasks.adapters import helper
    from tasks.adapters.prefect import local_api
    from tasks.lineage.steps import helper_jobs

    listener = _listener(hands, pipeline, screen)
    listener(Opening("starting Prefect and the libraries"))
    named, own = environment.read().prefect_api_url, running_server.address(hands.folder)
    api = local_api.start(hands.folder, named or own, access.auth_of(hands.folder, named, own))
    if api.process is None:
        api.wait()  # that a named server is not there is said before anything is imported
    with ExitStack() as opened:
        opened.callback(api.stop)
        _import_what_a_turn_needs()
        from prefect import tags

        opened.enter_context(tags(pipeline))
        opened.enter_context(local_api.connected(api))
        if stage:
            hands.close()
            opened.enter_context(helper.open_stage(hands.folder, hands.ledger_url, helper_jobs.warm))
        opened.enter_context(announcements.heard_by(listener))
        yield


def _listener(hands: Home, pipeline: str, screen: Terminal) -> Callable[[Announcement], None]:
    """What hears a run that is under way, and shows it."""
    screen.problem = hands.settings(pipeline).training.kind

    def hear(event: Announcement) -> None:
        if isinstance(event, Opening):
            screen.opening(event.text)
        elif isinstance(event, Step):
            screen.step(event.turn, event.batch, event.text, event.number, STEPS)
        elif isinstance(event, TurnDone):
            (turn,) = report_file.read_history(hands, pipeline, [event.turn]).turns
            screen.turn(pipeline, turn)
        else:
            screen.closing(event.text)

    return hear


def _import_what_a_turn_needs() -> None:
    """While the API starts."""
    memory.share()
    with memory.importing():
        from prefect import flow_engine, task_engine

        from flows import continuous_training, ingest, train
        from tasks.adapters.prefect import events
        from tasks.reporting import page
        from tasks.training.steps import rows
        from tasks.validation import contract

    assert all((flow_engine, task_engine, continuous_training, ingest, train, events, rows, page, contract))
