"""The Evidently page: says what core said, shows data as text, and works offline."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from configs.monitoring import DriftSettings
from configs.validation import ColumnRule
from tasks.adapters import evidently_report
from tasks.domain.observations import ColumnDrift, Drift
from tasks.monitoring import drift

RULES = {"temp": ColumnRule(type="number"), "carrier": ColumnRule(type="category")}


def world(rows: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "temp": rng.normal(50, 10, rows),
        "carrier": pd.Series(rng.choice(["UA", "AA", "DL"], rows), dtype="str"),
    })  # fmt: skip


def decided(moved: dict[str, bool], drifted: bool) -> Drift:
    columns = tuple(
        ColumnDrift(name, RULES.get(name, RULES["temp"]).type, 0.25 if out else 0.02, 0.5, out, "", 0.0, 0.0)
        for name, out in moved.items()
    )
    return Drift("batch", "snapshot", columns, drifted, ())


def written(folder: Path, reference: pd.DataFrame, current: pd.DataFrame, found: Drift, **other: Any) -> str:
    rules = other.pop("rules", RULES)
    settings = DriftSettings(**other)
    page = evidently_report.write(
        folder / "drift.html", reference, current, found, list(rules), rules, settings, seed=1
    )
    return page.read_text()


def content(page: str) -> list[dict[str, Any]]:
    data = re.search(r"var metric_\w+ = (.*);\n", page)
    assert data is not None
    widgets: list[dict[str, Any]] = json.loads(data[1])["widgets"][0]["widgets"]
    return widgets


def table(page: str) -> dict[str, dict[str, Any]]:
    rows = next(widget["params"]["data"] for widget in content(page) if "data" in widget["params"])
    return {row["column_name"]: row for row in (one.get("details", {}) | one for one in rows)}


def headline(page: str) -> str:
    found = re.search(r"Dataset Drift is (NOT detected|detected)", page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("drifted", [True, False])
@pytest.mark.parametrize("moved", [(False, False), (True, False), (True, True)])
def test_the_headline_says_what_core_said_whatever_core_said(
    tmp_path: Path, moved: tuple[bool, bool], drifted: bool
) -> None:
    found = decided(dict(zip(RULES, moved, strict=True)), drifted)

    page = written(tmp_path, world(200), world(100, 1), found)

    assert headline(page) == ("detected" if drifted else "NOT detected")
    assert f"({sum(moved)} out of 2)" in page


@pytest.mark.parametrize("columns", [1, 3, 7, 16, 29])
@pytest.mark.parametrize("share", [0.01, 1 / 3, 0.3, 0.5, 2 / 3, 0.7, 1.0])
def test_the_threshold_agrees_with_core_for_every_possible_count(columns: int, share: float) -> None:
    for moved in range(columns + 1):
        found = decided({f"c{k}": k < moved for k in range(columns)}, drifted=moved / columns >= share)

        threshold = evidently_report._threshold(found.columns, found.drifted, share)

        assert (moved / columns >= threshold) == found.drifted
        assert threshold == share


def test_each_column_shows_its_own_verdict_and_effect(tmp_path: Path) -> None:
    found = decided({"temp": False, "carrier": True}, drifted=True)

    rows = table(written(tmp_path, world(300), world(300), found))

    assert (rows["temp"]["data_drift"], rows["carrier"]["data_drift"]) == ("Not Detected", "Detected")
    assert (rows["temp"]["drift_score"], rows["carrier"]["drift_score"]) == (0.02, 0.25)


def test_the_verdicts_measured_by_core_arrive_in_the_page(tmp_path: Path) -> None:
    reference, current = world(500), world(500, 1).assign(temp=lambda frame: frame["temp"] + 8)
    found = drift.measure(reference, current, list(RULES), RULES, DriftSettings(), batch="b", snapshot="s")

    rows = table(written(tmp_path, reference, current, found))

    assert {name: row["data_drift"] == "Detected" for name, row in rows.items()} == {"temp": True, "carrier": False}


@pytest.mark.parametrize(("moved", "told"), [(1, "none moved"), (53, "3 moved")])
def test_of_many_columns_those_are_drawn_that_moved_or_matter_most(tmp_path: Path, moved: int, told: str) -> None:
    names = [f"c{k}" for k in range(60)]
    frame = pd.DataFrame({name: world(50, seed)["temp"] for seed, name in enumerate(names)})
    drift_of = decided({name: k >= len(names) - moved for k, name in enumerate(names)}, drifted=False)

    page = written(tmp_path, frame, frame, drift_of, rules=dict.fromkeys(names, RULES["temp"]))

    drawn = table(page)
    assert len(drawn) == 50
    assert "Columns that are not drawn: 10." in page
    assert f"Of the others {told}" in page
    assert sum(row["data_drift"] == "Detected" for row in drawn.values()) == min(moved, 50)
    if moved == 1:
        assert set(drawn) == {*names[:49], "c59"}, "after those that moved come those that matter most"


def test_tags_in_names_and_values_are_shown_as_text(tmp_path: Path) -> None:
    bad, worse = "<b onclick=x>temp</b>", '</script><img src=x onerror="alert(1)">&lt;i&gt;'
    rules = {bad: RULES["temp"], worse: RULES["carrier"]}
    reference, current = (world(200, k).set_axis(list(rules), axis=1) for k in (0, 1))
    current[worse] = current[worse].replace({"UA": "<script>alert(1)</script>", "AA": "‹script›alert(1)‹/script›"})

    page = written(tmp_path, reference, current, decided(dict.fromkeys(rules, True), drifted=True), rules=rules)

    assert "<b " not in page
    assert "<img" not in page
    assert "&lt;" not in page
    assert page.count("<script>alert") == 0
    assert page.count("</script>") == 4
    assert {row["data_drift"] for row in table(page).values()} == {"Detected"}


def test_names_that_become_equal_as_text_stay_two_columns(tmp_path: Path) -> None:
    rules = dict.fromkeys(("a<", "a‹"), RULES["temp"])
    frame = pd.DataFrame({name: np.arange(100.0) for name in rules})

    rows = table(written(tmp_path, frame, frame, decided({"a<": True, "a‹": False}, drifted=True), rules=rules))

    assert {name: row["data_drift"] for name, row in rows.items()} == {"a‹": "Detected", "a‹ (2)": "Not Detected"}


@pytest.mark.parametrize(
    "only", ["one number", "one category", "constants", "all missing", "some missing", "named target"]
)
def test_odd_columns_are_drawn_and_counted(tmp_path: Path, only: str) -> None:
    number, category, boolean = RULES["temp"], RULES["carrier"], ColumnRule(type="boolean")
    frames: dict[str, tuple[pd.DataFrame, dict[str, ColumnRule]]] = {
        "one number": (world(100)[["temp"]], {"temp": number}),
        "one category": (world(100)[["carrier"]], {"carrier": category}),
        "constants": (pd.DataFrame({"a": [1.0] * 50, "b": ["x"] * 50, "c": [2] * 50}), {"a": number, "b": category, "c": number}),
        "all missing": (
            pd.DataFrame({"a": [np.nan] * 50, "b": pd.Series([None] * 50, dtype="str"), "c": pd.array([pd.NA] * 50, dtype="boolean")}),
            {"a": number, "b": category, "c": boolean},
        ),
        "some missing": (
            pd.DataFrame({"a": [np.nan, np.inf, 1.0, 2.0] * 20, "c": pd.array([True, None, False, True] * 20, dtype="boolean")}),
            {"a": number, "c": boolean},
        ),
        "named target": (
            world(100).set_axis(["target", "prediction"], axis=1),
            {"target": number, "prediction": category},
        ),
    }  # fmt: skip
    frame, rules = frames[only]

    page = written(tmp_path, frame, frame, decided(dict.fromkeys(rules, True), drifted=True), rules=rules)

    assert set(table(page)) == set(rules)
    assert headline(page) == "detected"


def test_a_column_with_many_levels_stays_small(tmp_path: Path) -> None:
    levels = pd.Series([f"N{k:05}" for k in range(5_000)], dtype="str")
    frame = pd.DataFrame({"carrier": levels})
    rules = {"carrier": RULES["carrier"]}

    page = written(tmp_path, frame, frame, decided({"carrier": False}, drifted=False), rules=rules)

    assert len(page) < 500_000
    assert "(rare values)" in page


def test_samples_keep_their_order_and_do_not_change_the_inputs(tmp_path: Path) -> None:
    reference, current = world(1_000), world(400, 1)
    before = reference.copy()

    rows = evidently_report._sample(reference, ["temp"], 100, np.random.default_rng(0))
    written(tmp_path, reference, current, decided(dict.fromkeys(RULES, False), drifted=False), max_rows=100)

    assert len(rows) == 100
    assert reference["temp"][reference["temp"].isin(rows["temp"])].tolist() == rows["temp"].tolist()
    pd.testing.assert_frame_equal(reference, before)


def test_the_script_is_kept_once_for_all_pages_of_a_folder(tmp_path: Path) -> None:
    found = decided(dict.fromkeys(RULES, False), drifted=False)

    page = written(tmp_path, world(100), world(100), found)
    script = next(tmp_path.glob("evidently-*.js"))
    stamp = script.stat().st_mtime_ns
    written(tmp_path, world(100), world(100), found)

    assert f'<script src="{script.name}"' in page
    assert len(page) < 1_000_000
    assert script.stat().st_mtime_ns == stamp
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([script.name, "drift.html"])
    assert re.findall(r'(?:src|href)="?https?:', page) == []


@pytest.mark.long
def test_a_cold_process_warms_up_without_a_warning_and_without_telemetry() -> None:
    code = "import sys; from tasks.adapters import evidently_report as e; e.warm(); print('evidently.telemetry' in sys.modules)"

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "False\n", "")
