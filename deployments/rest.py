"""The API of the server that `make up` runs, by plain HTTP: Prefect's own client takes seconds to import.

Use it in processes that must stay small. Like Prefect's client it gives what PREFECT_API_AUTH_STRING says. Whoever
talks to a server of somebody else takes Prefect's client.
"""

import base64
import json
import urllib.request
from collections.abc import Iterator
from typing import Any

from configs import environment
from tasks.adapters.web import loopback

_SECONDS = 20.0
_PAGE = 200


def call(url: str, method: str, path: str, body: Any = None) -> Any:
    """Ask once; gives the answer, None if it is empty.

    Args:
        url: Address of the API.
        method: Such as POST.
        path: What follows the address.
        body: Sent as JSON.

    Raises:
        OSError: There is no answer, or one that says no.
    """
    data = None if body is None else json.dumps(body).encode()
    token = base64.b64encode((environment.client_auth() or "").encode()).decode()
    headers = {"Content-Type": "application/json", "Authorization": f"Basic {token}"}
    request = urllib.request.Request(f"{url}{path}", data=data, method=method, headers=headers)  # noqa: S310  ours
    with loopback.open_url(request, _SECONDS) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def flow_runs(url: str, wanted: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All flow runs that a filter lets through, page by page.

    Raises:
        OSError: There is no answer.
    """
    offset = 0
    while True:
        page = call(url, "POST", "/flow_runs/filter", {"flow_runs": wanted, "limit": _PAGE, "offset": offset})
        yield from page
        offset += len(page)
        if len(page) < _PAGE:
            return
