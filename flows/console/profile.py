"""The command `profile`: a page to explore rows with; it changes nothing but the report's link to it."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from flows.console.arguments import Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home

ARGUMENTS: Arguments = {
    "rows": {
        "metavar": "ROWS",
        "help": "a version (v4), a batch (2013-04), the id of a snapshot, or a file (parquet, CSV) of anybody's",
    },
    "--out": {"metavar": "FILE", "help": "where to put the page, an .html file (default: beside the report)"},
}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Write the page, and say where it is."""
    from flows.console import program
    from tasks.adapters import exports
    from tasks.lineage.steps import profiling
    from tasks.reporting import titles

    hands.settings(chosen.pipeline)
    out = None if chosen.out is None else Path(chosen.out)
    if out is not None:
        exports.require(out, hands.folder, (".html",))
    page = profiling.profile(hands, chosen.pipeline, chosen.rows, out)
    size = {"rows": page.rows, "columns": page.columns}
    screen.facts({"pipeline": chosen.pipeline, "title": page.title, "path": str(page.path), **size})
    rows, columns = titles.number_of(page.rows, ("row", "rows")), titles.number_of(page.columns, ("column", "columns"))
    linked = ["The report leads to it."] if page.linked else []
    screen.show([f"{page.title}: {rows}, {columns}.", f"Page: {program.path(page.path)}", *linked])
    return 0
