"""Ways to make the prediction log say something that is not true. Each is done to a segment of its own."""

import json
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.adapters.home import Home
from tasks.adapters.journal import Journal
from tasks.domain.sealed_answers import SealedRows
from tasks.scoring.steps import erasing, live_models, sealing
from tests import stored
from tests.answers import append, close_segment
from tests.lineage.damages import Damage, flip, sql

ROWS = 4
"""Of each segment."""
SEALED, CLOSED = 12, 3
_ROW = {"shop": "a", "items": 2.0, "price": 9.5}


def fill(home: Home) -> None:
    """Twelve sealed segments, three that are closed, one that is open; the last sealed one has lost the row of a key."""
    live = live_models.ready(home, "shop", 2)
    answer = live.compiled.one([*_ROW.values()])
    rows = [[answer, _ROW, [f"k{place}", "a"]] for place in range(ROWS)]
    with closing(Journal(home.predictions)) as journal:
        for number in range(SEALED + CLOSED + 1):
            of = "forgotten" if number == SEALED - 1 else "kept"
            named = [[*row[:2], [of if place == 0 else row[2][0], "a"]] for place, row in enumerate(rows)]
            append(journal, size=ROWS, rows=named, model=live.model_id)
            if number < SEALED + CLOSED:
                close_segment(journal)
            if number == SEALED - 1:
                sealing.seal(home)
                erasing.forget(home, "shop", {"at": "forgotten"}, "anna")


def part(home: Home, number: int) -> SealedRows:
    return next(one for one in home.ledger.predictions.sealed("shop") if one.segment == number * ROWS)


def rewritten(number: int, change: Callable[[pa.Table], pa.Table]) -> Callable[[Home], object]:
    """Other rows in a sealed segment, under a digest that is right."""

    def do(home: Home) -> None:
        old, sink = part(home, number), pa.BufferOutputStream()
        pq.write_table(change(pq.read_table(stored.predictions(home, old.file or ""))), sink)
        new = sealing.publish(home, bytes(sink.getvalue().to_pybytes()))
        assert new != old.file
        home.ledger.predictions.shrink(old, replace(old, file=new))
        sealing.remove_left(home)

    return do


def column(name: str, change: Callable[[Any], Any]) -> Callable[[pa.Table], pa.Table]:
    def do(table: pa.Table) -> pa.Table:
        place = table.schema.get_field_index(name)
        values = [change(value) for value in table[name].to_pylist()]
        return table.set_column(place, name, pa.array(values, table.schema.field(name).type))

    return do


def in_segment(number: int, change: Callable[[dict[str, Any]], object], *, sum_is_right: bool = True) -> Any:
    """Another record in a segment that is not sealed."""

    def do(home: Home) -> None:
        path = home.predictions / "0" / f"{number * ROWS:015d}.log"
        line = path.read_bytes()
        record = json.loads(line[9:])
        change(record)
        content = json.dumps(record).encode()
        check = b"%08x" % zlib.crc32(content) if sum_is_right else line[:8]
        path.write_bytes(check + b" " + content + b"\n")

    return do


def of_part(number: int, assignment: str) -> Callable[[Home], object]:
    return lambda h: sql(h, f"update sealed_predictions set {assignment} where segment = {number * ROWS}")


def of_segment(number: int, assignment: str) -> Callable[[Home], object]:
    return lambda h: sql(h, f"update log_segments set {assignment} where segment = {number * ROWS}")


def twice(table: pa.Table) -> pa.Table:
    return pa.concat_tables([table[:1], table[:1], table[2:]])


def lose(home: Home) -> None:
    stored.predictions(home, part(home, 5).file or "").unlink()


def forget_segment(home: Home) -> None:
    sql(home, f"delete from log_segments where segment = {7 * ROWS}")
    sql(home, f"delete from sealed_predictions where segment = {7 * ROWS}")


def change_answer(record: dict[str, Any]) -> None:
    record["rows"][0][0] += 0.01


DAMAGES: dict[str, Damage] = {
    # ── I7 ──
    "another answer": Damage(
        rewritten(0, column("answer", lambda value: value + 1e-6)), "I7", "v2: 4 of|v2: 5 of", "log"
    ),
    "an answer that is none": Damage(
        rewritten(0, column("answer", lambda value: float("nan"))), "I7", "v2: 4 of", "alone"
    ),
    "a version that there is not": Damage(
        rewritten(1, column("version", lambda _: 99)), "I7", "names v99: a version that there is not (4", "log"
    ),
    "a version that there was not yet": Damage(
        rewritten(1, column("version", lambda _: 1)), "I7", "names v1: another model under the number", "other"
    ),
    "another model": Damage(
        rewritten(2, column("model", lambda _: "f" * 64)), "I7", "names v2: another model under the number", "log"
    ),
    "another answer that is not sealed": Damage(
        in_segment(SEALED, change_answer), "I7", "v2: 1 answer is|v2: 5 of", "log"
    ),
    "other inputs": Damage(
        rewritten(3, column("inputs", lambda text: text.replace("9.5", "900"))), "I7", "v2: 4 of|v2: 9 of", "inputs"
    ),
    # ── I8 ──
    "a bit of a file": Damage(
        lambda h: flip(stored.predictions(h, part(h, 4).file or "")), "I8", "segment 16: file|was changed", "log"
    ),
    "a file that is gone": Damage(lose, "I8", "segment 20: file|cannot be read", "log"),
    "a count of rows": Damage(of_part(6, "rows = rows + 1"), "I8", "segment 24: 4 rows|segment 24, file", "log"),
    "a segment that is listed no more": Damage(forget_segment, "I8", "the numbers 28 to 31 is gone", "log"),
    "a row twice": Damage(rewritten(8, twice), "I8", "segment 32, file|are there again", "log"),
    "a row less": Damage(rewritten(9, lambda table: table[1:]), "I8", "4 rows recorded, 3 stored", "log"),
    "rows of another segment": Damage(
        rewritten(10, column("id", lambda one: one.replace("-", "-9"))), "I8", "is of another segment", "log"
    ),
    "rows that were dropped and nobody counted": Damage(
        of_segment(4, "rows = rows - 1"), "I8", "segment 16: 4 numbers were given out, but 3 rows|segment 16: 3", "other"
    ),
    "an erasure": Damage(
        lambda h: sql(h, "update erasures set rows = 7"), "I8", "1 rows are gone, 7 by the erasures", "log"
    ),
    "a line that was changed": Damage(
        in_segment(SEALED + 1, change_answer, sum_is_right=False), "I8", "was changed: its checksum is another", "log"
    ),
    "a closed segment that is gone": Damage(
        lambda h: (h.predictions / "0" / f"{(SEALED + 1) * ROWS:015d}.log").unlink(), "I8", "52 to 55 is gone", "other"
    ),
    "the open segment that is gone": Damage(
        lambda h: [path.unlink() for path in sorted((h.predictions / "0").glob("*.log"))], "I8",
        "the segment that begins with 48 is gone", "open",
    ),
}  # fmt: skip
