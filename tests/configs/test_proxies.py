"""Proxies of the environment: this machine is asked directly, and what cannot be used stops nothing, or is named."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from configs import environment, proxies
from tests.command_line import CommandLine

UNUSABLE = [
    "socks5://127.0.0.1:9", "socks5h://user:secret@proxy.example:1080", "socks4://proxy.example:1", "ftp://proxy.example",
    "http://[::1", " http://proxy.example:1", "http://", "://", "http://:80", "http://proxy.example:99999",
]  # fmt: skip
USABLE = ["http://proxy.example:3128", "https://u:p@proxy.example", "proxy.example:3128", "http://[::1]:3128", ""]
EXCEPTED = [
    "corp.example", ".corp.example", "*.corp.example", "::1", "[::1]", "::1/128", "fe80::/10", "10.0.0.0/8", "x:y", "*",
    "a,,b", "localhost:4200", "[", "http://corp.example", "a b",
]  # fmt: skip


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without a proxy, to be given some."""
    for name in ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", proxies.ASIDE):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "")
    return monkeypatch


@pytest.mark.parametrize("variable", ["ALL_PROXY", "HTTP_PROXY", "https_proxy", "all_proxy"])
@pytest.mark.parametrize("proxy", UNUSABLE)
def test_what_no_client_can_use_is_put_aside(proxy: str, variable: str, named: pytest.MonkeyPatch) -> None:
    named.setenv(variable, proxy)
    named.setenv(proxies.ASIDE, "")

    environment.settle()

    httpx.Client().close()
    assert environment.proxy_in_the_way("http://127.0.0.1:4200/api") is None
    why = environment.proxy_in_the_way(f"{'https' if 'https' in variable else 'http'}://prefect.example/api")
    assert why is not None and why.startswith(f"{variable} names a proxy that cannot be used")
    assert "secret" not in why


@pytest.mark.parametrize("proxy", USABLE)
def test_what_can_be_used_is_left_as_it_is(proxy: str, named: pytest.MonkeyPatch) -> None:
    values = {"ALL_PROXY": proxy}

    proxies.settle(values)

    assert values["ALL_PROXY"] == proxy
    assert proxies.why_not(values, "https://prefect.example") is None


@pytest.mark.parametrize("excepted", EXCEPTED)
@pytest.mark.parametrize("variable", ["no_proxy", "NO_PROXY"])
def test_this_machine_is_excepted_beside_what_the_user_excepts(
    excepted: str, variable: str, named: pytest.MonkeyPatch
) -> None:
    named.setenv("ALL_PROXY", "http://proxy.example:1")
    named.setenv(variable, excepted)

    environment.settle()

    with httpx.Client() as client:
        direct = client._transport_for_url(httpx.URL("http://127.0.0.1:4200/api"))
        assert direct is client._transport


def test_exceptions_under_both_names_count_together() -> None:
    values = {"NO_PROXY": "one.example", "no_proxy": "two.example"}

    proxies.settle(values)

    assert values["NO_PROXY"] == values["no_proxy"] == "two.example,one.example,127.0.0.1,localhost,::1"


@pytest.mark.parametrize(
    ("url", "is_in_the_way"),
    [
        ("https://prefect.example/api", True),
        ("http://prefect.example/api", True),
        ("https://a.corp.example/api", False),
        ("https://corp.example/api", False),
        ("https://notcorp.example/api", True),
        ("http://localhost:4200/api", False),
        ("http://[::1]:4200/api", False),
        (None, True),
    ],
)
def test_a_proxy_is_in_the_way_of_what_is_not_excepted(url: str | None, is_in_the_way: bool) -> None:
    values = {"ALL_PROXY": "socks4://x:1", "NO_PROXY": ".corp.example"}

    proxies.settle(values)

    assert (proxies.why_not(values, url) is not None) == is_in_the_way


@pytest.mark.parametrize(
    ("proxy", "command"),
    [
        ("socks5://127.0.0.1:9", "ingest"),
        pytest.param("socks5://127.0.0.1:9", "run", marks=pytest.mark.long),
        pytest.param("http://127.0.0.1:9", "ingest", marks=pytest.mark.long),
        pytest.param("nonsense://", "ingest", marks=pytest.mark.long),
    ],
)
def test_a_run_needs_no_proxy(proxy: str, command: str, new_home: Callable[..., Path], flows_run: CommandLine) -> None:
    home = new_home()
    (home / "landing" / "flights" / "broken.parquet").write_bytes(b"PAR1 but no more")

    ran = flows_run(home, command, ALL_PROXY=proxy, HTTP_PROXY=proxy, http_proxy=proxy, NO_PROXY="::1/128", no_proxy="")

    assert (ran.returncode, ran.stderr) == (3, "")
    assert "broken" in ran.stdout


@pytest.mark.parametrize("command", ["run", "ingest"])
def test_a_server_elsewhere_behind_such_a_proxy_is_one_paragraph(
    command: str, tmp_path: Path, flows_run: CommandLine
) -> None:
    (tmp_path / "landing" / "flights").mkdir(parents=True)
    (tmp_path / "landing" / "flights" / "broken.parquet").write_bytes(b"PAR1 but no more")

    ran = flows_run(
        tmp_path, command, ALL_PROXY="socks5://u:secret@127.0.0.1:9", PREFECT_API_URL="https://prefect.example/api"
    )

    assert ran.returncode == 10
    assert ran.stderr.startswith(
        "The Prefect server https://prefect.example/api cannot be asked. ALL_PROXY names a proxy"
    )
    assert ran.stderr.count("\n") == 1 and "secret" not in ran.stderr
