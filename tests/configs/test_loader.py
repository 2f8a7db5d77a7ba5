"""A pipeline file is either understood wholly, or every problem in it is named."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from configs import environment, loader
from configs.errors import InvalidSettings, MistakeOfUser, NotYaml, UnknownPipeline

FLIGHTS = (environment.CHECKOUT / "configs" / "pipelines" / "flights.yaml").read_text(encoding="utf-8")
SHOP = """
title: Will it be sold?
ingestion:
  times: {event: at}
validation:
  columns:
    at: {type: timestamp}
    shop: {type: category}
    items: {type: integer, min: 50}
    sold: {type: boolean, nullable: true}
  key: [at, shop]
  max_quarantined: 0.05
training:
  label: sold
  features: [items, shop]
  seed: 2013
  candidates:
    - {family: hist_gradient_boosting, max_iter: 120, learning_rate: 0.04}
    - {family: logistic_regression}
evaluation:
  cluster: {timezone: Europe/Berlin}
  slices:
    - {column: shop}
monitoring:
  drift: {min_effect: 0.1, share: 0.5}
reporting:
  row: [item, items]
  outcome: sold
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of pipelines with one file, shop.yaml."""
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path))
    (tmp_path / "shop.yaml").write_text(SHOP, encoding="utf-8")
    return tmp_path


def refusal(folder: Path, text: str | bytes) -> MistakeOfUser:
    (folder / "mine.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(MistakeOfUser) as caught:
        loader.load("mine")
    return caught.value


# ── what is understood ────────────────────────────────────────────────────────────────────────────────────────────
def test_the_example_is_understood():
    settings = loader.load("flights")

    assert settings.training.label == "late"
    assert len(settings.training.features) == 16
    assert [candidate.family for candidate in settings.training.candidates] == [
        "hist_gradient_boosting",
        "logistic_regression",
    ]


def test_nothing_that_is_known_only_after_departure_is_a_feature():
    features = set(loader.load("flights").training.features)

    assert not features & {"dep_delay", "dep_time", "arr_time", "air_time", "arr_delay", "late", "label_at"}


def test_known_lists_pipeline_files_and_nothing_else(folder: Path):
    (folder / "churn.yaml").write_text(SHOP)
    (folder / "notes.txt").write_text("")
    (folder / "two words.yaml").write_text(SHOP)
    (folder / "folder.yaml").mkdir()

    assert loader.known() == ["churn", "shop"]


def test_the_text_of_a_file_is_given_as_it_stands(folder: Path):
    assert loader.source_text("shop") == SHOP


@pytest.mark.parametrize(("written", "meant"), [("1e-2", 0.01), ("6E-2", 0.06), ("0.5", 0.5), ("1", 1.0), (".5", 0.5)])
def test_numbers_may_be_written_as_people_write_them(folder: Path, written: str, meant: float):
    (folder / "shop.yaml").write_text(SHOP.replace("learning_rate: 0.04", f"learning_rate: {written}"))

    assert loader.load("shop").training.candidates[0].learning_rate == meant  # type: ignore[union-attr]


@pytest.mark.parametrize("word", ["no", "off", "NO", "2013-01-01", "1_000", "12:30"])
def test_words_that_old_yaml_takes_for_something_else_stay_words(folder: Path, word: str):
    (folder / "shop.yaml").write_text(SHOP.replace("outcome: sold", f"outcome: {word}"))

    assert loader.load("shop").reporting.outcome == word


# ── the hash ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_layout_comments_order_and_written_defaults_do_not_change_the_hash(folder: Path):
    values = yaml.safe_load(SHOP)
    values["evaluation"]["confidence"] = 0.95
    (folder / "shop.yaml").write_text(yaml.safe_dump(values, sort_keys=True))

    assert loader.settings_hash(loader.load("shop")) == _hash_of(folder, SHOP)


def test_every_changed_value_changes_the_hash(folder: Path):
    assert _hash_of(folder, SHOP.replace("min: 50", "min: 51")) != _hash_of(folder, SHOP)
    assert len(_hash_of(folder, SHOP)) == 12


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("Will it be sold?", "Sold?", True),
        ("outcome: sold", "outcome: bought", True),
        ("min_effect: 0.1", "min_effect: 0.2", True),
        ("max_quarantined: 0.05", "max_quarantined: 0.5", True),
        ("min: 50", "min: 50, unit: pieces, reason: a box", True),
        ("min: 50", "min: 51", False),
        ("{event: at}", "{event: at, arrival: at}", False),
        ("key: [at, shop]", "key: [at]", False),
        ("seed: 2013", "seed: 2014", False),
        ("Europe/Berlin", "Europe/Rome", False),
        ("evaluation:", "promotion: {min_relative_gain: 0.01}\nevaluation:", False),
    ],
)
def test_only_what_decides_changes_the_hash_that_evidence_is_kept_under(folder: Path, old: str, new: str, same: bool):
    (folder / "other.yaml").write_text(SHOP.replace(old, new, 1))

    before, after = (loader.decision_hash(loader.load(name)) for name in ("shop", "other"))

    assert old in SHOP
    assert (before == after) == same


def _hash_of(folder: Path, text: str) -> str:
    (folder / "hashed.yaml").write_text(text)
    return loader.settings_hash(loader.load("hashed"))


# ── mistakes, each in words ───────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ("max_iter: 120", "max_itr: 120", "training.candidates[0].max_itr: no such setting; did you mean 'max_iter'?"),
        ("min_effect: 0", "min_efect: 0", "monitoring.drift.min_efect: no such setting; did you mean 'min_effect'?"),
        ("\nmonitoring:", "\nmonitorin:", "monitorin: no such setting; did you mean 'monitoring'?"),
        ("share: 0.5", "share: 1.7", "monitoring.drift.share: must be at most 1 (got 1.7)"),
        ("seed: 2013", "seed: -1", "training.seed: must be at least 0 (got -1)"),
        ("seed: 2013", "seed: 1.5", "training.seed: must be a whole number (got 1.5)"),
        ("max_quarantined: 0.05", "max_quarantined: lots", "validation.max_quarantined: must be a number (got 'lots')"),
        ("max_quarantined: 0.05", "max_quarantined: .inf", "validation.max_quarantined: must be a number (got '.inf')"),
        ("key: [at, shop]", "key: shop", "validation.key: must be a list (got 'shop')"),
        ("row: [item, items]", "row: [item]", "reporting.row[1]: is missing"),
        ("outcome: sold", "outcome: true", "reporting.outcome: must be text; write it in quotes (got true)"),
        ("label: sold\n", "\n", "training.label: is missing"),
        (
            "family: logistic_regression",
            "family: logistic_regresion",
            "training.candidates[1].family: must be one of 'logistic_regression', 'linear_regression', "
            "'hist_gradient_boosting' (got 'logistic_regresion'); did you mean 'logistic_regression'?",
        ),
        (
            "{column: shop}",
            "{column: [shop]}",
            'evaluation.slices[0].column: must be text; write it in quotes (got ["shop"])',
        ),
        ("min: 50", "min: 50, max: 3", "validation.columns.items: min (50) is above max (3)"),
        (
            "Europe/Berlin",
            "Europe/Berlyn",
            "evaluation.cluster: no such time zone: 'Europe/Berlyn'; write it as in 'America/New_York'",
        ),
        (
            "features: [items",
            "features: [itms",
            "training.features names the column 'itms', which validation.columns does not have",
        ),
    ],
)
def test_a_mistake_is_named_with_its_key_its_value_and_the_rule(folder: Path, right: str, wrong: str, line: str):
    assert right in SHOP

    error = refusal(folder, SHOP.replace(right, wrong))

    assert isinstance(error, InvalidSettings)
    assert f"  {line}" in str(error).splitlines()
    assert "ValidationError" not in str(error)


def test_all_mistakes_are_named_at_once_and_the_file_with_them(folder: Path):
    text = SHOP.replace("max_iter: 120", "max_itr: 120").replace("share: 0.5", "share: 5").replace("seed:", "sed:")

    lines = str(refusal(folder, text)).splitlines()

    assert lines[0] == f"{folder / 'mine.yaml'} is not valid:"
    assert len(lines) == 5
    assert lines[-1] == "Nothing was changed. Every setting with its meaning: configs/pipeline.schema.json"


def test_a_file_of_the_project_is_named_relative_to_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("INCUMBENT_PIPELINES", raising=False)

    with pytest.raises(UnknownPipeline) as caught:
        loader.load("nyc")

    assert str(caught.value).startswith("Unknown pipeline 'nyc'. Known: ")
    assert str(caught.value).endswith(" Add configs/pipelines/nyc.yaml.")


def test_a_mistyped_pipeline_is_guessed(folder: Path):
    with pytest.raises(UnknownPipeline, match="did you mean 'shop'"):
        loader.load("shp")


@pytest.mark.parametrize("name", ["../shop", "./shop", "shop.yaml", "", ".", "a\nb", "/etc/passwd", "shop\0"])
def test_a_name_is_never_taken_for_a_path(folder: Path, name: str):
    with pytest.raises(UnknownPipeline, match="A name has only letters"):
        loader.load(name)


@pytest.mark.parametrize("text", ["", "hello", "- a\n- b", "3", "# only a comment"])
def test_a_file_without_sections_is_told_what_it_needs(folder: Path, text: str):
    error = refusal(folder, text)

    assert isinstance(error, InvalidSettings)
    assert "it must have sections such as 'ingestion:'" in str(error)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [1, 2\nb: 3", "line 2"),
        ("a:\n\tb: 1", "line 2"),
        ("a: 1\n---\nb: 2", "another document"),
        ("a: 1\na: 2", "the key 'a' stands there twice"),
        ("title:\n  x: 1\n  x: 2", "the key 'x' stands there twice"),
        ("1: 2", "the key '1' is not text"),
        ("[a, b]: 2", "is not text"),
        ("a: *nothing", "undefined alias"),
        ("a: &a [*a]", "a reference (*name) may refer to itself"),
        ("[" * 5000, "nested too deeply"),
        ("title: " + "9" * 6000, "a value is too long"),
        ("title: !!bool maybe", "not what its tag says"),
        ('title: "\\ud800"', "a value is too long, or is not what its tag says"),
        ("title: !!set {a}", "asks for an object"),
        ("title: !!timestamp x", "asks for an object"),
        ("title: !mine x", "asks for an object"),
        (b"\xff\xfe\x00", "not a text file in UTF-8"),
        ("a: \0", "special characters are not allowed"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_in_one_paragraph(folder: Path, text: str | bytes, words: str):
    error = refusal(folder, text)

    assert isinstance(error, NotYaml)
    assert words in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.system", "!!python/name:os.system", "!!python/object/new:subprocess.Popen"]
)
def test_yaml_that_asks_for_python_objects_gets_none(folder: Path, tag: str):
    trace = folder / "trace"

    error = refusal(folder, f"title: {tag} ['touch {trace}']")

    assert isinstance(error, NotYaml)
    assert tag in str(error)
    assert not trace.exists()


def test_a_bomb_of_references_does_not_go_off(folder: Path):
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]

    error = refusal(folder, "\n".join(lines))

    assert "unfolds to too many values" in str(error)


# ── the schema for editors ────────────────────────────────────────────────────────────────────────────────────────
def test_the_committed_schema_is_current():
    committed = loader.SCHEMA_FILE.read_text(encoding="utf-8")

    assert committed == loader.schema_text(), "settings.py has changed: run `make schema`"


def test_the_schema_is_the_same_in_every_process():
    code = "import sys; from configs import loader; sys.stdout.write(loader.schema_text())"

    other = subprocess.run(
        [sys.executable, "-c", code],
        cwd=environment.CHECKOUT,
        env={"PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert other.stdout == loader.schema_text()


def test_an_editor_accepts_the_example_and_marks_a_typo():
    checker = jsonschema.Draft202012Validator(json.loads(loader.SCHEMA_FILE.read_text(encoding="utf-8")))
    values = yaml.safe_load(FLIGHTS)

    accepted = list(checker.iter_errors(values))
    marked = list(checker.iter_errors({**values, "monitorin": {}}))

    assert accepted == []
    assert "monitorin" in marked[0].message


def test_every_setting_of_the_schema_has_a_type_and_every_section_a_meaning():
    definitions = loader.schema()["$defs"]

    assert all(definition["description"] for definition in definitions.values())
    assert FLIGHTS.startswith("# yaml-language-server: $schema=../pipeline.schema.json\n")
