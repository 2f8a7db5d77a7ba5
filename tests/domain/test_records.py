"""Records survive the ledger: as JSON text and back they are what they were."""

import json
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.adapters.ledger import codec
from tasks.domain import observations, records, turns
from tests.reporting import pieces

KEPT = (
    records.Batch,
    records.Snapshot,
    records.Model,
    records.Score,
    records.Comparison,
    observations.Drift,
    observations.Health,
    turns.Evidence,
    turns.Verdict,
    turns.Promotion,
    turns.RetrainingDecision,
    turns.Trigger,
)
"""Every record that the ledger holds."""
PLAIN = {
    int: st.integers(-(2**63), 2**63),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: st.text(max_size=8),
    bool: st.booleans(),
    type(None): st.none(),
    datetime: st.datetimes(timezones=st.just(UTC)),
}


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that records are made of."""
    if kind in PLAIN:
        return PLAIN[kind]
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return st.builds(kind, **{field.name: values(hints[field.name]) for field in fields(kind)})
    if get_origin(kind) is UnionType:
        return st.one_of(*(values(part) for part in get_args(kind)))
    if get_origin(kind) is tuple:
        parts = get_args(kind)
        if parts[-1] is Ellipsis:
            return st.lists(values(parts[0]), max_size=2).map(tuple)
        return st.tuples(*(values(part) for part in parts))
    assert issubclass(kind, Enum), f"no JSON is known for {kind}"
    return st.sampled_from(list(kind))


@pytest.mark.parametrize("kind", KEPT, ids=lambda kind: kind.__name__)
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_a_record_is_the_same_after_it_was_stored(kind: type[Any], data: st.DataObject) -> None:
    record = data.draw(values(kind))

    text = json.dumps(codec.dump(record), sort_keys=True, ensure_ascii=False, allow_nan=False)

    assert codec.load(kind, json.loads(text)) == record


@pytest.mark.parametrize("kind", KEPT, ids=lambda kind: kind.__name__)
def test_a_record_cannot_be_changed(kind: type[Any]) -> None:
    parameters = kind.__dataclass_params__

    assert parameters.frozen


def test_the_first_metric_of_a_score_is_the_one_that_decides() -> None:
    score = pieces.score("m", 900, 0.2, 0.3, 0.5, 0.4, 0.6)

    assert score.loss == score.metrics[0]
    assert (score.loss.name, score.loss.greater_is_better) == ("log_loss", False)


def test_what_moved_is_told_largest_first() -> None:
    drift = pieces.drift(3)

    effects = [column.effect for column in drift.moved]

    assert effects == sorted(effects, reverse=True)
    assert len(effects) == sum(column.moved for column in drift.columns) > 1


def test_a_batch_has_labels_when_one_accepted_row_has() -> None:
    full = pieces.batch(1, "january", 100, 10, 89, False, 0.5)
    none = pieces.batch(1, "january", 100, 10, 90, False, 0.5)

    assert (full.has_labels, none.has_labels) == (True, False)
