"""Bundles: fitted Pipelines as skops files, named by their sha256, each with golden rows to answer as at its gate.

Add here what makes a stored model safe to load. Fitting and asking a model belong to `tasks.training.learning`, what a
file belongs to (which model, which version) to the ledger. Nothing here reads or writes pickle.
"""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Set
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import skops.io
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from configs.errors import BlobUnavailable, BundleRefused, IncumbentError
from tasks.adapters import failpoints
from tasks.adapters.blobs import kept_code, layout, skops_files
from tasks.adapters.blobs.skops_files import ALLOWED, UNFIT
from tasks.adapters.cache import Cache
from tasks.domain.ports import Blobs
from tasks.problems import prediction

TOLERANCE = 1e-9
"""Largest difference between an answer now and the answer at the gate; of a number above 1, relative to it."""
_ANSWER = "_answer"
_KEPT_BYTES = 256 * 2**20
_EPOCH = (1980, 1, 1, 0, 0, 0)
_BY_CHANCE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HELP = (
    "Nothing was loaded. Restore the home from a backup; if libraries were changed since, "
    "go back to those of requirements.lock (`make install`)."
)


@dataclass(frozen=True)
class BundleFiles:
    """What was written: two digests, under which the files can be loaded again."""

    bundle: str
    """sha256 of the skops file."""
    golden: str
    """sha256 of its golden batch."""
    bytes: int
    """Size of the skops file."""


@dataclass(frozen=True)
class Bundles:
    """Bundles among blobs; one is never changed, and its name is the sha256 of its content."""

    blobs: Blobs
    trusted: Set[str] = frozenset()
    """Types beyond `ALLOWED` that the pipeline files let models hold."""

    def write(self, pipeline: Pipeline, golden: pd.DataFrame, answers: NDArray[np.float64]) -> BundleFiles:
        """Publish a fitted Pipeline and its golden batch: prepared rows, and what it answers.

        The same model twice is one file.
        Raises BundleRefused, and writes nothing, if the Pipeline holds a type that is not on the allow-list, or what
        skops cannot write.
        """
        try:
            model = _canonical(skops.io.dumps(pipeline))
        except UNFIT as err:
            raise BundleRefused(f"The new model holds what cannot be stored without pickle: {err}.") from err
        skops_files.refuse_unknown_types(model, "The new model", self.trusted, _HELP)
        rows = _golden_bytes(golden, answers)
        written = BundleFiles(hashlib.sha256(model).hexdigest(), hashlib.sha256(rows).hexdigest(), len(model))
        self._publish(layout.golden(written.golden), written.golden, rows)
        failpoints.reach("golden-published")
        self._publish(layout.bundle(written.bundle), written.bundle, model)
        return written

    def keep_lock(self, content: bytes) -> str:
        """Keep the lock file of the libraries that a model is fitted with, once for each content; gives its digest."""
        digest = hashlib.sha256(content).hexdigest()
        self._publish(layout.lock(digest), digest, content)
        failpoints.reach("lock-kept")
        return digest

    def load(self, bundle: str, golden: str) -> Pipeline:
        """The Pipeline of these digests, checked once per process: digest, then allow-list, then golden answers.

        Raises BundleRefused with which of the three failed. The Pipeline is shared by all callers: do not fit it.
        """
        key = self.blobs, bundle, golden
        kept = _loaded.get(key)
        if kept is None:
            kept, size = _load(self, bundle, golden)
            _loaded.keep(key, kept, size)
        return kept

    def golden(self, golden: str) -> tuple[pd.DataFrame, NDArray[np.float64]]:
        """Golden rows as the model wants them, and what it answered at its gate; checked by their digest."""
        rows = self.golden_bytes(golden)
        frame = _as_prepared(pq.read_table(io.BytesIO(rows), page_checksum_verification=True))
        expected = _popped(frame)
        return frame, expected

    def types(self, bundle: str) -> tuple[str, ...]:
        """What somebody else must let skops load: the reviewed types, and others that this bundle holds."""
        held = skops.io.get_untrusted_types(data=self.content(bundle))
        return (*ALLOWED, *sorted(set(held) - set(ALLOWED)))

    def check(self, bundle: str, golden: str, *, keep: bool = False) -> Pipeline:
        """As `load`, but from the bytes up even if it was loaded before; `keep` it for whoever loads it next."""
        checked, size = _load(self, bundle, golden)
        if keep:
            _loaded.keep((self.blobs, bundle, golden), checked, size)
        return checked

    def content(self, bundle: str) -> bytes:
        """The skops file of this digest, which is checked; raises BundleRefused."""
        return self._read(layout.bundle(bundle), bundle, "Model bundle")

    def golden_bytes(self, golden: str) -> bytes:
        """The golden batch of this digest as it is stored; raises as `content` does."""
        return self._read(layout.golden(golden), golden, "Golden batch")

    def _read(self, key: str, digest: str, what: str) -> bytes:
        try:
            content = self.blobs.get(key)
        except BlobUnavailable as err:
            name = key.rpartition("/")[2]
            raise BundleRefused(f"{what} {digest[:12]} (digest) cannot be read: {err.why} ({name}). {_HELP}") from err
        actual = hashlib.sha256(content).hexdigest()
        if actual != digest:
            raise BundleRefused(
                f"{what} {digest[:12]} (digest) was changed after its gate: its sha256 is {actual[:12]}. {_HELP}"
            )
        return content

    def _publish(self, key: str, digest: str, content: bytes) -> None:
        """Put a file in place unless it is there whole; a damaged one is replaced."""
        if self.blobs.digest(key) != digest:
            self.blobs.replace(key, content)


_loaded: Cache[Pipeline] = Cache(_KEPT_BYTES)
"""Models that were checked in this process."""


def _load(bundles: Bundles, bundle: str, golden: str) -> tuple[Pipeline, int]:
    """A Pipeline, and the size of what is in its file."""
    model = bundles.content(bundle)
    rows = bundles.golden_bytes(golden)
    named = f"Model bundle {bundle[:12]}"
    pipeline = skops_files.rebuilt(model, named, bundles.trusted, _HELP)
    _refuse_other_answers(pipeline, rows, named)
    return pipeline, _unpacked(model)


def _unpacked(model: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(model)) as archive:
        return sum(part.file_size for part in archive.infolist())


def _refuse_other_answers(pipeline: Pipeline, golden: bytes, named: str) -> None:
    table = pq.read_table(io.BytesIO(golden), page_checksum_verification=True)
    frame = _as_prepared(table)
    expected = _popped(frame)
    try:
        answers = prediction.predict(pipeline, frame)
    except (*UNFIT, IncumbentError) as err:
        raise BundleRefused(
            f"{named} (golden answers) does not answer its golden rows: {str(err).rstrip('. ')}. {_HELP}"
        ) from err
    off = differences(answers, expected)
    if not (off <= TOLERANCE).all():
        raise BundleRefused(
            f"{named} (golden answers) answers {int((off > TOLERANCE).sum())} of {len(off)} golden rows differently "
            f"than at its gate, by up to {off.max():.3g}: a library, the preprocessing or a family of your own has "
            f"changed since. {_HELP}"
        )


def differences(answers: NDArray[np.float64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far answers are from those that are expected, as `TOLERANCE` is meant: above 1, relative to them.

    One number a row: of several classes the one that is furthest off.
    """
    if answers.shape != expected.shape:
        return np.full(len(expected), np.inf)
    off = np.asarray(np.abs(answers - expected) / np.maximum(1.0, np.abs(expected)))
    return off.max(axis=1) if off.ndim > 1 else off


def _answer_names(answers: NDArray[np.float64]) -> list[str]:
    """Columns in which answers stand: one, or one for each class."""
    return [_ANSWER] if answers.ndim == 1 else [f"{_ANSWER}:{place}" for place in range(answers.shape[1])]


def _popped(frame: pd.DataFrame) -> NDArray[np.float64]:
    """The answers of a golden batch, taken out of its rows; shape (rows,), or (rows, classes)."""
    if _ANSWER in frame:
        return np.asarray(frame.pop(_ANSWER), dtype=np.float64)
    names = [name for name in frame.columns if str(name).startswith(f"{_ANSWER}:")]
    return np.column_stack([frame.pop(name).to_numpy(dtype=np.float64) for name in names])


def _golden_bytes(golden: pd.DataFrame, answers: NDArray[np.float64]) -> bytes:
    columns: dict[str, pa.Array] = {}
    for name in golden.columns:
        kind = pa.string() if golden[name].dtype == object else pa.float64()
        columns[name] = pa.array(golden[name].to_numpy(), type=kind, from_pandas=True)
    each = answers.T if answers.ndim > 1 else [answers]
    columns |= {name: pa.array(one, type=pa.float64()) for name, one in zip(_answer_names(answers), each, strict=True)}
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, write_page_checksum=True, compression="zstd")
    return sink.getvalue()


def _as_prepared(table: pa.Table) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    for name in table.column_names:
        values = table[name].to_pandas().to_numpy()
        if pa.types.is_string(table[name].type):
            columns[name] = pd.Series(values, dtype=object).where(pd.notna(values), np.nan)
        else:
            columns[name] = values.astype(np.float64)
    return pd.DataFrame(columns)


def _canonical(content: bytes) -> bytes:
    """The same skops file with numbers for memory addresses and without times, so that equal models are equal bytes.

    The code of the user that it needs goes with it.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        numbers: dict[int | str, int] = {}
        schema, own = kept_code.keep(_renumbered(json.loads(old.read("schema.json")), numbers))
        arrays = {name: old.read(name) for name in old.namelist() if name != "schema.json"}
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        new.writestr(
            zipfile.ZipInfo("schema.json", _EPOCH), json.dumps(schema, separators=(",", ":")), zipfile.ZIP_DEFLATED
        )
        for name, array in sorted((_renamed(name, numbers), array) for name, array in arrays.items()):
            new.writestr(zipfile.ZipInfo(name, _EPOCH), array, zipfile.ZIP_DEFLATED)
        for name, text in sorted(own.items()):
            new.writestr(zipfile.ZipInfo(name, _EPOCH), text, zipfile.ZIP_DEFLATED)
    return sink.getvalue()


def _renumbered(node: Any, numbers: dict[int | str, int]) -> Any:
    if isinstance(node, list):
        return [_renumbered(item, numbers) for item in node]
    if not isinstance(node, dict):
        return node
    changed = {key: _renumbered(value, numbers) for key, value in node.items()}
    if isinstance(node.get("__id__"), int):
        changed["__id__"] = numbers.setdefault(node["__id__"], len(numbers) + 1)
    if "__loader__" in node and isinstance(node.get("file"), str):
        changed["file"] = _renamed(node["file"], numbers)
    return changed


def _renamed(name: str, numbers: dict[int | str, int]) -> str:
    """Arrays are named by their address, bytes by chance."""
    stem, dot, ending = name.partition(".")
    if not stem.isdigit() and not _BY_CHANCE.fullmatch(stem):
        return name
    return f"{numbers.setdefault(int(stem) if stem.isdigit() else stem, len(numbers) + 1)}{dot}{ending}"
