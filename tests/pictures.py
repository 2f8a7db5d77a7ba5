"""Takes the pictures of Prefect's UI that are in docs/, in a real browser, from a running `make up`.

    python -m tests.pictures [--out docs]

Needs Chromium, and a home (`INCUMBENT_HOME`) in which the tree is up and some turns were done by it.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from configs import environment

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SIZE = (1280, 860)
_BUDGET_MS = 30_000


def main() -> None:
    """Take one picture of the runs of the loop, and one of a turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=environment.CHECKOUT / "docs")
    chosen = parser.parse_args()
    environment.settle()
    from tasks.adapters.prefect import running_server

    server = running_server.find(environment.read().home)
    if server is None:
        sys.exit("Nothing is up for this home. Start it with `make up`, let it do a turn, and try again.")
    shots = {
        "prefect-runs.png": f"{server.ui}/flows/flow/{_loop(server.url)}",
        "prefect-turn.png": f"{server.ui}/runs/flow-run/{_turn(server.url)}",
    }
    for name, address in shots.items():
        shoot(address, chosen.out / name)
        print(f"{address} -> {chosen.out / name}")


def shoot(address: str, path: Path) -> None:
    """One page as it looks when it has come to rest."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit(f"There is no browser: none of {', '.join(BROWSERS)} is installed.")
    command = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += [f"--window-size={SIZE[0]},{SIZE[1]}", f"--virtual-time-budget={_BUDGET_MS}"]
    command += ["--run-all-compositor-stages-before-draw", f"--screenshot={path.absolute()}", address]
    subprocess.run(command, check=True, capture_output=True, timeout=180)


def _loop(url: str) -> str:
    """The flow that works off the inbox; its page lists its runs."""
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
        return str(client.read_flow_by_name("continuous-training").id)


def _turn(url: str) -> str:
    """Of the last turns the one that took longest: it has the most to show."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowFilter, FlowFilterName
    from prefect.client.schemas.sorting import FlowRunSort
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
        turns = client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=["turn"])), sort=FlowRunSort.START_TIME_DESC, limit=20
        )
        if not turns:
            sys.exit("No turn was done by this server yet. Drop a file into the landing folder and try again.")
        return str(max(turns, key=lambda run: run.total_run_time).id)


if __name__ == "__main__":
    main()
