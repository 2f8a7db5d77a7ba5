"""A delivery on its way from the task that reads it to the one that judges it.

Its bytes are in the scratch place, under the digest that the turn names, so that the two may be different processes.
Its rows are kept at hand as well; where they are not, they are read from those bytes again, and are the same.
"""

from typing import TYPE_CHECKING

from configs.settings import PipelineSettings
from tasks.adapters import failpoints
from tasks.adapters.blobs.scratch import Scratch
from tasks.adapters.cache import Cache
from tasks.adapters.home import Home
from tasks.domain.turns import TurnRef
from tasks.ingestion.formats import decoding

if TYPE_CHECKING:
    import pandas as pd

_KEPT_BYTES = 256 * 2**20


class Landed:
    """Deliveries that were read and are not taken in yet."""

    def __init__(self, scratch: Scratch) -> None:
        """Args:
        scratch: Where their bytes are.
        """
        self._scratch = scratch
        self._rows: Cache[pd.DataFrame] = Cache(_KEPT_BYTES)

    def keep(self, turn: TurnRef, content: bytes, settings: PipelineSettings, odd: str | None) -> None:
        """Read the bytes of a delivery; raises as `decoding.decode` does, and then nothing is kept."""
        rows = decoding.decode(content, settings.ingestion, settings.validation, odd, settings.late_columns)
        self._scratch.put(turn.pipeline, turn.batch, content)
        failpoints.reach("landed-kept")
        self._rows.keep(_key(turn), rows)

    def rows(self, turn: TurnRef, settings: PipelineSettings) -> "pd.DataFrame":
        """The rows of the delivery of a turn, as they were read.

        Raises:
            DeliveryWaits: Its bytes are not in the scratch place any more.
        """
        room, contract, late = settings.ingestion, settings.validation, settings.late_columns
        return self._rows.once(
            _key(turn),
            lambda: decoding.decode(self._scratch.get(turn.pipeline, turn.batch), room, contract, late=late),
        )

    def let_go(self, turn: TurnRef) -> None:
        """The delivery of this turn is taken in."""
        self._rows.drop(_key(turn))
        self._scratch.remove(turn.pipeline, turn.batch)

    def clear(self, pipeline: str) -> None:
        """Nothing of a pipeline is on its way: what is there was left by a process that was killed, or gave up."""
        self.forget()
        self._scratch.clear(pipeline)

    def forget(self) -> None:
        """Let go of the rows that are kept at hand."""
        self._rows.forget()


def of(home: Home) -> Landed:
    """What is on its way in a home."""
    return home.keep("landed", lambda opened: Landed(opened.scratch))


def _key(turn: TurnRef) -> tuple[str, str]:
    return turn.pipeline, turn.batch
