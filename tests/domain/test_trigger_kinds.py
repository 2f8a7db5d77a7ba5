"""Kinds of trigger: what each is called, and that the form in Prefect's UI offers all of them."""

from typing import get_args

import pytest

from flows.continuous_training import Reason
from tasks.domain.trigger_kinds import TriggerKind


def test_the_form_offers_every_kind_in_this_order():
    assert get_args(Reason) == tuple(kind.value for kind in TriggerKind)


@pytest.mark.parametrize("kind", TriggerKind)
def test_every_kind_is_told_in_words(kind):
    assert kind.words
    assert kind.unexplained
    assert TriggerKind.in_words(kind.value) == kind.words
    assert f"{kind}" == kind.value


def test_a_kind_of_a_later_version_stays_as_it_is():
    assert TriggerKind.in_words("of a later version") == "of a later version"
