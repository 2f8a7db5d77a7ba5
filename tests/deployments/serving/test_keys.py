"""Keys: shown once, kept as digests, each for what it may do; with none, nobody needs one."""

import base64
import json
from pathlib import Path

import pytest

from configs.errors import Damaged
from deployments.serving import doorkeeper, keys
from deployments.serving.doorkeeper import Doorkeeper
from tasks.scoring.refusals import Refused


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INCUMBENT_HOME", str(tmp_path))
    return tmp_path


def make(name: str, scopes: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert keys.main(["add", name, "--scopes", scopes]) == 0
    return capsys.readouterr().out.splitlines()[-1]


def scope(method: str = "POST", **headers: str) -> dict[str, object]:
    sent = {"host": "127.0.0.1:8000", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return {"method": method, "headers": [(name.encode(), value.encode()) for name, value in sent.items()]}


def status(keeper: Doorkeeper, wanted: str, **headers: str) -> int:
    try:
        keeper.require(scope(**headers), wanted)
    except Refused as refused:
        return refused.status
    return 200


def test_a_key_may_do_what_its_scopes_say(home, capsys):
    made = {scopes: make(scopes, scopes, capsys) for scopes in ("predict", "read", "admin")}
    keeper = Doorkeeper(8000, doorkeeper.keys_of(home))

    may = {
        name: [status(keeper, wanted, x_api_key=key) for wanted in ("predict", "read")] for name, key in made.items()
    }

    assert may == {"predict": [200, 403], "read": [403, 200], "admin": [200, 200]}
    assert status(keeper, "predict") == status(keeper, "predict", x_api_key="wrong") == 401
    assert status(keeper, "predict", authorization=f"Bearer {made['predict']}") == 200
    login = base64.b64encode(f"anybody:{made['predict']}".encode()).decode()
    assert status(keeper, "predict", authorization=f"Basic {login}") == 200
    assert status(keeper, "predict", authorization="Basic !!") == 401


def test_kept_is_no_key_and_the_file_is_its_users_alone(home, capsys):
    key = make("shop", "predict,read", capsys)

    kept = home / doorkeeper.KEYS

    assert key not in kept.read_text() and kept.stat().st_mode & 0o077 == 0
    assert keys.main(["list"]) == 0
    assert capsys.readouterr().out == "shop  predict, read\n"
    assert keys.main(["remove", "shop"]) == 0
    assert doorkeeper.keys_of(home) == {}
    assert status(Doorkeeper(8000, {}), "predict") == 200


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["add", "a", "--scopes", "all"], "--scopes: unknown scope 'all'. Known: predict, read, admin."),
        (["add", "shop"], "'shop' has a key already. Remove it first; it cannot be shown again."),
        (["remove", "nobody"], "'nobody' has no key. `list` names those that have one."),
    ],
)
def test_a_mistake_is_a_sentence(home, capsys, arguments, sentence):
    make("shop", "predict", capsys)

    assert keys.main(arguments) == 2
    assert capsys.readouterr().err.strip() == sentence


@pytest.mark.parametrize("content", ["{", "[]", '{"a": 1}', json.dumps({"a": {"name": "x"}})])
def test_a_file_that_holds_no_keys_lets_nobody_in(home, content):
    (home / doorkeeper.KEYS).write_text(content)

    with pytest.raises(Damaged, match="holds no keys"):
        doorkeeper.keys_of(home)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "localhost.evil:80"]
)
def test_on_this_machine_it_answers_to_its_own_names_only(host):
    assert status(Doorkeeper(8000, {}), "predict", host=host) == 403
    assert status(Doorkeeper(None, {"a": ("predict",)}), "predict", host=host) == 401


def test_who_watches_the_service_needs_no_key_and_learns_yes_or_no(home, capsys):
    key, no_reader = make("boss", "read", capsys), make("shop", "predict", capsys)
    keeper = Doorkeeper(8000, doorkeeper.keys_of(home))

    assert keeper.require_watcher(scope("GET")) is False
    assert keeper.require_watcher(scope("GET", x_api_key=key)) is True
    for refused in ({"x_api_key": no_reader}, {"x_api_key": "wrong"}, {"host": "evil.example"}, {"origin": "null"}):
        with pytest.raises(Refused):
            keeper.require_watcher(scope("GET", **refused))


@pytest.mark.parametrize("times", [1, 2, 3])
def test_of_several_hosts_none_counts(times):
    sent = {"method": "POST", "headers": [(b"host", b"127.0.0.1:8000")] * times}

    if times == 1:
        Doorkeeper(8000, {}).require(sent, "predict")
        return
    with pytest.raises(Refused, match="answers as 127"):
        Doorkeeper(8000, {}).require(sent, "predict")
