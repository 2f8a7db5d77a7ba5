"""The secret of a home, the links that let a browser in once, and its cookie."""

import os
import re
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from configs.errors import UnusableHome
from tasks.adapters.web import access

OWN = "http://127.0.0.1:4200/api"


def word(home: Path) -> str:
    return access.link(home, "http://127.0.0.1:4200").rpartition("/")[2]


def test_a_home_has_one_secret_that_only_its_owner_reads(tmp_path: Path) -> None:
    before = os.umask(0)
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(access.auth, [tmp_path] * 16))
    os.umask(before)

    assert len(secrets) == 1
    assert secrets != {access.auth(tmp_path / "another")}
    assert stat.S_IMODE(access.secret_file(tmp_path).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "prefect").iterdir()] == ["secret"]


def test_a_secret_that_others_could_read_is_closed(tmp_path: Path) -> None:
    secret = access.auth(tmp_path)
    access.secret_file(tmp_path).chmod(0o644)

    assert access.auth(tmp_path) == secret
    assert stat.S_IMODE(access.secret_file(tmp_path).stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"\n", b"hello", b"\xff\xfe", b"incumbent:"])
def test_a_file_that_is_no_secret_is_refused_in_words(content: bytes, tmp_path: Path) -> None:
    access.secret_file(tmp_path).parent.mkdir()
    access.secret_file(tmp_path).write_bytes(content)

    with pytest.raises(UnusableHome, match="secret of Prefect's server"):
        access.auth(tmp_path)


def test_what_the_user_set_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_SERVER_API_AUTH_STRING", "me:mine")

    assert access.auth(tmp_path) == "me:mine"
    assert "$PREFECT_SERVER_API_AUTH_STRING" in access.shown(tmp_path)
    assert "mine" not in access.shown(tmp_path)


@pytest.mark.parametrize("name", ["plain", "with space", "it's", 'a "b" $HOME `c`'])
def test_the_shell_gets_the_secret_without_showing_it(name: str, tmp_path: Path) -> None:
    home = tmp_path / name
    secret = access.auth(home)

    command = f"{access.shown(home)} sh -c 'printf %s \"$PREFECT_API_AUTH_STRING\"'"

    assert secret not in command
    assert subprocess.run(command, shell=True, capture_output=True, text=True, check=True).stdout == secret


@pytest.mark.parametrize(
    ("url", "own", "set_by_user", "gives"),
    [
        (None, OWN, None, "the home's"),
        (None, OWN, "for another server", "the home's"),
        (OWN, OWN, None, "the home's"),
        (f"{OWN}/", OWN, None, "the home's"),
        ("http://localhost:4200/api", OWN, None, "the home's"),
        (OWN, OWN, "for it", "for it"),
        ("http://127.0.0.1:4201/api", OWN, None, None),
        ("https://prefect.example/api", OWN, None, None),
        ("https://prefect.example/api", None, "for it", "for it"),
        (None, None, None, None),
    ],
)
def test_the_secret_of_a_home_is_given_to_its_server_only(
    url: str | None, own: str | None, set_by_user: str | None, gives: str | None,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", set_by_user or "")

    given = access.auth_of(tmp_path, url, own)

    assert given == (access.auth(tmp_path) if gives == "the home's" else gives)


def test_of_many_who_open_a_link_one_gets_in(tmp_path: Path) -> None:
    key = word(tmp_path)

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: access.redeem(tmp_path, key), range(16)))

    assert sorted(results) == [False] * 15 + [True]


def test_links_are_many_and_each_is_good_for_a_day(tmp_path: Path) -> None:
    old, fresh = word(tmp_path), word(tmp_path)
    for path in (tmp_path / "prefect" / "links").iterdir():
        if path == access._link_file(tmp_path, old):
            os.utime(path, (0, 0))

    assert not access.redeem(tmp_path, old)
    assert access.redeem(tmp_path, fresh)


@pytest.mark.parametrize("guess", ["", ".", "..", "../secret", "x" * 5000, "%2e%2e"])
def test_a_guess_opens_nothing_and_removes_nothing(guess: str, tmp_path: Path) -> None:
    secret, good = access.auth(tmp_path), word(tmp_path)

    assert not access.redeem(tmp_path, guess)
    assert access.auth(tmp_path) == secret
    assert access.redeem(tmp_path, good)


def test_a_cookie_is_good_for_its_start_only(tmp_path: Path) -> None:
    key, other = access.cookie_key(tmp_path / "a"), access.cookie_key(tmp_path / "b")
    name = access.new_name()
    cookie = access.cookie(key, name)
    until, _, signature = cookie.partition(".")

    assert access.is_good_cookie(key, name, cookie)
    assert not access.is_good_cookie(key, access.new_name(), cookie)
    assert not access.is_good_cookie(other, name, cookie)
    assert key.decode() not in cookie
    for forged in ("", ".", until, f"{until}.", f"{int(until) + 1}.{signature}", f"-1.{signature}", "٣.x", "²."):
        assert not access.is_good_cookie(key, name, forged)


def test_each_start_has_a_name_that_nobody_can_guess() -> None:
    names = {access.new_name() for _ in range(100)}

    assert len(names) == 100
    assert all(re.fullmatch(r"incumbent-[0-9a-f]{24}\.localhost", name) for name in names)
    assert access.named("http://127.0.0.1:5000/#/runs", "x.localhost") == "http://x.localhost:5000/#/runs"
    assert access.named("http://127.0.0.1:5000", "") == "http://127.0.0.1:5000"
