"""A home with the small pipeline of `shop.py`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.adapters.home import Home
from tests.adapters import shop


@pytest.fixture
def shop_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """An empty home; its only pipeline is `shop`."""
    shop.write_pipeline(tmp_path / "pipelines")
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    home = Home(tmp_path / "home")
    yield home
    home.close()
