"""Medians, counts and quantiles through the whole loop as a user runs it: each page speaks of its own kind."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.adapters.home import Home
from tasks.adapters.mlflow import registry, tracking
from tests.command_line import CommandLine
from tests.flows.test_regression import WEEKS, YAML, hours

BOOSTED = YAML.replace("    - {family: linear_regression}\n", "")
PIPELINES = {
    "medians": BOOSTED.replace("problem: regression", "problem: median"),
    "counts": YAML.replace("problem: regression", "problem: count"),
    "quantiles": BOOSTED.replace("problem: regression", "problem: quantile\n  quantile: 0.9"),
}
SAYS = {
    "medians": (
        "MAE per turn, lower is better",
        "50\u202f% of labels were to lie below its answers",
        "the median of the training",
    ),
    "counts": ("Poisson deviance per turn", "rentals for the average hour; it was", "The mean answer was"),
    "quantiles": (
        "Pinball loss per turn",
        "90\u202f% of labels were to lie below its answers",
        "the 90\u202f% quantile of the",
    ),
}
METRICS = {
    "medians": {"absolute_error", "rmse", "d2", "coverage", "coverage_error", "share_below", "share_asked"},
    "counts": {"poisson_deviance", "rmse", "mae", "r2", "d2", "bias", "mean_label", "mean_predicted"},
    "quantiles": {"pinball_loss_0.9", "d2", "coverage", "coverage_error", "share_below", "share_asked"},
}

pytestmark = pytest.mark.long


@pytest.fixture(scope="module", params=PIPELINES)
def lived(
    request: pytest.FixtureRequest,
    furnished_home: Callable[..., Path],
    served_run: CommandLine,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[str, Path, Path, list[dict[str, object]]]:
    """A home in which three deliveries had their turns, its pipelines, and what was printed."""
    name = str(request.param)
    folder, pipelines = furnished_home(name), tmp_path_factory.mktemp("pipelines")
    (pipelines / f"{name}.yaml").write_text(PIPELINES[name], encoding="utf-8")
    landing = folder / "landing" / name
    landing.mkdir()
    for first, level, warmth in zip(WEEKS, (100, 101, 102), (4, 4, 4), strict=True):
        hours(first, level, warmth).to_parquet(landing / f"{first}.parquet", index=False)
    ran = served_run(folder, "run", name, "--json", INCUMBENT_PIPELINES=str(pipelines))
    assert ran.returncode == 0, ran.stderr
    return name, folder, pipelines, [json.loads(line) for line in ran.stdout.splitlines()]


def test_a_first_model_beats_the_constant_and_is_judged_by_its_loss(
    lived: tuple[str, Path, Path, list[dict[str, object]]],
) -> None:
    name, _, _, turns = lived
    loss = {"medians": "absolute_error", "counts": "poisson_deviance", "quantiles": "pinball_loss_0.9"}[name]

    assert turns[0]["verdict"] == "first_champion", turns[0]
    assert str(turns[0]["reason"]).startswith("v1 beats no model by ")
    assert {f"champion_{loss}", f"challenger_{loss}"} <= turns[-1].keys()
    assert turns[-1]["verdict"] in ("promote", "keep_shadowing", "reject")


def test_what_was_done_is_true_from_the_bytes_up(
    lived: tuple[str, Path, Path, list[dict[str, object]]], served_run: CommandLine
) -> None:
    name, folder, pipelines, _ = lived

    checked = served_run(folder, "verify", name, INCUMBENT_PIPELINES=str(pipelines))
    again = served_run(folder, "reproduce", name, "v1", INCUMBENT_PIPELINES=str(pipelines))

    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout
    assert again.returncode == 0, again.stdout + again.stderr


def test_mlflow_gets_the_metrics_of_the_kind(
    lived: tuple[str, Path, Path, list[dict[str, object]]],
    open_home: Callable[[Path], Home],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name, folder, pipelines, _ = lived
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(pipelines))
    home = open_home(folder)
    client = tracking.open_client(home.tracking)
    version = client.get_model_version(name, str(registry.aliases(home.tracking, name)["challenger"]))
    run = client.get_run(version.run_id)

    plots = {file.path for file in client.list_artifacts(run.info.run_id, "plots")}

    assert METRICS[name] <= run.data.metrics.keys()
    assert not {"log_loss", "squared_error", "positive_share"} & run.data.metrics.keys()
    assert plots == {"plots/answers.png", "plots/errors.png", "plots/calibration.png", "plots/importance.png"}


def test_the_page_speaks_of_the_kind_everywhere(lived: tuple[str, Path, Path, list[dict[str, object]]]) -> None:
    name, folder, _, _ = lived
    page = (folder / "reports" / f"{name}.html").read_text(encoding="utf-8")

    shown = re.sub(r"<(style|script)\b.*?</\1>", "", page, flags=re.DOTALL)

    for words in SAYS[name]:
        assert words in shown, words
    for word in ("og loss", "AUC", "Brier", "were rentals", "squared", "nan", "inf "):
        assert word not in shown, word
    assert ("quantile" in shown) == (name == "quantiles")
    assert ("The mean answer" in shown) == (name == "counts")
