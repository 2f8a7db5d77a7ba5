"""An address is shown without its secrets, wherever people put them, and no text that repeats them gets through."""

import pytest

from configs import addresses

S = "s3cr3tWord"
SHOWN = {
    "http://127.0.0.1:4200/api": "http://127.0.0.1:4200/api",
    f"http://me:{S}@host:4200/api": "http://***@host:4200/api",
    f"https://{S}@host/api": "https://***@host/api",
    f"https://host/api?token={S}": "https://host/api?***",
    f"https://host/api#{S}": "https://host/api#***",
    f"http://me:{S}@[::1]:4200/api?x={S}#{S}": "http://***@[::1]:4200/api?***#***",
    f"http://me:a/{S}@host/api": "http://***@host/api",
    f"http://me:a?{S}@host/api": "http://***@host/api",
    f"http://me:a#{S}@host/api": "http://***@host/api",
    f"http://me:a@{S}@host/api": "http://***@host/api",
    f"socks5://me:{S}@proxy:1080": "socks5://***@proxy:1080",
    f"postgresql://me:{S}@host:5432/db": "postgresql://me:***@host:5432/db",
    f"postgresql+psycopg://me:{S}@host/db?password={S}": "postgresql+psycopg://me:***@host/db?***",
    f"postgresql:///db?host=/run/postgresql&user=me&password={S}": "postgresql:///db?***",
    "postgresql://me@host/db": "postgresql://me@host/db",
    "sqlite:////home/me/ledger.db": "sqlite:////home/me/ledger.db",
    f"https://hooks.slack.com/services/T0000/B0000/{S}": "https://hooks.slack.com/services/***",
    f"https://discord.com/api/webhooks/1/{S}": "https://discord.com/api/webhooks/***",
    f"https://outlook.office.com/webhook/{S}@x/IncomingWebhook/{S}": "https://outlook.office.com/webhook/***",
    f"s3://key:{S}@bucket/rows.csv": "s3://***@bucket/rows.csv",
    f"me:{S}@host/api": "***@host/api",
    f"host/api?token={S}": "host/api?***",
    "": "",
}


@pytest.mark.parametrize(("given", "shown"), SHOWN.items())
def test_an_address_is_shown_without_its_secrets(given: str, shown: str) -> None:
    assert addresses.shown(given) == shown


TEXTS = {
    f"Client error for url 'http://me:{S}@host/api/flows'": "Client error for url 'http://***@host/api/flows'",
    f"see https://host/api?token={S}.": "see https://host/api?***.",
    f'invalid connection option "x" in "password={S} host=h"': 'invalid connection option "x" in "password=*** host=h"',
    f"conninfo: host=h password = '{S} two' dbname=d": "conninfo: host=h password = *** dbname=d",
    "password authentication failed for user": "password authentication failed for user",
    f"the word {S} alone": "the word *** alone",
    f"{S}s and my{S} are others": f"{S}s and my{S} are others",
    "as pa%40ss%2Fw or pa@ss/w": "as *** or ***",
    "no secret: 12:30, a@b.example": "no secret: 12:30, a@b.example",
}


@pytest.mark.parametrize(("given", "masked"), TEXTS.items())
def test_a_text_that_repeats_a_secret_is_masked(given: str, masked: str) -> None:
    assert addresses.masked(given, (S, "pa@ss/w")) == masked


HELD = {
    f"http://me:{S}@host/api": {"the password in": S},
    "http://me:pa%40ss@host/api": {"the password in": "pa@ss"},
    f"https://{S}@host": {"the user in": S},
    f"https://host/?token={S}&page=2": {"the option token of": S},
    f"postgresql:///db?user=me&password={S}": {"the option password of": S},
    f"https://host/#{S}": {"the fragment of": S},
    f"https://hooks.slack.com/services/T0/B0/{S}": {"the path of": f"T0/B0/{S}"},
    "postgresql://postgres:postgres@host/db": {},
    "postgresql://me@host/db": {},
    "sqlite:////home/me:x@y/ledger.db": {},
    "no address": {},
}


@pytest.mark.parametrize(("given", "held"), HELD.items())
def test_what_is_secret_in_an_address_is_known(given: str, held: dict[str, str]) -> None:
    assert addresses.secrets(given) == held


def test_the_login_is_taken_out_of_an_address() -> None:
    assert addresses.parted("http://me:pa%40ss@host:4200/api") == ("http://host:4200/api", "me:pa@ss")
    assert addresses.parted("http://host:4200/api") == ("http://host:4200/api", None)
