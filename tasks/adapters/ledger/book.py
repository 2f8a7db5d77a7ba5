"""The ledger in the hand: its parts, opened together."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from tasks.adapters.ledger.admissions import Admissions
from tasks.adapters.ledger.audit import Audit
from tasks.adapters.ledger.batches import Batches
from tasks.adapters.ledger.connection import Access
from tasks.adapters.ledger.corrections import Corrections
from tasks.adapters.ledger.inbox import Inbox
from tasks.adapters.ledger.lease import Lease
from tasks.adapters.ledger.logged import LoggedFiles
from tasks.adapters.ledger.models import Models
from tasks.adapters.ledger.opening import open_engine
from tasks.adapters.ledger.owner import Owner
from tasks.adapters.ledger.packages import Packages
from tasks.adapters.ledger.predictions import Predictions
from tasks.adapters.ledger.promotions import Promotions
from tasks.adapters.ledger.refits import Refits
from tasks.adapters.ledger.tables import Tables
from tasks.adapters.ledger.turns import Turns


class Ledger:
    """What happened and what was decided, by subject."""

    def __init__(self, url: str, lock: Path, clock: Callable[[], datetime], lost: str | None = None) -> None:
        """Open the ledger, and make or migrate its schema if need be.

        Args:
            url: SQLAlchemy address of the database.
            lock: File to lock while the schema is made.
            clock: Gives the present moment.
            lost: What to say if there is no ledger, where a new one must not be made.

        Raises:
            UnusableHome: It cannot be opened, or is of a newer version.
            Damaged: It was lost.
        """
        access = Access(open_engine(url, lock, lost), clock)
        self.admissions = Admissions(access)
        self.batches = Batches(access)
        self.turns = Turns(access)
        self.models = Models(access)
        self.promotions = Promotions(access)
        self.refits = Refits(access)
        self.corrections = Corrections(access)
        self.logged = LoggedFiles(access)
        self.predictions = Predictions(access)
        self.packages = Packages(access)
        self.tables = Tables(access)
        self.inbox = Inbox(access)
        self.audit = Audit(access)
        self.lease = Lease(access)
        self.owner = Owner(access, self.lease)
        self._access = access

    def close(self) -> None:
        """Give the connections back."""
        self._access.engine.dispose()
