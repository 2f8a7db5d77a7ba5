"""Candidates: what every entry of `training.candidates` may say beside its parameters, and what several of one family
are called.

Add here what holds for built-in families and for those of users alike. What each of them takes stands with it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from configs.section import Days, Section

LONGEST_TITLE = 60
_LIBRARIES = {"lightgbm": "LightGBM", "xgboost": "XGBoost", "catboost": "CatBoost"}
"""Packages by whose name their estimators are called."""


class Window(Section):
    """Which rows before a batch are trained on."""

    days: Days | None = None
    """Length in days, counted back from the batch; without it everything before the batch."""

    @property
    def length(self) -> timedelta | None:
        """The window as a time span; None means everything."""
        return None if self.days is None else timedelta(days=self.days)


def plain(title: str) -> str:
    """A title as records have it: in small letters, with `_` between words."""
    return re.sub(r"\W+", "_", title.lower()).strip("_")


def usual_title(use: str) -> str:
    """What people call a thing that says nothing of it: `LightGBM` of `lightgbm:LGBMClassifier`, `extra trees`.

    >>> usual_title("lightgbm:LGBMClassifier"), usual_title("sklearn.ensemble:ExtraTreesClassifier")
    ('LightGBM', 'extra trees')
    """
    where, _, name = use.rpartition(":")
    if (package := where.partition(".")[0]) in _LIBRARIES:
        return _LIBRARIES[package]
    short = re.sub(r"(Classifier|Regressor)$", "", name) or name
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_+", " ", short).strip().lower()


def set_apart(entries: Any, usual: Callable[[dict[str, Any]], str | None]) -> None:
    """Give titles to entries that would have one that stood there before: that one with what differs from the first.

    >>> entries = [{"family": "trees", "depth": 3}, {"family": "trees", "depth": 6}]
    >>> set_apart(entries, lambda entry: entry["family"])
    >>> [entry.get("title") for entry in entries]
    [None, 'trees (depth 6)']

    Args:
        entries: Those of the pipeline file as they were read; what has a title, or is of another form, is left alone.
        usual: What one would be called; None where that is not to be known.
    """
    first: dict[str, Mapping[str, Any]] = {}
    for entry in entries if isinstance(entries, list) else ():
        title = usual(entry) if isinstance(entry, dict) and not entry.get("title") else None
        if title is None:
            continue
        settings = _settings(entry)
        differing = ", ".join(_differing(first.setdefault(title, settings), settings))
        if differing:
            entry["title"] = f"{title} ({differing})"[:LONGEST_TITLE]


def _settings(entry: dict[str, Any]) -> dict[str, Any]:
    """What sets an entry apart: its parameters, and its window."""
    if "use" not in entry:
        return entry
    given = entry.get("with", entry.get("settings"))
    return {**(given if isinstance(given, dict) else {}), **{key: entry[key] for key in ("window",) if key in entry}}


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    for name in (name for name in other if other[name] != one.get(name)):
        value, is_window = other[name], name == "window" and isinstance(other[name], dict)
        yield f"{value.get('days')} days" if is_window else f"{_words(name)} {value}"
    yield from ("all rows" if name == "window" else f"usual {_words(name)}" for name in one if name not in other)


def _words(name: str) -> str:
    return name.replace("_", " ")
