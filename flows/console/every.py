"""A command for several pipelines, one after the other: what stops one does not stop the others.

Which pipelines these are is the matter of who asks; here are all of the folder.
"""

import argparse
import copy
from collections.abc import Callable, Mapping, Sequence

from configs import environment, inventory, loader
from configs.errors import IncumbentError, MistakeOfUser
from flows.console import program
from flows.console.terminal import Terminal
from tasks.adapters.home import Home

Command = Callable[[Home, argparse.Namespace, Terminal], int]


def of_folder(hands: Home, chosen: argparse.Namespace, screen: Terminal, command: Command) -> int:
    """Do it for each pipeline of the folder; returns the exit code of the first that has another one than 0."""
    require_unnamed(chosen, "--all")
    return of(hands, chosen, screen, command, loader.known(), dict(inventory.unusable_names()))


def of(
    hands: Home,
    chosen: argparse.Namespace,
    screen: Terminal,
    command: Command,
    names: Sequence[str],
    broken: Mapping[str, IncumbentError],
) -> int:
    """Do it for these pipelines, and name those that are broken; returns the exit code of the first that is not 0."""
    for name, problem in broken.items():
        screen.facts({"pipeline": name, "status": "broken", "error": str(problem)})
        print(environment.without_secrets(f"{name} is left out: {problem}"), file=screen.err)
    codes = [problem.exit_code for problem in broken.values()]
    codes += [_one(hands, chosen, screen, command, name) for name in names]
    return next((code for code in codes if code), 0)


def require_unnamed(chosen: argparse.Namespace, option: str) -> None:
    """Raises MistakeOfUser if a pipeline was named as well."""
    if chosen.named is not None:
        raise MistakeOfUser(f"Give {option} or the name of one pipeline ({chosen.named!r}), not both.")


def _one(hands: Home, chosen: argparse.Namespace, screen: Terminal, command: Command, name: str) -> int:
    one = copy.copy(chosen)
    one.pipeline, one.all, one.all_examples = name, False, False
    try:
        screen.show(["", f"{name}: {hands.settings(name).title}"])
        return command(hands, one, screen)
    except IncumbentError as problem:
        screen.alarm([f"{name}: {problem}", f"To do it alone: {program.command(f'{chosen.command} {name}')}."])
        return problem.exit_code
