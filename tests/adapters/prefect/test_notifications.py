"""Alerts reach people through Prefect's notification block, once; until they do, they are owed."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.settings import PREFECT_API_URL, temporary_settings

from configs.errors import Unreachable
from tasks.adapters.home import Home
from tasks.adapters.ledger.inbox import HOME
from tasks.adapters.prefect import notifications
from tasks.domain.alert_kinds import AlertKind

BLOCK = "incumbent-alerts"


@dataclass
class Webhook:
    """A server that takes what is posted to it."""

    url: str
    taken: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.taken.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Webhook(f"http://127.0.0.1:{server.server_address[1]}/hook")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def refused() -> Iterator[str]:
    """An address at which nobody listens: the port is taken, and not opened."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/hook"


@pytest.fixture
def home(shop_home: Home, prefect_api: Path) -> Home:
    """It owes two alerts."""
    for number in (1, 2):
        shop_home.ledger.inbox.alert("shop", AlertKind.GIVEN_UP, number, f"turn {number} was given up; “why” & so on")
    return shop_home


@pytest.fixture
def register(home: Home) -> Iterator[Callable[[str], None]]:
    """Registers the block that the environment names."""

    def save(url: str, name: str = BLOCK) -> None:
        told = {"subject": "{{subject}}", "text": "{{body}}"}
        block = CustomWebhookNotificationBlock(name="alerts", url=url, method="POST", json_data=told)
        block.save(name, overwrite=True, _sync=True)
        saved.append(name)

    saved: list[str] = []
    yield save
    for name in set(saved):
        CustomWebhookNotificationBlock.delete(name, _sync=True)


def owed(home: Home) -> list[str]:
    return [alert.key for alert in home.ledger.inbox.unsent("shop")]


def test_each_alert_is_sent_once_in_order_with_its_pipeline(
    home: Home, webhook: Webhook, register: Callable[..., None]
) -> None:
    register(webhook.url)

    sent = [notifications.send_all(home, "shop") for _ in range(3)]

    assert sent == [2, 0, 0]
    assert webhook.taken == [
        {"subject": "Incumbent: shop", "text": f"turn {number} was given up; “why” & so on"} for number in (1, 2)
    ]
    assert owed(home) == []


def test_one_that_is_owed_later_is_sent_alone(home: Home, webhook: Webhook, register: Callable[..., None]) -> None:
    register(webhook.url)
    notifications.send_all(home, "shop")
    home.ledger.inbox.alert("shop", AlertKind.AUTOMATION, 1, "an automation failed")

    sent = notifications.send_all(home, "shop")

    assert sent == 1
    assert webhook.taken[-1]["text"] == "an automation failed"


def test_what_is_about_the_home_is_sent_once_by_whichever_pipeline_looks_first(
    home: Home, webhook: Webhook, register: Callable[..., None]
) -> None:
    register(webhook.url)
    home.ledger.inbox.alert(HOME, AlertKind.AUTOMATION, 1, "an automation of a person failed")

    sent = [notifications.send_all(home, pipeline) for pipeline in ("flights", "shop", "flights")]

    assert sent == [1, 2, 0]
    assert webhook.taken[0] == {"subject": "Incumbent", "text": "an automation of a person failed"}


def test_two_that_look_at_once_send_it_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    home.ledger.inbox.alert(HOME, AlertKind.AUTOMATION, 1, "an automation of a person failed")

    class Slow:
        def notify(self, body: str, **_: object) -> None:
            time.sleep(0.3)
            heard.append(body)

    monkeypatch.setattr(notifications, "_block", lambda name: Slow())
    looks = [threading.Thread(target=notifications.send_all, args=(home, name)) for name in ("flights", "churn")]
    for look in looks:
        look.start()
    for look in looks:
        look.join()

    assert heard == ["an automation of a person failed"]


def test_without_a_block_alerts_stay_owed(home: Home) -> None:
    sent = notifications.send_all(home, "shop")

    assert sent == 0
    assert owed(home) == ["turn:1", "turn:2"]


def test_alerts_that_waited_are_sent_as_soon_as_there_is_a_block(
    home: Home, webhook: Webhook, register: Callable[..., None]
) -> None:
    before = notifications.send_all(home, "shop")
    register(webhook.url)

    assert (before, notifications.send_all(home, "shop")) == (0, 2)


def test_a_refused_connection_keeps_alerts_owed_until_somebody_listens(
    home: Home, webhook: Webhook, refused: str, register: Callable[..., None]
) -> None:
    register(refused)
    with pytest.raises(Unreachable, match=r"could not be sent \(ConnectError\); it is tried again") as caught:
        notifications.send_all(home, "shop")
    between = owed(home)
    register(webhook.url)

    sent = notifications.send_all(home, "shop")

    assert refused not in str(caught.value)
    assert (between, sent, len(webhook.taken)) == (["turn:1", "turn:2"], 2, 2)


def test_the_environment_names_the_block(
    home: Home, webhook: Webhook, register: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    register(webhook.url, "for-the-night")
    monkeypatch.setenv("INCUMBENT_ALERT_BLOCK", "custom-webhook/for-the-night")

    assert notifications.send_all(home, "shop") == 2


def test_a_pipeline_has_a_channel_of_its_own_and_the_home_keeps_the_usual_one(
    home: Home, webhook: Webhook, register: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = home.settings("shop")
    own = settings.coordination.model_copy(update={"alert_block": "custom-webhook/shop-team"})
    monkeypatch.setattr(Home, "settings", lambda self, name: settings.model_copy(update={"coordination": own}))
    home.ledger.inbox.alert(HOME, AlertKind.AUTOMATION, 1, "an automation of a person failed")
    register(webhook.url, "shop-team")

    sent = notifications.send_all(home, "shop")

    assert (sent, owed(home)) == (2, [])
    assert [alert.key for alert in home.ledger.inbox.unsent(HOME)] == ["event:1"]


@pytest.mark.parametrize("name", ["nonsense", "custom-webhook/not-there", "no-such-kind/alerts"])
def test_a_block_that_there_is_not_is_no_block(home: Home, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("INCUMBENT_ALERT_BLOCK", name)

    assert notifications.send_all(home, "shop") == 0
    assert owed(home) == ["turn:1", "turn:2"]


def test_where_nothing_is_owed_nobody_is_asked(home: Home) -> None:
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        assert notifications.send_all(home, "flights") == 0


def test_a_server_that_does_not_answer_keeps_alerts_owed(home: Home) -> None:
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}), pytest.raises(Unreachable):
        notifications.send_all(home, "shop")

    assert owed(home) == ["turn:1", "turn:2"]
