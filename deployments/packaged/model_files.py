"""The files of a packaged model, and the version that they are: contract, tables or skops file, golden rows.

What writes them and what reads them stand here side by side. Nothing here reads or writes pickle.
"""

import importlib
import io
import json
import math
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from configs.errors import BundleRefused
from configs.scoring import ScoringSettings
from configs.validation import ColumnRule
from tasks.scoring.compiled.base import Answered, Chosen, Compiled, Tables, Value
from tasks.scoring.fields import Fields
from tasks.scoring.ready import Ready

FOLDER = "model"
"""In the package."""
TOLERANCE = 1e-9
"""Largest difference from an answer of the gate; of a number above 1, relative to it."""
FITTED = "deployments.packaged.fitted"
"""In place of the class of tables: the module that reads a model as it was fitted."""
SKOPS = "model.skops"
_CONTRACT, _GOLDEN, _ARRAYS, _PLAIN = "contract.json", "golden.json", "tables.npz", "tables.json"
_ALONE = 50
"""So many golden rows are asked one by one as well."""


class Golden(NamedTuple):
    """Prepared rows, and what they were answered at the gate."""

    rows: Sequence[Sequence[Value]]
    answers: Sequence[Answered]


class Packaged(NamedTuple):
    """What is in a package."""

    ready: Ready
    golden: Golden
    protocol: str
    """The version of MLflow whose clients it answers."""


def write(folder: Path, packaged: Packaged, trusted: Sequence[str], skops: bytes | None) -> str:
    """Write the files of a version; gives the module that reads its model.

    Args:
        folder: Of the model, empty.
        packaged: What is in it.
        trusted: Types that a skops file may hold beyond the reviewed ones.
        skops: The model as it was fitted, where no tables are it.
    """
    ready, compiled = packaged.ready, packaged.ready.compiled
    if isinstance(compiled, Tables):
        arrays, plain = compiled.tables()
        (folder / _ARRAYS).write_bytes(_zipped(arrays))
        (folder / _PLAIN).write_bytes(_json(plain))
        reader = f"{type(compiled).__module__}:{type(compiled).__name__}"
    else:
        assert skops is not None
        (folder / SKOPS).write_bytes(skops)
        reader = FITTED
    contract = {
        "pipeline": ready.pipeline,
        "version": ready.version,
        "model": ready.model_id,
        "snapshot": ready.snapshot_id,
        "title": ready.title,
        "key": ready.key,
        "scoring": ready.scoring.model_dump(mode="json"),
        "is_probability": ready.is_probability,
        "classes": ready.classes,
        "columns": {name: rule.model_dump(mode="json") for name, rule in ready.fields.rules.items()},
        "order": ready.fields.names,
        "others": sorted(ready.fields.others),
        "looked_up": sorted(ready.fields.looked_up),
        "example": ready.example,
        "reader": reader,
        "problem": ready.chosen.problem,
        "trusted": list(trusted),
        "protocol": packaged.protocol,
    }
    (folder / _CONTRACT).write_bytes(_json(contract))
    (folder / _GOLDEN).write_bytes(_json(packaged.golden._asdict()))
    return reader.partition(":")[0]


def read(folder: Path) -> Packaged:
    """The version in a package whose files have been checked; it answers as at its gate.

    Raises:
        BundleRefused: It does not.
    """
    contract = json.loads((folder / _CONTRACT).read_bytes())
    golden = Golden(**json.loads((folder / _GOLDEN).read_bytes()))
    scoring = ScoringSettings.model_validate_json(json.dumps(contract["scoring"]))
    rules = {name: ColumnRule.model_validate_json(json.dumps(contract["columns"][name])) for name in contract["order"]}
    fields = Fields(
        rules,
        frozenset(contract["others"]),
        scoring.unknown_columns == "refuse",
        frozenset(contract.get("looked_up", ())),
    )
    chosen = Chosen(_compiled(folder, contract), contract["problem"])
    ready = Ready(
        contract["pipeline"],
        contract["version"],
        contract["model"],
        contract["snapshot"],
        None,
        contract["title"],
        tuple(contract["key"]),
        scoring,
        contract["is_probability"],
        fields,
        chosen,
        contract["example"],
        classes=tuple(contract.get("classes", ())),
    )
    _require_golden(ready, golden)
    return Packaged(ready, golden, contract["protocol"])


def _compiled(folder: Path, contract: dict[str, Any]) -> Compiled:
    module, _, name = contract["reader"].partition(":")
    reader: Any = importlib.import_module(module)
    if not name:
        about = contract["is_probability"], bool(contract.get("classes"))
        fitted: Compiled = reader.read(folder / SKOPS, frozenset(contract["trusted"]), *about)
        return fitted
    with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
        plain = json.loads((folder / _PLAIN).read_bytes())
        tables: Tables = getattr(reader, name).of_tables({part: arrays[part] for part in arrays.files}, plain)
    return tables


def _require_golden(ready: Ready, golden: Golden) -> None:
    wanted = np.array(golden.answers, dtype=np.float64)
    answers = ready.compiled.many(list(zip(*golden.rows, strict=True)))
    alone = np.array([ready.compiled.one(row) for row in golden.rows[:_ALONE]])
    off = max(_furthest(answers, wanted), _furthest(alone, wanted[: len(alone)]))
    if not off <= TOLERANCE:
        raise BundleRefused(
            f"v{ready.version} of {ready.pipeline} answers its golden rows differently than at its gate, by up to "
            f"{off:.3g}: a library is another one. Install those of requirements.lock. Nothing answers."
        )


def _furthest(answers: NDArray[np.float64], wanted: NDArray[np.float64]) -> float:
    off = float((np.abs(answers - wanted) / np.maximum(1.0, np.abs(wanted))).max())
    return off if math.isfinite(off) else math.inf


def _json(content: Any) -> bytes:
    return json.dumps(content, indent=None, sort_keys=True, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _zipped(arrays: dict[str, NDArray[Any]]) -> bytes:
    """The same bytes for the same arrays: the times in an archive are those of no clock."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in sorted(arrays.items()):
            part = io.BytesIO()
            np.lib.format.write_array(part, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), part.getvalue(), zipfile.ZIP_DEFLATED)
    return sink.getvalue()
