"""The environment: what it says is read here only, and third parties are quiet unless the user wants them loud."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from configs import environment
from configs.errors import UnusableHome


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nobody has set anything of ours; what a test sets is taken back."""
    for name in list(os.environ):
        if name.startswith(("INCUMBENT_", "PREFECT_", "MLFLOW_", "DO_NOT_TRACK", "OMP_", "NO_PROXY", "no_proxy")):
            monkeypatch.delenv(name)
    monkeypatch.setattr(os, "environ", os.environ.copy())


def test_without_any_variable_everything_is_in_the_checkout():
    found = environment.read()

    assert found.home == environment.CHECKOUT / "var"
    assert found.pipelines == environment.CHECKOUT / "configs" / "pipelines"
    assert (found.ledger_url, found.prefect_api_url, found.failpoint) == (None, None, None)


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch):
    for name in ("INCUMBENT_HOME", "INCUMBENT_LEDGER_URL", "PREFECT_API_URL", "INCUMBENT_FAILPOINT"):
        monkeypatch.setenv(name, "")

    found = environment.read()

    assert found.home == environment.CHECKOUT / "var"
    assert (found.ledger_url, found.prefect_api_url, found.failpoint) == (None, None, None)


def test_a_relative_home_is_relative_to_where_one_stands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INCUMBENT_HOME", "mine")

    assert environment.read().home == tmp_path / "mine"


def test_a_tilde_is_the_users_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("INCUMBENT_HOME", "~/mine")

    assert environment.read().home == tmp_path / "mine"


def test_the_folder_of_nobody_is_the_users_mistake(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("INCUMBENT_HOME", "~nobody-of-this-name/mine")

    with pytest.raises(UnusableHome, match="there is no such user"):
        environment.read()


def test_a_change_is_seen_at_the_next_reading_and_what_was_read_cannot_be_changed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("INCUMBENT_FAILPOINT", "here")
    first = environment.read()
    monkeypatch.setenv("INCUMBENT_FAILPOINT", "there")

    assert (first.failpoint, environment.read().failpoint) == ("here", "there")
    with pytest.raises(ValidationError):
        first.failpoint = "elsewhere"  # type: ignore[misc]


def test_third_parties_are_silenced_unless_the_user_said_otherwise():
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "mine"

    environment.settle()

    assert os.environ["DO_NOT_TRACK"] == "1"
    assert os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "mine"


def test_an_empty_address_of_prefect_is_taken_away_and_a_real_one_is_kept():
    os.environ["PREFECT_API_URL"] = ""
    environment.settle()
    assert "PREFECT_API_URL" not in os.environ

    os.environ["PREFECT_API_URL"] = "http://prefect.example/api"
    environment.settle()

    assert environment.read().prefect_api_url == "http://prefect.example/api"


def test_no_proxy_gets_between_a_run_and_its_own_api_and_the_users_exceptions_stay():
    os.environ["NO_PROXY"] = "intranet.example,localhost"

    environment.settle()
    environment.settle()

    assert os.environ["NO_PROXY"] == "intranet.example,localhost,127.0.0.1,::1"
    assert os.environ["no_proxy"] == os.environ["NO_PROXY"]


def test_a_child_works_on_the_home_that_it_is_given(tmp_path: Path):
    os.environ["INCUMBENT_HOME"] = "/elsewhere"
    os.environ["LANGUAGE"] = "de"

    given = environment.for_child(tmp_path)

    assert (given["INCUMBENT_HOME"], given["LANGUAGE"]) == (str(tmp_path), "de")
    assert os.environ["INCUMBENT_HOME"] == "/elsewhere"


def test_secrets_are_known_by_the_names_of_variables_and_inside_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "SHOP_API_KEY": "abcdefgh12",
        "SHOP_DB_URL": "postgresql://shop:p%40ssw0rd@db/shop",
        "SHOP_PASSWORD_FILE": "/run/secrets/password",
        "SHOP_TOKEN": "short",
        "SHOP_SAME_URL": "postgresql://postgres:postgres@db/shop",
        "SHOP_PLAIN_URL": "http://127.0.0.1:4200/api",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    found = environment.secrets()

    assert {what: value for what, value in found.items() if "SHOP_" in what} == {
        "the value of SHOP_API_KEY": "abcdefgh12",
        "the password in SHOP_DB_URL": "p@ssw0rd",
    }


def test_the_login_in_the_address_of_prefect_becomes_its_auth_string():
    os.environ["PREFECT_API_URL"] = "http://me:pa%40ssword@host/api"
    environment.settle()
    assert os.environ["PREFECT_API_URL"] == "http://host/api"
    assert environment.client_auth() == "me:pa@ssword"

    os.environ["PREFECT_API_URL"] = "http://me:other@host/api"
    environment.settle()

    assert (os.environ["PREFECT_API_URL"], environment.client_auth()) == ("http://host/api", "me:pa@ssword")


def test_a_secret_of_every_kind_of_address_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "SHOP_URL": "https://h/api?token=inOption1",
        "SHOP_PROXY": "http://tokenAsUser@proxy:3128",
        "SHOP_HOOK": "https://hooks.slack.com/services/T0/B0/inPath11",
        "SHOP_AUTH_STRING": "me:inLogin11",
        "PGPASSWORD": "ofLibpq1",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    held = {what: value for what, value in environment.secrets().items() if "SHOP_" in what or "PGPASS" in what}

    assert held == {
        "the option token of SHOP_URL": "inOption1",
        "the user in SHOP_PROXY": "tokenAsUser",
        "the path of SHOP_HOOK": "T0/B0/inPath11",
        "the value of SHOP_AUTH_STRING": "me:inLogin11",
        "the password in SHOP_AUTH_STRING": "inLogin11",
        "the value of PGPASSWORD": "ofLibpq1",
    }


LOGS = """
import logging
from configs import environment
environment.settle()
logging.basicConfig()
logging.warning("asked %s", "http://other@host/")
try:
    raise ValueError("with hidden-word in it")
except ValueError:
    logging.exception("failed")
raise OSError("no answer from http://me:hidden-word@host/")
"""


def test_no_log_and_no_traceback_shows_a_secret_of_the_environment() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LOGS],
        env={**os.environ, "SHOP_URL": "http://me:hidden-word@host/"},
        cwd=environment.CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 1
    assert "hidden-word" not in ran.stderr
    assert "ValueError: with *** in it" in ran.stderr
    assert ran.stderr.rstrip().endswith("OSError: no answer from http://***@host/")
