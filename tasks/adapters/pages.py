"""Writes the report of a pipeline, and says where it is."""

from pathlib import Path

from configs import loader
from tasks.adapters import failpoints, files, history, provenance
from tasks.adapters.home import Home
from tasks.core.turns import History, TurnState


def read_history(home: Home, pipeline: str) -> History:
    """The whole story of a pipeline, with where its code and settings come from."""
    return history.read(
        home.ledger,
        pipeline,
        settings_hash=loader.settings_hash(home.settings(pipeline)),
        lock_hash=provenance.lock_hash(),
        libraries=provenance.libraries(),
    )


def write(home: Home, pipeline: str) -> Path:
    """Write the page anew from the ledger, in one step; returns its path."""
    from tasks.core.reporting import page

    told, path = read_history(home, pipeline), home.report(pipeline)
    links = {turn.number: {"Drift report": turn.drift_report} for turn in told.turns if turn.drift_report}
    html = page.render(told, home.settings(pipeline), written=home.clock(), links=links)
    home.ledger.lease.require(pipeline)  # one that was stopped would put an older page in place of a newer one
    files.publish(path, html.encode())
    failpoints.reach("page-published")
    done = [row["number"] for row in home.ledger.turns.all(pipeline) if row["state"] == TurnState.DONE]
    if done:
        home.ledger.turns.project(pipeline, done[-1], "page", path.name)
        failpoints.reach("page-committed")
    return path
