"""Plans an experiment: under which settings, which batches of the live pipeline are replayed, and what that costs.

Nothing is done here but to look. What is replayed is read from the live ledger, and nothing is written into it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from configs import loader, overrides
from configs.errors import MistakeOfUser
from configs.settings import PipelineSettings
from tasks.adapters import lookup
from tasks.adapters.blobs import layout
from tasks.adapters.home import Home
from tasks.domain import late_labels
from tasks.domain.records import Batch
from tasks.domain.turns import Outcome, TurnState
from tasks.experiments import plans
from tasks.experiments.plans import Cost, Plan
from tasks.experiments.steps import shelf

_VERSION = re.compile(r"v\d{1,9}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Past:
    """A turn of the live pipeline whose batch was taken in."""

    number: int
    batch: Batch
    """As it stands now; how it stood in a turn, `late_labels.at` says."""
    outcome: Outcome
    reasons: tuple[str, ...]


def plan(live: Home, pipeline: str, name: str, changes: Sequence[str], start: str) -> tuple[Plan, PipelineSettings]:
    """What an experiment is, and the settings under which it is replayed.

    Args:
        live: The home of the pipeline.
        pipeline: What is replayed.
        name: Of the experiment; empty: it follows from what is changed. One that is there keeps its changes if none
            are named.
        changes: As they are typed, `training.seed=7`.
        start: Version or batch from which on; empty for all.

    Raises:
        UnknownPipeline: There is no such pipeline.
        InvalidSettings: A change is not one, cannot be tried, or what comes of it is not valid.
        MistakeOfUser: The name is taken by other settings, or there is nothing to replay.
    """
    live.settings(pipeline)
    before = shelf.look_up(live, pipeline, name) if name else None
    if before is not None and not changes and not start:
        changes, start = before.changes, before.start
    wanted = [loader.override(text) for text in changes]
    overrides.require_apart(wanted)
    plans.require_allowed(wanted)
    name = name or plans.named(wanted, start)
    plans.require_name(name)
    settings = loader.load_changed(pipeline, wanted)
    pasts = history(live, pipeline)
    if not pasts:
        raise MistakeOfUser(f"{pipeline} has taken in no batch yet, so there is nothing to replay. See `run`.")
    first = _first(live, pipeline, pasts, start)
    texts = tuple(one.text for one in wanted)
    now = Plan(pipeline, name, texts, start, first, loader.settings_hash(settings), live.clock())
    before = before or shelf.look_up(live, pipeline, name)
    if before is not None:
        plans.require_same(before, now)
    _require_rows(live, pasts)
    return before or now, settings


def history(live: Home, pipeline: str) -> list[Past]:
    """The turns that have ended and whose batch is in, in their order; of a batch that had several, the last one."""
    if not live.has_ledger:
        return []
    batches = {batch.id: batch for batch in live.ledger.batches.all(pipeline) if batch.is_in}
    last = live.ledger.turns.last(pipeline)
    return [
        Past(row["number"], batches[row["batch"]], Outcome(row["outcome"]), tuple(row["reasons"]))
        for row in live.ledger.turns.all(pipeline)
        if row["state"] == TurnState.DONE and row["batch"] in batches and last[row["batch"]] == row["number"]
    ]


def to_replay(live: Home, plan: Plan) -> list[Past]:
    """The turns that an experiment replays; those before it begins are not among them."""
    return [past for past in history(live, plan.pipeline) if past.number >= plan.first]


def cost(live: Home, plan: Plan, settings: PipelineSettings) -> Cost:
    """What is left to do of an experiment."""
    wanted, done = to_replay(live, plan), {one.turn for one in shelf.replayed(live, plan)}
    left = [past for past in wanted if past.number not in done]
    families, judged = len(settings.training.candidates), [past for past in left if past.outcome is not Outcome.FAILED]
    # the first champion is refitted once, and where there are several families, they are compared before
    first = (
        1 + (families if families > 1 else 0)
        if not done and plan.first == history(live, plan.pipeline)[0].number
        else 0
    )
    models = [one for past in judged for one in live.ledger.models.of_turn(plan.pipeline, past.number)]
    return Cost(len(wanted), len(left), len(judged) * families + first, sum(one.fit_seconds for one in models))


def _first(live: Home, pipeline: str, pasts: Sequence[Past], start: str) -> int:
    """The turn with which it begins."""
    if not start:
        return pasts[0].number
    if not _VERSION.fullmatch(start):
        batch = lookup.batch(live, pipeline, start)
        number = next((past.number for past in pasts if past.batch.id == batch.id), None)
        if number is None:
            raise MistakeOfUser(f"Batch {batch.name} of {pipeline} is not taken in, so nothing can begin with it.")
        return number
    version = lookup.version(start)
    lookup.model(live, pipeline, version)
    made = next((one for one in live.ledger.promotions.all(pipeline) if one.version == version), None)
    if made is None:
        raise MistakeOfUser(f"v{version} of {pipeline} was never live, so nothing can be replayed from it on.")
    after = next((past.number for past in pasts if past.number > made.place), None)
    if after is None:
        raise MistakeOfUser(f"No batch of {pipeline} came after v{version} went live, so there is nothing to replay.")
    return after


def _require_rows(live: Home, pasts: Sequence[Past]) -> None:
    """Raise if rows that are to be replayed are not in the store any more."""
    names = [
        past.batch.name
        for past in pasts
        if any(file and not live.blobs.has(layout.rows(file)) for file in late_labels.files(past.batch))
    ]
    if names:
        which = f"{', '.join(names[:3])}{f' and {len(names) - 3} more' if len(names) > 3 else ''}"
        raise MistakeOfUser(
            f"The rows of {which} are not in the store any more, so they cannot be replayed. Restore "
            f"{live.folder / 'store'} from a backup; `verify` names each file."
        )
