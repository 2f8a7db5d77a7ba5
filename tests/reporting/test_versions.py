"""What is told about a version is about that version, not about what is installed or set while the page is written."""

from dataclasses import replace

from tasks.domain.turns import History
from tasks.reporting import versions
from tasks.reporting.versions import Fact
from tests.reporting import worlds

WORLD = worlds.year()
MODEL = dict(WORLD.models)[6]


def told(history: History) -> dict[str, Fact]:
    """Every fact about the live model of the world, by its name."""
    facts = versions.model_facts(history, 6, None, worlds.settings()) + versions.provenance(history, 6)
    return {fact.name: fact for fact in facts}


def test_libraries_are_told_where_the_lock_file_is_that_of_the_fit() -> None:
    found = told(WORLD)["Libraries"]

    assert found.code == (MODEL.lock_hash,)
    assert "installed now: Python 3.11.7, scikit-learn 1.9.1" in found.text


def test_with_another_lock_file_the_one_of_the_fit_is_told_and_no_library_of_now() -> None:
    found = told(replace(WORLD, lock_hash="f" * 64))["Libraries"]

    assert found.code == (MODEL.lock_hash,)
    assert "another one is installed now" in found.text
    assert "scikit-learn" not in found.text


def test_inputs_are_told_as_those_of_the_model_only_while_the_settings_are_those_of_its_fit() -> None:
    same, other = told(WORLD), told(replace(WORLD, settings_hash="000000000000"))

    assert "since" not in same["Inputs"].text + same["Settings"].text
    assert same["Inputs"].text in other["Inputs"].text
    assert "has been changed since this version was trained" in other["Inputs"].text
    assert other["Settings"] == Fact(
        "Settings", "of the pipeline file, with defaults; the file has been changed since", (MODEL.settings_hash,)
    )


def test_without_a_model_settings_and_libraries_of_now_are_told() -> None:
    facts = versions.provenance(WORLD, None)

    assert [(fact.name, fact.code) for fact in facts] == [
        ("Settings", (WORLD.settings_hash,)),
        ("Libraries", (WORLD.lock_hash,)),
    ]
    assert versions.provenance(History("flights", (), (), (), ()), None) == ()
