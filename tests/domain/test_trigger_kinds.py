"""Kinds of trigger: what each is called, and that the form in Prefect's UI offers all of them."""

import pytest
from prefect.utilities.callables import parameter_schema

from flows.continuous_training import continuous_training
from tasks.domain.trigger_kinds import TriggerKind


def test_the_form_offers_every_kind_in_this_order():
    form = parameter_schema(continuous_training).model_dump()

    assert form["definitions"]["TriggerKind"]["enum"] == [kind.value for kind in TriggerKind]
    assert form["properties"]["reason"]["default"] == TriggerKind.MANUAL


@pytest.mark.parametrize("kind", TriggerKind)
def test_every_kind_is_told_in_words(kind):
    assert kind.words
    assert kind.unexplained
    assert TriggerKind.in_words(kind.value) == kind.words
    assert f"{kind}" == kind.value


def test_a_kind_of_a_later_version_stays_as_it_is():
    assert TriggerKind.in_words("of a later version") == "of a later version"
