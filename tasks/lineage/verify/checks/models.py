"""Models: bundles from their bytes, snapshots selected again, verdicts recomputed from their grounds (I1, I6, I9)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from configs import loader
from configs.errors import BlobUnavailable, Damaged, MistakeOfUser
from configs.settings import PipelineSettings
from tasks.adapters.blobs import layout
from tasks.adapters.home import Home
from tasks.domain import late_labels
from tasks.domain.pools import Pool
from tasks.domain.records import Comparison, Model
from tasks.domain.turns import Evidence, VerdictKind
from tasks.evaluation.steps import compare
from tasks.lineage.verify import balance as rules
from tasks.lineage.verify import gates, succession
from tasks.lineage.verify.checks.ledger_copy import Recorded
from tasks.lineage.verify.checks.recount import TORN
from tasks.lineage.verify.findings import Finding
from tasks.training.steps import handles, kept_settings
from tasks.training.windows import Plan

_PROMOTE = VerdictKind.PROMOTE


def check(home: Home, recorded: Recorded, damaged: set[str]) -> Iterator[Finding]:
    """Bundles, snapshots and gates.

    Args:
        home: Store, bundles and ledger.
        recorded: What the ledger says.
        damaged: Filled with the ids of models that do not load.
    """
    yield from _check_bundles(home, recorded, damaged)
    yield from _check_locks(home, recorded)
    yield from _check_snapshots(recorded)
    yield from _check_history(home, recorded)


def check_selections(home: Home, recorded: Recorded) -> Iterator[Finding]:
    """I9: each window is selected again from the bytes; what it left out is what is recorded."""
    stood = ((batch, file) for batch in recorded.batches for file in late_labels.files(batch))
    known = {file: replace(batch, accepted_file=file) for batch, file in stood}
    for model in {model.snapshot.id: model for model in recorded.models}.values():
        snapshot, settings = model.snapshot, kept_settings.readable(home, recorded.pipeline, model)
        if settings is None or not set(snapshot.batches) <= known.keys():
            continue
        files = tuple(known[file] for file in snapshot.batches)
        span = snapshot.start, snapshot.cutoff, snapshot.ignores_arrival, snapshot.ignores_labels
        selected = handles.rows(home).select(Plan(files, *span), settings)
        if selected.id == snapshot.id:
            yield from rules.exclusions_told(f"snapshot {snapshot.id[:12]}", snapshot, selected)


def check_gates(home: Home, recorded: Recorded, damaged: set[str]) -> Iterator[Finding]:
    """I1: losses measured again on the stored rows, evidence and verdict computed again from them."""
    yield from gates.judged_once(_weighed(recorded))
    for turn, (challenger, verdict) in sorted(recorded.verdicts.items()):
        batch, probe = recorded.batch_of.get(turn), recorded.model(challenger)
        pool = recorded.pools.get(turn)
        if batch is None or pool is None or probe is None:
            yield from gates.can_be_followed(turn, verdict)
            continue
        comparison, evidence = recorded.comparisons.get(batch.id), recorded.evidence.get(batch.id)
        if comparison is None:
            yield Finding("I1", f"turn {turn}: there is a verdict, but no comparison")
            continue
        settings = kept_settings.readable(home, recorded.pipeline, probe)
        if settings is not None:
            yield from _check_losses(home, recorded, turn, pool, probe, comparison, damaged, settings)
        decided = home.ledger.audit.decided_by(recorded.pipeline).get(turn)
        if settings is not None and decided not in (None, loader.decision_hash(settings)):
            settings = _decided_with(home, recorded, decided)  # they were changed between the fit and the decision
        if settings is not None and evidence is not None:
            expected = _expected(home, recorded.pipeline, turn, evidence, comparison, settings, pool)
            yield from gates.evidence_follows(turn, evidence, [expected])
        live = recorded.champion_of(turn)
        champion = recorded.scores.get((live.id, pool.id)) if live else None
        score, policy = recorded.scores.get((challenger, batch.id)), settings.promotion if settings else None
        yield from gates.scores_agree(turn, comparison, champion, score)
        yield from gates.policy_fits(turn, verdict, recorded.live_before(turn))
        yield from gates.verdict_follows(turn, verdict, comparison, score, evidence, policy)


def _weighed(recorded: Recorded) -> dict[int, list[str]]:
    """By turn, the batches that were evidence in it, or on which the first champion won."""
    weighed = {evidence.batch for evidence in recorded.evidence.values()}
    won = {turn for turn, (_, verdict) in recorded.verdicts.items() if verdict.first and verdict.kind is _PROMOTE}
    batch_of = recorded.batch_of
    return {
        turn: [batch.id for batch in pool.batches]
        for turn, pool in recorded.pools.items()
        if turn in won or (turn in batch_of and batch_of[turn].is_in and batch_of[turn].id in weighed)
    }


def _check_bundles(home: Home, recorded: Recorded, damaged: set[str]) -> Iterator[Finding]:
    live, told = recorded.promotions[-1].model if recorded.promotions else None, set[tuple[str, str]]()
    for model in sorted(recorded.models, key=lambda one: one.id != live):
        files = model.bundle, model.golden
        try:
            home.bundles.check(*files, keep=True)
        except Damaged as problem:
            damaged.add(model.id)
            if files in told:  # the same model, fitted again on the same rows
                continue
            told.add(files)
            yield Finding("I1" if model.id == live else "I6", f"model {model.id[:12]}: {problem}")
    if not recorded.unread & {"models", "versions"}:
        yield from (Finding("I6", f"model {torn[:12]}: {TORN}") for torn in home.ledger.models.torn(recorded.pipeline))
    if not recorded.unreadable:
        yield from (Finding("I6", f"{torn}: {TORN}") for torn in home.ledger.audit.torn(recorded.pipeline))


def _check_locks(home: Home, recorded: Recorded) -> Iterator[Finding]:
    """Each lock file that was kept is there, as it was; models of earlier versions have none."""
    kept = {model.lock_hash: model.lock_kept for model in sorted(recorded.models, key=lambda model: model.lock_kept)}
    for digest, must_be_there in kept.items():
        named = f"lock file {digest[:12]} of the libraries"
        try:
            actual = home.blobs.digest(layout.lock(digest))
        except BlobUnavailable as problem:
            yield Finding("I6", f"{named} cannot be read: {problem.why}")
            continue
        if actual is None and must_be_there:
            yield Finding("I6", f"{named} is gone")
        elif actual not in (None, digest):
            yield Finding("I6", f"{named} was changed")


def _check_snapshots(recorded: Recorded) -> Iterator[Finding]:
    if "batches" in recorded.unread:
        return
    accepted = [file for batch in recorded.batches for file in late_labels.files(batch)]
    snapshots = {snapshot.id: snapshot for snapshot in recorded.snapshots}
    for snapshot in snapshots.values():
        yield from rules.known_files(snapshot.batches, accepted, f"snapshot {snapshot.id[:12]}")
    for model in recorded.models:
        if snapshots.get(model.snapshot.id) != model.snapshot:
            yield Finding("I6", f"model {model.id[:12]} names a snapshot that is not the one that is recorded")


def _check_history(home: Home, recorded: Recorded) -> Iterator[Finding]:
    made, verdicts = recorded.promotions, recorded.verdicts
    yield from succession.is_linear(made)
    yield from succession.in_order(made, home.ledger.audit.fence(recorded.pipeline))
    ended = {number: outcome for number, outcome in recorded.outcomes.items() if outcome is not None}
    yield from succession.all_made(made, ended, recorded.refit)
    yield from succession.holds_follow(made, home.ledger.promotions.holds(recorded.pipeline))
    yield from succession.live_at(made, {turn["number"]: turn["champion_version"] for turn in recorded.turns})
    if recorded.unread & {"comparisons", "evidence", "verdicts", "refit"}:
        return
    began = {turn["number"]: datetime.fromisoformat(turn["started"]) for turn in recorded.turns}
    for one in made:
        if one.turn is not None:
            verdict = verdicts.get(one.turn, ("", None))[1]
            yield from succession.told_truly(one, verdict, began.get(one.turn), recorded.refit)
    for turn in home.ledger.promotions.torn(recorded.pipeline):
        yield Finding("I1", f"verdict of turn {turn}: {TORN}")
    for place, one in enumerate(made):
        yield from succession.passed_gate(one, verdicts.get(one.turn or 0), made[:place], recorded.refit)
        known = recorded.versions.get(one.version)
        if known is None or known.id != one.model:
            yield Finding("I1", f"v{one.version} does not resolve to the model that was promoted")


def _decided_with(home: Home, recorded: Recorded, decided: str | None) -> PipelineSettings | None:
    """The settings of a decision, if a model was fitted with them too."""
    fitted = {model.settings_hash: model for model in recorded.models}
    kept = (kept_settings.readable(home, recorded.pipeline, model) for model in fitted.values())
    return next((one for one in kept if one is not None and loader.decision_hash(one) == decided), None)


def _check_losses(
    home: Home,
    recorded: Recorded,
    turn: int,
    pool: Pool,
    probe: Model,
    comparison: Comparison,
    damaged: set[str],
    settings: PipelineSettings,
) -> Iterator[Finding]:
    """The same comparison, made again with the stored bundles on the stored rows."""
    champion, is_first = recorded.champion_of(turn), recorded.verdicts[turn][1].first
    if {probe.id, champion.id if champion else probe.id} & damaged or (champion is None and not is_first):
        return
    try:
        measured = compare.compare(home, settings, pool, probe.snapshot.cutoff, champion, probe, sliced=False)
    except (MistakeOfUser, Damaged):  # the contract has changed since, or damage has been told
        return
    yield from gates.losses_agree(turn, comparison, measured)


def _expected(
    home: Home,
    pipeline: str,
    turn: int,
    evidence: Evidence,
    comparison: Comparison,
    settings: PipelineSettings,
    pool: Pool,
) -> Evidence:
    """What the evidence of a turn must be, given the one before it."""
    from tasks.promotion.evidence import advance

    before = home.ledger.promotions.last_evidence(pipeline, turn, loader.decision_hash(settings))
    about = {"batch": evidence.batch, "champion": evidence.champion, "probe": evidence.probe}
    return advance(before, comparison, **about, settings=settings.promotion, pool=pool.members)
