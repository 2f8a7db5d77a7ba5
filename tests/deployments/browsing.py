"""A real browser, driven by its own protocol: what a person sees and what a page can do, without another library."""

import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.fixtures_server import wait_until

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0",
    "--host-resolver-rules=MAP *.example 127.0.0.1",
)  # fmt: skip
"""Names that end with .example lead to this machine, as names of the web do by DNS rebinding."""


@dataclass
class Tab:
    """One tab."""

    _connection: ClientConnection
    _number: int = field(default=0)

    def open(self, url: str) -> None:
        """Go to an address, as if it had been typed."""
        self.ask("Page.navigate", url=url)
        wait_until(lambda: self.run("document.readyState") == "complete", 60)

    def run(self, script: str) -> Any:
        """What a script in the page gives, which may be a promise."""
        found = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the browser's protocol."""
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            answer: dict[str, Any] = json.loads(self._connection.recv(60))
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return dict(answer["result"])


@dataclass
class Browser:
    """A browser with a profile of its own."""

    port: int

    @contextmanager
    def tab(self) -> Iterator[Tab]:
        """A new tab; all of them share the cookies."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/json/new", method="PUT")
        with urllib.request.urlopen(request, timeout=60) as answer:
            address = json.loads(answer.read())["webSocketDebuggerUrl"]
        with closing(connect(address, max_size=None, open_timeout=60)) as connection:
            yield Tab(connection)


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """Start it, and end it after the block."""
    command = [str(CHROMIUM), *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        told = profile / "DevToolsActivePort"
        wait_until(lambda: told.exists() and told.read_text().count("\n"), 60)
        yield Browser(int(told.read_text().split()[0]))
    finally:
        running.terminate()
        running.wait(30)
        time.sleep(0.2)  # its children let go of the profile
