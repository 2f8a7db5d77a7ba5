"""A thousand swaps under load: no request fails, and each answer is that of the version that it names."""

import asyncio
import json
import re
import subprocess
import sys
from collections import Counter
from contextlib import closing
from functools import partial

import pytest

from configs import environment
from deployments import listening
from deployments.serving import fleet
from tasks.adapters.home import Home
from tasks.scoring.steps import live_models
from tests.deployments.conftest import own_variables
from tests.fixtures_server import wait_until

ROW = {"shop": "a", "items": 2, "price": 9.5}
QUICKLY = """
import sys
from deployments.serving import followed, worker
followed.Follower.__init__.__defaults__ = (0.02,)
worker.main(sys.argv[1:])
"""
"""The service, looking more often than people change their minds."""
CLIENTS, SWAPS, REQUESTS = 16, 1_000, 200_000


@pytest.mark.long
def test_a_thousand_swaps_lose_no_request_and_no_answer_is_that_of_another_version(shop_versions: Home) -> None:
    wanted = {
        version: live_models.ready(shop_versions, "shop", version).compiled.one([*ROW.values()]) for version in (1, 2)
    }
    assert abs(wanted[1] - wanted[2]) > 1e-6
    with listening.on(0) as listener:
        command = [sys.executable, "-c", QUICKLY, str(listener.fileno()), "0", "shop"]
        pipelines = str(environment.read().pipelines)
        process = subprocess.Popen(
            command,
            cwd=environment.CHECKOUT,
            env=own_variables(shop_versions.folder, INCUMBENT_PIPELINES=pipelines),
            stdin=subprocess.PIPE,
            pass_fds=[listener.fileno()],
        )
        with process:
            wait_until(lambda: fleet.answers(listener), 60)
            statuses, versions, wrong = asyncio.run(_load(shop_versions, listener.getsockname()[1], wanted))
            process.terminate()

    assert set(statuses) == {200} and statuses[200] >= REQUESTS
    assert wrong == 0 and min(versions.values()) > 1_000


async def _load(home: Home, port: int, wanted: dict[int, float]) -> tuple[Counter[int], Counter[int], int]:
    statuses, versions, wrong = Counter[int](), Counter[int](), 0
    done = asyncio.Event()
    latest = {"version": 2}

    async def ask() -> None:
        nonlocal wrong
        body = json.dumps({"instances": [ROW]}).encode()
        request = b"POST /invocations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "
        request += b"%d\r\n\r\n%s" % (len(body), body)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with closing(writer):
            while not done.is_set() or statuses[200] < REQUESTS:
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"content-length: (\d+)", head)
                assert length is not None
                answer = json.loads(await reader.readexactly(int(length[1])))
                version = answer["model"]["version"]
                statuses[int(head[9:12])] += 1
                versions[version] += 1
                is_named = b"x-incumbent-version: %d\r\n" % version in head
                wrong += not is_named or abs(answer["predictions"][0][1] - wanted[version]) > 1e-9
                latest["version"] = version

    async def swap() -> None:
        models, promotions = home.ledger.models.versions("shop"), home.ledger.promotions
        for number in range(SWAPS):
            version, live = 1 + number % 2, promotions.champion("shop")
            assert live is not None
            going = partial(promotions.roll_back, live=live.sequence, hold=False, by="b", reason="r")
            await asyncio.to_thread(going, "shop", version, models[version].id)
            while latest["version"] != version:
                await asyncio.sleep(0.005)
        done.set()

    await asyncio.gather(swap(), *(ask() for _ in range(CLIENTS)))
    return statuses, versions, wrong
