"""A step of a user's own: a function of rows, with the text that it stood in, so that it answers as it did at its gate.

It goes wherever a model goes, also where there is nothing of this project: import numpy and pandas only. What it may do
with the rows, and what is refused, is said here; whether it is row-wise is tried in `trying`.
"""

import ast
import contextlib
import decimal
import hashlib
import importlib
import numbers
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from tasks.features.transforms import Column, Transform, moments

_COLUMNS = pd.Series | pd.Index | np.ndarray | pd.api.extensions.ExtensionArray | list | tuple
_NUMBERS = numbers.Real | np.number | np.bool_ | decimal.Decimal
_BESIDE = "configs.pipelines."
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
        texts: Mapping[str, str],
        settings: Mapping[str, Any],
        takes: Sequence[tuple[str, str]],
        gives: Sequence[tuple[str, str]],
    ) -> None:
        """Args:
        use: Where it stands, `package.module:function`.
        file: The path of its file, for messages.
        texts: The text of the module in which it stands, and of all that this imports of the user's own code, by
            name. One alone, or beside a pipeline file, is run as it was; of others it is made sure that they are as
            they were.
        settings: Further arguments of the function.
        takes: Names and types of the columns that it gets.
        gives: Names and types of those that it gives.
        """
        self.use = use
        self.file = file
        self.texts = dict(texts)
        self.settings = dict(settings)
        self.takes = [list(one) for one in takes]
        self.gives = [list(one) for one in gives]

    def make(self, columns: Sequence[Column]) -> list[Column]:
        """What the function gives for these rows; raises StepFailed."""
        rows = self.rows(columns)
        return self.taken(self.call(rows), rows)

    def rows(self, columns: Sequence[Column]) -> pd.DataFrame:
        """The rows as the function gets them: numbers and truths are float64, text is text, times are in UTC."""
        held = {name: _held(values, kind) for (name, kind), values in zip(self.takes, columns, strict=True)}
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
        is_column = isinstance(given, _COLUMNS) and getattr(given, "ndim", 1) == 1
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
        values = pd.Series(given)
        if values.dtype.kind == "O":
            there = values[values.notna()]
            others = sorted({type(one).__name__ for one in there if not isinstance(one, _NUMBERS)})
        else:
            others = [] if values.dtype.kind in "biuf" else [str(values.dtype)]
        self._require(not others, f"gives {', '.join(others[:3])} in {name!r}, which is declared as a number")
        finite: Column = values.to_numpy(dtype=np.float64, na_value=np.nan)
        return np.where(np.isinf(finite), np.nan, finite)

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
        key = hashlib.sha256("\0".join(self.texts.values()).encode()).hexdigest(), self.use
        if key not in _functions:
            with self._explained():
                held = self._run(module) if len(self.texts) == 1 else self._unchanged(module)
            _functions[key] = getattr(held, name)
        return _functions[key]

    def _run(self, module: str) -> ModuleType:
        held = ModuleType(module)
        held.__dict__.update(__file__=self.file, print=_print)
        exec(compile(self.texts[module], self.file, "exec"), held.__dict__)  # noqa: S102 (the model's own code)
        return held

    def _unchanged(self, module: str) -> ModuleType:
        is_beside = module.startswith(_BESIDE)
        for one, text in self.texts.items():
            if is_beside and one == module:
                continue
            held = importlib.import_module(one)
            was, now = _digest(text.encode()), _digest(Path(held.__file__ or "").read_bytes())
            self._require(now == was, f"needs {one} as it was when the model was fitted, sha256 {was}; it is {now} now")
            held.__dict__.setdefault("print", _print)
        return self._run(module) if is_beside else sys.modules[module]

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turns whatever the code of a user raises into StepFailed, with the line."""
        try:
            yield
        except StepFailed:
            raise
        except (Exception, SystemExit) as err:  # code of a user: what it raises stops its own pipeline, and no other
            frames = traceback.extract_tb(err.__traceback__)
            lines = [one.lineno for one in frames if one.filename == self.file]
            where = f"{self.file}, line {lines[-1]}" if lines else self.place
            is_of_pandas = isinstance(err, KeyError) and f"{Path(pd.__file__).parent}" in frames[-1].filename
            what = f"asks for the column {err}, which is not in its 'of'" if is_of_pandas else ""
            text = " ".join([f"{type(err).__name__}:", *str(err).split()]).removesuffix(":")
            raise StepFailed(f"{self} {what or f'raised {text}'} ({where})") from err

    def _require(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise StepFailed(f"{self} {otherwise} ({self.place})")

    @property
    def place(self) -> str:
        """File and line of the function."""
        module, _, name = self.use.rpartition(":")
        for node in ast.walk(ast.parse(self.texts.get(module, ""))):
            if isinstance(node, ast.FunctionDef) and node.name == name:
                return f"{self.file}, line {node.lineno}"
        return self.file

    @property
    def name(self) -> str:
        """The function."""
        return self.use.rpartition(":")[2]

    def __str__(self) -> str:
        """As people call it."""
        return f"the feature step {self.name}"


def _held(values: Column, kind: str) -> "pd.Series[Any]":
    """A column as a function gets it; one of text is such a one also where all is missing."""
    if kind == "timestamp":
        return moments(values)
    return pd.Series(values, dtype=object if kind == "category" else np.float64)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def _print(*values: Any, **options: Any) -> None:
    """What a step prints is for people: where others read, such as of `--json`, it would be in the way."""
    print(*values, **{"file": sys.stderr, **options})


def _listed(names: Any) -> str:
    return ", ".join(map(repr, list(names)[:5])) or "none"
