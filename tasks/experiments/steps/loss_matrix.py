"""The losses of each model that a pipeline has fitted on each batch that was judged after it, kept beside experiments.

They are found once: what is kept is told apart by rows, models, clusters and libraries, so that nothing else is taken
for it. The live home is read and not written. What follows from the losses is in `tasks.experiments.policies`.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from configs.errors import MistakeOfUser
from configs.settings import PipelineSettings
from tasks.adapters import experiment_home, files, provenance
from tasks.adapters.home import Home
from tasks.domain import late_labels
from tasks.domain.pools import Pool, parts
from tasks.domain.records import Model
from tasks.evaluation import metrics, scores
from tasks.experiments.policies import Lot
from tasks.problems import kinds
from tasks.training.steps import handles

_FORMAT = 1
"""Raised when losses are found or written in another way."""
_LEAST = 2
"""Fewest judged batches: in the first of them the model is the one that was live in any case."""


@dataclass(frozen=True)
class Judged:
    """What was judged in one turn, before any loss is found."""

    turn: int
    name: str
    pool: Pool
    live: Model
    probes: tuple[Model, ...]


def lots(live: Home, pipeline: str, judged: Sequence[Judged]) -> list[Lot]:
    """All that was judged since there is a champion, in order, with the loss of each model that could have been live.

    Raises:
        MistakeOfUser: Fewer than two batches were judged so.
        Damaged: Rows or models are gone, or are not as they were written.
    """
    settings = live.settings(pipeline)
    if len(judged) < _LEAST:
        raise MistakeOfUser(
            f"{pipeline} has judged {len(judged)} batches since it has a champion; a backtest needs {_LEAST}: in the "
            "first one nothing could have been decided otherwise."
        )
    before: dict[str, Model] = {judged[0].live.id: judged[0].live}
    made = []
    for one in judged:
        models = before | {model.id: model for model in (one.live, *one.probes)}
        made.append(_lot(live, settings, pipeline, one, models))
        before |= {model.id: model for model in one.probes}
        live.forget()
    return made


def history(live: Home, pipeline: str) -> list[Judged]:
    """What was judged against a champion, in order."""
    ledger = live.ledger
    batches = {batch.id: batch for batch in ledger.batches.accepted(pipeline)}
    verdicts, judged = ledger.promotions.verdicts(pipeline), []
    for row in ledger.turns.all(pipeline):
        number = row["number"]
        challenger, verdict = verdicts.get(number, ("", None))
        members = tuple((row["decision"] or {}).get("pool") or [row["batch"]])
        made = ledger.promotions.before(pipeline, number)
        if verdict is None or verdict.first or not made or not {*members} <= batches.keys():
            continue
        champion = ledger.models.get(pipeline, made[-1].model)
        probes = tuple(one for one in ledger.models.of_turn(pipeline, number))
        if champion is None or challenger not in {one.id for one in probes}:
            continue
        pool = Pool(tuple(late_labels.at(batches[one], number) for one in members), None)
        judged.append(Judged(number, row["batch_name"], pool, champion, probes))
    return judged


def _lot(live: Home, settings: PipelineSettings, pipeline: str, one: Judged, models: Mapping[str, Model]) -> Lot:
    cutoff = one.probes[0].snapshot.cutoff
    path = _file(live, pipeline, settings, one)
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"sums": {}}
    missing = [model for identity, model in models.items() if identity not in kept["sums"]]
    if missing:
        rows = handles.rows(live).judged(one.pool, cutoff, settings)
        units = metrics.group(rows.clusters)
        kept |= {"clusters": list(units.names), "rows": units.tally().astype(int).tolist()}
        for model in missing:
            answers = handles.rows(live).answers(model, one.pool, cutoff, settings)
            lost = scores.losses(rows.outcomes, answers, settings.training.kind)
            kept["sums"][model.id] = np.asarray(units.tally(lost)).tolist()
        files.publish(path, json.dumps(kept).encode())
    return Lot(
        turn=one.turn,
        batch=one.name,
        clusters=tuple(kept["clusters"]),
        rows=tuple(kept["rows"]),
        probes=_in_order(one.probes, settings),
        live=one.live.id,
        sums={identity: tuple(kept["sums"][identity]) for identity in models},
        metric=kinds.named(settings.training.kind).metric,
    )


def _in_order(probes: Sequence[Model], settings: PipelineSettings) -> tuple[tuple[str, str], ...]:
    """Candidates in the order of the settings, where those have them."""
    names = [candidate.family for candidate in settings.training.candidates]
    ordered = sorted(probes, key=lambda one: names.index(one.family) if one.family in names else len(names))
    return tuple((one.family, one.id) for one in ordered)


def _file(live: Home, pipeline: str, settings: PipelineSettings, one: Judged) -> Path:
    about = {
        "format": _FORMAT,
        "files": [batch.accepted_file for batch in parts(one.pool)],
        "cutoff": one.probes[0].snapshot.cutoff.isoformat(),
        "cluster": settings.evaluation.cluster.identity(),
        "label": [settings.training.label, settings.training.kind, list(map(str, settings.training.positives))],
        "libraries": provenance.lock_hash(),
    }
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:32]
    return experiment_home.shared_folder(live, pipeline) / "losses" / f"{digest}.json"
