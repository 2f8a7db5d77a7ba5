"""The refit of a first champion: what it stands for, and both asked again on the rows of their comparison (I1)."""

from collections.abc import Iterator

from configs import loader
from configs.errors import Damaged, MistakeOfUser
from tasks.adapters.home import Home
from tasks.domain.records import Comparison
from tasks.evaluation.steps import compare
from tasks.lineage.verify import refit_record as rules
from tasks.lineage.verify.checks.ledger_copy import Recorded
from tasks.lineage.verify.findings import Finding
from tasks.training.steps import kept_settings


def check(home: Home, recorded: Recorded, damaged: set[str]) -> Iterator[Finding]:
    """Nothing where there is none: the first champions of earlier versions were not refitted.

    Args:
        home: Rows and bundles.
        recorded: What the ledger says.
        damaged: Ids of models that do not load.
    """
    refit = recorded.refit
    if refit is None or recorded.unread & {"models", "versions", "verdicts", "promotions"}:
        return
    yield from rules.is_one(refit, recorded.versions, recorded.verdicts.get(refit.turn))
    ended = {turn["number"] for turn in recorded.done}
    judged = {turn: verdict for turn, (_, verdict) in recorded.verdicts.items() if turn in ended}
    yield from rules.was_compared(refit, judged, recorded.promotions, _measured(home, recorded, damaged))


def _measured(home: Home, recorded: Recorded, damaged: set[str]) -> Comparison | None:
    """The comparison of the ledger, made again with the stored bundles on the stored rows."""
    refit = recorded.refit
    if refit is None or refit.check is None:
        return None
    turn, (challenger, _) = refit.check.turn, recorded.verdicts.get(refit.check.turn, ("", None))
    pool, probe = recorded.pools.get(turn), recorded.model(challenger)
    models = recorded.model(refit.model), recorded.model(refit.judged_model)
    if pool is None or probe is None or None in models or {refit.model, refit.judged_model} & damaged:
        return None
    refitted, stands_for = models
    assert refitted is not None and stands_for is not None
    try:
        settings = kept_settings.of(home, recorded.pipeline, probe)
        decided = home.ledger.audit.decided_by(recorded.pipeline).get(turn)
        if settings is None or decided not in (None, loader.decision_hash(settings)):
            return None  # they were changed between the fit and the decision
        moment = probe.snapshot.cutoff  # the probe of that turn learned up to where judging began
        return compare.compare(home, settings, pool, moment, refitted, stands_for, sliced=False)
    except (MistakeOfUser, Damaged):  # the contract has changed since, or damage has been told
        return None
