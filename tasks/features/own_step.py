"""A step of a user's own: a function of rows, with the text that it stood in, so that it answers as it did at its gate.

It goes wherever a model goes, also where there is nothing of this project: import numpy and pandas only. What it may do
with the rows, and what is refused, is said here; whether it is row-wise is tried in `trying`.
"""

import contextlib
import hashlib
import importlib
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from tasks.features.transforms import Column, Transform, moments

_functions: dict[tuple[str, str], Callable[..., Any]] = {}
"""What was made of a text once in this process, by its digest and the name of the function."""


class StepFailed(ValueError):
    """A step of a user did what it must not; says what, and the line."""


class OwnStep(Transform):
    """Calls a user's function."""

    def __init__(
        self,
        use: str,
        file: str,
        code: str,
        sources: Mapping[str, str],
        settings: Mapping[str, Any],
        takes: Sequence[tuple[str, str]],
        gives: Sequence[tuple[str, str]],
    ) -> None:
        """Args:
        use: Where it stands, `package.module:function`.
        file: The path of its file, for messages.
        code: The text of its file, where that is all of the user's own code that it needs; else "".
        sources: Else the sha256 of the file of each module of that code, by name.
        settings: Further arguments of the function.
        takes: Names and types of the columns that it gets.
        gives: Names and types of those that it gives.
        """
        self.use = use
        self.file = file
        self.code = code
        self.sources = dict(sources)
        self.settings = dict(settings)
        self.takes = [list(one) for one in takes]
        self.gives = [list(one) for one in gives]

    def make(self, columns: Sequence[Column]) -> list[Column]:
        """What the function gives for these rows; raises StepFailed."""
        rows = self.rows(columns)
        return self.taken(self.call(rows), rows)

    def rows(self, columns: Sequence[Column]) -> pd.DataFrame:
        """The rows as the function gets them: numbers and truths are float64, text is text, times are in UTC."""
        held = {
            name: moments(values) if kind == "timestamp" else pd.Series(values, dtype=values.dtype)
            for (name, kind), values in zip(self.takes, columns, strict=True)
        }
        return pd.DataFrame(held, copy=True)

    def call(self, rows: pd.DataFrame) -> Any:
        """What the function gives, whatever that is."""
        function = self._function()
        with self._explained(), np.errstate(all="ignore"):
            return function(rows, **self.settings)

    def taken(self, given: Any, rows: pd.DataFrame) -> list[Column]:
        """The columns in what was given."""
        names = [name for name, _ in self.gives]
        if isinstance(given, pd.DataFrame | Mapping):
            parts = {str(name): given[name] for name in given}
            self._require(
                set(parts) == set(names),
                f"gives the columns {_listed(parts)}, and {_listed(names)} were declared in 'gives'",
            )
        else:
            self._require(len(names) == 1, f"gives one column, and {_listed(names)} were declared in 'gives'")
            parts = {names[0]: given}
        return [self._column(parts[name], name, kind, rows) for name, kind in self.gives]

    def _column(self, given: Any, name: str, kind: str, rows: pd.DataFrame) -> Column:
        is_column = isinstance(given, pd.Series | np.ndarray | list | tuple)
        self._require(is_column, f"gives {type(given).__name__} as {name!r}; give a column, with a value for each row")
        self._require(len(given) == len(rows), f"gives {len(given):,} values of {name!r} for {len(rows):,} rows")
        same = not isinstance(given, pd.Series) or given.index.equals(rows.index)
        self._require(same, f"gives {name!r} for other rows than it got, or in another order; keep the index")
        return self._text(given, name) if kind == "category" else self._number(given, name)

    def _text(self, given: Any, name: str) -> Column:
        values = pd.Series(given).astype(object)
        there = values.notna()
        wrong = [value for value in values[there] if not isinstance(value, str)]
        self._require(not wrong, f"gives {wrong[0]!r} in {name!r}, which is declared as text" if wrong else "")
        return np.asarray(values.where(there, np.nan), dtype=object)

    def _number(self, given: Any, name: str) -> Column:
        try:
            values: Column = pd.Series(given).to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError):
            kinds = sorted({type(value).__name__ for value in given})
            raise StepFailed(
                f"{self} gives {', '.join(kinds[:3])} in {name!r}, which is declared as a number"
            ) from None
        return np.where(np.isinf(values), np.nan, values)

    def require_finite(self, rows: pd.DataFrame) -> None:
        """Raise StepFailed if the function gives infinity; a model that is asked takes that for a missing value."""
        given = self.call(rows)
        parts = given if isinstance(given, pd.DataFrame | Mapping) else {self.gives[0][0]: given}
        for name in (name for name, kind in self.gives if kind == "number"):
            values = pd.to_numeric(pd.Series(parts[name]), errors="coerce")
            endless = bool(np.isinf(values.to_numpy(dtype=np.float64, na_value=np.nan)).any())
            self._require(not endless, f"gives infinity in {name!r}; give a missing value (NaN) in its place")

    def _function(self) -> Callable[..., Any]:
        module, _, name = self.use.rpartition(":")
        if self.code:
            key = hashlib.sha256(self.code.encode()).hexdigest(), name
            if key not in _functions:
                held = ModuleType(module)
                held.__dict__.update(__file__=self.file, print=_print)
                with self._explained():
                    exec(compile(self.code, self.file, "exec"), held.__dict__)  # noqa: S102 (the model's own code)
                _functions[key] = getattr(held, name)
            return _functions[key]
        for one, digest in self.sources.items():
            file = importlib.import_module(one).__file__
            now = hashlib.sha256(Path(file or "").read_bytes()).hexdigest()
            self._require(
                now == digest,
                f"needs {one} as it was when the model was fitted, sha256 {digest[:12]}; it is {now[:12]} now",
            )
        function: Callable[..., Any] = getattr(importlib.import_module(module), name)
        return function

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turns whatever the code of a user raises into StepFailed, with the line."""
        try:
            yield
        except StepFailed:
            raise
        except (Exception, SystemExit) as err:  # code of a user: what it raises stops its own pipeline, and no other
            lines = [one.lineno for one in traceback.extract_tb(err.__traceback__) if one.filename == self.file]
            where = f", line {lines[-1]}" if lines else ""
            what = f"asks for the column {err}, which is not in its 'of'" if isinstance(err, KeyError) else ""
            text = " ".join(str(err).split())
            raise StepFailed(f"{self} {what or f'raised {type(err).__name__}: {text}'} ({self.file}{where})") from err

    def _require(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise StepFailed(f"{self} {otherwise} ({self.file})")

    @property
    def name(self) -> str:
        """The function."""
        return self.use.rpartition(":")[2]

    def __str__(self) -> str:
        """As people call it."""
        return f"the feature step {self.name}"


def _print(*values: Any, **options: Any) -> None:
    """What a step prints is for people: where others read, such as of `--json`, it would be in the way."""
    print(*values, **{"file": sys.stderr, **options})


def _listed(names: Any) -> str:
    return ", ".join(map(repr, list(names)[:5])) or "none"
