"""The examples on data of others: `run --all-examples` runs each one whose data is there, and names the others.

What an example is stands in its YAML file, in `configs/pipelines/examples/`; nothing of any of them is code.
"""

import argparse
from pathlib import Path

from configs import environment, loader
from configs.errors import IncumbentError, MistakeOfUser
from flows.console import every
from flows.console.every import Command
from flows.console.terminal import Terminal
from tasks.adapters.home import Home


def run_all(hands: Home, chosen: argparse.Namespace, screen: Terminal, run: Command) -> int:
    """Run the examples one after the other; what stops one does not stop the others.

    Args:
        hands: The home that they share.
        chosen: The parsed command line.
        screen: Where to tell it.
        run: The command that runs one pipeline.

    Returns:
        The exit code of the first that has another one than 0.

    Raises:
        MistakeOfUser: A pipeline was named as well, or there is nothing to run.
    """
    every.require_unnamed(chosen, "--all-examples")
    there, absent, broken = _sorted_out(hands)
    for name, path in absent.items():
        screen.facts({"pipeline": name, "status": "skipped", "missing": str(path)})
        screen.show([f"{name}: skipped, because its data is not there: {path}"])
    if not there and not broken:
        raise MistakeOfUser(
            f"There is nothing to run: of the examples ({', '.join(absent) or 'none'}) no data is in "
            f"{environment.data_folder()}. Set INCUMBENT_DATA to the folder that has it."
        )
    return every.of(hands, chosen, screen, run, there, broken)


def _sorted_out(hands: Home) -> tuple[list[str], dict[str, Path], dict[str, IncumbentError]]:
    """The examples whose data is there, the paths of what others lack, and what is wrong with the files of the rest."""
    there: list[str] = []
    absent: dict[str, Path] = {}
    broken: dict[str, IncumbentError] = {}
    for name in loader.examples():
        try:
            file = hands.settings(name).ingestion.source.file
            path = environment.data_folder() / Path(file).expanduser() if file else hands.landing(name)
        except IncumbentError as problem:
            broken[name] = problem
            continue
        if path.exists():
            there.append(name)
        else:
            absent[name] = path
    return there, absent, broken
