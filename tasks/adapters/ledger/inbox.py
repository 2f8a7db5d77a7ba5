"""The inbox: why to look again, from the first word to the end of each; and the alerts that people are owed.

A trigger is a row here before it is announced anywhere, so a lost or doubled announcement costs nothing.
"""

from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, or_, select

from tasks.adapters.ledger import codec
from tasks.adapters.ledger.connection import Access, among, insert_new
from tasks.adapters.ledger.schema import alerts, triggers
from tasks.adapters.ledger.troubles import patient
from tasks.domain.alert_kinds import AlertKind
from tasks.domain.records import BATCH
from tasks.domain.trigger_kinds import TriggerKind
from tasks.domain.turns import Alert, Trigger, TriggerState

HOME = ""
"""In place of a pipeline: what an alert is about that is about the whole home."""
_LONGEST_KEY = 200


class Inbox:
    """Triggers of every pipeline. Each ends once: covered by a turn, skipped or failed."""

    def __init__(self, access: Access) -> None:
        """Args:
        access: The ledger's connections.
        """
        self._access = access

    @patient
    def record(
        self, pipeline: str, kind: TriggerKind, key: str, evidence: str, *, force: bool = False, turn: int | None = None
    ) -> bool:
        """Record a reason to look; anybody may, with or without the lease. The same key is recorded once.

        Args:
            pipeline: What it is about.
            kind: What asks for a look.
            key: What makes it this one and no other.
            evidence: What was seen, one sentence.
            force: Whether it goes past cooldown, budget and minimum rows.
            turn: The turn that found it, and answers it itself.

        Returns:
            Whether it was new.
        """
        now, state = self._access.now(), TriggerState.OPEN if turn is None else TriggerState.COVERED
        values = {"kind": kind, "evidence": _writable(evidence), "force": force, "at": now, "state": state}
        values |= {} if turn is None else {"turn": turn, "ended": now}
        writing = self._access.transaction() if turn is None else self._access.writing(pipeline)
        with writing as connection:
            return insert_new(connection, triggers, {"pipeline": pipeline, "key": _fit(key)}, values)

    def open(self, pipeline: str) -> list[Trigger]:
        """Those that have not ended, oldest first."""
        return _read(self._access.rows(_of(pipeline).where(triggers.c.state == TriggerState.OPEN)))

    def newest(self, pipeline: str) -> int:
        """Number of the trigger that was recorded last; 0 if there is none."""
        row = self._access.rows(select(func.max(triggers.c.id).label("id")).where(triggers.c.pipeline == pipeline))[0]
        return int(row["id"] or 0)

    def all(self, pipeline: str, turns: Collection[int] | None = None) -> list[Trigger]:
        """All of them, oldest first, or those that some turns answer."""
        return _read(self._access.rows(_of(pipeline).where(among(triggers.c.turn, turns))))

    def cover(self, pipeline: str, turn: int, batch: str) -> None:
        """End every open trigger that this turn answers: the one about its batch, and all that are about no batch."""
        about = or_(_begins(f"{BATCH}{batch}"), ~_begins(BATCH))
        self._end(pipeline, TriggerState.COVERED, about, turn=turn)

    def cover_late(self, pipeline: str, by_id: Mapping[int, int]) -> None:
        """End triggers that came after the turn which had taken in what they are about.

        Args:
            pipeline: Its pipeline.
            by_id: For each trigger, the number of that turn.
        """
        for trigger, turn in by_id.items():
            self._end(pipeline, TriggerState.COVERED, triggers.c.id == trigger, turn=turn)

    def skip(self, pipeline: str, reasons: Mapping[int, str]) -> None:
        """End triggers without a turn, each with its reason."""
        for trigger, reason in reasons.items():
            self._end(pipeline, TriggerState.SKIPPED, triggers.c.id == trigger, reason=reason)

    @patient
    def fail(self, pipeline: str, turn: int, reason: str) -> None:
        """The turn that was to answer them was given up."""
        with self._access.writing(pipeline) as connection:
            covered = (triggers.c.pipeline == pipeline) & (triggers.c.turn == turn)
            values = {"state": TriggerState.FAILED, "reason": reason, "ended": self._access.now()}
            connection.execute(triggers.update().where(covered).values(**values))

    @patient
    def alert(self, pipeline: str, kind: AlertKind, of: object, text: str) -> bool:
        """Owe people a word about a pipeline, or about `HOME`; once about each thing. Says whether it was new.

        Args:
            pipeline: What it concerns.
            kind: What it is about.
            of: Which one: the number of a turn, the name of a delivery, the id of an event.
            text: What people are to read.
        """
        with self._access.transaction() as connection:
            values = {"text": _writable(text), "at": self._access.now(), "kind": kind}
            return insert_new(connection, alerts, {"pipeline": pipeline, "key": _fit(kind.key(of))}, values)

    def unsent(self, pipeline: str) -> list[Alert]:
        """Alerts that have not been sent and are not over, oldest first."""
        return self._alerts(pipeline, alerts.c.sent.is_(None))

    def standing(self, pipeline: str, kinds: Collection[AlertKind]) -> list[Alert]:
        """Alerts of some kinds about what is not over, sent or not, oldest first."""
        return self._alerts(pipeline, alerts.c.kind.in_([*kinds]))

    @patient
    def end(self, pipeline: str, key: str) -> None:
        """What an alert was about is over."""
        with self._access.transaction() as connection:
            settle(connection, pipeline, key, self._access.now())

    def _alerts(self, pipeline: str, chosen: ColumnElement[bool]) -> list[Alert]:
        these = select(alerts).where(alerts.c.pipeline == pipeline, alerts.c.over.is_(None), chosen)
        return [Alert(row["key"], row["text"]) for row in self._access.rows(these.order_by(alerts.c.at))]

    @patient
    def sent(self, pipeline: str, key: str) -> None:
        """An alert has reached whoever is told."""
        with self._access.transaction() as connection:
            this = (alerts.c.pipeline == pipeline) & (alerts.c.key == key)
            connection.execute(alerts.update().where(this).values(sent=self._access.now()))

    @patient
    def _end(self, pipeline: str, state: TriggerState, about: Any, **values: Any) -> None:
        with self._access.writing(pipeline) as connection:
            still = (triggers.c.pipeline == pipeline) & (triggers.c.state == TriggerState.OPEN) & about
            connection.execute(triggers.update().where(still).values(state=state, ended=self._access.now(), **values))


def settle(connection: Connection, pipeline: str, key: str, now: str) -> None:
    """Note in a transaction that what an alert is about is over: it is not owed any more.

    To whom it was sent its end is owed.
    """
    this = (alerts.c.pipeline == pipeline) & (alerts.c.key == key) & alerts.c.over.is_(None)
    sent = connection.execute(select(alerts.c.text).where(this, alerts.c.sent.is_not(None))).scalar()
    connection.execute(alerts.update().where(this).values(over=now))
    if sent is not None:
        values = {"text": f"It is over: {sent}", "at": now, "kind": AlertKind.OVER}
        insert_new(connection, alerts, {"pipeline": pipeline, "key": _fit(AlertKind.OVER.key(key))}, values)


def _of(pipeline: str) -> Select[Any]:
    return select(triggers).where(triggers.c.pipeline == pipeline).order_by(triggers.c.id)


def _begins(start: str) -> Any:
    # Not LIKE: on SQLite it takes no notice of upper and lower case, on PostgreSQL it does.
    return func.substr(triggers.c.key, 1, len(start)) == start


def _fit(key: str) -> str:
    """A key that the column can hold; two that differ anywhere stay two."""
    key = _writable(key)
    return key if len(key) <= _LONGEST_KEY else f"{key[: _LONGEST_KEY - 65]}#{sha256(key.encode()).hexdigest()}"


def _writable(text: str) -> str:
    """Text that every database takes: PostgreSQL has no place for a zero byte."""
    return text.replace("\0", "\N{SYMBOL FOR NULL}")


def _read(rows: Iterable[RowMapping]) -> list[Trigger]:
    names = ("id", "kind", "key", "evidence", "state", "at", "turn", "reason", "force")
    return [codec.load(Trigger, {name: row[name] for name in names}) for row in rows]
