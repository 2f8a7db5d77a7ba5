"""The tasks of promotion: evidence, the gate, and the change of the live model."""

from prefect import task

from configs import loader
from tasks.adapters import failpoints, home, lookup
from tasks.domain.pools import Pool
from tasks.domain.records import Comparison, Model, Score, Snapshot
from tasks.domain.turns import Evidence, Promotion, Refit, TurnRef, Verdict
from tasks.problems import kinds
from tasks.promotion import evidence, gate, refits
from tasks.promotion.guards import listed
from tasks.promotion.guards.base import Case
from tasks.promotion.steps import expected, first_family, refitting, return_to
from tasks.promotion.steps.return_to import Way
from tasks.training.steps import fitting
from tasks.validation.steps import warnings


@task(task_run_name="nominate-probe-{turn.name}", tags=["promotion"])
def nominate_family(turn: TurnRef, pool: Pool, snapshot: Snapshot, champion: Model | None) -> str:
    """Choose the family of the probe before it is scored: the better one on what was judged, or at first learned."""
    hands = home.current()
    if champion is None:
        return first_family.first_family(hands, turn.pipeline, pool, snapshot)
    families = [candidate.name for candidate in hands.settings(turn.pipeline).training.candidates]
    return evidence.nominate(families, hands.ledger.models.last_losses(turn.pipeline, before=turn.number))


@task(task_run_name="find-verdict-{turn.name}", tags=["promotion"])
def find_verdict(turn: TurnRef) -> tuple[Model, Verdict] | None:
    """The challenger and the verdict of this turn if they were committed before it was cut off: they stand."""
    ledger = home.current().ledger
    challenger, verdict = ledger.promotions.verdicts(turn.pipeline, [turn.number]).get(turn.number, ("", None))
    probe = ledger.models.get(turn.pipeline, challenger)
    return None if probe is None or verdict is None else (probe, verdict)


@task(task_run_name="weigh-evidence-{turn.name}", tags=["promotion"])
def weigh_evidence(turn: TurnRef, pool: Pool, champion: Model, probe: Model, comparison: Comparison) -> Evidence | None:
    """Add the paired losses of what is judged to the evidence that retraining pays; None without clusters."""
    if comparison.independent:
        return None
    hands = home.current()
    settings = hands.settings(turn.pipeline)
    ledger, version = hands.ledger.promotions, loader.decision_hash(settings)
    previous = ledger.last_evidence(turn.pipeline, turn.number, version)
    about = {"batch": turn.batch, "champion": champion.id, "probe": probe.id}
    found = evidence.advance(previous, comparison, **about, settings=settings.promotion, pool=pool.members)
    ledger.record_evidence(turn.pipeline, turn.number, version, found)
    failpoints.reach("evidence-committed")
    return found


@task(task_run_name="judge-challenger-{turn.name}", tags=["promotion"])
def judge_challenger(
    turn: TurnRef,
    pool: Pool,
    champion: Model | None,
    probe: Model,
    score: Score,
    comparison: Comparison,
    evidence: Evidence | None,
) -> Verdict:
    """The gate: decide whether the challenger takes over; whatever goes wrong in here, it does not."""
    hands = home.current()
    settings = hands.settings(turn.pipeline)
    dummy = kinds.dummy_loss(probe, score)
    live = hands.ledger.models.score(turn.pipeline, champion.id, pool.id) if champion else None

    def ask() -> Verdict:
        bundle, causes = fitting.inspect(hands, probe, settings), warnings.open_causes(hands, turn.pipeline, pool)
        answered = () if bundle.problem else expected.answers(hands, probe, settings)
        guards = listed.ask(Case(live, score, comparison, dummy, bundle, settings.promotion, causes, answered))
        guards += return_to.guards(hands, turn, probe)
        if champion is None:
            return gate.judge_first(score, comparison, guards, settings.promotion)
        return gate.judge(evidence, comparison, guards, settings.promotion)

    return gate.gate(ask)


@task(task_run_name="register-challenger-{turn.name}", tags=["promotion"])
def register_challenger(turn: TurnRef, champion: Model | None, probe: Model, verdict: Verdict) -> int:
    """Commit the verdict and give the challenger its version number."""
    ledger = home.current().ledger
    version = ledger.models.register(turn.pipeline, probe.id)
    failpoints.reach("version-given")
    ledger.promotions.record_verdict(turn.pipeline, turn.number, champion.id if champion else None, probe.id, verdict)
    failpoints.reach("verdict-committed")
    return version


@task(task_run_name="refit-v{version}", tags=["promotion"])
def refit_winner(turn: TurnRef, pool: Pool, version: int, probe: Model) -> Refit | None:
    """Fit a first champion again on all rows that it was split from, for what it may be live with."""
    return refitting.refit(home.current(), turn, pool, probe, version)


@task(task_run_name="promote-v{version}", tags=["promotion"])
def promote(turn: TurnRef, version: int, probe: Model, verdict: Verdict, refit: Refit | None) -> Promotion:
    """Make the challenger the champion, or its refit: one row in the ledger, in one step."""
    version, model = refits.elected(version, probe.id, refit)
    by, reason = gate.decided_by(verdict), refits.reason(verdict, refit)
    made = home.current().ledger.promotions.promote(turn.pipeline, version, model, turn.number, by=by, reason=reason)
    failpoints.reach("promotion-committed")
    return made


def is_check_due(turn: TurnRef, champion: Model, verdict: Verdict) -> bool:
    """Whether the live model is a refit that is compared in this turn with the version that was judged."""
    recorded = home.current().ledger.refits.get(turn.pipeline)
    return refits.is_due(recorded, champion.id, turn.number, verdict)


@task(task_run_name="check-refit-{turn.name}", tags=["promotion"])
def check_refit(turn: TurnRef, pool: Pool, champion: Model, verdict: Verdict) -> Promotion | None:
    """Go back from a refit to the version that was judged if that does better on what is judged now."""
    hands = home.current()
    refit = refitting.check(hands, turn, pool, champion, verdict)
    if refit is None or refit.check is None or not refit.check.goes_back:
        return None
    made = hands.ledger.promotions.promote(
        turn.pipeline, refit.judged, refit.judged_model, turn.number, by=refits.DECIDED_BY, reason=refit.check.reason
    )
    failpoints.reach("promotion-committed")
    return made


# ── going back ────────────────────────────────────────────────────────────────────────────────────────────────────
def require_decision(pipeline: str, reason: str, by: str) -> None:
    """Raise what a decision of a person lacks: there is no such pipeline, or who decided, and why, is not said."""
    return_to.require_decision(home.current(), pipeline, reason, by)


def number(version: str | int) -> int:
    """`v6` or `6` as the number of a version.

    Raises:
        MistakeOfUser: It is neither.
    """
    return lookup.version(str(version))


def find_way(pipeline: str, to: str | int | None) -> Way:
    """How to go back: to a version, or to the one that was live before if none is named.

    Raises:
        MistakeOfUser: There is no such version, or nothing to go back to.
    """
    is_named = to is not None and bool(str(to).strip())
    return return_to.find_way(home.current(), pipeline, lookup.version(str(to)) if is_named else None)
