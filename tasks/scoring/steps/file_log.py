"""The answers to a file on their way into the prediction log: part by part beside them, then all of them at once.

A file that a version has answered is in the log once, under the name of its job: what is scored again, whole or after
a kill, is the same job. Its rows are in the log before its answers are published.
"""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.adapters import failpoints, files, log_key
from tasks.adapters.home import Home
from tasks.domain.sealed_answers import SealedRows, SealedSegment
from tasks.scoring import log_lines, log_records, scored
from tasks.scoring.live import Live
from tasks.scoring.steps import sealing
from tasks.training import preparation

_ENDING = ".log"
_REPEATED = ["version", "model"]


class FileLog:
    """Of one job."""

    def __init__(self, home: Home, live: Live, name: str) -> None:
        """Args:
        home: Ledger and store.
        live: Who answers.
        name: Of the job: the same for the same rows, version and settings.
        """
        self._home, self._live, self._name = home, live, name
        self._is_wanted = live.scoring.log.enabled and not home.ledger.predictions.has(self._name)

    def add(self, part: Path, rows: pd.DataFrame, first: int) -> None:
        """Keep a part aside, unless it is.

        Args:
            part: Its answers, which are there.
            rows: With every input as values of its type.
            first: Place of the first of them in the file, from 0 on.
        """
        target = part.with_suffix(_ENDING)
        if not self._is_wanted or target.exists():
            return
        each = scored.of_classes(self._live.classes)
        answers = pq.read_table(part, columns=[self._live.output, *each, scored.REASON, scored.SCORED])
        with files.staged(target) as draft, draft.open("wb") as file:
            file.write(self._content(answers, rows, first))

    def commit(self, parts: list[Path]) -> None:
        """Let the log have all parts; the ledger lists them in one go."""
        if not self._is_wanted:
            return
        sealed = [self._sealed(part.with_suffix(_ENDING)) for part in parts]
        failpoints.reach("answers-sealed")
        segments = [SealedSegment(one.journal, one.segment, one.segment + one.rows, one.rows) for one in sealed]
        self._home.ledger.predictions.seal(segments, sealed)
        failpoints.reach("answers-logged")

    def _sealed(self, path: Path) -> SealedRows:
        content = path.read_bytes()
        table = pq.read_table(pa.BufferReader(content), columns=["id", "answered"])
        first, bounds = int(table["id"][0].as_py().rpartition("-")[2]), pc.min_max(table["answered"])
        digest = sealing.publish(self._home, content)
        times = bounds["min"].as_py(), bounds["max"].as_py()
        return SealedRows(self._live.pipeline, self._name, first, digest, table.num_rows, *times)

    def _content(self, answers: pa.Table, rows: pd.DataFrame, first: int) -> bytes:
        count, live, sink = len(rows), self._live, pa.BufferOutputStream()
        sound = answers[scored.REASON].combine_chunks().is_null().to_numpy(zero_copy_only=False)
        columns = {
            "id": pc.binary_join_element_wise(
                self._name, pa.array(np.arange(first, first + count)).cast(pa.string()), "-"
            ),
            "answered": answers[scored.SCORED].combine_chunks(),
            "version": pa.repeat(pa.scalar(live.version, pa.int64()), count),
            "model": pa.repeat(live.model_id, count),
            "answer": answers[live.output].combine_chunks(),
            "inputs": self._inputs(rows, sound),
            "key": self._keys(rows),
            "microseconds": pa.nulls(count, pa.int64()),
            **self._of_classes(answers),
        }
        table = pa.table(columns, schema=log_lines.SCHEMA)
        pq.write_table(table, sink, compression="zstd", use_dictionary=_REPEATED, write_page_checksum=True)
        return bytes(sink.getvalue().to_pybytes())

    def _of_classes(self, answers: pa.Table) -> dict[str, pa.Array]:
        """Class and probabilities of each row; nothing where there are no classes."""
        classes = self._live.classes
        each = zip(*(answers[name].to_pylist() for name in scored.of_classes(classes)), strict=True)
        told = [log_lines.of_class(None if None in values else values, classes) for values in each]
        told = told or [(None, None, None)] * len(answers)
        return {
            name: pa.array([line[place] for line in told], pa.string())
            for place, name in ((1, "class"), (2, "probabilities"))
        }

    def _inputs(self, rows: pd.DataFrame, sound: Any) -> pa.Array:
        """What the model took, as JSON, of each row that keeps the contract; as much of it as is to be kept."""
        log, key, fields = self._live.scoring.log, log_key.of(self._home.predictions), self._live.fields
        prepared = preparation.prepare(rows[sound], fields.names, fields.rules)
        kept = dict[str, list[Any]]()
        for name in fields.names:
            how = log.columns.get(name, log.inputs)
            if how != "none":
                is_time = fields.rules[name].type == "timestamp"
                kept[name] = _plain(rows.loc[sound, name]) if is_time else prepared[name].tolist()
            if how == "digest":
                kept[name] = [log_records.digest(None if value != value else value, key) for value in kept[name]]
        if not kept:
            return pa.nulls(len(rows), pa.string())
        row, encoder = _row(list(kept)), msgspec.json.Encoder()
        texts = _strings([encoder.encode(row(*cells)) for cells in zip(*kept.values(), strict=True)])
        return texts.take(pa.array(np.cumsum(sound) - 1, pa.int64(), mask=~sound))

    def _keys(self, rows: pd.DataFrame) -> pa.Array:
        key = self._live.key
        if not key:
            return pa.nulls(len(rows), pa.string())
        encoder, hidden = msgspec.json.Encoder(), self._live.scoring.log.columns
        kept = log_records.Kept(self._live.scoring.log, log_key.of(self._home.predictions))
        columns = [_plain(rows[name]) if name in rows else [None] * len(rows) for name in key]
        columns = [
            [kept.of_key(name, value) for value in values] if name in hidden else values
            for name, values in zip(key, columns, strict=True)
        ]
        return _strings([encoder.encode(values) for values in zip(*columns, strict=True)])


def _row(names: list[str]) -> Any:
    """Objects of JSON with these names; NaN is null there."""
    fields = [(f"f{place}", Any) for place in range(len(names))]
    called = {field: name for (field, _), name in zip(fields, names, strict=True)}
    return msgspec.defstruct("Row", fields, rename=called, gc=False)


def _strings(texts: list[bytes]) -> pa.Array:
    """Texts in UTF-8 as Arrow has them, without a text of Python for each."""
    ends = np.cumsum([0, *map(len, texts)], dtype=np.int32)
    return pa.StringArray.from_buffers(len(texts), pa.py_buffer(ends), pa.py_buffer(b"".join(texts)))


def _plain(column: "pd.Series[Any]") -> list[Any]:
    """Values of a key as JSON has them; times in UTC."""
    array = pa.array(column, from_pandas=True)
    if pa.types.is_timestamp(array.type):
        # with its zone, each would be looked up in the calendar of UTC, which takes ten times as long
        texts = array.cast(pa.timestamp(array.type.unit)).cast(pa.string())
        array = pc.binary_join_element_wise(pc.replace_substring(texts, " ", "T", max_replacements=1), "Z", "")
    plain: list[Any] = array.to_pylist()
    return plain
