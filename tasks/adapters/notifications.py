"""Tells people: through the notification block of Prefect that the environment names."""

from typing import TYPE_CHECKING

from configs import environment
from configs.errors import Unreachable
from tasks.adapters.home import Home

if TYPE_CHECKING:
    from prefect.blocks.notifications import CustomWebhookNotificationBlock


def send_all(home: Home, pipeline: str) -> int:
    """Send what people are owed; how many alerts were sent.

    Without a block of that name nothing is sent, and what is owed stays in the ledger, where `status` shows it.

    Raises:
        Unreachable: Nobody takes them; they are tried again with the next look.
    """
    from httpx import HTTPError

    owed = home.ledger.inbox.unsent(pipeline)
    try:
        block = _block() if owed else None
        if block is None:
            return 0
        for alert in owed:
            block.notify(body=alert.text, subject=f"Incumbent: {pipeline}", _sync=True)  # type: ignore[call-arg]
            home.ledger.inbox.sent(pipeline, alert.key)
    except HTTPError as err:
        raise Unreachable(f"An alert could not be sent ({type(err).__name__}); it is tried again.") from err
    return len(owed)


def _block() -> "CustomWebhookNotificationBlock | None":
    """Any block that can notify has the same call."""
    from prefect.blocks.core import Block

    try:
        found = Block.load(environment.read().alert_block, _sync=True)  # type: ignore[call-arg]
    except ValueError:
        return None
    return found  # type: ignore[return-value]
