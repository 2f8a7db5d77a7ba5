"""WHAT is put to work: the deployments and automations of every pipeline, as plain values.

Change `prefect.yaml` when a definition changes; change this module when definitions have to follow the settings of a
pipeline in another way. Bringing them to a server is `apply`'s.
"""

import hashlib
import json
import re
import shlex
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from configs import environment, loader
from configs.coordination import Schedules
from configs.environment import CHECKOUT, DEFAULT_PIPELINE
from configs.errors import MistakeOfUser
from tasks.domain.trigger_kinds import TriggerKind

TAG = "incumbent"
"""What any home puts on a server carries this tag; of that, only what is of this home is ever removed."""
POOL = "incumbent"
"""Work pool of all deployments of a home; any number of workers may serve it."""
FILE = CHECKOUT / "deployments" / "prefect.yaml"

_PROCESS = "deployments.process"
_WORD = re.compile(rf"(?<![\w-]){DEFAULT_PIPELINE}(?![\w-])")
_TEXT = ("description", "template", "entrypoint")
"""Keys whose values are the same for every pipeline."""


Entry = Mapping[str, Any]
"""What a server says of one thing."""


@dataclass(frozen=True)
class Place:
    """Where runs take place; workers on other machines need the same paths."""

    home: Path
    pipelines: Path
    checkout: Path = CHECKOUT
    python: str = sys.executable

    @property
    def own_pool(self) -> str:
        """Name of the work pool where another home works with `POOL` on the same server."""
        return f"{POOL}-{_hash(str(self.home.resolve()))[:6]}"

    def pool(self) -> dict[str, Any]:
        """The template of the work pool: which process a worker starts for a run.

        There is nothing in it that a run could change: whoever may ask for a run would else choose its command. An
        `env` here would be one that a run may add to, so home and pipelines are words of the command. The address of
        the ledger is not among them: it may hold a password, and this is shown in the UI.
        """
        command = [self.python, "-m", _PROCESS, str(self.home), str(self.pipelines)]
        return {
            "job_configuration": {
                "command": shlex.join(command),
                "working_dir": str(self.checkout),
                "stream_output": True,
            },
            "variables": {"type": "object", "properties": {}, "additionalProperties": False},
        }


@dataclass(frozen=True)
class Automation:
    """What starts a deployment on an event; its deployment's id is known to the server only."""

    name: str
    description: str
    trigger: Mapping[str, Any]
    parameters: Mapping[str, Any]
    tags: tuple[str, ...]

    def version(self, deployment: str) -> str:
        """Hash of the definition, with the id of the deployment that it starts."""
        return _hash([self.name, self.description, self.trigger, self.parameters, self.tags, deployment])


@dataclass(frozen=True)
class Deployment:
    """One flow of one pipeline."""

    flow: str
    pipeline: str
    entrypoint: str
    body: Mapping[str, Any]
    """What the server is told, but for the flow, the form of its parameters, and the version."""
    automations: tuple[Automation, ...]

    @property
    def name(self) -> str:
        """`poll/flights`."""
        return f"{self.flow}/{self.pipeline}"

    def version(self, form: Mapping[str, Any]) -> str:
        """Hash of the definition, with the form of the flow's parameters."""
        return _hash([self.flow, self.body, form])


def here() -> Place:
    """This checkout with its interpreter, on the home that the environment names."""
    found = environment.read()
    return Place(found.home, found.pipelines.absolute())


def plan(pipelines: Iterable[str], place: Place, pool: str = POOL) -> list[Deployment]:
    """The deployments of some pipelines, five each.

    Args:
        pipelines: Names of pipelines.
        place: Where their runs work.
        pool: Name of the work pool.

    Raises:
        InvalidSettings: A pipeline file is not valid; nothing was changed anywhere.
    """
    templates = yaml.safe_load(FILE.read_text(encoding="utf-8"))["deployments"]
    return [
        _fill(template, pipeline, loader.load(pipeline).coordination.schedules, place, pool)
        for pipeline in pipelines
        for template in templates
    ]


def of_others(there: Mapping[str, Entry], pools: Mapping[str, Entry], place: Place) -> dict[str, str]:
    """Of the deployments on a server, those whose runs work elsewhere, and where; they are not ours to touch.

    One that names no place, and whose work pool names none, is ours: `prefect deploy` names the checkout only.

    Args:
        there: What the server says of each deployment, by name.
        pools: The templates of its work pools, by name.
        place: Where ours work.
    """
    return {name: elsewhere for name, found in there.items() if (elsewhere := _elsewhere(found, pools, place))}


def pool_for(place: Place, there: Mapping[str, Entry], others: Iterable[str]) -> str:
    """Name of the work pool for a home: `POOL`, unless another home works with that one; what it has, it keeps.

    Args:
        place: Where the runs of the home work.
        there: What the server says of each deployment, by name.
        others: Names of those that are not of this home.
    """
    theirs = set(others)
    mine = {found.get("work_pool_name") for name, found in there.items() if name not in theirs}
    is_taken = POOL in {there[name].get("work_pool_name") for name in theirs}
    return place.own_pool if is_taken or place.own_pool in mine else POOL


def keep_off(wanted: Iterable[Deployment], others: Mapping[str, str], place: Place) -> None:
    """Refuse to write over what is of another home.

    Args:
        wanted: What is to be put to work.
        others: Deployments of others, and where they work, as from `of_others`.
        place: Where ours work.

    Raises:
        MistakeOfUser: Some of the names are taken.
    """
    taken = [one.name for one in wanted if one.name in others]
    if not taken:
        return
    more = f" and {len(taken) - 1} more" if taken[1:] else ""
    whose = " and ".join(sorted({others[name] for name in taken}))
    delete = f"{shlex.quote(str(Path(place.python).with_name('prefect')))} deployment delete"
    raise MistakeOfUser(
        f"On this server {taken[0]}{more} would be overwritten, which is at work for {whose}; this is the home "
        f"{place.home}, in the checkout {place.checkout}. Nothing was changed. Name another server in PREFECT_API_URL, "
        "one for each home; or, if this is the same one in a new place or the other is given up, delete what is there "
        "on that server and do this again:\n" + "\n".join(f"  {delete} {shlex.quote(name)}" for name in taken)
    )


def _elsewhere(found: Entry, pools: Mapping[str, Entry], place: Place) -> str | None:
    # Versions before this one told a worker by the variables of each deployment.
    variables = found.get("job_variables") or {}
    home, checkout = (variables.get("env") or {}).get("INCUMBENT_HOME"), variables.get("working_dir")
    home = home or _home_of(pools.get(found.get("work_pool_name") or "", {}))
    if home:
        return None if _is_same(home, place.home) else f"the home {home}"
    if checkout and not _is_same(checkout, place.checkout):
        return f"the checkout {checkout}"
    return None


def _home_of(template: Entry) -> str | None:
    """The home that the template of a work pool names, if it is one of ours."""
    try:
        words = shlex.split((template.get("job_configuration") or {}).get("command") or "")
    except ValueError:
        return None
    return words[3] if len(words) == 5 and words[2] == _PROCESS else None


def _is_same(named: str, path: Path) -> bool:
    """Whether it is the same folder, by whatever link."""
    return Path(named).resolve() == path.resolve()


def _fill(template: Entry, pipeline: str, schedules: Schedules, place: Place, pool: str) -> Deployment:
    entry = _renamed(template, pipeline)
    flow = entry["entrypoint"].rpartition(":")[2].replace("_", "-")
    limit = entry.get("concurrency_limit", {})
    body = {
        "name": entry["name"],
        "entrypoint": entry["entrypoint"],
        "path": str(place.checkout),
        "description": entry["description"],
        "tags": entry["tags"],
        "parameters": entry["parameters"],
        "enforce_parameter_schema": True,
        "work_pool_name": pool,
        "job_variables": {},
        "pull_steps": [{step: {"directory": str(place.checkout)} for step in pull} for pull in entry["pull"]],
        "concurrency_limit": limit.get("limit"),
        "concurrency_options": {"collision_strategy": limit["collision_strategy"]} if limit else None,
        "schedules": _schedules(flow, schedules),
    }
    automations = tuple(_automation(trigger, entry["tags"]) for trigger in entry.get("triggers", ()))
    return Deployment(flow, pipeline, entry["entrypoint"], body, automations)


def _schedules(flow: str, schedules: Schedules) -> list[dict[str, Any]]:
    """Cron in UTC: in a zone with summer time an hour would be skipped, or come twice."""
    cron = getattr(schedules, flow.replace("-", "_"), None)
    if cron is None:
        return []
    told = {"reason": TriggerKind.SCHEDULE.value} if flow == "continuous-training" else {}
    return [{"slug": flow, "schedule": {"cron": cron, "timezone": "UTC"}, "active": True, "parameters": told}]


def _automation(trigger: Mapping[str, Any], tags: list[str]) -> Automation:
    about = ("name", "description", "parameters")
    asks = {"threshold": 1, "within": 0, **{key: value for key, value in trigger.items() if key not in about}}
    return Automation(trigger["name"], trigger["description"], asks, trigger["parameters"], tuple(tags))


def _renamed(value: Any, pipeline: str) -> Any:
    """The definition with the name of another pipeline."""
    if isinstance(value, dict):
        return {key: item if key in _TEXT else _renamed(item, pipeline) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, pipeline) for item in value]
    return _WORD.sub(pipeline, value) if isinstance(value, str) else value


def _hash(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=list)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


if __name__ == "__main__":
    # For a work pool that is made by hand: prefect work-pool create incumbent --type process --base-job-template FILE
    print(json.dumps(here().pool(), indent=2))
