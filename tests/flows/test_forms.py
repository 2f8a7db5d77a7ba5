"""The forms in Prefect's UI for going back: what they do, what they show, and how they say no."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect import Flow, get_client
from prefect.client.schemas.objects import FlowRun, State

from configs.errors import Busy, IncumbentError, MistakeOfUser, UnknownPipeline
from flows.release import release
from flows.rollback import rollback
from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tasks.adapters.mlflow import registry

pytestmark = pytest.mark.usefixtures("prefect_api")

WHY: dict[str, Any] = {"reason": "too many complaints", "by": "anna"}


@pytest.fixture
def home(two_champions: Path, tmp_path: Path) -> Iterator[Home]:
    """The home on which the flows work: v3 took over from v2."""
    with homes.use(Home(shutil.copytree(two_champions, tmp_path / "home"))) as opened:
        yield opened


def submit(form: Flow[..., Any], **given: Any) -> tuple[State, FlowRun]:
    """What somebody typed into a form; the last state of the run, and what the server knows of it."""
    state = form(**given, return_state=True)
    assert state.state_details.flow_run_id is not None
    with get_client(sync_client=True) as client:
        return state, client.read_flow_run(state.state_details.flow_run_id)


def notes(run: UUID) -> dict[str, str]:
    with get_client(sync_client=True) as client:
        wanted = {"artifacts": {"flow_run_id": {"any_": [str(run)]}}}
        found = client.request("POST", "/artifacts/filter", json=wanted).json()
    return {one["key"]: str(one["data"]) for one in found}


def lived(home: Home) -> list[int]:
    return [made.version for made in home.ledger.promotions.all("flights")]


# ── going back ────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("to", [None, "", "v2", "2", 2, " V2 "])
def test_a_version_is_typed_as_people_write_it(home: Home, to: str | int | None) -> None:
    state, run = submit(rollback, to=to, **WHY)

    assert (state.is_completed(), run.name) == (True, "flights · rollback → v2 in place of v3")
    assert run.state is not None
    assert run.state.message == "anna went back from v3 to v2: too many complaints."
    assert lived(home) == [2, 3, 2]
    assert registry.aliases(home.tracking, "flights")["champion"] == 2


def test_the_form_opens_with_a_field_for_the_version() -> None:
    assert rollback.parameters.properties["to"]["default"] == "", "with None there is nothing to type into"


def test_a_note_says_who_was_live_who_is_what_was_checked_and_what_is_held_off(home: Home) -> None:
    _, run = submit(rollback, **WHY)

    told = notes(run.id)["flights-rollback"]
    assert told.startswith("## flights: v2 is live in place of v3\n")
    assert "**Was live**  \nv3, since turn 2, by evidence rule: better.\n" in told
    assert ", by anna: too many complaints.\n" in told
    assert "**Checked**  \n201 golden rows answered as at its gate.\n" in told
    assert "- v3, until `release/flights` here or `release flights v3` typed" in told


def test_what_is_live_already_is_left_alone_and_said_to_be(home: Home) -> None:
    state, run = submit(rollback, to="v3", **WHY)

    assert (state.is_completed(), run.name) == (True, "flights · rollback → v3 is live already")
    assert "Nothing, and nothing was changed." in notes(run.id)["flights-rollback"]
    assert lived(home) == [2, 3]


# ── releasing ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_version_is_released_once(home: Home) -> None:
    submit(rollback, **WHY)

    (first, run), (again, other) = (submit(release, version=version, **WHY) for version in ("v3", 3))

    assert home.ledger.promotions.held("flights") == {}
    assert (first.is_completed(), run.name) == (True, "flights · release → v3 is released")
    assert run.state is not None
    assert run.state.message == "anna released v3: too many complaints. Automation may have it again."
    assert (again.is_completed(), other.name) == (True, "flights · release → v3 was not barred")
    assert lived(home) == [2, 3, 2]


# ── saying no ─────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("form", "given", "kind", "text"),
    [
        (rollback, {"to": "v9", **WHY}, MistakeOfUser, "Unknown version v9 of flights: it has v1 to v3"),
        (rollback, {"to": 0, **WHY}, MistakeOfUser, "Unknown version v0 of flights: it has v1 to v3"),
        (rollback, {"to": "last", **WHY}, MistakeOfUser, "'last' is no version. Versions are written as v6 or 6"),
        (rollback, {"reason": " "}, MistakeOfUser, "The reason is empty. Say why in a sentence: "),
        (rollback, {"pipeline": "nobody", **WHY}, UnknownPipeline, "Unknown pipeline 'nobody'. "),
        (release, {"version": "v9", **WHY}, MistakeOfUser, "Unknown version v9 of flights. It has v1 to v3; "),
        (release, {"version": "v2", "reason": ""}, MistakeOfUser, "The reason is empty. "),
        (release, {"version": "v2", "pipeline": "nobody", **WHY}, UnknownPipeline, "Unknown pipeline 'nobody'. "),
    ],
)
def test_a_mistake_ends_the_run_as_failed_with_our_sentence_and_nothing_else(
    home: Home, form: Flow[..., Any], given: dict[str, Any], kind: type[IncumbentError], text: str
) -> None:
    state, run = submit(form, **given)

    assert (state.is_failed(), run.state_name) == (True, "Failed")
    assert run.state is not None
    assert str(run.state.message).startswith(text)
    assert "--" not in str(run.state.message)
    assert type(state.result(raise_on_failure=False)) is kind
    assert lived(home) == [2, 3]


def test_what_is_held_off_is_refused_with_both_ways_to_release_it(home: Home) -> None:
    submit(rollback, **WHY)

    again, run = submit(rollback, to="v3", **WHY)
    further, other = submit(rollback, **WHY)

    assert again.is_failed() and further.is_failed()
    assert run.state is not None and other.state is not None
    ways = "`release flights 3`, or the deployment release/flights in Prefect's UI."
    assert str(run.state.message).endswith(f"Release it first: {ways}")
    assert "There is nothing to go back to from v2 of flights: v3 barred. " in str(other.state.message)
    assert lived(home) == [2, 3, 2]


def test_who_calls_the_flow_gets_the_error_as_it_was_raised(home: Home, open_home: Callable[[Path], Home]) -> None:
    with open_home(home.folder).ledger.lease.held("flights"), pytest.raises(Busy, match="works on 'flights'"):
        rollback(**WHY)

    with pytest.raises(MistakeOfUser, match=r"^The reason is empty"):
        rollback.fn(reason=" ")


def test_what_is_not_ours_fails_as_prefect_says_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError("a fault of ours")

    monkeypatch.setattr("tasks.promotion.rollback.require_words", fail)

    state, run = submit(rollback, **WHY)

    assert state.is_failed()
    assert run.state is not None
    assert str(run.state.message).startswith("Flow run encountered an exception: KeyError")
