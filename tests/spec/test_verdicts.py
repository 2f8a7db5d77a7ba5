"""Decision tables: what the evidence is, who may object, and what follows. To be read aloud beside `tasks/promotion`."""

import math

import pytest

from configs.expectations import Expectation
from configs.promotion import GuardSettings, PromotionSettings
from tasks.domain.records import BundleFacts, Comparison, Metric, Score, SliceGain
from tasks.domain.turns import Evidence, Guard, VerdictKind
from tasks.promotion import evidence, gate
from tasks.promotion.guards import listed
from tasks.promotion.guards.base import Answered, Case

PROMOTE, REJECT, KEEP = VerdictKind.PROMOTE, VerdictKind.REJECT, VerdictKind.KEEP_SHADOWING
SETTINGS = PromotionSettings()
EXPECTING = GuardSettings(
    cases=(
        Expectation(row={"gift": True}, answer=0.5, within=0.1, title="gifts are sold"),
        Expectation(row={"items": 3}, above={"items": 4}),
        Expectation(row={"items": 3}, unmoved_by={"shop": "b"}, within=0.1),
    )
)
GAMMA_FREE = PromotionSettings(min_relative_gain=0.0)

#   S_k of the batch   σ² used   evidence after it
WORKED = [
    ((2, -1, 3), 4.667, 1.332),
    ((4, 1, -2), 4.667, 1.463),
    ((3, 2, 2), 5.133, 3.338),
]

#   evidence   ΣS_k   gain per row   who objects   verdict   main reason; 200 is needed
VERDICTS = [
    (1516.0, 9.0, 0.0418, None, PROMOTE, "evidence 1,516 ≥ 200; gain 0.0418"),
    (200.0, 9.0, 0.0244, None, PROMOTE, "evidence 200 ≥ 200; gain 0.0244"),
    (1e300, 9.0, 0.0418, None, PROMOTE, "evidence over 10,000 ≥ 200; gain 0.0418"),
    (199.99, 9.0, 0.0244, None, KEEP, "evidence 199, needs 200"),
    (8.9, 9.0, 0.0379, None, KEEP, "evidence 8.9, needs 200"),
    (1.0, 0.0, 0.0, None, KEEP, "evidence 1.0, needs 200"),
    (0.999, 9.0, 0.0072, None, REJECT, "evidence 0.99, needs 200"),
    (0.17, -9.0, -0.0120, None, REJECT, "evidence 0.17, needs 200"),
    (250.0, -0.1, 0.0009, None, KEEP,
     "evidence 250 ≥ 200, but the gain on this batch, +0.0009, is not above 0.50\u202f% of the loss"),
    (250.0, 0.0, 0.0, None, KEEP,
     "evidence 250 ≥ 200, but the gain on this batch, 0.0000, is not above 0.50\u202f% of the loss"),
    (1516.0, 9.0, 0.0418, "slices", REJECT, "guard 'slices' objects: as it was found"),
    (8.9, 9.0, 0.0379, "calibration", REJECT, "guard 'calibration' objects: as it was found"),
    (0.17, -9.0, -0.0120, "churn", REJECT, "evidence 0.17, needs 200"),
    (math.nan, 9.0, 0.0418, None, REJECT, "the losses are not finite"),
    (math.inf, 9.0, 0.0418, None, REJECT, "the losses are not finite"),
    (1516.0, 9.0, math.nan, None, REJECT, "the losses are not finite"),
]  # fmt: skip

#   gain over no model   its interval   AUC   who objects   verdict   main reason; AUC 0.55 is needed
FIRST = [
    (0.0381, (0.0201, 0.0561), 0.68, None, PROMOTE, "beats no model by 0.0381"),
    (0.0012, (-0.0040, 0.0064), 0.68, None, REJECT, "does not beat no model: gain +0.0012 (−0.0040 to +0.0064)"),
    (0.0040, (0.0, 0.0080), 0.68, None, REJECT, "does not beat no model: gain +0.0040 (0.0000 to +0.0080)"),
    (-0.0200, (-0.0300, -0.0100), 0.68, None, REJECT, "does not beat no model: gain −0.0200 (−0.0300 to −0.0100)"),
    (0.0381, (0.0201, 0.0561), 0.55, None, PROMOTE, "beats no model by 0.0381"),
    (0.0381, (0.0201, 0.0561), 0.52, None, REJECT, "AUC 0.520, needs 0.55"),
    (0.0381, (0.0201, 0.0561), None, None, REJECT, "AUC –, needs 0.55"),
    (0.0381, (0.0201, 0.0561), math.nan, None, REJECT, "AUC –, needs 0.55"),
    (0.0381, (0.0201, 0.0561), 0.68, "bundle", REJECT, "guard 'bundle' objects: as it was found"),
    (math.nan, (math.nan, math.nan), 0.68, None, REJECT, "does not beat no model: gain – (–)"),
]

#   what happened since                    carried into the next batch
CARRIED = [
    ("nothing: the same champion", "all of it"),
    ("a guard objected", "all of it"),
    ("another champion", "nothing"),
    ("another threshold", "nothing"),
    ("no batch was judged before", "nothing"),
]

#   calibration error, log loss, AUC, churn, slice OO, bundle   the one guard that objects   what it says
SOUND = {"calibration_error": 0.05, "log_loss": 0.54, "roc_auc": 0.75, "churn": 0.08, "worse": False}
GUARDS = [
    ({}, None, None),
    ({"calibration_error": 0.15}, None, None),
    ({"calibration_error": 0.16}, "calibration", "calibration error 0.160, more than 0.15"),
    ({"log_loss": 0.66}, "beats a dummy", "log loss 0.660, no model 0.660"),
    ({"roc_auc": 0.54}, "floors", "AUC 0.540, below 0.55"),
    (
        {"churn": 0.31},
        "churn",
        "31\u202f% of decisions change, more than 25\u202f%, and not more of them turn right than wrong",
    ),
    ({"worse": True}, "slices", "1 of 2 slices worse: carrier OO by 0.0210, 1 with too few rows"),
    ({"problem": "its golden batch is answered otherwise"}, "bundle", "its golden batch is answered otherwise"),
    ({"megabytes": 201.0}, "bundle", "201.0 MB, more than 200; 12 ms for a row, at most 250"),
    (
        {"answered": (Answered(0.7, 0.7), Answered(0.4, 0.4), Answered(0.5, 0.62))},
        "cases",
        "0 of 3 expectations met; gifts are sold: 0.700, expected 0.500 within 0.1; case 2: 0.400 is not above 0.400; "
        "case 3: moves by 0.120, at most 0.1 expected",
    ),
    ({"answered": (Answered(0.6, 0.6), Answered(0.41, 0.4), Answered(0.5, 0.59))}, None, None),
    ({"latency": 251.0}, "bundle", "1.2 MB, at most 200; 251 ms for a row, more than 250"),
]

#   challenger   live model   the guard that does not object   what it says
WORSE = [
    (
        {"calibration_error": 0.16},
        {"calibration_error": 0.21},
        "calibration",
        "calibration error 0.160, more than 0.15; the live model is further from it: 0.210",
    ),
    ({"roc_auc": 0.54}, {"roc_auc": 0.51}, "floors", "AUC 0.540, below 0.55; the live model is further from it: 0.510"),
    (
        {"churn": 0.31, "righted": 0.01},
        {},
        "churn",
        "31\u202f% of decisions change, more than 25\u202f%, but more of them turn right than wrong",
    ),
    (
        {"worse": True},
        {"log_loss": 0.71},
        "slices",
        "1 of 2 slices worse: carrier OO by 0.0210, 1 with too few rows; the live model is worse than no model",
    ),
]


def test_the_worked_numbers_of_the_design_come_out():
    state = None

    for sums, variance, expected in WORKED:
        state = advance(state, sums, settings=GAMMA_FREE)

        assert state.sums == sums
        assert round(state.sigma**2, 3) == variance
        assert round(state.value, 3) == expected


@pytest.mark.parametrize(("value", "total", "gain", "objecting", "kind", "reason"), VERDICTS)
def test_evidence_decides_and_guards_only_veto(value, total, gain, objecting, kind, reason):
    evidence = Evidence("2013-06", "v3", "v6", 1.0, (total,), (900,), 1.0, (value,), value, 200.0)

    verdict = gate.judge(evidence, comparison(gain=gain), asked(objecting), SETTINGS)

    assert (verdict.kind, verdict.reasons[0]) == (kind, reason)
    assert verdict.guards == asked(objecting)
    assert not verdict.first


@pytest.mark.parametrize(("gain", "ends", "auc", "objecting", "kind", "reason"), FIRST)
def test_the_first_champion_must_beat_no_model(gain, ends, auc, objecting, kind, reason):
    against_dummy = comparison(gain=gain, low=ends[0], high=ends[1])

    verdict = gate.judge_first(score(roc_auc=auc), against_dummy, asked(objecting), SETTINGS)

    assert (verdict.kind, verdict.reasons[0]) == (kind, reason)
    assert verdict.first


def test_a_relative_gain_that_is_asked_for_must_lie_below_the_interval():
    strict = PromotionSettings.model_validate({"first": {"min_gain_over_dummy": 0.05}})
    base_of_half_a_nat = comparison(gain=0.0381, low=0.0201, high=0.0561)

    verdict = gate.judge_first(score(), base_of_half_a_nat, (), strict)

    assert verdict.kind is REJECT
    assert verdict.reasons == (
        "does not beat no model: gain +0.0381 (+0.0201 to +0.0561), needs more than 0.0250",
    )  # fmt: skip


@pytest.mark.parametrize(("since", "carried"), CARRIED)
def test_evidence_is_carried_until_there_is_another_question(since, carried):
    before = advance(None, (3.0, 2.0, 3.0, 2.0, 3.0, 2.5))
    champion = "v6" if since == "another champion" else "v3"
    every = 20 if since == "another threshold" else 200
    settings = PromotionSettings(min_relative_gain=0.0, false_promotion_every=every)
    if since == "a guard objected":
        assert gate.judge(before, comparison(), asked("slices"), SETTINGS).kind is REJECT

    after = advance(None if since.startswith("no batch") else before, (1.0, -1.0), champion=champion, settings=settings)

    afresh = advance(None, (1.0, -1.0), champion=champion, settings=settings)
    assert before.value > 1
    assert (after == afresh) == (carried == "nothing")
    assert after.before == (1.0 if carried == "nothing" else before.value)


def test_evidence_below_one_starts_again_at_one():
    before = advance(None, (-3.0, -2.0, -3.0))

    after = advance(before, (2.0, 2.0, 2.0))

    assert before.value < 1
    assert after.before == 1.0


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_a_batch_with_losses_that_are_not_finite_is_no_evidence_and_never_promotes(broken):
    before = advance(None, (3.0, 2.0, 3.0, 2.0, 3.0, 2.5))

    after = advance(before, (3.0, broken))

    assert (after.m, after.value, after.sums) == (before.m, before.value, ())
    assert gate.judge(after, comparison(gain=broken), (), SETTINGS).kind is REJECT
    assert advance(after, (1.0, -1.0)).m == advance(before, (1.0, -1.0)).m


@pytest.mark.parametrize(("found", "name", "text"), GUARDS)
def test_a_guard_objects_to_what_it_watches_and_to_nothing_else(found, name, text):
    guards = asked_about({**SOUND, **found})

    objecting = [(guard.name, guard.text) for guard in guards if guard.objects]
    assert objecting == ([] if name is None else [(name, text)])


@pytest.mark.parametrize(("found", "live", "name", "text"), WORSE)
def test_a_limit_does_not_protect_a_live_model_that_is_further_from_it(found, live, name, text):
    guards = asked_about({**SOUND, **found}, live)

    assert [guard.name for guard in guards if guard.objects] == []
    assert next(guard.text for guard in guards if guard.name == name) == text


@pytest.mark.parametrize("live", [0.54, 0.71, 3.0])
def test_what_is_worse_than_no_model_never_goes_live_however_bad_the_live_model_is(live):
    guards = asked_about({**SOUND, "log_loss": 0.67}, {"log_loss": live})

    assert ("beats a dummy", "log loss 0.670, no model 0.660") in [
        (one.name, one.text) for one in guards if one.objects
    ]


@pytest.mark.parametrize("metric", ["calibration_error", "log_loss", "roc_auc"])
@pytest.mark.parametrize("broken", [None, math.nan, math.inf])
def test_a_metric_that_is_not_defined_is_an_objection(metric, broken):
    guards = asked_about({**SOUND, metric: broken})

    assert "finite" in [guard.name for guard in guards if guard.objects]


def test_without_a_champion_only_the_model_itself_is_guarded():
    bundle = BundleFacts(megabytes=1.2, latency_ms=12.0)

    guards = listed.ask(Case(None, score(), comparison(), 0.6, bundle, SETTINGS))

    assert [guard.name for guard in guards] == ["finite", "calibration", "bundle"]


def advance(previous, sums, *, champion="v3", settings=GAMMA_FREE):
    return evidence.advance(
        previous, comparison(sums=sums), batch="2013-06", champion=champion, probe="v6", settings=settings
    )


def comparison(sums=(5.0, 5.0), gain=0.02, low=0.01, high=0.03, churn=0.08, slices=(), righted=0.0):
    """Two models on rows whose base loss is 0.5 on average, with these differences of the summed losses."""
    base = tuple(50.0 for _ in sums)
    return Comparison(
        rows=100 * len(sums),
        gain=gain,
        low=low,
        high=high,
        clusters=tuple(f"day {k}" for k in range(len(sums))),
        cluster_rows=tuple(100 for _ in sums),
        base_loss=base,
        challenger_loss=tuple(b - s for b, s in zip(base, sums, strict=True)),
        slices=slices,
        churn=churn,
        righted=righted,
    )


def score(log_loss=0.54, roc_auc=0.75, calibration_error=0.05):
    values = {"log_loss": log_loss, "roc_auc": roc_auc, "calibration_error": calibration_error}
    metrics = tuple(
        Metric(name, value, *((None, None) if value is None else (value - 0.04, value + 0.04)), name == "roc_auc")
        for name, value in values.items()
    )
    return Score("v6", "2013-06", 200, 60, 0.3, metrics, (), ())


def asked(objecting):
    """Three guards, of which the named one objects."""
    names = ("finite", "floors", objecting or "calibration")
    return tuple(Guard(name, name == objecting, "as it was found") for name in names)


def asked_about(found, live=None):
    slices = (
        SliceGain("carrier", "OO", -0.021, -0.03, -0.01, 0.0001, worse=found["worse"], sufficient=True),
        SliceGain("carrier", "UA", 0.021, 0.01, 0.03, 0.999, worse=False, sufficient=True),
        SliceGain("carrier", "other", -0.3, -0.4, -0.2, 0.0001, worse=False, sufficient=False),
    )
    probe = score(found["log_loss"], found["roc_auc"], found["calibration_error"])
    facts = BundleFacts(found.get("megabytes", 1.2), found.get("latency", 12.0), found.get("problem"))
    paired = comparison(churn=found["churn"], slices=slices, righted=found.get("righted", 0.0))
    answered = found.get("answered", ())
    settings = SETTINGS.model_copy(update={"guards": EXPECTING}) if answered else SETTINGS
    return listed.ask(Case(score(**live or {}), probe, paired, 0.66, facts, settings, answered=answered))
