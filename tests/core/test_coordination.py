"""What a turn does next, beyond the decision tables in tests/spec/test_outcomes.py."""

from hypothesis import given
from hypothesis import strategies as st

from tasks.core import coordination
from tasks.core.turns import Outcome, Verdict, VerdictKind


def test_the_reasons_of_a_decision_end_with_what_opened_the_question():
    triggers = ("batch 2013-02 landed", "8 of 16 columns moved")

    decision = coordination.decide(
        has_champion=True,
        labelled_rows=900,
        positives=200,
        training_rows=900,
        training_positives=200,
        min_rows=500,
        triggers=triggers,
    )

    assert decision.retrain
    assert decision.reasons[1:] == triggers


@given(
    counts=st.lists(st.integers(0, 1000), min_size=4, max_size=4),
    has_champion=st.booleans(),
    min_rows=st.integers(1, 1000),
)
def test_nothing_is_trained_or_judged_on_too_few_rows_or_one_class(counts, has_champion, min_rows):
    labelled, positives, training, training_positives = counts

    decision = coordination.decide(
        has_champion=has_champion,
        labelled_rows=labelled,
        positives=min(positives, labelled),
        training_rows=training,
        training_positives=min(training_positives, training),
        min_rows=min_rows,
    )

    both = 0 < positives < labelled and 0 < training_positives < training
    assert decision.retrain == (both and labelled >= min_rows and training >= min_rows)
    assert decision.reasons


@given(kind=st.sampled_from(VerdictKind), first=st.booleans())
def test_a_refused_batch_is_refused_whatever_else_was_found(kind, first):
    verdict = Verdict(kind, ("evidence 0.17, needs 200",), first=first)

    assert coordination.outcome(verdict, refused=True) is Outcome.REFUSED
