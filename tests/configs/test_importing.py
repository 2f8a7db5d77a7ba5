"""Code of a user's own, found and hashed: its module, and what that imports of the user's own code."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from configs import importing

FILES = {
    "__init__.py": "",
    "steps.py": "import math\nimport pandas\nfrom kiosks import words\nfrom .numbers import much\n\n\ndef own(rows):\n    from kiosks.later import more\n    return rows\n",
    "words.py": "from tasks.domain import wording\nword = 'a'\n",
    "numbers.py": "much = 2\n",
    "later.py": "more = 3\n",
    "beside.py": "nobody = 'asks for it'\n",
}  # fmt: skip


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "kiosks"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    (tmp_path / "kiosks_too.py").write_text("from kiosks.steps import own\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    forget()


def forget() -> None:
    """As in a new process."""
    for name in [name for name in sys.modules if name.partition(".")[0] in ("kiosks", "kiosks_too")]:
        del sys.modules[name]
    importing._read.cache_clear()


def test_own_code_is_what_a_module_imports_of_its_package_also_later(package: Path) -> None:
    found = importing.own_modules(importing.module("kiosks.steps"))

    assert set(found) == {"kiosks", "kiosks.steps", "kiosks.words", "kiosks.numbers", "kiosks.later"}


def test_what_is_not_installed_is_own_code_of_another_module(package: Path) -> None:
    assert "kiosks.steps" in importing.own_modules(importing.module("kiosks_too"))


@pytest.mark.parametrize("name", ["steps.py", "words.py", "numbers.py", "later.py"])
def test_a_change_in_any_of_it_is_another_source(name: str, package: Path) -> None:
    before = importing.own_source(importing.module("kiosks.steps"))
    forget()
    (package / name).write_text(FILES[name] + "# changed\n")

    assert importing.own_source(importing.module("kiosks.steps")) != before


def test_what_nobody_imports_changes_nothing(package: Path) -> None:
    before = importing.own_source(importing.module("kiosks.steps"))
    forget()
    (package / "beside.py").write_text("nobody = 'still'\n")

    assert importing.own_source(importing.module("kiosks.steps")) == before


def test_the_hash_is_the_same_before_and_after_it_was_called(package: Path) -> None:
    module = importing.module("kiosks.steps")
    before = importing.own_source(module)

    module.own([])

    assert importing.own_source(module) == before


def test_what_is_printed_at_import_goes_where_people_look(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (package / "words.py").write_text("print('hello')\n")

    importing.module("kiosks.words")

    assert capsys.readouterr() == ("", "hello\n")
