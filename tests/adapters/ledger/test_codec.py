"""The codec: plain JSON, times that order as text, and a clear word when a record was changed."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import Damaged
from tasks.adapters.ledger import codec
from tasks.domain.observations import Health, HealthState
from tasks.domain.records import Comparison, Metric, SliceScore
from tasks.domain.turns import Verdict, VerdictKind

moments = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=13))]))
recent = moments.filter(lambda moment: 2 < moment.year < 9998)


def test_a_record_becomes_plain_values() -> None:
    verdict = Verdict(VerdictKind.REJECT, ("too little evidence",), first=True)

    dumped = codec.dump(verdict)

    reasons = ["too little evidence"]
    assert dumped == {"kind": "reject", "reasons": reasons, "guards": [], "first": True, "judged": True}
    assert type(dumped["kind"]) is str


@given(one=recent, other=recent)
def test_stamps_order_as_the_times_do_in_any_zone(one: datetime, other: datetime) -> None:
    stamps = [codec.stamp(one), codec.stamp(other)]

    assert (str(stamps[0]) < str(stamps[1])) == (one < other)
    assert [codec.moment(text) for text in stamps] == [one, other]


def test_no_time_is_no_text() -> None:
    assert codec.stamp(None) is None
    assert codec.moment(None) is None


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"state": "splendid", "reasons": []}, "state: Input should be"),
        ({"state": "well"}, "reasons: Field required"),
        ("well", "Health in the ledger was changed"),
        ({"state": "well", "reasons": [1]}, "reasons.0: Input should be a valid string"),
    ],
)
def test_a_record_that_was_changed_is_damage_and_no_traceback(changed: object, words: str) -> None:
    with pytest.raises(Damaged) as caught:
        codec.load(Health, changed)

    assert words in str(caught.value)
    assert "Restore the ledger from a backup" in str(caught.value)


def test_records_of_earlier_versions_are_read_by_the_names_that_fields_had() -> None:
    loss = Metric("log_loss", 0.5, None, None, greater_is_better=False)
    part = SliceScore("city", "Oslo", 60, 9, 20, loss, sufficient=True)
    pair = Comparison(3, 0.1, 0.0, 0.2, ("a",), (3,), (1.0,), (0.9,), (), 0.0, metric="squared_error")

    renamed = [
        codec.load(SliceScore, _renamed(codec.dump(part), loss="log_loss")),
        codec.load(Comparison, _renamed(codec.dump(pair), metric="measure")),
    ]

    assert renamed == [part, pair]


def _renamed(record: dict[str, object], **names: str) -> dict[str, object]:
    return {names.get(name, name): value for name, value in record.items()}


def test_what_is_not_changed_is_loaded() -> None:
    health = Health(HealthState.WATCH, ("one", "two"))

    assert codec.load(Health, codec.dump(health)) == health
