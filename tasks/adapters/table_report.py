"""A page to explore rows with: skrub's TableReport, in a frame that forbids it everything but itself.

Add here what the page shows. Which rows they are, and where the page is put, is decided by who asks.
"""

import html
import warnings

import numpy as np
import pandas as pd

from configs.errors import MistakeOfUser

MOST_ROWS = 100_000
"""Of more rows so many are drawn."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'"
_STYLE = (
    "body{font-family:system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem}"
    "@media(prefers-color-scheme:dark){body{background:#202020;color:#ddd}}"
)


def render(frame: pd.DataFrame, title: str, notes: tuple[str, ...], seed: int) -> str:
    """One self-contained page, which works offline.

    Args:
        frame: The rows; of more than so many a sample is drawn, in their order, and the page says so.
        title: What they are.
        notes: What has to be known of them, a sentence each.
        seed: Of the sample.

    Raises:
        MistakeOfUser: skrub is not installed.
    """
    try:
        from skrub import TableReport
    except ImportError as err:
        raise MistakeOfUser(
            "A profile needs skrub, which is not installed. Install the package skrub (extra `profile` in "
            "pyproject.toml)."
        ) from err
    shown, said = _sample(frame, seed), notes
    if len(shown) < len(frame):
        said = (*notes, f"Drawn are {len(shown):,} of the {len(frame):,} rows, chosen at random.")
    drawable = shown.assign(**{str(name): _drawable(shown[name]) for name in shown.columns if _is_odd(shown[name])})
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # what it has to say about infinity and the like
        report = TableReport(
            drawable, plot_distributions=True, compute_associations=True, open_tab="stats", verbose=0
        ).html_snippet()
    lines = "".join(f"<p>{html.escape(line)}</p>" for line in said)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="referrer" content="no-referrer"><title>{html.escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{html.escape(title)}</h1>{lines}{report}</body></html>\n"
    )


def _sample(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    if len(frame) <= MOST_ROWS:
        return frame
    chosen = np.random.default_rng(seed).choice(len(frame), MOST_ROWS, replace=False)
    return frame.iloc[np.sort(chosen)].reset_index(drop=True)


def _is_odd(column: "pd.Series[object]") -> bool:
    """Whether it stayed in Arrow: lists, bytes, decimals, times of other zones."""
    return isinstance(column.dtype, pd.ArrowDtype)


def _drawable(column: "pd.Series[object]") -> "pd.Series[object]":
    """Values that cannot be counted or drawn as what they are, as text."""
    texts = [None if missing else str(value) for value, missing in zip(column, column.isna(), strict=True)]
    return pd.Series(texts, index=column.index, dtype="str")
