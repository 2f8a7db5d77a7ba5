"""Writes the report of a pipeline, and says where it is."""

from collections.abc import Collection
from pathlib import Path
from urllib.parse import quote

from configs import loader
from tasks.adapters import failpoints, files, provenance
from tasks.adapters.home import Home
from tasks.adapters.ledger import history
from tasks.adapters.prefect import running_server
from tasks.domain.records import Batch
from tasks.domain.turns import History, Turn


def read_history(home: Home, pipeline: str, numbers: Collection[int] | None = None) -> History:
    """The whole story of a pipeline, or of some turns, with where its code and settings come from."""
    return history.read(
        home.ledger,
        pipeline,
        numbers,
        settings_hash=loader.settings_hash(home.settings(pipeline)),
        lock_hash=provenance.lock_hash(),
        libraries=provenance.libraries(),
    )


def address(home: Home, path: Path, api: str | None) -> str | None:
    """Where a browser that shows the UI of a server finds a page; None unless `make up` serves both.

    Args:
        home: The home.
        path: The page, in its folder of reports.
        api: Address of that server's API.
    """
    server = running_server.find(home.folder)
    return f"{server.reports}/{quote(path.name)}" if server and server.url == api else None


def profile(home: Home, pipeline: str, batch: Batch) -> Path:
    """Where the page is with which the rows of a batch are explored, if somebody has asked for one."""
    return home.report(pipeline).with_name(f"{pipeline}-profile-{batch.id[:12]}.html")


def _links(home: Home, pipeline: str, turn: Turn) -> dict[str, str]:
    """What there is to open about a turn, beside the report."""
    rows = profile(home, pipeline, turn.batch)
    pages = {"Drift report": turn.drift_report, "Profile of its rows": rows.name if rows.exists() else None}
    return {name: page for name, page in pages.items() if page}


def write(home: Home, pipeline: str) -> Path:
    """Write the page anew from the ledger, in one step; returns its path."""
    from tasks.reporting import page

    told, path = read_history(home, pipeline), home.report(pipeline)
    links = {turn.number: _links(home, pipeline, turn) for turn in told.turns}
    html = page.render(told, home.settings(pipeline), written=home.clock(), links=links)
    home.ledger.lease.require(pipeline)  # one that was stopped would put an older page in place of a newer one
    files.publish(path, html.encode())
    failpoints.reach("page-published")
    if done := home.ledger.turns.done(pipeline):
        home.ledger.turns.project(pipeline, done[-1], "page", path.name)
        failpoints.reach("page-committed")
    return path
