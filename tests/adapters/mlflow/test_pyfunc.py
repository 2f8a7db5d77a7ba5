"""Whoever has MLflow and rows, as pandas makes them, gets the answers of the gate from the champion."""

import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest

from configs import environment, loader
from configs.settings import PipelineSettings
from configs.validation import ColumnRule
from tasks.adapters.blobs.bundles import Bundles
from tasks.adapters.blobs.local import LocalBlobs
from tasks.adapters.home import Home
from tasks.adapters.mlflow import packaging, pyfunc, registry, tracking
from tasks.adapters.mlflow.tracking import TrackingStore
from tasks.evaluation import scores
from tasks.ingestion.sources import source_kinds
from tasks.ingestion.steps import arrivals
from tasks.problems import prediction
from tasks.training import learning, preparation
from tasks.training.estimators import families
from tasks.training.estimators.boosting import HistGradientBoostingCandidate
from tasks.training.estimators.linear import LinearRegressionCandidate, LogisticRegressionCandidate
from tests import stored
from tests.adapters.mlflow.described import described

pytestmark = pytest.mark.filterwarnings("default")  # MLflow's, about its own type hints

COLUMNS = {
    "code": ColumnRule(type="category", nullable=True),
    "city": ColumnRule(type="category", nullable=True),
    "open": ColumnRule(type="category", nullable=True),
    "rooms": ColumnRule(type="integer", nullable=True),
    "price": ColumnRule(type="number", nullable=True),
    "gift": ColumnRule(type="boolean", nullable=True),
}
FEATURES = tuple(COLUMNS)
ROWS = 400


def sales() -> pd.DataFrame:
    """Rows as the contract has them: text, nullable whole numbers and booleans, numbers; something is missing in each."""
    source = np.random.default_rng(7)
    gap = [source.random(ROWS) < 0.1 for _ in FEATURES]
    return pd.DataFrame(
        {
            "code": pd.Series(source.choice(["007", "42", "7 b"], ROWS), dtype="str").mask(gap[0]),
            "city": pd.Series(source.choice(["Oslo", "Rome", "Æbø"], ROWS), dtype="str").mask(gap[1]),
            "open": pd.Series(source.choice(["true", "false"], ROWS), dtype="str").mask(gap[2]),
            "rooms": pd.Series(pd.array(source.integers(0, 90, ROWS), dtype="Int64")).mask(gap[3]),
            "price": pd.Series(source.normal(100, 30, ROWS)).mask(gap[4]),
            "gift": pd.Series(pd.array(source.random(ROWS) < 0.3, dtype="boolean")).mask(gap[5]),
        }
    )


SALES = sales()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, mlflow_template: Path) -> TrackingStore:
    folder = tmp_path_factory.mktemp("champions") / "50% off? #1" / "mlflow"
    (folder / "artifacts").mkdir(parents=True)
    shutil.copyfile(mlflow_template / "mlflow.db", folder / "mlflow.db")
    return tracking.ensure_store(folder)


@contextmanager
def connected(store: TrackingStore) -> Iterator[None]:
    """What a person writes first: where MLflow's database is."""
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(store.uri)
    yield
    mlflow.set_tracking_uri(before)


def champion(
    store: TrackingStore, folder: Path, name: str, pipeline: Any, prepared: pd.DataFrame, columns: dict[str, ColumnRule]
) -> Any:
    """The champion, logged as the door logs it, loaded as a person loads it."""
    bundles = Bundles(LocalBlobs(folder / name))
    files = bundles.write(pipeline, prepared, prediction.predict(pipeline, prepared))
    features = tuple((str(one), columns[one].type, columns[one].nullable) for one in prepared.columns)
    changes: dict[str, Any] = {"features": features}
    if prediction.kind(pipeline).name == "regression":
        told = np.arange(len(prepared), dtype=float)
        settings = loader.load("bike_sharing").evaluation
        groups = np.arange(len(prepared)).astype(str)
        changes["score"] = scores.score("m1", "c" * 64, told, told, groups, {}, settings, "regression")
    run = tracking.log_training(store, described(name, stored.bundle(bundles.blobs, files.bundle), **changes))
    registry.register(store, name, model="m1", version=1, run_id=run)
    registry.set_alias(store, name, "champion", 1)
    with connected(store):
        return mlflow.pyfunc.load_model(f"models:/{name}@champion")


def positive(answers: Any) -> Any:
    """The probability of a yes, or the number."""
    return answers[:, 1] if answers.ndim == 2 else answers


CANDIDATES = {
    "boosting": (HistGradientBoostingCandidate(family="hist_gradient_boosting", max_iter=8, max_leaf_nodes=7,
                                               min_samples_leaf=5), "binary"),
    "logistic": (LogisticRegressionCandidate(family="logistic_regression", min_frequency=5), "binary"),
    "boosted_numbers": (HistGradientBoostingCandidate(family="hist_gradient_boosting", max_iter=8, max_leaf_nodes=7,
                                                      min_samples_leaf=5), "regression"),
    "linear": (LinearRegressionCandidate(family="linear_regression", min_frequency=5), "regression"),
}  # fmt: skip


@pytest.fixture(scope="module", params=list(CANDIDATES))
def asked(
    request: pytest.FixtureRequest, store: TrackingStore, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Any, Any]:
    """A champion of each family as MLflow loads it, and the pipeline that it is."""
    candidate, problem = CANDIDATES[request.param]
    prepared = preparation.prepare(SALES, FEATURES, COLUMNS)
    outcome = SALES["city"].eq("Oslo").to_numpy(dtype=bool, na_value=False) | (SALES["price"].to_numpy() > 120)
    pipeline = families.build(candidate, FEATURES, COLUMNS, 0, problem)
    learning.fit(pipeline, prepared, outcome if problem == "binary" else outcome * 3.0, threads=1)
    folder = tmp_path_factory.mktemp("bundles")
    return champion(store, folder, f"kinds_{request.param}", pipeline, prepared, COLUMNS), pipeline


FULL = SALES.dropna()
"""Rows in which nothing is missing: pandas makes numbers and truths of them."""
AS_NUMBERS = FULL[FULL["code"] != "7 b"]
WAYS: dict[str, tuple[pd.DataFrame, Callable[[pd.DataFrame], pd.DataFrame]]] = {
    "as the contract has them": (SALES, lambda rows: rows),
    "int64": (FULL, lambda rows: rows.astype({"rooms": "int64", "gift": "bool"})),
    "int32": (FULL, lambda rows: rows.astype({"rooms": "int32", "price": "float64"})),
    "uint8": (FULL, lambda rows: rows.astype({"rooms": "uint8"})),
    "Int64 without a gap": (FULL, lambda rows: rows),
    "floats, as something is missing": (SALES, lambda rows: rows.astype({"rooms": "float64", "gift": "float64"})),
    "truths as whole numbers": (FULL, lambda rows: rows.assign(gift=rows["gift"].astype("int64"))),
    "truths as objects, None": (SALES, lambda rows: rows.assign(gift=objects(rows["gift"], None))),
    "truths as text": (FULL, lambda rows: rows.assign(gift=rows["gift"].astype("str"))),
    "objects, None": (SALES, lambda rows: rows.apply(objects, missing=None)),
    "objects, NaN": (SALES, lambda rows: rows.apply(objects, missing=np.nan)),
    "objects, pd.NA": (SALES, lambda rows: rows.apply(objects, missing=pd.NA)),
    "str": (SALES, lambda rows: rows.astype({"city": "str", "code": "str"})),
    "string": (SALES, lambda rows: rows.astype({"city": "string", "code": "string"})),
    "categories": (SALES, lambda rows: rows.astype({"city": "category", "code": "category", "open": "category"})),
    "categories of numbers": (AS_NUMBERS, lambda rows: rows.assign(code=rows["code"].astype(int).astype("category"))),
    "arrow": (SALES, lambda rows: rows.convert_dtypes(dtype_backend="pyarrow")),
    "decimals": (FULL, lambda rows: rows.assign(rooms=[Decimal(int(value)) for value in rows["rooms"]])),
    "codes read as numbers": (AS_NUMBERS, lambda rows: rows.assign(code=rows["code"].astype("int64"))),
    "codes read as numbers, one missing": (
        SALES[SALES["code"] != "7 b"],
        lambda rows: rows.assign(code=rows["code"].astype("float64")),
    ),
    "truths read of text": (FULL, lambda rows: rows.assign(open=rows["open"] == "true")),
    "truths read of text, one missing": (
        SALES,
        lambda rows: rows.assign(open=objects(rows["open"].map({"true": True, "false": False}), np.nan)),
    ),
    "another order": (SALES, lambda rows: rows[list(reversed(FEATURES))]),
    "columns too many": (SALES, lambda rows: rows.assign(note="x", at=pd.Timestamp("2024-01-01"))),
    "another index": (SALES, lambda rows: rows.set_index(pd.Index(["a", "b"] * (ROWS // 2)))),
    "one row": (SALES.iloc[:1], lambda rows: rows),
    "one row, all missing": (
        SALES.mask(SALES.notna()).iloc[:1],
        lambda rows: rows.apply(objects, missing=None),
    ),
    "no column of those that may be missing": (
        SALES.assign(city=pd.Series(np.nan, SALES.index, dtype="str"), price=np.nan),
        lambda rows: rows.drop(columns=["city", "price"]),
    ),
    "unknown text": (SALES.assign(city="Bern"), lambda rows: rows),
}  # fmt: skip


def objects(values: "pd.Series[Any]", missing: object) -> "pd.Series[Any]":
    """The values as Python objects, with what stands for a missing one."""
    told = [missing if pd.isna(value) else value for value in values]
    return pd.Series(told, index=values.index, dtype=object, name=values.name)


@pytest.mark.parametrize("way", WAYS)
def test_rows_of_any_kind_get_the_answers_of_the_gate(way: str, asked: tuple[Any, Any]) -> None:
    (loaded, pipeline), (rows, change) = asked, WAYS[way]

    answers = loaded.predict(change(rows))

    gate = prediction.predict(pipeline, preparation.prepare(rows, FEATURES, COLUMNS))
    assert np.array_equal(positive(answers), gate)
    assert answers.ndim == 1 or np.allclose(answers.sum(axis=1), 1)


def test_a_file_that_pandas_has_written_and_read_gets_them(asked: tuple[Any, Any], tmp_path: Path) -> None:
    loaded, pipeline = asked
    SALES.to_csv(tmp_path / "sales.csv", index=False)
    SALES.to_parquet(tmp_path / "sales.parquet", index=False)

    of_csv = loaded.predict(pd.read_csv(tmp_path / "sales.csv"))
    of_parquet = loaded.predict(pd.read_parquet(tmp_path / "sales.parquet"))

    gate = prediction.predict(pipeline, preparation.prepare(SALES, FEATURES, COLUMNS))
    assert np.array_equal(positive(of_parquet), gate)
    assert np.allclose(positive(of_csv), gate, rtol=1e-12), "pandas reads the last digit of a number otherwise"


def test_a_request_to_a_server_gets_them(asked: tuple[Any, Any]) -> None:
    from mlflow.pyfunc import scoring_server

    loaded, pipeline = asked
    rows = SALES.astype({"gift": "object", "rooms": "object"}).head(20)
    body = '{"dataframe_split": ' + rows.to_json(orient="split", index=False) + "}"

    told = scoring_server.invocations(body, "application/json", loaded, loaded.metadata.get_input_schema())

    gate = prediction.predict(pipeline, preparation.prepare(SALES.head(20), FEATURES, COLUMNS))
    assert told.status == 200, told.response
    answers = np.array(json.loads(told.response)["predictions"])
    assert np.allclose(positive(answers), gate, rtol=1e-12)


def test_text_in_a_column_of_numbers_is_named(asked: tuple[Any, Any]) -> None:
    rows = SALES.assign(price="much")

    with pytest.raises(ValueError, match=r"Column 'price' must hold numbers, or true and false: .*'much'"):
        asked[0].predict(rows)


def test_a_column_that_may_not_be_missing_is_asked_for() -> None:
    asked_for = packaging.input_specs((("size", "number", False), ("city", "category", True)))

    assert [(one["name"], one["required"]) for one in asked_for] == [("size", True), ("city", False)]


def test_the_loader_is_a_copy_of_ours_and_leaves_nothing_behind(asked: tuple[Any, Any], store: TrackingStore) -> None:
    shown = registry.find(store, "kinds_boosting", 1) or registry.find(store, "kinds_linear", 1)
    assert shown is not None

    with zipfile.ZipFile(shown.bundle.parent / packaging.CODE) as archive:
        (module,) = archive.namelist()
        text = archive.read(module).decode()

    assert text == Path(pyfunc.__file__).read_text(encoding="utf-8")
    assert not [line for line in text.splitlines() if line.strip().startswith(("from tasks", "import tasks"))]
    assert {path.name for path in shown.bundle.parent.iterdir()} == {
        "MLmodel", "loader.zip", "model.skops", "python_env.yaml", "registered_model_meta", "requirements.txt",
    }  # fmt: skip


# ── the examples ──────────────────────────────────────────────────────────────────────────────────────────────────
def first_delivery(name: str, home: Home) -> tuple[pd.DataFrame, pd.DataFrame, PipelineSettings]:
    """Rows of an example as our reader has them and as pandas has them, and its settings."""
    settings = loader.load(name)
    room = settings.ingestion
    if not (environment.read().data / str(room.source.file)).exists():
        pytest.skip(f"the data of {name} is not there")
    source = source_kinds.of(home, name)
    source.fetch()
    one = source.look().deliveries[0]
    ours = arrivals.read(home, name, one)
    return ours, pd.read_csv(home.landing(name) / one.address, sep=room.source.delimiter), settings


@pytest.mark.parametrize(
    "name",
    [
        "bike_sharing",
        "flights",
        *(pytest.param(name, marks=pytest.mark.long) for name in ("elec2", "hotel_bookings", "online_shoppers")),
    ],
)
def test_the_champion_of_an_example_answers_its_own_rows(
    name: str, store: TrackingStore, tmp_path: Path, months: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INCUMBENT_DATA", str(environment.CHECKOUT.parent / "shared" / "data"))
    if name == "flights":
        settings, theirs = loader.load(name), pd.read_parquet(months("2013-01"))
        ours = theirs[theirs["late"].notna()]
        theirs = ours
    else:
        home = Home(tmp_path / "home")
        ours, theirs, settings = first_delivery(name, home)
        home.close()
    room, columns = settings.training, settings.validation.columns
    prepared = preparation.prepare(ours, room.features, columns)
    outcome = preparation.labels(ours, room)

    for candidate in room.candidates:
        sized = families.sized(candidate, len(ours), room.problem)
        pipeline = families.build(sized, room.features, columns, room.seed, room.problem)
        learning.fit(pipeline, prepared, outcome, threads=1)
        loaded = champion(store, tmp_path, f"{name}_{candidate.family}", pipeline, prepared, dict(columns))
        assert np.array_equal(positive(loaded.predict(theirs)), prediction.predict(pipeline, prepared))
