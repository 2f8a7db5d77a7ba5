"""The honest bare script: the loop of the example in plain pandas and scikit-learn, with nothing around it.

It does what `python -m flows.run` does about the data: read, check, split, fit both families, measure the same models
with the same intervals, compare, look for drift, decide by the same rule; as fast as we know how to write it,
everything in memory, no orchestrator, no tracking, no ledger, no report. No code of the project
is imported: formulas and pipelines are stated anew, so equal losses say that two separate codes agree. The parameters
are read from `configs/pipelines/flights.yaml`.

    python -m tests.benchmarks.bare --landing DIR [--turns N] [--save FILE]
    python -m tests.benchmarks.bare --landing DIR --last-turn-only --load FILE

Prints JSON: per turn the losses, the verdict and the seconds, and the seconds per stage.
"""

import os
import time

BEGAN = time.perf_counter()
# Measured: with both cores busy, more threads make the fits slower.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"), OMP_WAIT_POLICY="PASSIVE")

import argparse  # noqa: E402
import json  # noqa: E402
from collections import defaultdict  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from contextlib import contextmanager  # noqa: E402
from dataclasses import dataclass, field  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import joblib  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import yaml  # noqa: E402
from scipy.special import stdtrit  # noqa: E402
from sklearn.compose import ColumnTransformer  # noqa: E402
from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: E402
from sklearn.impute import SimpleImputer  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.pipeline import Pipeline  # noqa: E402
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler  # noqa: E402

from tests.benchmarks import bare_statistics as statistics  # noqa: E402
from tests.benchmarks.bare_statistics import Flags, Floats  # noqa: E402

SETTINGS = yaml.safe_load(Path("configs/pipelines/flights.yaml").read_text())
RULES = SETTINGS["validation"]["columns"]
KEY = SETTINGS["validation"]["key"]
FEATURES = SETTINGS["training"]["features"]
SEED = SETTINGS["training"]["seed"]
CANDIDATES = {candidate["family"]: candidate for candidate in SETTINGS["training"]["candidates"]}
CATEGORIES = [name for name in FEATURES if RULES[name]["type"] == "category"]
NUMBERS = [name for name in FEATURES if RULES[name]["type"] != "category"]
# The defaults of the project, stated anew.
SPLIT, MIN_SLICE_ROWS, CONFIDENCE = SETTINGS["training"].get("first_model_share", 0.5), 300, statistics.CONFIDENCE
LAMBDAS, NEEDED, GAMMA = np.array([0.03, 0.06, 0.12, 0.25, 0.5, 1.0]), 200, 0.005
LEVEL, MIN_EFFECT = 0.05, 0.1

STAGES: dict[str, float] = defaultdict(float)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Add the seconds of a block to a stage."""
    began = time.perf_counter()
    yield
    STAGES[name] += time.perf_counter() - began


# ── data ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Month:
    """Accepted rows of one file."""

    name: str
    quarantined: int
    frame: pd.DataFrame
    """All rows; drift looks at those without a label too."""
    labelled: pd.DataFrame
    x: pd.DataFrame
    y: Floats
    days: Floats
    slices: dict[str, Floats]


def read(path: Path) -> pd.DataFrame:
    """One delivery, without rows that it has twice."""
    with stage("read"):
        frame = pd.read_parquet(path)
        return frame.drop_duplicates(ignore_index=True)


def check(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Rows that keep the contract, and how many do not."""
    with stage("check"):
        bad = frame.duplicated(KEY, keep=False).to_numpy(copy=True)
        for name, rule in RULES.items():
            if not rule.get("nullable"):
                bad |= frame[name].isna().to_numpy()
            if rule["type"] in ("integer", "number"):
                values = frame[name].to_numpy(dtype=float)
                bad |= (values < rule.get("min", -np.inf)) | (values > rule.get("max", np.inf)) | np.isinf(values)
            if "values" in rule:
                bad |= ~frame[name].isin(rule["values"]).to_numpy()
        if bad.mean() > 0.05:
            raise SystemExit("too many bad rows")
        return frame[~bad].reset_index(drop=True), int(bad.sum())


def prepare(name: str, frame: pd.DataFrame, quarantined: int) -> Month:
    """The model's input, labels, days and slices of the labelled rows."""
    with stage("prepare"):
        rows = frame[frame["late"].notna()].reset_index(drop=True)
        columns = {c: rows[c].astype(object) if c in CATEGORIES else rows[c].astype("float64") for c in FEATURES}
        local = rows["scheduled_departure"].dt.tz_convert("America/New_York").dt.tz_localize(None)
        days = pd.factorize(local.to_numpy().astype("datetime64[D]"), sort=True)[0]
        slices = {c: pd.factorize(rows[c], sort=True)[0] for c in ("origin", "carrier")}
        slices["hour"] = pd.factorize(np.searchsorted([9, 13, 17, 21], rows["hour"], side="right"), sort=True)[0]
        y = rows["late"].to_numpy(dtype=bool).astype(float)
        return Month(name, quarantined, frame, rows, pd.DataFrame(columns), y, days, slices)


def part(month: Month, chosen: Flags) -> Month:
    """Some of the labelled rows."""
    slices = {name: codes[chosen] for name, codes in month.slices.items()}
    days = pd.factorize(month.days[chosen], sort=True)[0]
    rows, x = month.labelled[chosen].reset_index(drop=True), month.x[chosen].reset_index(drop=True)
    return Month(month.name, month.quarantined, month.frame, rows, x, month.y[chosen], days, slices)


def known(month: Month, cutoff: pd.Timestamp, arrived: bool = False) -> Flags:
    """Which labelled rows happened and were known before a moment."""
    rows = month.labelled
    chosen = (rows["scheduled_departure"] < cutoff) & (rows["label_at"] < cutoff)
    return (chosen if arrived else chosen & (rows["learned_at"] < cutoff)).to_numpy(dtype=bool)


# ── models ────────────────────────────────────────────────────────────────────────────────────────────────────────
def gradient_boosting(
    max_leaf_nodes: int, min_samples_leaf: int, max_iter: int = 120, learning_rate: float = 0.06, l2: float = 1
) -> Pipeline:
    """Histogram gradient boosting with native categories."""
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    pool = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=254)
    encode = ColumnTransformer(
        [("categories", Pipeline([("codes", codes), ("pool", pool)]), CATEGORIES), ("numbers", "passthrough", NUMBERS)]
    )
    model = HistGradientBoostingClassifier(
        learning_rate=learning_rate, max_iter=max_iter, max_leaf_nodes=max_leaf_nodes, early_stopping=False,
        min_samples_leaf=min_samples_leaf, l2_regularization=l2, random_state=SEED,
        categorical_features=list(range(len(CATEGORIES))),
    )  # fmt: skip
    return Pipeline([("encode", encode), ("model", model)])


def logistic(c: float = 1.0, max_iter: int = 200, min_frequency: int = 50) -> Pipeline:
    """A linear model on scaled numbers with missing indicators and one-hot categories."""
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    one_hot = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=min_frequency, max_categories=254)
    fill = SimpleImputer(strategy="constant", fill_value=0.0, add_indicator=True, keep_empty_features=True)
    encode = ColumnTransformer(
        [
            ("numbers", Pipeline([("scale", StandardScaler()), ("fill", fill)]), NUMBERS),
            ("categories", Pipeline([("codes", codes), ("one_hot", one_hot)]), CATEGORIES),
        ]
    )
    model = LogisticRegression(C=c, max_iter=max_iter, solver="newton-cholesky", random_state=SEED)
    return Pipeline([("encode", encode), ("model", model)])


def build(candidate: dict[str, Any]) -> Pipeline:
    """An unfitted pipeline of one family."""
    make = {"hist_gradient_boosting": gradient_boosting, "logistic_regression": logistic}[candidate["family"]]
    return make(**{name: value for name, value in candidate.items() if name != "family"})


def ask(model: Pipeline, month: Month) -> Floats:
    """Probabilities for the labelled rows."""
    with stage("predict"):
        return np.clip(model.predict_proba(month.x)[:, 1], 1e-6, 1 - 1e-6)


# ── metrics and decisions ─────────────────────────────────────────────────────────────────────────────────────────────
def measure(month: Month, p: Floats) -> dict[str, Any]:
    """All metrics of one model, overall and on slices, with intervals."""
    with stage("measure"):
        y, everything = month.y, np.zeros(len(p), dtype=int)
        loss = statistics.losses(y, p)
        found: dict[str, Any] = {
            "roc_auc": statistics.roc_auc(y, p, month.days),
            "calibration": statistics.calibration(y, p, month.days),
        }
        for name, values in (("log_loss", loss), ("brier", (y - p) ** 2)):
            mean, error, number, _ = statistics.mean_by(values, everything, month.days)
            reach = stdtrit(number[0] - 1, (1 + CONFIDENCE) / 2) * error[0]
            found[name] = (float(mean[0]), float(mean[0] - reach), float(mean[0] + reach))
        for column, groups in month.slices.items():
            mean, error, number, rows = statistics.mean_by(loss, groups, month.days)
            reach = stdtrit(np.maximum(number - 1, 1), (1 + CONFIDENCE) / 2) * error
            positives = np.bincount(groups, y)
            found[column] = np.stack([mean, mean - reach, mean + reach, rows, positives]).tolist()
        return found


@dataclass
class State:
    """What one turn leaves to the next."""

    champion: Pipeline | None = None
    first: Pipeline | None = None
    cutoff: pd.Timestamp | None = None  # of the champion's training data
    from_first_batch: bool = False
    family_losses: dict[str, float] = field(default_factory=dict)
    m: Floats = field(default_factory=lambda: np.ones(len(LAMBDAS)))
    sigma2: float | None = None
    sums: Floats | None = None


def decide(state: State, month: Month, base: Floats, probe: Floats, probe_auc: float, error: float) -> dict[str, Any]:
    """Compare champion (or the constant) and probe, add to the evidence, and say who is live."""
    with stage("decide"):
        before, after = statistics.losses(month.y, base), statistics.losses(month.y, probe)
        gain, spread, number, _ = statistics.mean_by(before - after, np.zeros(len(probe), dtype=int), month.days)
        low = gain[0] - stdtrit(number[0] - 1, (1 + CONFIDENCE) / 2) * spread[0]
        told: dict[str, Any] = {"gain": float(gain[0]), "evidence": None}
        vetoed = error > 0.15 or not np.isfinite(after).all()
        if state.champion is None:
            return told | {"promote": bool(low > 0 and probe_auc >= 0.55 and not vetoed)}
        churn = ((base >= 0.5) != (probe >= 0.5)).mean()
        vetoed |= churn > 0.25 or probe_auc < 0.55
        vetoed |= statistics.worse_slices(month.slices.values(), before - after, month.days, MIN_SLICE_ROWS, LEVEL) > 0
        sums = np.bincount(month.days, (1 - GAMMA) * before - after)
        if state.sums is not None and state.sigma2 is not None:
            state.sigma2 = 0.8 * state.sigma2 + 0.2 * float((state.sums**2).mean())
        else:
            state.sigma2 = float((sums**2).mean())
        x = sums / np.sqrt(state.sigma2)
        state.m = np.maximum(state.m, 1) * np.exp(LAMBDAS * x.sum() - LAMBDAS**2 * (x**2 + 2).sum() / 6)
        state.sums, evidence = sums, float(state.m.mean())
        promote = evidence >= NEEDED and sums.sum() > 0 and not vetoed
        return told | {"evidence": evidence, "promote": bool(promote)}


def drift(reference: pd.DataFrame, current: pd.DataFrame) -> list[str]:
    """Columns that moved: two-sample tests, Benjamini-Hochberg, effect floor."""
    with stage("drift"):
        pairs = [(reference[column], current[column]) for column in FEATURES]
        compared = [
            (statistics.levels if column in CATEGORIES else statistics.numbers)(*pair)
            for column, pair in zip(FEATURES, pairs, strict=True)
        ]
        out = statistics.benjamini_hochberg(np.array([p for p, _ in compared]), LEVEL)
        return [c for c, (_, effect), o in zip(FEATURES, compared, out, strict=True) if o and effect >= MIN_EFFECT]


# ── the loop ──────────────────────────────────────────────────────────────────────────────────────────────────────
def reference(state: State, months: list[Month]) -> pd.DataFrame:
    """Inputs that the champion was trained on."""
    with stage("drift"):
        assert state.cutoff is not None
        used = months[:1] if state.from_first_batch else months
        parts = [month.labelled[FEATURES][known(month, state.cutoff, state.from_first_batch)] for month in used]
        return pd.concat([one for one in parts if len(one)], ignore_index=True)


def split_first(month: Month) -> tuple[Month, Month, pd.Timestamp]:
    """Older days of the first month, the rest, and the moment between them."""
    local = month.frame["scheduled_departure"].dt.tz_convert("America/New_York").dt.tz_localize(None)
    days = pd.factorize(local.to_numpy().astype("datetime64[D]"), sort=True)[0]
    cutoff = month.frame["scheduled_departure"][days >= int(SPLIT * (days.max() + 1))].min()
    judged = (month.labelled["scheduled_departure"] >= cutoff).to_numpy()
    return part(month, known(month, cutoff, arrived=True)), part(month, judged), cutoff


def turn(state: State, months: list[Month], month: Month) -> dict[str, Any]:
    """One turn; `months` are the accepted ones before this one."""
    told: dict[str, Any] = {"month": month.name, "accepted": len(month.frame), "quarantined": month.quarantined}
    if state.champion is not None and state.first is not None:
        told["moved"] = drift(reference(state, months), month.frame)
    with stage("select"):
        if months:
            cutoff, judged = month.frame["scheduled_departure"].min(), month
            chosen = [known(one, cutoff) for one in months]
            x = pd.concat([one.x[c] for one, c in zip(months, chosen, strict=True)], ignore_index=True)
            y = np.concatenate([one.y[c] for one, c in zip(months, chosen, strict=True)])
        else:
            learned, judged, cutoff = split_first(month)
            x, y = learned.x, learned.y
    base = np.full(len(judged.y), y.mean())
    if state.champion is not None:
        base = ask(state.champion, judged)
        told["champion"] = measure(judged, base)["log_loss"][0]
        if state.first is not state.champion and state.first is not None:
            told["never"] = measure(judged, ask(state.first, judged))["log_loss"][0]
    family = min(CANDIDATES, key=lambda name: state.family_losses.get(name, np.inf))
    models, answers, scores = {}, {}, {}
    for name, candidate in CANDIDATES.items():
        with stage(f"fit {name}"):
            models[name] = build(candidate).fit(x, y)
        answers[name] = ask(models[name], judged)
        scores[name] = measure(judged, answers[name])
    told["rows"], told["losses"] = len(y), {name: score["log_loss"][0] for name, score in scores.items()}
    score = scores[family]
    told |= decide(state, judged, base, answers[family], score["roc_auc"][0], score["calibration"][0])
    state.family_losses = told["losses"]
    told["probe"] = family
    if told["promote"]:
        state.champion, state.cutoff, state.from_first_batch = models[family], cutoff, not months
        state.first = state.first or state.champion
        state.m, state.sigma2, state.sums = np.ones(len(LAMBDAS)), None, None
    return told


def main() -> None:
    """Run the loop and print what it found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--landing", type=Path, required=True, help="folder with one parquet file per month")
    parser.add_argument("--turns", type=int, default=12, help="months to take")
    parser.add_argument("--save", type=Path, help="file for what the last turn leaves")
    parser.add_argument("--load", type=Path, help="what the turn before the last one left")
    parser.add_argument("--last-turn-only", action="store_true", help="all months but the last are history")
    chosen = parser.parse_args()
    STAGES["import"] = time.perf_counter() - BEGAN
    state = State()
    if chosen.load:
        with stage("read"):
            # Written by this script a moment ago, on the same machine: what a bare script would do.
            state = joblib.load(chosen.load)
    paths = sorted(chosen.landing.glob("*.parquet"))[: chosen.turns]
    months: list[Month] = []
    turns: list[dict[str, Any]] = []
    for place, path in enumerate(paths):
        began = time.perf_counter()
        month = prepare(path.stem, *check(read(path)))
        if not chosen.last_turn_only or place == len(paths) - 1:
            told = turn(state, months, month)
            turns.append(told | {"seconds": round(time.perf_counter() - began, 3)})
        months.append(month)
    if chosen.save:
        joblib.dump(state, chosen.save)
    stages = {name: round(seconds, 3) for name, seconds in sorted(STAGES.items(), key=lambda item: -item[1])}
    print(json.dumps({"turns": turns, "stages": stages, "seconds": round(time.perf_counter() - BEGAN, 3)}))


if __name__ == "__main__":
    main()
