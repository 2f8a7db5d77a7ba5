"""What was asked is asked again by its id: an answer of the version that gave it, a request that was refused of now."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from configs.errors import MistakeOfUser
from configs.scoring import PredictionLogSettings
from tasks.adapters.home import Home
from tasks.adapters.journal import Journal
from tasks.adapters.ring import Ring
from tasks.lineage.verify.checks import ledger_copy, logged_answers
from tasks.scoring import log_records, refused_requests
from tasks.scoring.answering import Answerer
from tasks.scoring.log_records import Kept
from tasks.scoring.refusals import Refused
from tasks.scoring.steps import erasing, live_models, replaying, sealing
from tests import shop
from tests.answers import append, close_segment, ids
from tests.command_line import CommandLine

ROW = {"shop": "a", "items": 2, "price": 9.5}


def log(home: Home, version: int = 1, **policy: Any) -> float:
    """An answer of a version, as the service logs it, under 0-0; and one row that broke the contract, under 0-1."""
    live = live_models.ready(home, "shop", version)
    kept = Kept(PredictionLogSettings(**policy), b"secret")
    answer = Answerer(live).invocations(json.dumps({"instances": [ROW, {"shop": 3}]}).encode())
    with closing(Journal(home.predictions)) as journal:
        journal.append(
            2, lambda first: kept.write(live, answer.asked, answer.values, at=7, microseconds=9, first=first)
        )
    assert answer.values[0] is not None
    return answer.values[0]


@pytest.mark.parametrize("sealed", [False, True])
def test_the_version_that_answered_is_asked_again(sealed: bool, shop_versions: Home) -> None:
    answer = log(shop_versions)
    if sealed:
        sealing.seal(shop_versions)

    done = replaying.replay(shop_versions, "shop", "0-0")
    other = replaying.replay(shop_versions, "shop", "0-0", 2)

    assert (done.version, done.then, done.is_same) == (1, repr(answer), True)
    assert (other.version, other.then_version, other.is_same) == (2, 1, False)


@pytest.mark.parametrize("sealed", [False, True])
def test_a_row_of_a_body_that_was_kept_whole_is_asked_again_and_forgotten(sealed: bool, shop_versions: Home) -> None:
    live = live_models.ready(shop_versions, "shop", 1)
    sent = [{**ROW, "at": f"2013-02-0{day}T00:00:00Z", "items": day} for day in (1, 2, 3)]
    answer = Answerer(live).invocations(json.dumps({"dataframe_records": sent}).encode())
    assert answer.asked.body is not None
    kept = Kept(PredictionLogSettings(), b"secret")
    with closing(Journal(shop_versions.predictions)) as journal:
        journal.append(
            3, lambda first: kept.write(live, answer.asked, answer.values, at=7, microseconds=9, first=first)
        )
    if sealed:
        sealing.seal(shop_versions)

    assert all(replaying.replay(shop_versions, "shop", f"0-{place}").is_same for place in range(3))
    recorded = ledger_copy.read(shop_versions, "shop")
    assert [one.text for one in logged_answers.check(shop_versions, recorded)] == []
    assert erasing.forget(shop_versions, "shop", {"at": "2013-02-02"}, "anna").rows == 1
    assert ids(shop_versions) == ["0-0", "0-2"]


@pytest.mark.parametrize(
    ("name", "policy", "sentence"),
    [
        ("0-7", {}, "There is no answer '0-7' in the prediction log of shop"),
        ("nothing", {}, "There is no answer 'nothing'"),
        ("0-1", {}, "Row 0-1 broke the contract: it had no answer"),
        ("0-0", {"inputs": "none"}, "The inputs of 0-0 were not kept as values"),
        ("0-0", {"columns": {"price": "digest"}}, "The inputs of 0-0 were not kept as values"),
        ("0-0", {"columns": {"price": "none"}}, "The inputs of 0-0 were not kept as values"),
        ("r0-1", {}, "There is no request 'r0-1' of shop that was refused: of a process only the last 1,000 are kept."),
    ],
)
def test_what_cannot_be_asked_again_is_said(
    name: str, policy: dict[str, Any], sentence: str, shop_versions: Home
) -> None:
    log(shop_versions, **policy)

    with pytest.raises(MistakeOfUser) as caught:
        replaying.replay(shop_versions, "shop", name)

    assert str(caught.value).startswith(sentence)


def refuse(home: Home, body: bytes, *, form: str = "invocations", is_csv: bool = False) -> str:
    """A request that the live version refuses, kept as the service keeps it."""
    live = live_models.ready(home, "shop")
    ask = Answerer(live)
    with pytest.raises(Refused) as caught:
        ask.infer(body) if form == "infer" else ask.invocations(body, is_csv=is_csv)
    with closing(Journal(home.predictions)) as journal, closing(Ring(home.predictions / "0")) as ring:
        record = refused_requests.record(live, caught.value, body, at=7, form=form, is_csv=is_csv)
        return refused_requests.name(journal.place, ring.add(record))


BODIES = [
    (b"{", {}),
    (b'{"instances": [{"shop": "a", "items": -3}]}', {}),
    (b"shop,items\na,-3\n", {"is_csv": True}),
    (b'{"inputs": 3}', {"form": "infer"}),
]


@pytest.mark.parametrize(("body", "about"), BODIES)
def test_a_request_that_was_refused_is_refused_again_alike(
    body: bytes, about: dict[str, Any], shop_versions: Home
) -> None:
    name = refuse(shop_versions, body, **about)

    done = replaying.replay(shop_versions, "shop", name)

    assert not done.was_answered and done.is_same and done.now.startswith("400 ")


def test_under_another_contract_it_is_answered_now(
    shop_versions: Home, served_run: CommandLine, tmp_path: Path
) -> None:
    name = refuse(shop_versions, BODIES[1][0])
    text = shop.YAML.replace("items: {type: integer, nullable: true, min: 0}", "items: {type: integer, nullable: true}")
    shop.write_pipeline(tmp_path / "pipelines", text=text)

    done = served_run(shop_versions.folder, "score", "shop", "--replay", name, "--json")

    said = json.loads(done.stdout.splitlines()[0])
    assert done.returncode == 0
    assert said["then"].startswith("400 No row keeps the contract.") and said["now"].startswith('200 {"predictions"')


@pytest.mark.parametrize("policy", ["inputs: digest", "inputs: none", "columns: {price: none}"])
def test_where_inputs_are_hidden_no_body_is_kept(policy: str, shop_versions: Home, tmp_path: Path) -> None:
    shop.write_pipeline(tmp_path / "pipelines", text=f"{shop.YAML}scoring: {{log: {{{policy}}}}}\n")
    shop_versions._settings.clear()
    name = refuse(shop_versions, b'{"instances": [{"shop": "somebody", "items": -3}]}')

    with pytest.raises(MistakeOfUser, match="Its body was not kept, or never came"):
        replaying.replay(shop_versions, "shop", name)
    assert b"somebody" not in (shop_versions.predictions / "0" / "refused.jsonl").read_bytes()


def test_an_answer_that_is_another_one_is_said_by_the_exit_code(shop_versions: Home, served_run: CommandLine) -> None:
    model = shop_versions.ledger.models.versions("shop")[2].id
    with closing(Journal(shop_versions.predictions)) as journal:
        append(journal, rows=[[0.5, {**ROW, "items": 2.0}, ["k", "a"]]], model=model)
        close_segment(journal)

    done = served_run(shop_versions.folder, "score", "shop", "--replay", "0-0")

    assert done.returncode == 11 and "v2 says something else: 0." in done.stdout


def test_a_file_or_an_id_must_be_named(shop_versions: Home, served_run: CommandLine) -> None:
    done = served_run(shop_versions.folder, "score", "shop")

    assert done.returncode == 2
    assert done.stderr == "Name a file with --in PATH_OR_URL, or what was asked before with --replay ID.\n"


def test_a_digest_is_known_as_one() -> None:
    assert log_records.is_hidden(log_records.digest(3.0, b"secret")) and not log_records.is_hidden("digest")
