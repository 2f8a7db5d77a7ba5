"""The command line: `python -m flows.run`. One exit code per class of error.

Nothing heavy is imported before it is needed: `--help` and mistakes are answered at once, and when nothing waits
neither Prefect nor scikit-learn is loaded. What a command does is in `commands.py`, what is printed in `terminal.py`.
"""

import argparse
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from configs import environment, errors
from configs.environment import DEFAULT_PIPELINE
from configs.errors import IncumbentError
from flows.console import program, suggestions
from flows.console.signals import Stop, leave
from tasks.lineage.faults import SimulatedFault

COMMANDS = {
    "run": "catch up: one turn for each batch that waits, then the report (the default)",
    "ingest": "take in what waits, train nothing",
    "monitor": "judge the live model and its inputs on what waits, before a turn takes it in",
    "poll": "announce new data, and make up for what was missed: for schedules",
    "train": "finish the oldest turn that is not done",
    "status": "the live model, what waits, the last turns; without a name, of all pipelines",
    "history": "who was live when, and on what evidence",
    "rollback": "make an earlier version live again, and keep automation off the one that is taken off",
    "release": "let automation have a version again that was rolled back",
    "admit": "read a refused batch again, and judge it under the settings of now",
    "compare": "two versions on the same rows, beside how each has done",
    "reproduce": "train a version again from its snapshot, settings and seed, and compare what both say",
    "explain": "the story of a turn, a batch or a version, from what was recorded",
    "verify": "recompute from the bytes what the ledger says, and print each difference",
    "simulate": "write a faulty batch into the landing folder, to see the loop answer",
    "prepare": "write the example data into the landing folder, and make the databases",
}
"""Their names are reserved: no pipeline can be called so."""


_WHY = {"--by": {"metavar": "NAME", "help": "who decides (default: who runs this)"}}
_OWN: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "simulate": {
        "fault": {"help": f"faults to simulate: {', '.join(SimulatedFault)}"},
        "--column": {"help": "the feature to damage (default: the first that suits)"},
    },
    "run": {"--all-examples": {"action": "store_true", "help": "run each example whose data is there, one by one"}},
    "history": {"--at": {"metavar": "TIME", "help": "who was live then, such as 2026-11-21T07:38 (UTC)"}},
    "rollback": {
        "--to": {"metavar": "VERSION", "help": "the version to go back to (default: the one that was live before)"},
        "--reason": {"required": True, "metavar": "WHY", "help": "a sentence for the history"},
        **_WHY,
    },
    "release": {
        "version": {"help": "the version that was rolled back, such as v6"},
        "--reason": {"default": "no reason was given", "metavar": "WHY", "help": "a sentence for the history"},
        **_WHY,
    },
    "admit": {
        "batch": {"help": "a refused batch: its name, or the beginning of its digest"},
        "--reason": {"required": True, "metavar": "WHY", "help": "a sentence for the history"},
        **_WHY,
    },
    "compare": {
        "one": {"metavar": "version", "help": "a version, such as v4"},
        "other": {"metavar": "version", "help": "the one that is compared with it, such as v6"},
        "--on": {"metavar": "BATCH", "help": "name or digest of a batch (default: the last one with labels)"},
    },
    "verify": {
        "--retrain": {"action": "store_true", "help": "also make every model again, and compare what both answer"},
        "--repair": {"action": "store_true", "help": "first restore what is only shown: MLflow, drift pages, report"},
    },
    "reproduce": {"version": {"help": "a version, such as v6"}},
    "explain": {"what": {"help": "a turn (4), a batch (2013-04, or the beginning of its digest), or a version (v6)"}},
}
"""Arguments that only one command has."""
_VERSION = re.compile(r"v?\d{1,9}", re.ASCII | re.IGNORECASE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        suggestions.require_command(given, COMMANDS)
        chosen = _read(given)
        environment.settle()
        _sort_out(chosen)
        with Stop() as stop:
            from flows.console import commands

            return commands.execute(chosen)
    except IncumbentError as problem:
        print(environment.without_secrets(str(problem)), file=sys.stderr)
        return problem.exit_code
    print("\nStopped. What was committed stays; the same command goes on from there.", file=sys.stderr)
    return stop.code


def _read(given: list[str]) -> argparse.Namespace:
    """What was chosen; `named` is the pipeline as it was typed, None if it was not."""
    chosen = _parser().parse_args(_with_command(given))
    chosen.named = chosen.pipeline
    chosen.pipeline = DEFAULT_PIPELINE if chosen.named is None else chosen.named
    return chosen


def _own_words(command: str) -> list[str]:
    """What a command is about beside its pipeline, in the order in which it is documented."""
    return [name for name in _OWN.get(command, {}) if not name.startswith("-")]


def _sort_out(chosen: argparse.Namespace) -> None:
    """Let the pipeline stand first as well (`compare flights v4 v7`), where it is clear which word is which."""
    fields, last = _own_words(chosen.command), chosen.named
    if not fields or last is None:
        return
    from configs import loader

    words, known = [getattr(chosen, name) for name in fields], {*loader.known(), *loader.examples()}
    if last in known:
        return
    named = [word for word in words if word in known]
    if not named and _VERSION.fullmatch(last):
        named = [word for word in words if not _VERSION.fullmatch(word)]
    if len(named) == 1:
        words.remove(named[0])
        chosen.named = chosen.pipeline = named[0]
        vars(chosen).update(zip(fields, [*words, last], strict=True))


def _with_command(given: list[str]) -> list[str]:
    """The command first, wherever it was written; `flows.run [PIPELINE]` means `run [PIPELINE]`."""
    place = next((place for place, word in enumerate(given) if word in COMMANDS), None)
    if place is not None:
        return [given[place], *given[:place], *given[place + 1 :]]
    is_bare = all(word.startswith("-") for word in given)
    return given if is_bare and {"-h", "--help"} & set(given) else ["run", *given]


def _parser() -> argparse.ArgumentParser:
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
        for argument, about in _OWN.get(name, {}).items():
            part.add_argument(argument, **about)
        usual = "all" if name == "status" else DEFAULT_PIPELINE
        named = f"name of a file in configs/pipelines/, without .yaml (default: {usual})"
        named += "; may stand first, too" if _own_words(name) else ""
        if name == "rollback":  # too much hangs on it to guess which one is meant
            part.add_argument("pipeline", help="name of a file in configs/pipelines/, without .yaml")
        else:
            part.add_argument("pipeline", nargs="?", help=named)
        part.add_argument("--quiet", action="store_true", help="print nothing but refused batches and errors")
        if name == "run":
            part.add_argument("--force", action="store_true", help="go past cooldown, daily budget and minimum rows")
        part.add_argument(
            "--adopt",
            action="store_true",
            help="first let a home that was moved, copied or restored take its ledger over",
        )
        part.add_argument("--json", action="store_true", help="one JSON object per line on stdout, messages on stderr")
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


def _fill_streams() -> None:
    """Give a stream that was closed (`>&-`) somewhere to go, before another file takes its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None and os.open(os.devnull, os.O_RDWR) == number:
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8"))


if __name__ == "__main__":
    _fill_streams()
    leave(main())
