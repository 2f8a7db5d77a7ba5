"""Tells people of what stands, once for as long as it does, and once more when it is over.

Nothing is sent here: what is owed is a row of the ledger. What deserves a word is said in `monitoring.incidents`.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from configs import environment
from tasks.adapters import failpoints
from tasks.adapters.home import Home
from tasks.adapters.ledger import codec, history
from tasks.domain.alert_kinds import AlertKind
from tasks.domain.records import Batch
from tasks.domain.turns import Outcome, TurnRef
from tasks.monitoring import incidents

_OF_ONE_BATCH = (AlertKind.REFUSED, AlertKind.GIVEN_UP)
"""Over when the batch comes again and is taken in."""


def end_of_turn(home: Home, turn: TurnRef, batch: Batch, outcome: Outcome) -> None:
    """Say what stands at the end of a turn, before it is closed: whoever goes on with it says the same again."""
    (this,) = history.read(home.ledger, turn.pipeline, [turn.number]).turns
    tell(home, turn.pipeline, turn.number, incidents.of_turn(this, outcome))
    if batch.is_in:
        _end_of_same_name(home, turn)
    failpoints.reach("alerts-owed")


def _end_of_same_name(home: Home, turn: TurnRef) -> None:
    """What was refused or given up under this name is over: it has come again, and is in."""
    standing = {alert.key for alert in home.ledger.inbox.standing(turn.pipeline, _OF_ONE_BATCH)}
    rows = home.ledger.turns.all(turn.pipeline) if standing else []
    same = [row["number"] for row in rows if row["batch_name"] == turn.name]
    for key in {kind.key(number) for kind in _OF_ONE_BATCH for number in same} & standing:
        home.ledger.inbox.end(turn.pipeline, key)


def tell(home: Home, pipeline: str, of: object, standing: Mapping[AlertKind, str | None]) -> None:
    """Owe a word about what stands and was not told of yet, and about what stands no more."""
    inbox = home.ledger.inbox
    for kind, text in standing.items():
        before = inbox.standing(pipeline, (kind,))
        if text is None:
            for alert in before:
                inbox.end(pipeline, alert.key)
        elif not before or kind in (AlertKind.HELD, AlertKind.REFUSED):  # each batch is one of its own
            inbox.alert(pipeline, kind, of, environment.masked(f"{pipeline}, {text}"))


def give_up(home: Home, pipeline: str, batch: str, turn: int, reason: str) -> None:
    """Owe a word about a turn that is not begun again."""
    home.ledger.inbox.alert(pipeline, AlertKind.GIVEN_UP, turn, f"{pipeline}, {batch}: {reason}")


def end_readable(home: Home, pipeline: str, unreadable: Collection[str]) -> None:
    """What could not be read, and now can be or is gone, is over."""
    owed = {AlertKind.UNREADABLE.key(name) for name in unreadable}
    for alert in home.ledger.inbox.standing(pipeline, (AlertKind.UNREADABLE,)):
        if alert.key not in owed:
            home.ledger.inbox.end(pipeline, alert.key)


def look_for_silence(home: Home, pipeline: str) -> None:
    """Owe a word if nothing has arrived for longer than ever."""
    text = _silence(home, pipeline)
    if text is not None:
        tell(home, pipeline, home.ledger.turns.all(pipeline)[-1]["number"], {AlertKind.SILENT: text})


def is_newly_silent(home: Home, pipeline: str) -> bool:
    """Whether nothing has arrived for longer than ever, and nobody was told yet."""
    return not home.ledger.inbox.standing(pipeline, (AlertKind.SILENT,)) and _silence(home, pipeline) is not None


def _silence(home: Home, pipeline: str) -> str | None:
    batches = home.ledger.batches.all(pipeline)
    of_labels = {batch.id for batch in batches if batch.labels is not None}
    rows = [row for row in home.ledger.turns.all(pipeline) if row["batch"] not in of_labels]
    arrived: list[datetime] = [at for row in rows if (at := codec.moment(row["started"])) is not None]
    return incidents.silence(batches, arrived, home.clock()) if arrived else None
