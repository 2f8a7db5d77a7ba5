"""The experiments of a pipeline as they lie below its home: the plan of each, and what came of each batch.

One small file for the plan and one per batch, each published in one step: so all experiments are read without opening
a ledger. What they say is in `tasks.experiments.standings`.
"""

import json
from pathlib import Path

from configs.errors import MistakeOfUser
from tasks.adapters import experiment_home, files
from tasks.adapters.home import Home
from tasks.adapters.ledger import codec
from tasks.experiments.plans import NAME, Plan
from tasks.experiments.replayed import Replayed

_PLAN = "experiment.json"
_BATCHES = "batches"


def names(live: Home, pipeline: str) -> list[str]:
    """Names of the experiments of a pipeline, in the order in which they were begun."""
    return [plan.name for plan in plans(live, pipeline)]


def plans(live: Home, pipeline: str) -> list[Plan]:
    """What the experiments of a pipeline are, in the order in which they were begun."""
    folder = experiment_home.folder_of(live, pipeline)
    there = [path.parent.name for path in folder.glob(f"*/{_PLAN}")]
    kept = [_read(live, pipeline, name) for name in there if NAME.fullmatch(name)]
    return sorted((plan for plan in kept if plan is not None), key=lambda plan: (plan.begun, plan.name))


def find(live: Home, pipeline: str, name: str) -> Plan:
    """One experiment.

    Raises:
        MistakeOfUser: There is none of this name.
    """
    there = names(live, pipeline)
    if name not in there:
        raise MistakeOfUser(f"{pipeline} has no experiment {name!r}. There are: {', '.join(there) or 'none'}.")
    plan = _read(live, pipeline, name)
    assert plan is not None, "it was there just now"
    return plan


def look_up(live: Home, pipeline: str, name: str) -> Plan | None:
    """The same; None if there is none."""
    return _read(live, pipeline, name) if NAME.fullmatch(name) else None


def keep(live: Home, plan: Plan) -> None:
    """Write down what an experiment is, before anything is done in it."""
    _publish(_folder(live, plan) / _PLAN, plan)


def replayed(live: Home, plan: Plan) -> list[Replayed]:
    """What came of its batches, in their order."""
    results = [_loaded(path) for path in sorted((_folder(live, plan) / _BATCHES).glob("*.json"))]
    return sorted(results, key=lambda one: one.turn)


def keep_batch(live: Home, plan: Plan, result: Replayed) -> None:
    """Write down what came of a batch."""
    _publish(_folder(live, plan) / _BATCHES / f"{result.turn:06d}.json", result)


def _read(live: Home, pipeline: str, name: str) -> Plan | None:
    path = experiment_home.folder_of(live, pipeline) / name / _PLAN
    return codec.load_text(Plan, path.read_text(encoding="utf-8")) if path.exists() else None


def _loaded(path: Path) -> Replayed:
    return codec.load_text(Replayed, path.read_text(encoding="utf-8"))


def _folder(live: Home, plan: Plan) -> Path:
    return experiment_home.folder_of(live, plan.pipeline) / plan.name


def _publish(path: Path, value: object) -> None:
    files.publish(path, json.dumps(codec.dump(value)).encode())
