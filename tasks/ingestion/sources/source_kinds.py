"""Which source a pipeline has, by its settings. To add a kind: its class in a module beside this one, its line here."""

from tasks.adapters.home import Home
from tasks.ingestion.sources import digests
from tasks.ingestion.sources.base import Source
from tasks.ingestion.sources.delta import DeltaVersions
from tasks.ingestion.sources.landing_folder import LandingFolder
from tasks.ingestion.sources.object_prefix import ObjectPrefix
from tasks.ingestion.sources.one_file import OneFile
from tasks.ingestion.sources.sql_table import SqlTable


def of(home: Home, pipeline: str, *, afresh: bool = False) -> Source:
    """The source of a pipeline; raises as `home.landing` does.

    Args:
        home: Its folder, its settings, and what is remembered of the looks before.
        pipeline: Its name.
        afresh: Whether a look is to read all that is there, and to remember nothing.
    """
    folder, source = home.landing(pipeline), home.settings(pipeline).ingestion.source
    memory = digests.place(home.folder, pipeline)

    def recall() -> digests.Digests:
        return digests.remembered(memory, home.clock().timestamp())

    remember = None if afresh else recall
    if source.file is not None and source.cut is not None:
        return OneFile(folder, source.kind, home, pipeline, source.file, source.cut, remember=remember)
    if source.kind == "delta" and source.file is not None:
        return DeltaVersions(folder, source.ending, home, pipeline, source.file, remember=remember)
    if source.kind == "sql" and source.cut is not None:
        return SqlTable(folder, source.ending, home, pipeline, source.cut, remember=remember)
    if source.is_elsewhere and source.folder is not None:
        return ObjectPrefix(source.folder, source.kind, remember=remember)
    return LandingFolder(folder, source.kind, remember=remember)
