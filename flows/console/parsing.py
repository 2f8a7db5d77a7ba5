"""Reads a command line: which command, which pipeline, and what else it says.

Change this module when a command line should be understood in another way. What a command takes is in its module; what
is answered to words that are neither a command nor a pipeline is in `suggestions.py`.
"""

import argparse
import re
from collections.abc import Iterator

from configs import errors
from configs.environment import DEFAULT_PIPELINE
from configs.errors import IncumbentError
from flows.console import arguments, commands, program
from flows.console.commands import COMMANDS

_VERSION = re.compile(r"v?\d{1,9}", re.ASCII | re.IGNORECASE)


def read(line: list[str]) -> argparse.Namespace:
    """What was chosen; `named` is the pipeline as it was typed, None if it was not."""
    words = command_first(line)
    chosen = _parser(words[0]).parse_args(words)
    chosen.named = chosen.pipeline
    chosen.pipeline = DEFAULT_PIPELINE if chosen.named is None else chosen.named
    return chosen


def sort_out(chosen: argparse.Namespace) -> None:
    """Let the pipeline stand first as well (`compare flights v4 v7`), where it is clear which word is which."""
    fields, last = arguments.words(commands.load(chosen.command).ARGUMENTS), chosen.named
    if not fields or last is None:
        return
    from configs import loader

    words, pipelines = [getattr(chosen, name) for name in fields], {*loader.known(), *loader.examples()}
    if last in pipelines:
        return
    named = [word for word in words if word in pipelines]
    if not named and _VERSION.fullmatch(last):
        named = [word for word in words if not _VERSION.fullmatch(word)]
    if len(named) == 1:
        words.remove(named[0])
        chosen.named = chosen.pipeline = named[0]
        vars(chosen).update(zip(fields, [*words, last], strict=True))


def command_first(line: list[str]) -> list[str]:
    """The command first, wherever it was written; `flows.run [PIPELINE]` means `run [PIPELINE]`."""
    place = next((place for place, word in enumerate(line) if word in COMMANDS), None)
    if place is not None:
        return [line[place], *line[:place], *line[place + 1 :]]
    is_bare = all(word.startswith("-") for word in line)
    return line if is_bare and {"-h", "--help"} & set(line) else ["run", *line]


def _parser(command: str) -> argparse.ArgumentParser:
    """Knows the names of all commands, and the arguments of this one."""
    called, codes = program.command(), "\n".join(("exit codes:", *_exit_codes()))
    parser = argparse.ArgumentParser(
        prog=called,
        usage="%(prog)s [COMMAND] [PIPELINE] [--force] [--adopt] [--quiet] [--json]",
        description="Keeps tabular models up to date: a new model takes over only on evidence.",
        epilog=codes,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parts = parser.add_subparsers(prog=called, dest="command", metavar="COMMAND", required=True)
    for name, text in COMMANDS.items():
        part = parts.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            epilog=codes,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == command:
            for argument, about in arguments.complete(commands.load(name).ARGUMENTS).items():
                part.add_argument(argument, **about)
    return parser


def _exit_codes() -> Iterator[str]:
    yield "    0  done, or nothing to do"
    codes = {kind.exit_code: kind.title for kind in _kinds(errors.IncumbentError)}
    for code, title in sorted(codes.items()):
        yield f"  {code:>3}  {title}"
    yield "  130  stopped by Ctrl-C"
    yield "  143  stopped by SIGTERM"


def _kinds(kind: type[IncumbentError]) -> Iterator[type[IncumbentError]]:
    for child in kind.__subclasses__():
        yield from _kinds(child)
    yield kind
