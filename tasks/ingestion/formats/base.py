"""What a format of files is asked: from bytes to a table, from a table to values of the contract, and back to bytes.

A format is a module with these functions; its line is in `decoding.FORMATS`. What it needs to know about how a source
writes its files is in the source's settings.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from configs.ingestion import Source
from configs.section import ColumnType

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


class Format(Protocol):
    """One format of files."""

    def table(self, found: bytes, source: Source) -> "pa.Table":
        """All that is in a file, as it stands there.

        Raises:
            UnreadableFile: The bytes are not those of one whole file of this format.
            BrokenContract: Its columns have no names of their own.
        """

    def values(self, table: "pa.Table", types: Mapping[str, ColumnType], source: Source) -> "pd.DataFrame":
        """Columns of the contract as values of their types, all others as they are.

        Text is `str`, times are UTC in microseconds, booleans and whole numbers with missing values are nullable.

        Raises:
            UnreadableFile: The values cannot be read.
            BrokenContract: A value is none of its type.
        """

    def count(self, file: BinaryIO, source: Source) -> int:
        """Rows of a file by its own word, with as little of it read as will do; raises as `table` does."""

    def column(self, values: "pd.Series[Any]") -> "pa.Array":
        """Times or whole numbers as a column of a table of this format."""

    def write(self, table: "pa.Table", source: Source) -> bytes:
        """A table as a file from which `table` reads the same."""
