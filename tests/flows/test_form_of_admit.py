"""The form in Prefect's UI for letting a refused batch in: what it does, what it shows, and how it says no."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from configs.errors import Busy, IncumbentError, MistakeOfUser, UnknownPipeline
from flows.admit import admit
from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tasks.adapters.prefect import events
from tasks.domain.records import BatchStatus
from tests import homes as copies
from tests.flows.test_forms import submit

pytestmark = pytest.mark.usefixtures("prefect_api")

WHY: dict[str, Any] = {"reason": "it is whole, says its source", "by": "anna"}


@pytest.fixture
def home(lived_home: Path, tmp_path: Path) -> Iterator[Home]:
    """Two months were taken in, and a broken file was refused."""
    copies.copy(lived_home, tmp_path / "home", "prefect")
    with homes.use(Home(tmp_path / "home")) as opened:
        yield opened


def admissions(home: Home) -> list[tuple[str, str, int | None]]:
    return [(one.by, one.reason, one.turn) for one in home.ledger.admissions.all("flights")]


def test_a_batch_is_named_as_people_write_it_and_judged_again(home: Home) -> None:
    state, run = submit(admit, batch="broken", **WHY)

    judged: Any = events.value_of(state)
    assert (state.is_cancelled(), state.name, run.name) == (
        True,
        "Refused",
        "flights · admit → broken is refused again",
    )
    assert (judged.name, judged.status) == ("broken", BatchStatus.REFUSED)
    assert admissions(home) == [("anna", WHY["reason"], 3)]
    assert run.state is not None
    assert str(run.state.message).startswith("anna admitted broken, and it is refused again: The file is truncated")


def test_the_fields_of_the_form_have_their_help() -> None:
    fields = admit.parameters.properties

    assert list(fields) == ["batch", "reason", "pipeline", "by", "sound_rows_only"]
    assert admit.parameters.required == ["batch", "reason"]
    assert all(field["description"] for field in fields.values())


@pytest.mark.parametrize(
    ("given", "kind", "text"),
    [
        ({"batch": "2013-01", **WHY}, MistakeOfUser, "Batch 2013-01 of flights was accepted"),
        ({"batch": "nothing", **WHY}, MistakeOfUser, "Unknown batch 'nothing' of flights"),
        ({"batch": "broken", "reason": " "}, MistakeOfUser, "The reason is empty. "),
        ({"batch": "broken", "pipeline": "nobody", **WHY}, UnknownPipeline, "Unknown pipeline 'nobody'. "),
    ],
)
def test_a_mistake_ends_the_run_as_failed_with_our_sentence_and_nothing_else(
    home: Home, given: dict[str, Any], kind: type[IncumbentError], text: str
) -> None:
    state, run = submit(admit, **given)

    assert (state.is_failed(), run.state_name) == (True, "Failed")
    assert run.state is not None
    assert str(run.state.message).startswith(text)
    assert type(state.result(raise_on_failure=False)) is kind
    assert admissions(home) == []


def test_while_somebody_else_works_it_is_refused(home: Home, open_home: Callable[[Path], Home]) -> None:
    with open_home(home.folder).ledger.lease.held("flights"):
        state, _ = submit(admit, batch="broken", **WHY)

    assert state.is_failed()
    assert type(state.result(raise_on_failure=False)) is Busy
    assert admissions(home) == []
