"""Damage to a part of the rows: named with its column, its kind and its rows; an untouched week is let in."""

import json
import re

import numpy as np
import pytest
import yaml

from configs.settings import PipelineSettings
from tasks.validation.triage import examine
from tests import users

SETTINGS = PipelineSettings.model_validate_json(json.dumps(yaml.safe_load(users.YAML)))
PAST = [users.week(number) for number in range(6)]

#   what broke                       column           kind            what is said of it
PARTS = [
    (users.fee_without_its_point, "fee", "far_out", r"'fee': 4\d\s% of rows lie far outside of .* to .*"),
    (
        users.fee_in_tens,
        "fee",
        "rounded",
        r"'fee': multiples of 0\.01 in .*; 4\d\s% of rows lie below .*, the least of 8,400 before",
    ),
    (users.fee_missing_by_half, "fee", "missing", r"'fee': missing in [45]\d\s% of rows \(0\s% to 0\s% before\)"),
    (users.uses_silent, "advanced_uses", "silent", r"'advanced_uses': 0 in 1,400 rows one after the other.*"),
    (users.uses_silent_from_thursday, "advanced_uses", "silent", r".* at most \d\d before; from 1[67] April .* on"),
    (users.uses_silent_on_phones, "advanced_uses", "silent", r".*0 in [67]\d\d rows of device = phone .*"),
    (users.devices_respelled, "device", "new_values", r"'device': values never seen before in .*: PHONE, DESK, TABLET"),
    (users.times_moved, "hour", "off_the_clock", r"'hour': not the hour of the event in .*were the times moved.*"),
]


@pytest.mark.parametrize(("damage", "column", "kind", "text"), PARTS, ids=lambda value: getattr(value, "__name__", ""))
def test_damage_to_a_part_of_the_rows_is_certain_and_named(damage, column, kind, text):
    first, *_ = examine.examine(users.damaged(6, damage), PAST, SETTINGS)

    assert (first.suspect.column, first.suspect.kind, first.suspect.certain) == (column, kind, True)
    assert re.fullmatch(text, first.suspect.text), first.suspect.text


def test_the_rows_that_show_it_are_those_that_were_damaged():
    good = users.week(6).sample(frac=1, random_state=1).reset_index(drop=True)  # not in the order of their events
    lost = np.random.default_rng(3).random(len(good)) < 0.3

    first, *_ = examine.examine(good.assign(fee=good["fee"].mask(lost)), PAST, SETTINGS)

    assert (first.rows == lost).all()
    assert first.suspect.rows == lost.sum()


@pytest.mark.parametrize("number", range(6, 26))
def test_an_untouched_week_is_let_in(number):
    assert not [one for one in examine.examine(users.week(number), PAST, SETTINGS) if one.suspect.certain]


def test_what_a_changed_world_may_look_like_is_not_certain():
    week = users.week(6)
    signs = examine.examine(week.assign(fee=(week["fee"] * 1.15 + 3).round(2)), PAST, SETTINGS)

    assert [(one.suspect.column, one.suspect.certain) for one in signs] == [("fee", False)]


@pytest.mark.parametrize("before", [[], PAST[:3]], ids=["none", "three"])
def test_with_too_short_a_past_nothing_is_said_of_a_part(before):
    assert examine.examine(users.damaged(6, users.fee_without_its_point), before, SETTINGS) == ()


@pytest.mark.filterwarnings("error")
def test_a_group_that_is_new_is_not_silent():
    new = users.week(6).assign(device=lambda frame: frame["device"].where(frame["device"] != "phone", "watch"))
    new["advanced_uses"] = new["advanced_uses"].mask(new["device"] == "watch", 0)

    assert "silent" not in {one.suspect.kind for one in examine.examine(new, PAST, SETTINGS)}


def test_a_share_below_the_setting_is_let_in():
    few = users.week(6).assign(fee=lambda frame: frame["fee"].mask(np.arange(len(frame)) % 50 == 0))

    assert examine.examine(few, PAST, SETTINGS) == ()
