"""What others say of the batches of the triage benchmark: Evidently, pandera alone, and stored statistics with thresholds.

A rival learns from the batches before, as the triage does, and then names the columns of a batch over which it raises
an alarm, the loudest first; none means that it lets the batch in. Add one with a function, and its place in `RIVALS`.
Each gets the inputs and the label. Evidently is slow and is given samples; the others get all rows.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
import pandera.pandas as pandera
from scipy.spatial.distance import jensenshannon

Frame = pd.DataFrame
Judge = Callable[[Frame], dict[str, list[str]]]
"""Of a batch: the columns that raise an alarm, by the title of who says so. One rival may be read in several ways."""

_SAMPLE = 4_000
_LEVELS, _SHARE, _NUMBERS, _MEAN, _SPREAD = 0.01, 0.01, 0.1, 0.5, 1.0
"""Thresholds of stored statistics: L-infinity of levels and Jensen-Shannon of numbers as in TFDV's examples, then of the
shares of missing values and of zeros, of the mean in standard deviations, and of the spread in doublings."""
_MARGIN = 2.0
"""A threshold that is learned is so many times the largest distance that one earlier batch had from the others."""
_BINS = 10


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)


# ── Evidently ─────────────────────────────────────────────────────────────────────────────────────────────────────
_DRIFT, _COLUMN, _SUMMARY = "Evidently, half of columns", "Evidently, any column", "Evidently, summary tests"


def evidently(before: Sequence[Frame], names: Sequence[str]) -> Judge:
    """Its presets with their defaults: drift of half of the columns, of any column, and the tests of its summary.

    Tests of the whole table are left out: the number of rows would always be another. Evidently refuses a column
    without any value, which counts as an alarm about it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from evidently import DataDefinition, Dataset, Report
        from evidently.presets import DataDriftPreset, DataSummaryPreset

    past = _drawable(pd.concat([part[[*names]] for part in before], ignore_index=True))
    usable = [name for name in names if past[name].notna().any()]
    numbers = {name for name in usable if _is_number(past[name])}

    def judge(batch: Frame) -> dict[str, list[str]]:
        now = _drawable(batch[usable])
        empty = [name for name in usable if now[name].isna().all()]
        there = [name for name in usable if name not in empty]
        definition = DataDefinition(
            numerical_columns=[name for name in there if name in numbers],
            categorical_columns=[name for name in there if name not in numbers],
        )
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            sides = [Dataset.from_pandas(frame[there], definition) for frame in (now, past)]
            drift = Report([DataDriftPreset()], include_tests=True).run(*sides).dict()
            summary = Report([DataSummaryPreset()], include_tests=True).run(*sides).dict()
        moved = [*empty, *_drifted(drift["metrics"])]
        failed = pd.Series([one for test in summary["tests"] for one in _failed(test)], dtype=object)
        counted = failed.value_counts().index.tolist()
        half = len(moved) >= len(usable) / 2
        return {_DRIFT: moved if half else [], _COLUMN: moved, _SUMMARY: [*empty, *counted]}

    return judge


def _drawable(frame: Frame) -> Frame:
    """A sample over all of it, with categories as text."""
    sample = frame.iloc[:: max(1, -(-len(frame) // _SAMPLE))].reset_index(drop=True)
    texts = {name: sample[name].astype("str") for name in sample if not _is_number(sample[name])}
    return sample.assign(**texts)


def _drifted(metrics: Sequence[Mapping[str, object]]) -> list[str]:
    """Columns beyond their threshold; a p-value is loud when it is small, a distance when it is large."""
    loud = {}
    for metric in metrics:
        config = metric["config"]
        if "column" in config:
            value, threshold = float(metric["value"]), config["threshold"]
            is_p_value = "p_value" in config["method"]
            loud[config["column"]] = threshold / max(value, 1e-300) if is_p_value else value / threshold
    return sorted((name for name, times in loud.items() if times > 1), key=lambda name: -loud[name])


def _failed(test: Mapping[str, object]) -> list[str]:
    column = test["metric_config"]["params"].get("column")
    return [column] if column and test["status"].value == "FAIL" else []


# ── pandera ───────────────────────────────────────────────────────────────────────────────────────────────────────
def alone(before: Sequence[Frame], names: Sequence[str]) -> Judge:
    """The schema that pandera infers from the batches before: types, ranges, what may be missing, levels."""
    past = pd.concat([part[[*names]] for part in before], ignore_index=True)
    schema = pandera.infer_schema(_with_levels(past))

    def judge(batch: Frame) -> dict[str, list[str]]:
        try:
            schema.validate(_with_levels(batch[[*names]]), lazy=True)
        except pandera.errors.SchemaErrors as broken:
            return {"pandera alone": broken.failure_cases["column"].value_counts().index.tolist()}
        return {"pandera alone": []}

    return judge


def _with_levels(frame: Frame) -> Frame:
    """Pandera infers the levels of categories only, not those of text."""
    return frame.astype({name: "category" for name in frame if frame[name].dtype in ("object", "str")})


# ── stored statistics with thresholds ─────────────────────────────────────────────────────────────────────────────
Distance = Callable[[pd.Series, pd.Series], float]


def statistics(before: Sequence[Frame], names: Sequence[str]) -> Judge:
    """Distances from the batches before, against thresholds as in TFDV's examples, and against learned ones."""
    past = pd.concat([part[[*names]] for part in before], ignore_index=True)
    ends = np.cumsum([0, *(len(part) for part in before)])
    fixed, learned = {}, {}
    for name in names:
        for distance, threshold in (_OF_NUMBERS if _is_number(past[name]) else _OF_LEVELS).items():
            own = [_from_others(past[name], first, end, distance) for first, end in pairwise(ends)]
            fixed[name, distance] = threshold
            learned[name, distance] = max(threshold, _MARGIN * max(own))

    def loud(batch: Frame, thresholds: Mapping[tuple[str, Distance], float]) -> list[str]:
        times: dict[str, float] = {}
        for (name, distance), threshold in thresholds.items():
            times[name] = max(times.get(name, 0.0), distance(past[name], batch[name]) / threshold)
        return sorted((name for name, much in times.items() if much > 1), key=lambda name: -times[name])

    return lambda batch: {
        "statistics, fixed thresholds": loud(batch, fixed),
        "statistics, learned thresholds": loud(batch, learned),
    }


def _from_others(column: pd.Series, first: int, end: int, distance: Distance) -> float:
    others = pd.concat([column.iloc[:first], column.iloc[end:]])
    return distance(others, column.iloc[first:end]) if len(others) else 0.0


def _missing(past: pd.Series, now: pd.Series) -> float:
    return float(abs(now.isna().mean() - past.isna().mean()))


def _zeros(past: pd.Series, now: pd.Series) -> float:
    return float(abs((now == 0).mean() - (past == 0).mean()))


def _mean(past: pd.Series, now: pd.Series) -> float:
    spread, moved = past.std(), abs(now.mean() - past.mean())
    return float(np.nan_to_num(moved / spread if spread > 0 else np.inf if moved > 0 else 0.0))


def _spread(past: pd.Series, now: pd.Series) -> float:
    one, other = past.std(), now.std()
    if not (one > 0 and other > 0):
        return float("inf") if one > 0 and other == 0 else 0.0
    return float(abs(np.log2(other / one)))


def _jensen_shannon(past: pd.Series, now: pd.Series) -> float:
    """Divergence over deciles of the past, and what lies outside of it."""
    values = [side.dropna().to_numpy(dtype=np.float64) for side in (past, now)]
    if not all(len(side) for side in values):
        return 0.0
    inner = np.unique(np.quantile(values[0], np.linspace(0, 1, _BINS + 1)))
    edges = np.r_[-np.inf, inner[:-1], np.nextafter(inner[-1], np.inf), np.inf]
    counts = [np.histogram(side, edges)[0] for side in values]
    return float(np.nan_to_num(jensenshannon(*counts, base=2))) ** 2


def _farthest_level(past: pd.Series, now: pd.Series) -> float:
    shares = [side.astype(object).value_counts(normalize=True) for side in (past, now)]
    return float(np.nan_to_num(shares[0].sub(shares[1], fill_value=0).abs().max()))


_OF_NUMBERS: dict[Distance, float] = {
    _missing: _SHARE,
    _zeros: _SHARE,
    _mean: _MEAN,
    _spread: _SPREAD,
    _jensen_shannon: _NUMBERS,
}
_OF_LEVELS: dict[Distance, float] = {_missing: _SHARE, _farthest_level: _LEVELS}


RIVALS = (evidently, alone, statistics)


# ── beside the triage ─────────────────────────────────────────────────────────────────────────────────────────────
def learned(before: Sequence[Frame], names: Sequence[str]) -> Callable[[Frame], dict[str, str]]:
    """All of them, from the same batches: the column that each names first for a batch, empty if it lets it in."""
    judges = [rival(before, names) for rival in RIVALS]

    def ask(batch: Frame) -> dict[str, str]:
        alarms = {title: columns for judge in judges for title, columns in judge(batch).items()}
        return {title: columns[0] if columns else "" for title, columns in alarms.items()}

    return ask


def beside(untouched: pd.DataFrame, damaged: pd.DataFrame, costly: pd.Series) -> pd.DataFrame:
    """How many each holds of what all were asked about: of what costs, with the right column first; of all; untouched.

    Args:
        untouched: One row for each batch, with `firsts`, the column that each names first; None where only we were asked.
        damaged: The same of damaged batches, and `columns`, of which one has to be named first.
        costly: Which of those cost a model much.
    """
    untouched, damaged = (table[table["firsts"].notna()] for table in (untouched, damaged))
    rows, costly = [], costly[damaged.index].to_numpy()
    for title in untouched["firsts"].iloc[0]:
        first = damaged["firsts"].map(lambda firsts, title=title: firsts[title])
        right = [one in columns for one, columns in zip(first, damaged["columns"], strict=True)]
        alarms = untouched["firsts"].map(lambda firsts, title=title: firsts[title] != "")
        held = first != ""
        rows.append((title, held[costly].mean(), np.array(right)[costly].mean(), held.mean(), alarms.mean()))
    titles = ["who", "held of costly", "named first", "held of all", "false alarms"]
    return pd.DataFrame(rows, columns=titles).set_index("who")
