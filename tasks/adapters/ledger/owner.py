"""Whose ledger it is: the id of a home, and the place where that home was when it was written down.

What follows from it (who is let in, who has to adopt) belongs to `tasks.adapters.ownership`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from configs.errors import Busy
from tasks.adapters.ledger.connection import Access, insert_new
from tasks.adapters.ledger.lease import Lease
from tasks.adapters.ledger.schema import batches, leases, owner
from tasks.adapters.ledger.troubles import patient


@dataclass(frozen=True)
class Place:
    """Where a home is."""

    path: str
    """With all links followed."""
    inode: str
    """Of its folder."""
    host: str
    """Name of the machine."""

    def is_same(self, other: "Place") -> bool:
        """Whether both may be one folder: a container has another name each time, and a restart may number anew."""
        return self.path == other.path and (self.inode == other.inode or self.host == other.host)


@dataclass(frozen=True)
class Owned:
    """What a ledger says of its home."""

    home: str
    place: Place


class Owner:
    """The one row that says whose ledger it is."""

    def __init__(self, access: Access, lease: Lease) -> None:
        """Args:
        access: The ledger's connections.
        lease: Of the same ledger.
        """
        self._access, self._lease = access, lease

    def read(self) -> Owned | None:
        """Whose it is; None if nobody has said so yet."""
        row = self._access.first(select(owner))
        return None if row is None else Owned(row["home"], Place(row["path"], row["inode"], row["host"]))

    @patient
    def claim(self, home: str, place: Place) -> Owned:
        """Say whose it is, unless somebody has; gives whose it is then. Of two homes at once one gets it."""
        with self._access.transaction() as connection:
            insert_new(connection, owner, {"one": 1}, self._values(home, place))
        found = self.read()
        assert found is not None
        return found

    @patient
    def replace(self, home: str, place: Place) -> None:
        """Say that it is another home's from now on.

        Raises:
            Busy: Somebody is at work under a lease of this ledger.
        """
        with self._access.transaction() as connection:
            for row in connection.execute(select(leases).where(leases.c.holder.is_not(None))).mappings():
                holder = self._lease.of_row(row)
                if holder.lives:
                    raise Busy(
                        f"{holder.who} works on {row['pipeline']!r} with this ledger, which cannot be adopted "
                        "meanwhile. End it first; what was killed lets go within a minute."
                    )
            connection.execute(owner.delete())
            connection.execute(owner.insert().values(one=1, **self._values(home, place)))

    def files(self) -> Iterator[str]:
        """Digests of the files with rows that the ledger expects in the store."""
        for row in self._access.rows(select(batches.c.record)):
            named = (row["record"].get(name) for name in ("accepted_file", "aside_file"))
            yield from (str(digest) for digest in named if digest)

    def _values(self, home: str, place: Place) -> dict[str, str]:
        return {
            "home": home,
            "path": place.path,
            "inode": place.inode,
            "host": place.host,
            "at": self._access.now(),
        }
