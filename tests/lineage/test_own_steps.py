"""Versions with a feature step of the user: what changed in its code, and whether that explains what they lose."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from configs.errors import IncumbentError
from tasks.adapters.home import Home
from tasks.lineage import makings
from tasks.lineage.attribution import Answer, Kind
from tasks.lineage.makings import Making
from tasks.lineage.steps import attributing, differing, own_steps, reproduction
from tests import trained, users

STEPS = """\
features:
  steps:
    - {step: date_parts, of: [at], parts: [hour]}
    - {use: strength, of: [device, fee, advanced_uses]}
training:
"""
TEXT = trained.LINEAR.replace("features: [device, hour, fee, advanced_uses]", "features: [hour]").replace(
    "training:\n", STEPS
)
GOOD = '''def strength(rows):
    """How much of an expert somebody seems to be."""
    return 0.12 * (rows["fee"] - 25) + 2.6 * (rows["advanced_uses"] > 0) - 2.0 * (rows["device"] == "desk")
'''
BAD = GOOD.replace("2.6 * (rows", "0.0 * (rows")
OF_PACKAGE = TEXT.replace("use: strength", "use: 'expertise.steps:strength'")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    return tmp_path


def home(folder: Path, code: str | None, text: str = TEXT) -> Home:
    """The home beside these files, as a new process has it."""
    opened = trained.home(folder, text)
    if code is not None:
        (folder / "pipelines" / "users.py").write_text(code)
    return opened


@pytest.fixture
def two(folder: Path) -> Iterator[Home]:
    """v1 learned with good code, v2 with bad code from the same rows; a week waits to be judged."""
    first = home(folder, GOOD)
    weeks = [trained.take_in(first, number, users.week(number)) for number in range(3)]
    trained.version(first, weeks[:2])
    first.close()
    second = home(folder, BAD)
    trained.version(second, weeks[:2])
    yield second
    second.close()


def test_why_finds_that_the_code_explains_it(two: Home) -> None:
    answer = attributing.why(two, trained.PIPELINE, "v1", "v2")

    (tried,) = answer.tried
    assert (tried.kind, tried.name) == (Kind.SETTING, "features.steps.strength.source")
    assert tried.answer is Answer.MOST


def test_code_in_both_versions_is_shown_and_compared(two: Home) -> None:
    models = two.ledger.models.versions(trained.PIPELINE)

    (change,) = differing.origins_of(two, trained.PIPELINE, models[1], models[2]).steps

    assert change.code is not None
    assert [line[:1] for line in change.code if "2.6" in line or "0.0 *" in line] == ["-", "+"]
    assert change.text == f"strength: source {change.now}, was {change.was}"
    assert own_steps.before(two, trained.PIPELINE, 2) == 1
    assert own_steps.before(two, trained.PIPELINE, 1) is None


def test_a_version_is_made_again_when_its_file_is_gone(two: Home, folder: Path) -> None:
    models = two.ledger.models.versions(trained.PIPELINE)
    (folder / "pipelines" / "users.py").unlink()
    trained.home(folder, trained.LINEAR).close()

    for model in models.values():
        again = reproduction.reproduce(Home(two.folder), trained.PIPELINE, model)
        assert again.succeeded
        assert again.same_bytes


@pytest.fixture
def package(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed package of two modules."""
    package = folder / "site" / "expertise"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "weights.py").write_text("uses = 2.6\n")
    (package / "steps.py").write_text("from expertise.weights import uses\n\n\n" + GOOD.replace("2.6", "uses"))
    monkeypatch.syspath_prepend(folder / "site")
    importlib.invalidate_caches()
    yield package
    for name in [name for name in sys.modules if name.partition(".")[0] == "expertise"]:
        del sys.modules[name]


def test_code_of_a_package_is_compared_in_all_its_modules(folder: Path, package: Path) -> None:
    """What the model of then needs is not there any more, which is said in words."""
    from configs import importing
    from tasks.features import own_step

    first = home(folder, None, OF_PACKAGE)
    weeks = [trained.take_in(first, number, users.week(number)) for number in range(2)]
    trained.version(first, weeks[:1])
    first.close()
    (package / "weights.py").write_text("uses = 0.1\n")
    for name in [name for name in sys.modules if name.partition(".")[0] == "expertise"]:
        del sys.modules[name]
    importing._read.cache_clear()
    own_step._functions.clear()
    second = home(folder, None, OF_PACKAGE)
    trained.version(second, weeks[:1])
    models = second.ledger.models.versions(trained.PIPELINE)

    assert models[1].id != models[2].id
    assert reproduction.reproduce(second, trained.PIPELINE, models[2]).succeeded
    with pytest.raises(IncumbentError, match=r"needs expertise\.weights as it was when the model was fitted, sha256"):
        reproduction.reproduce(second, trained.PIPELINE, models[1])
    second.close()


def making(text: str, folder: Path) -> Making:
    opened = home(folder, GOOD, text)
    settings = opened.settings(trained.PIPELINE)
    opened.close()
    return Making(settings, settings.training.candidates[0])


RATIO = "    - {step: ratio, of: [fee, advanced_uses], name: each}\n"


@pytest.mark.parametrize(
    ("was", "now", "texts"),
    [
        (TEXT, TEXT, []),
        (TEXT, TEXT.replace("    - {use", f"{RATIO}    - {{use"), ["features.steps: with ratio of fee, advanced_uses"]),
        (TEXT.replace("    - {use", f"{RATIO}    - {{use"), TEXT, ["features.steps: without ratio of fee, advanced_uses"]),
        (TEXT, TEXT.replace("parts: [hour]", "parts: [hour, day]"), ["features.steps.date_parts of at.parts: with day"]),
        (TEXT, TEXT.replace("of: [device, fee, advanced_uses]}", "of: [device, fee, advanced_uses, at_hour]}"), ["features.steps.strength.of: with at_hour"]),
    ],
)  # fmt: skip
def test_steps_that_differ_are_undone_alone_and_together(was: str, now: str, texts: list[str], folder: Path) -> None:
    before, after = making(was, folder), making(now, folder)

    singly = makings.singly(before, after)

    assert [one.change.text for one in singly] == texts
    for one in singly:
        assert one.making.settings.features.outputs == before.settings.features.outputs
    assert makings.together(before, after).settings.features == before.settings.features


def test_a_step_without_which_another_cannot_be_made_stays(folder: Path) -> None:
    needs = TEXT.replace("advanced_uses]}\n", "advanced_uses, each]}\n").replace("    - {use", f"{RATIO}    - {{use")
    before, after = making(TEXT, folder), making(needs, folder)

    assert [one.change.text for one in makings.singly(before, after)] == ["features.steps.strength.of: with each"]
