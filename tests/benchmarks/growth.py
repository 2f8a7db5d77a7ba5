"""What does a late turn cost, against an early one? Many small batches in one home, taken in by one process.

    python -m tests.benchmarks.growth [--batches 300] [--rows 600] [--home DIR]

Each turn learns from the ten batches before its own. Prints the processor time of all processes for each span of turns,
and its ratio to the first span; the goal is 1.15 at turn 300. A home that is named is kept, and gone on with.
Nothing here is asserted in a test: figures depend on the machine and on who else works on it. Needs Linux.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import shop
from tests.benchmarks.processes import CHECKOUT, cpu_of, variables

WINDOW = 10
"""Batches from which a turn learns."""
SPAN = 10
"""Turns over which a figure is a mean: some train more than others."""
FIRST = WINDOW + 2
"""The first turn whose window is full, and the last of the first span."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--batches", type=int, default=300, help="how many there are in the end")
    parser.add_argument("--rows", type=int, default=600, help="of each batch")
    parser.add_argument("--home", type=Path, help="folder of the home, kept for the next time; else temporary")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = (chosen.home or Path(temporary)).absolute()
        land(home, chosen.batches, chosen.rows)
        os.environ["INCUMBENT_PIPELINES"] = str(home / "pipelines")
        cpu = work_off(home)
    spans = [(end, (cpu[end] - cpu[end - SPAN]) / SPAN) for end in range(min(cpu) + FIRST - 1, max(cpu) + 1, SPAN)]
    print("| turns | CPU s a turn | ratio |\n|---|---|---|")
    for end, seconds in spans:
        print(f"| {end - SPAN + 1} to {end} | {seconds:.2f} | {seconds / spans[0][1]:.2f} |")


def work_off(home: Path) -> dict[int, float]:
    """Take in what waits; gives the processor seconds of all processes at the end of each turn."""
    command, cpu = (sys.executable, "-m", "flows.run", "shop", "--json"), {}
    with subprocess.Popen(command, cwd=CHECKOUT, env=variables(home), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            cpu[json.loads(line)["turn"]] = cpu_of(process.pid)
    if process.returncode:
        raise SystemExit(f"The run ended with {process.returncode}.")
    return cpu


def land(home: Path, batches: int, rows: int) -> None:
    """Write the pipeline, and the deliveries that are not there yet."""
    window = f"training:\n  window: {{days: {7 * WINDOW}}}\n"
    shop.write_pipeline(home / "pipelines", text=shop.YAML.replace("training:\n", window))
    folder = home / "landing" / "shop"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, batches + 1):
        path = folder / f"week-{number:04}.parquet"
        if not path.exists():
            shop.week(number, rows).to_parquet(path, index=False)


if __name__ == "__main__":
    main()
