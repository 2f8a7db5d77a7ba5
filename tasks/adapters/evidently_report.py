"""Evidently's drift page, drawn from samples, with the verdicts of `monitoring` inside.

Add here what the page shows. Nothing is tested here: the tests handed to Evidently look up what `drift` has decided,
column by column, and the share from which it speaks of drift is set so that its headline says the same.

What must not be undone:
- Evidently puts names and values into its page unescaped. Tags are taken out of them before it sees them.
- Its script (3.5 MB) is kept once beside the pages of one folder, not in each of them; the pages work offline.
- Switches against its telemetry are set in `configs.environment`, before the first import.
"""

import math
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from configs.monitoring import DriftSettings
from configs.validation import ColumnRule
from tasks.adapters import failpoints, files
from tasks.domain import wording
from tasks.domain.observations import ColumnDrift, Drift
from tasks.domain.records import MISSING, RARE

_verdicts: ContextVar[Mapping[str, ColumnDrift]] = ContextVar("_verdicts")
"""What was decided, by column as the page names it; set while a page is made."""

_NUMBER_TEST = "incumbent_number"
_CATEGORY_TEST = "incumbent_category"
_MOST_COLUMNS, _MOST_ROWS = 50, 5_000
"""What is drawn at most: more rows change no picture, and cost by the row."""
_MOST_LEVELS = 24
_LONGEST = 60
_LOOKALIKES = str.maketrans({"<": "‹", ">": "›", '"': "”", "`": "ˋ"})


def write(
    path: Path,
    reference: pd.DataFrame,
    current: pd.DataFrame,
    drift: Drift,
    features: Sequence[str],
    columns: Mapping[str, ColumnRule],
    settings: DriftSettings,
    seed: int,
) -> Path:
    """Write the page of one batch, and its script beside it if it is not there yet.

    Args:
        path: The page, ending in .html.
        reference: Rows of the live model's training data; at most `settings.max_rows`, and 5,000, of them are drawn.
        current: Rows of the batch; likewise.
        drift: What was decided for these rows.
        features: Columns that may be shown, all of them judged in `drift`, those that matter most first. At most 50 are
            drawn: those that moved, largest effect first, then in this order; the page counts the rest.
        columns: Rules of the contract, which say what is a number.
        settings: Share of moved columns from which the batch as a whole has drifted, and size of the samples.
        seed: Of the samples.
    """
    judged = {one.column: one for one in drift.columns}
    moved = [one.column for one in drift.moved if one.column in features]
    ranked = [*moved, *(name for name in features if not judged[name].moved)]
    features, rest = ranked[:_MOST_COLUMNS], ranked[_MOST_COLUMNS:]
    names = dict(zip(features, _distinct([_plain(name) for name in features]), strict=True))
    rng = np.random.default_rng(seed)
    most = min(settings.max_rows, _MOST_ROWS)
    samples = [_sample(frame, features, most, rng) for frame in (reference, current)]
    shown = [_drawable(samples[0][name], samples[1][name], columns[name]) for name in features]
    frames = [pd.DataFrame(dict(zip(names.values(), side, strict=True))) for side in zip(*shown, strict=True)]
    verdicts = {names[name]: judged[name] for name in features}
    token = _verdicts.set(verdicts)
    try:
        html = _render(frames[0], frames[1], _threshold(list(verdicts.values()), drift.drifted, settings.share))
    finally:
        _verdicts.reset(token)
    page, script_name, script = _part(_with_note(html, _left_out(rest, len(moved))) if rest else html)
    if not (path.parent / script_name).exists():
        files.publish(path.parent / script_name, script)
        failpoints.reach("drift-script-published")
    files.publish(path, page.encode())
    return path


def warm() -> None:
    """Import Evidently now, so that the first page need not wait for it."""
    with _quiet():
        _evidently()


# ── what is drawn ─────────────────────────────────────────────────────────────────────────────────────────────────
def _sample(frame: pd.DataFrame, features: Sequence[str], rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """Some of the rows, in their order: the page plots means over the index."""
    chosen = frame[list(features)]
    if len(chosen) > rows:
        chosen = chosen.iloc[np.sort(rng.choice(len(chosen), rows, replace=False))]
    return chosen.reset_index(drop=True)


def _drawable(reference: pd.Series, current: pd.Series, rule: ColumnRule) -> tuple[pd.Series, pd.Series]:
    """A column as Evidently can draw it: it drops missing values, and refuses a column that has nothing else."""
    if rule.type not in ("integer", "number"):
        return _levels(reference, current)
    numbers = [_finite(side) for side in (reference, current)]
    if all(side.notna().any() for side in numbers):
        return numbers[0], numbers[1]
    known = [side.notna().map({True: "known", False: MISSING}) for side in numbers]
    return _levels(known[0], known[1])


def _finite(values: pd.Series) -> pd.Series:
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return pd.Series(np.where(np.isfinite(numbers), numbers, np.nan))


def _levels(reference: pd.Series, current: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Categories as text without tags, missing as one of them, all but the most frequent ones pooled."""
    both = pd.concat([reference, current], ignore_index=True)
    codes, levels = pd.factorize(both)
    texts = [_plain(str(level).lower() if isinstance(level, (bool, np.bool_)) else str(level)) for level in levels]
    frequent = np.argsort(-np.bincount(codes[codes >= 0], minlength=len(levels)), kind="stable")[:_MOST_LEVELS]
    table = np.full(len(levels) + 1, RARE, dtype=object)
    table[frequent] = _distinct([texts[k] for k in frequent])
    table[-1] = MISSING
    named = pd.Series(table[codes], dtype=object)
    return named[: len(reference)].reset_index(drop=True), named[len(reference) :].reset_index(drop=True)


def _plain(text: str) -> str:
    """Text that is text wherever the page puts it: no tags, no entities, no control characters, not too long."""
    text = "".join(char if char.isprintable() else " " for char in text.translate(_LOOKALIKES))
    text = re.sub(r"&(?=#?\w+;)", "＆", text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _distinct(texts: Sequence[str]) -> list[str]:
    """The same texts, with a number behind those that became equal."""
    used: dict[str, None] = {}
    for text in texts:
        candidates = (text, *(f"{text} ({k})" for k in range(2, len(texts) + 2)))
        used[next(one for one in candidates if one not in used)] = None
    return list(used)


# ── what it says ──────────────────────────────────────────────────────────────────────────────────────────────────
def _threshold(judged: Sequence[ColumnDrift], drifted: bool, share: float) -> float:
    """Share from which Evidently speaks of drift: ours, or the nearest with which its headline says `drifted`."""
    moved = sum(one.moved for one in judged) / len(judged)
    if (moved >= share) == drifted:
        return share
    return moved if drifted else math.nextafter(moved, math.inf)


def _look_up(reference: pd.Series, current: pd.Series, kind: object, threshold: float) -> tuple[float, bool]:
    """The stat test that Evidently is given: effect and verdict of this column."""
    verdict = _verdicts.get()[str(reference.name)]
    return verdict.effect, verdict.moved


def _render(reference: pd.DataFrame, current: pd.DataFrame, threshold: float) -> str:
    with _quiet():
        evidently = _evidently()
        numbers = [name for name in reference if pd.api.types.is_numeric_dtype(reference[name])]
        definition = evidently.DataDefinition(
            numerical_columns=numbers, categorical_columns=[name for name in reference if name not in numbers]
        )
        datasets = [evidently.Dataset.from_pandas(frame, definition) for frame in (current, reference)]
        preset = evidently.Preset(drift_share=threshold, num_method=_NUMBER_TEST, cat_method=_CATEGORY_TEST)
        snapshot = evidently.Report([preset], include_tests=False).run(*datasets)
        return str(snapshot.get_html_str(as_iframe=False))


def _left_out(rest: Sequence[str], moved: int) -> str:
    """What the page says of the columns that it does not draw."""
    also = wording.count(moved - _MOST_COLUMNS) if moved > _MOST_COLUMNS else "none"
    return (
        f"Columns that are not drawn: {wording.count(len(rest))}. These {_MOST_COLUMNS} moved or matter most to the "
        f"live model. Of the others {also} moved; the report counts them all."
    )


def _with_note(html: str, note: str) -> str:
    return html.replace("<body>", f'<body><p style="font-family: sans-serif; margin: 1em 2em">{note}</p>', 1)


@contextmanager
def _quiet() -> Iterator[None]:
    """Importing Evidently uses names that numpy and litestar deprecate; constant columns have no correlation."""
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        yield


# ── Evidently ─────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class _Evidently:
    """The few names that are used of it."""

    Report: Any
    Dataset: Any
    DataDefinition: Any
    Preset: Any


@cache
def _evidently() -> _Evidently:
    """Import Evidently (3 s) and register our tests with it, once per process."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.legacy.calculations.stattests import StatTest
    from evidently.legacy.calculations.stattests.registry import register_stattest
    from evidently.legacy.core import ColumnType

    for name, title, kind in (
        (_NUMBER_TEST, "Kolmogorov-Smirnov, Benjamini-Hochberg, effect floor", ColumnType.Numerical),
        (_CATEGORY_TEST, "chi-square, Benjamini-Hochberg, effect floor", ColumnType.Categorical),
    ):
        test = StatTest(name, title, [kind])
        register_stattest(test, _look_up)
    return _Evidently(Report, Dataset, DataDefinition, _preset())


def _preset() -> Any:
    """What is on the page: the preset of Evidently, less what it would calculate twice or for nothing."""
    from evidently.core.metric_types import Metric
    from evidently.core.report import Context
    from evidently.legacy.base_metric import InputData
    from evidently.legacy.metrics import DataDriftTable, DatasetDriftMetric
    from evidently.legacy.metrics.data_drift import dataset_drift_metric as headlines
    from evidently.legacy.model.widget import BaseWidgetInfo
    from evidently.legacy.renderers.base_renderer import default_renderer
    from evidently.presets import DataDriftPreset

    class Headline(DatasetDriftMetric):  # type: ignore[misc]
        """Counts what was decided; Evidently's own goes through all columns for that, as the table does."""

        class Config:
            type_alias = "incumbent:metric:Headline"

        def calculate(self, data: InputData) -> Any:
            columns = _verdicts.get().values()
            moved = sum(one.moved for one in columns)
            share = moved / len(columns)
            return headlines.DatasetDriftMetricResults(
                drift_share=self.drift_share,
                number_of_columns=len(columns),
                number_of_drifted_columns=moved,
                share_of_drifted_columns=share,
                dataset_drift=share >= self.drift_share,
            )

    class Preset(DataDriftPreset):  # type: ignore[misc]
        """The preset without its single-column metrics, which take half the time and are not on the page."""

        def generate_metrics(self, context: Context) -> Sequence[Metric]:
            return ()

        def render(self, context: Context, child_widgets: object = None) -> list[BaseWidgetInfo]:
            headline = Headline(drift_share=self.drift_share)
            table = DataDriftTable(cat_stattest=self.cat_method, num_stattest=self.num_method)
            return [widget for part in (headline, table) for widget in context.get_legacy_metric(part, None, None)[1]]

    default_renderer(wrap_type=Headline)(headlines.DataDriftMetricsRenderer)
    return Preset


def _part(html: str) -> tuple[str, str, bytes]:
    """The page without its script, the name under which the page asks for the script, and the script."""
    import evidently
    from evidently.legacy.utils.dashboard import STATIC_PATH

    script = Path(STATIC_PATH, "index.js").read_bytes()
    name = f"evidently-{evidently.__version__}.js"
    lost = f"This page needs the file {name} beside it."
    link = f"""<script src="{name}" onerror="document.body.textContent='{lost}'"></script>"""
    return html.replace(f"<script>{script.decode()}</script>", link, 1), name, script
