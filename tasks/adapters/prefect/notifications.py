"""Tells people through a notification block of Prefect: that of the pipeline, or the one of the environment."""

from typing import TYPE_CHECKING

from configs import environment, loader
from configs.errors import Unreachable
from tasks.adapters import files
from tasks.adapters.home import Home
from tasks.adapters.ledger.inbox import HOME
from tasks.domain.alert_kinds import LASTING
from tasks.domain.turns import Alert

if TYPE_CHECKING:
    from prefect.blocks.notifications import CustomWebhookNotificationBlock


def about(automation: str) -> str:
    """The pipeline that an automation starts, by its name; `HOME` if it is none of ours."""
    pipeline = automation.partition(" · ")[0]
    return pipeline if pipeline in loader.known() else HOME


def owed(home: Home, pipeline: str) -> list[tuple[str, Alert]]:
    """What has not been sent, each with what it is about: the pipeline, or the home."""
    return [(one, alert) for one in (pipeline, HOME) for alert in home.ledger.inbox.unsent(one)]


def shown(home: Home, pipeline: str) -> list[Alert]:
    """What still stands, sent or not, and whatever else has not been sent."""
    inbox = home.ledger.inbox
    told = [*inbox.standing(pipeline, LASTING), *(alert for _, alert in owed(home, pipeline))]
    return list({alert.key: alert for alert in told}.values())


def send_all(home: Home, pipeline: str) -> int:
    """Send what people are owed about a pipeline and about the home; how many alerts were sent.

    Without a block of that name nothing is sent, and what is owed stays in the ledger, where `status` shows it.

    Raises:
        Unreachable: Nobody takes them; they are tried again with the next look.
    """
    from httpx import HTTPError

    try:
        blocks = {of: _block(_name(home, of)) for of in {one for one, _ in owed(home, pipeline)}}
        if not any(blocks.values()):
            return 0
        for block in blocks.values():
            where = getattr(block, "url", None)
            if problem := environment.proxy_in_the_way(where if isinstance(where, str) else None):
                raise Unreachable(f"An alert could not be sent; it is tried again. {problem}")
        with files.locked(home.folder / ".alerts.lock"):  # what is about the home is sent by whichever poll is first
            ready = [(blocks[of], of, alert) for of, alert in owed(home, pipeline) if blocks.get(of)]
            for block, concerned, alert in ready:
                subject = f"Incumbent: {concerned}" if concerned else "Incumbent"
                block.notify(body=alert.text, subject=subject, _sync=True)  # type: ignore[union-attr, call-arg]
                home.ledger.inbox.sent(concerned, alert.key)
            return len(ready)
    except HTTPError as err:
        raise Unreachable(f"An alert could not be sent ({type(err).__name__}); it is tried again.") from err


def _name(home: Home, concerned: str) -> str:
    """The block for a pipeline, or for the home."""
    own = home.settings(concerned).coordination.alert_block if concerned else None
    return own or environment.read().alert_block


def _block(name: str) -> "CustomWebhookNotificationBlock | None":
    """Any block that can notify has the same call; None if there is none of this name."""
    from prefect.blocks.core import Block

    try:
        block = Block.load(name, _sync=True)  # type: ignore[call-arg]
    except ValueError:
        return None
    return block  # type: ignore[return-value]
