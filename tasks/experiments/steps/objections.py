"""What guards say of a challenger in a backtest: asked of the stored rows where the evidence would have sufficed.

Kept beside the losses, so that each is found once. The guards of the bundle, and of damage in the rows, are not asked:
they say nothing of which of two models is better.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace

from configs.settings import PipelineSettings
from tasks.adapters import experiment_home, files
from tasks.adapters.home import Home
from tasks.adapters.ledger import codec
from tasks.domain.records import BundleFacts, Model
from tasks.domain.turns import Guard
from tasks.evaluation.steps import compare, spotting
from tasks.experiments.policies import Lot
from tasks.experiments.steps.loss_matrix import Judged
from tasks.problems import kinds
from tasks.promotion.guards import listed
from tasks.promotion.guards.base import Case


def of(live: Home, pipeline: str, judged: Sequence[Judged], lot: Lot, base: str, probe: str) -> Sequence[Guard]:
    """What guards say of one model taking over from another, on what was judged in a turn.

    Args:
        live: Rows, models and the settings of now.
        pipeline: Its pipeline.
        judged: What was judged, by turn.
        lot: The turn.
        base: Id of the model that would have been live.
        probe: Id of its challenger.
    """
    settings, models = live.settings(pipeline), live.ledger.models
    one = next(one for one in judged if one.turn == lot.turn)
    rules = [settings.promotion.guards.identity(), settings.evaluation.identity()]
    about = [rules, [batch.accepted_file for batch in one.pool.batches], base, probe]
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:32]
    path = experiment_home.shared_folder(live, pipeline) / "objections" / f"{digest}.json"
    if path.exists():
        return [codec.load(Guard, entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    champion, challenger = models.get(pipeline, base), models.get(pipeline, probe)
    assert champion is not None and challenger is not None, "both are among the models of the ledger"
    guards = _asked(live, settings, one, champion, challenger)
    live.forget()
    files.publish(path, json.dumps([codec.dump(guard) for guard in guards]).encode())
    return guards


def _asked(live: Home, settings: PipelineSettings, one: Judged, champion: Model, probe: Model) -> tuple[Guard, ...]:
    about = live, settings, one.pool, probe.snapshot.cutoff
    scores = [compare.score(*about, model, one.pool.id) for model in (champion, probe)]
    pair = compare.compare(*about, champion, probe)
    pair = replace(pair, opened=spotting.of_challenger(*about, champion, probe))
    dummy, bundle = kinds.dummy_loss(probe, scores[1]), BundleFacts(probe.bundle_bytes / 1e6, 0.0)
    return listed.ask(Case(scores[0], scores[1], pair, dummy, bundle, settings.promotion))
