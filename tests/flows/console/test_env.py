"""`env`: the libraries of a version, on a terminal, in a file and for machines."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from configs.environment import CHECKOUT
from tasks.adapters.home import Home

Say = Callable[..., tuple[int, str, str]]
OF_NOW = (CHECKOUT / "requirements.lock").read_text(encoding="utf-8")


@pytest.fixture
def folder(shop_versions: Home) -> Path:
    return shop_versions.folder


def test_it_is_shown_as_text_that_pip_installs(say: Say) -> None:
    code, out, err = say("env", "shop", "v2")

    first, *rest = out.splitlines()
    assert (code, err) == (0, "")
    assert first.startswith("# v2 of shop: fitted with requirements.lock ")
    assert first.endswith(", the same as that of now")
    assert "\n".join(rest) + "\n" == OF_NOW


def test_it_is_written_as_it_was(say: Say, tmp_path: Path) -> None:
    path = tmp_path / "v2.txt"

    code, out, _ = say("env", "v2", "shop", "--out", str(path))
    told = json.loads(say("env", "v1", "shop", "--json")[1])

    assert (code, path.read_text(encoding="utf-8")) == (0, OF_NOW)
    assert out.endswith(f"written to {path}\n")
    assert (told["version"], told["of_now"], told["from"], told["text"]) == (1, True, "kept", OF_NOW)


@pytest.mark.parametrize(
    ("out", "text"),
    [("v2.toml", "name a file that ends with .txt, .lock."), ("nowhere/v2.txt", "there is no folder")],
)
def test_where_it_cannot_go_is_said(out: str, text: str, say: Say, tmp_path: Path) -> None:
    code, _, err = say("env", "shop", "v2", "--out", str(tmp_path / out))

    assert code == 2
    assert text in err


def test_one_that_is_gone_is_damage(say: Say, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.adapters import provenance

    monkeypatch.setattr(provenance, "lock", lambda code, digest: None)
    for path in (folder / "bundles").glob("*.lock"):
        path.unlink()

    code, _, err = say("env", "shop", "v2")

    assert code == 11
    assert "is gone or has changed. Restore it from a backup." in err
