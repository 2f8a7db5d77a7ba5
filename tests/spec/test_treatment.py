"""What follows from what speaks against a batch, case by case."""

import re
from dataclasses import replace
from typing import Any, get_args

import pytest

from configs.validation import DamageKind, TriageSettings
from tasks.domain.records import Batch, BatchStatus, Suspect
from tasks.ingestion import intake
from tasks.validation.triage import parts, treatment
from tasks.validation.triage.whole import FaultKind

FEE = Suspect("fee", "far_out", "'fee': 44 % of rows lie far outside", 44)
USES = Suspect("uses", "silent", "'uses': 0 in 1,400 rows one after the other", 100)
ODD = replace(FEE, kind="moved", certain=False)

#   settings, suspects, heard, holding
CASES: list[tuple[dict[str, Any], tuple[Suspect, ...], tuple[Suspect, ...], tuple[Suspect, ...]]] = [
    ({}, (FEE, USES), (FEE, USES), (FEE, USES)),
    ({}, (ODD,), (ODD,), ()),
    ({"answer": "warn"}, (FEE, USES), (FEE, USES), ()),
    ({"answer": "off"}, (FEE, USES), (), ()),
    ({"columns": {"fee": "off"}}, (FEE, USES), (USES,), (USES,)),
    ({"kinds": {"silent": "warn"}}, (FEE, USES), (FEE, USES), (FEE,)),
    ({"answer": "warn", "columns": {"fee": "hold"}}, (FEE, USES), (FEE, USES), (FEE,)),
    ({"columns": {"fee": "hold"}, "kinds": {"far_out": "warn"}}, (FEE,), (FEE,), ()),
    ({"kinds": {"moved": "hold"}}, (ODD,), (ODD,), (ODD,)),
]


@pytest.mark.parametrize(("given", "suspects", "heard", "holding"), CASES)
def test_what_follows_from_damage(
    given: dict[str, Any], suspects: tuple[Suspect, ...], heard: tuple[Suspect, ...], holding: tuple[Suspect, ...]
) -> None:
    limits = TriageSettings.model_validate(given)

    assert treatment.heard(suspects, limits) == heard
    assert treatment.holding(suspects, limits) == holding


def held(name: str, *suspects: Suspect) -> Batch:
    return intake.hold(name, name, 100, "it looks damaged", suspects)


def taken(name: str, *suspects: Suspect) -> Batch:
    return replace(held(name, *suspects), status=BatchStatus.ACCEPTED, accepted=100, held=0)


@pytest.mark.parametrize(
    ("before", "names"),
    [
        ([], []),
        ([held("a", FEE), held("b", FEE)], ["a", "b"]),
        ([held("a", FEE), taken("b"), held("c", FEE)], ["c"]),
        ([held("a", FEE), held("b", USES)], []),
        ([held("a", FEE, USES), held("b", USES, FEE)], ["a", "b"]),
        ([held("a", FEE), intake.refuse("b", "b", 100, "it is truncated")], []),
    ],
)
def test_what_is_held_in_a_row_shows_the_same(before: list[Batch], names: list[str]) -> None:
    assert [one.name for one in treatment.in_a_row(held("now", FEE), before)] == names


def test_open_is_what_was_let_in_although_it_is_certain() -> None:
    assert treatment.open_causes([taken("a", ODD), held("b", FEE), taken("c", FEE)]) == [
        "c: 'fee': 44 % of rows lie far outside."
    ]


def test_the_settings_know_every_kind_of_damage() -> None:
    of_parts = {kind.__name__.removeprefix("_") for kind in (*parts.CERTAIN, *parts.OPEN)}

    assert of_parts | {*FaultKind} <= {*get_args(DamageKind)}


def test_one_word_is_the_answer_to_all() -> None:
    assert TriageSettings.model_validate("warn") == TriageSettings(answer="warn")
    with pytest.raises(ValueError, match=re.escape("'hold'")):
        TriageSettings.model_validate("perhaps")
