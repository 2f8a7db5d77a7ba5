"""Takes the rows of a key out of the prediction log: what is not sealed yet is sealed first, then files lose rows.

Who was killed in between goes on when he asks again: the erasure is open until the last file is done.
"""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from configs.errors import Busy
from tasks.adapters import journal, journal_segments, log_key, ring
from tasks.adapters.home import Home
from tasks.domain.sealed_answers import Erasure, SealedRows
from tasks.scoring import log_keys
from tasks.scoring.steps import answers_at_rest, sealing
from tasks.scoring.steps.sealing import Sealing

WAIT_SECONDS = 60.0
"""So long a process has to close the segment that it writes."""
_AGAIN_SECONDS = 0.1


def read_key(home: Home, pipeline: str, words: Sequence[str]) -> dict[str, str]:
    """The key that was written; raises as `log_keys.read` does."""
    return log_keys.read(pipeline, home.settings(pipeline).validation.key, words)


def forget(home: Home, pipeline: str, wanted: Mapping[str, str], by: str) -> Erasure:
    """Remove the rows of a key that were answered until now; gives the record of it, in which the key is a digest.

    Args:
        home: Journals, store and ledger.
        pipeline: Whose rows.
        wanted: Columns of the key with their values.
        by: Who decides.

    Raises:
        Busy: A process does not close what it writes.
        Damaged: A part of the log was changed; the others are done when it is restored and this is asked again.
        UnusableHome: Something cannot be written.
    """
    key = hashlib.blake2b(
        msgspec.json.encode(sorted(wanted.items())), key=log_key.of(home.predictions), digest_size=16
    ).hexdigest()
    with sealing.alone(home):
        erasure = home.ledger.predictions.begin_erasure(pipeline, key, by)
        _close_all(home)
        sealing.seal_closed(home, Sealing())
        for part in home.ledger.predictions.sealed(pipeline):
            if part.file is not None:
                _shrink(home, part, wanted, erasure)
        # what a body holds that nobody could read nobody can tell
        ring.drop(home.predictions, lambda record: record["pipeline"] == pipeline)
        home.ledger.predictions.end_erasure(pipeline, erasure)
    return next(one for one in home.ledger.predictions.erasures(pipeline) if one.sequence == erasure.sequence)


def _close_all(home: Home) -> None:
    """Let every segment be closed in which there is something."""
    begun = {one.path for one in journal_segments.segments(home.predictions) if one.path.stat().st_size}
    journal.ask_to_close(home.predictions)
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        journal.finish(home.predictions)
        left = [o for o in journal_segments.segments(home.predictions) if not o.is_closed and o.path in begun]
        if not left:
            return
        if time.monotonic() > deadline:
            raise Busy(
                f"A process of the prediction service does not close {left[0].path}: it is stopped, or its disk is "
                "full. Let it go on, or end it, and ask again."
            )
        time.sleep(_AGAIN_SECONDS)


def _shrink(home: Home, part: SealedRows, wanted: Mapping[str, str], erasure: Erasure) -> None:
    table, key = answers_at_rest.rows(home, part), home.settings(part.pipeline).validation.key
    secret = log_key.of(home.predictions)
    found = [text for text in pc.unique(table["key"]).to_pylist() if log_keys.matches(text, key, wanted, secret)]
    if not found:
        return
    kept = table.filter(pc.invert(pc.is_in(table["key"], pa.array(found, pa.string()))))
    gone = part.rows - kept.num_rows
    new = replace(part, file=None, rows=0, forgotten=part.forgotten + gone)
    if kept.num_rows:
        rest = sealing.Rows(part.pipeline)
        for batch in kept.to_batches():
            rest.add_batch(batch)
        new = replace(new, file=sealing.publish(home, rest.content()), rows=kept.num_rows)
    sealing.shrink(home, part, new, erasure)
