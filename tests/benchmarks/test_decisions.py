"""The replay of the decisions benchmark, on a small stream that is made here; the figures themselves are no test."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from configs.validation import ColumnRule
from tests.benchmarks import decisions, decisions_replay
from tests.benchmarks.decisions_replay import FIRST, RULES, Fitted
from tests.benchmarks.decisions_streams import EVENT, KNOWN, LABEL, Stream

ROWS, DAYS = 50, 180


def _stream(delay: int = 0, days: int = DAYS) -> Stream:
    """One input that says much about the label; from day 100 on positives are more frequent."""
    luck = np.random.default_rng(7)
    value, day = luck.normal(size=ROWS * DAYS), np.repeat(np.arange(DAYS), ROWS)
    chance = 1 / (1 + np.exp(-2 * value - np.where(day < 100, 0.0, 1.5)))
    event = pd.Timestamp("2020-01-01", tz="UTC") + pd.to_timedelta(day, unit="D")
    known = event + pd.Timedelta(days=delay)
    frame = pd.DataFrame({"value": value, EVENT: event, KNOWN: known, LABEL: luck.random(len(value)) < chance})
    return Stream("made", frame[day < days], {"value": ColumnRule(type="number")}, (), rows=ROWS * 10)


@pytest.fixture(scope="module")
def changed() -> Fitted:
    """Labels come five days late."""
    return Fitted(_stream(delay=5))


def test_our_rule_follows_a_change(changed: Fitted) -> None:
    ours, never = (decisions_replay.replay(changed, RULES[name]()) for name in ("ours", "never"))

    assert ours.promotions
    assert ours.loss < never.loss
    assert never.promotions == ()


def test_what_never_and_always_lose_are_the_ends_of_the_scale(changed: Fitted) -> None:
    runs = {name: decisions_replay.replay(changed, make()) for name, make in RULES.items()}

    results = decisions.Results(ordered={"made": runs})

    assert len(runs["retrain always"].promotions) == runs["retrain always"].decisions == len(changed.decided)
    assert results.captured("made", runs["never"].loss) == 0
    assert results.captured("made", runs["retrain always"].loss) == 1


def test_where_retraining_gains_nothing_no_share_of_its_gain_is_told() -> None:
    kept = decisions_replay.Replay(decisions=25, promotions=(), loss=0.5)
    runs = dict.fromkeys(RULES, kept) | {"retrain always": replace(kept, loss=0.51)}
    results = decisions.Results(ordered={"made": runs}, at_once={"made": 0.5}, shuffled={"made": {}})

    ours, *_ = (line for line in decisions.rivals(results) if line.startswith("| ours"))

    assert ours == "| ours | 0.5000 | – | 0 |"


def test_a_label_that_was_not_known_teaches_nothing_and_judges_nobody() -> None:
    stream = _stream(days=10 * (FIRST + 1))
    days = (stream.frame[EVENT] - stream.frame[EVENT].min()).dt.days
    never = days.between(90, 99) | (days >= 105)
    kept = stream.frame[KNOWN].mask(never, stream.frame[EVENT] + pd.Timedelta(days=400))
    true, false = (stream.frame.assign(**{KNOWN: kept, LABEL: stream.frame[LABEL] ^ flip}) for flip in (False, never))

    one, two = (Fitted(replace(stream, frame=frame)) for frame in (true, false))

    batch, known = one.batches[FIRST], one.probes[FIRST]
    assert np.array_equal(one.answers(known, batch), two.answers(two.probes[FIRST], batch))
    assert batch.judged.sum() == 5 * ROWS
    assert batch.decided == batch.events.max() + np.timedelta64(decisions_replay.HORIZON)


def test_a_decision_holds_for_rows_that_happen_after_its_labels_were_known(changed: Fitted) -> None:
    first, second, *_ = changed.decided
    old, new = changed.probes[FIRST], changed.probes[first.number]

    live = decisions_replay._live_losses(changed, second, [old, new], [first.decided])

    before = second.events <= first.decided
    answers = np.where(before, changed.answers(old, second), changed.answers(new, second))
    assert before.sum() == 5 * ROWS
    assert np.allclose(live, -np.log(np.where(second.outcomes, answers, 1 - answers)))


def test_shuffled_days_are_whole_and_all_there() -> None:
    stream = _stream(delay=3)

    mixed = stream.shuffled(seed=1)

    sums = [one.frame.groupby(one.frame[EVENT].dt.date)["value"].sum().round(9) for one in (stream, mixed)]
    assert sorted(sums[0]) == sorted(sums[1])
    assert list(sums[0]) != list(sums[1])
    assert mixed.frame[EVENT].is_monotonic_increasing
    assert (mixed.frame[KNOWN] - mixed.frame[EVENT] == pd.Timedelta(days=3)).all()


def test_batches_of_days_leave_out_the_days_at_the_end_that_make_none() -> None:
    stream = replace(_stream(days=35), rows=None, days=10)

    sizes = [batch.end - batch.start for batch in decisions_replay.batches(stream)]

    assert sizes == [ROWS * 10] * 3
