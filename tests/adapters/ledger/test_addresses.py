"""Addresses of the ledger: what people write is understood or refused in words, and a password is never shown."""

import pytest

from configs.errors import UnusableHome
from tasks.adapters.ledger import addresses


@pytest.mark.parametrize(
    ("given", "driver", "shown"),
    [
        ("sqlite:////home/me/ledger.db", "sqlite", "sqlite:////home/me/ledger.db"),
        ("postgresql://me:secret@host:5432/ledger", "postgresql+psycopg", "postgresql://me:***@host:5432/ledger"),
        ("postgres://me:secret@host/ledger", "postgresql+psycopg", "postgresql://me:***@host/ledger"),
        ("postgresql+psycopg://me:secret@host/ledger", "postgresql+psycopg", "postgresql://me:***@host/ledger"),
        ("postgresql://host/ledger?user=me&password=secret", "postgresql+psycopg", "postgresql://host/ledger"),
        ("postgresql:///ledger?host=/run/postgresql", "postgresql+psycopg", "postgresql:///ledger"),
        ("postgresql://me:s%40cret@[::1]/ledger", "postgresql+psycopg", "postgresql://me:***@[::1]/ledger"),
    ],
)
def test_an_address_is_read_as_people_write_it_and_shown_without_its_secrets(
    given: str, driver: str, shown: str
) -> None:
    found = addresses.read(given)

    assert (found.drivername, addresses.shown(found)) == (driver, shown)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("secret", "is not the address of a database"),
        ("postgresql://me:secret", "something else than a number where the port is expected"),
        ("postgresql://me:se@cret@host/ledger", "more than one @"),
        ("postgresql://me:secret@host:port/ledger", "something else than a number where the port is expected"),
        ("postgresql://me:secret@host:70000/ledger", "a port that cannot be, 70000"),
        (
            "postgresql://me:secret@host/ledger?sslmod=require",
            "the option 'sslmod', which PostgreSQL does not know; did you mean 'sslmode'?",
        ),
        (
            "postgresql://me:secret@host/ledger?nosuch=secret",
            "the option 'nosuch', which PostgreSQL does not know. Opt",
        ),
        ("postgresql://host/ledger?password=sec&ret=secret", "has an option that PostgreSQL does not know"),
        ("postgresql://host/ledger?autocommit=secret", "the option 'autocommit', which PostgreSQL does not know"),
        ("mysql://me:secret@host/ledger", "of the kind 'mysql': a ledger is kept in PostgreSQL or SQLite"),
        ("https://me:secret@host/ledger", "of the kind 'https': a ledger is kept in PostgreSQL or SQLite"),
        ("postgresql+pg8000://me:secret@host/ledger", "'pg8000'. Leave it out: write postgresql://"),
        ("postgresql+asyncpg://me:secret@host/ledger", "'asyncpg'. Leave it out: write postgresql://"),
        ("sqlite+aiosqlite:////folder/ledger.db", "'aiosqlite'. Leave it out: write sqlite://"),
        ("sqlite:////folder/ledger.db?nosuch=secret", "the option 'nosuch', which SQLite does not know"),
        ("sqlite:////folder/ledger.db?timout=5", "did you mean 'timeout'?"),
        ("sqlite:////folder/ledger.db?mode=ro", "'mode', of which SQLite hears only in a URI: sqlite:///file:"),
        ("sqlite://", "a database in memory, with which the ledger would end"),
        ("sqlite:///:memory:", "a database in memory"),
        ("sqlite:///file:x?mode=memory&uri=true", "a database in memory"),
    ],
)
def test_an_address_that_is_none_is_refused_without_being_repeated(given: str, words: str) -> None:
    with pytest.raises(UnusableHome, match=words) as caught:
        addresses.read(given)

    told = [str(caught.value), str(caught.value.__cause__)]
    assert [text for text in told if "cret" in text] == []
    assert "INCUMBENT_LEDGER_URL" in told[0]
