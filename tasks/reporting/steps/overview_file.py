"""Writes the page over all pipelines of a home, from what the ledger knows of each."""

from pathlib import Path

from configs import inventory, loader
from configs.errors import IncumbentError
from tasks.adapters import failpoints, files
from tasks.adapters.home import Home
from tasks.adapters.ledger import codec
from tasks.domain.alert_kinds import LASTING, AlertKind
from tasks.domain.observations import Health, HealthState
from tasks.domain.turns import Outcome
from tasks.reporting import overview, titles
from tasks.reporting.overview import Pipeline


def write(home: Home) -> Path:
    """Write the page anew, in one step; returns its path."""
    files.publish(home.overview, overview.render(pipelines(home), written=home.clock()).encode())
    failpoints.reach("overview-published")
    return home.overview


def pipelines(home: Home) -> list[Pipeline]:
    """How each pipeline of the folder stands, and each example that has run here; those that are broken last."""
    names = [*loader.known(), *(name for name in loader.examples() if home.report(name).exists())]
    broken = [Pipeline(name, "", problem=str(problem)) for name, problem in inventory.unusable_names()]
    found = [_pipeline(home, name) for name in names]
    return sorted([*found, *broken], key=lambda one: bool(one.problem))


def _pipeline(home: Home, name: str) -> Pipeline:
    try:
        question = home.settings(name).title
    except IncumbentError as problem:
        return Pipeline(name, "", problem=str(problem))
    if not home.has_ledger:
        return Pipeline(name, question)
    ledger, page = home.ledger, home.report(name)
    turns, made = ledger.turns.all(name), ledger.promotions.champion(name)
    of_holds = {AlertKind.HELD.key(row["number"]) for row in turns}
    ended = [row for row in turns if row["outcome"]]
    judged = [row["health"] for row in turns if made and row["champion_version"] == made.version and row["health"]]
    return Pipeline(
        name,
        question,
        live=made.version if made else None,
        since=made.at if made else None,
        health=codec.load(Health, judged[-1]).state if judged else HealthState.NOT_JUDGED,
        batch=ended[-1]["batch_name"] if ended else "",
        outcome=titles.VERDICTS[Outcome(ended[-1]["outcome"])] if ended else "",
        ended=codec.moment(ended[-1]["finished"]) if ended else None,
        held=tuple(batch.name for batch in ledger.batches.all(name) if batch.held),
        alerts=tuple(text for key, text in _told(home, name).items() if key not in of_holds),
        barred=tuple(sorted(ledger.promotions.held(name))),
        page=page.name if page.exists() else "",
    )


def _told(home: Home, name: str) -> dict[str, str]:
    """What people are owed a word about, and what was sent and still stands; by key."""
    inbox = home.ledger.inbox
    return {one.key: one.text for one in [*inbox.standing(name, LASTING), *inbox.unsent(name)]}
