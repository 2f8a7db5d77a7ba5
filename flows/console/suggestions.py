"""Words that are neither a command nor a pipeline: which of the two was meant, and what there is.

Change this module when a mistyped word should be answered in another way. How a command line is parsed is `run.py`'s.
"""

import difflib
import re
from collections.abc import Collection, Iterable, Sequence

from configs.errors import MistakeOfUser, UnknownPipeline
from flows.console import program

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,40}", re.ASCII)
_HELP = {"help": "--help", "-help": "--help", "usage": "--help", "version": "--help"}


def require_command(line: Sequence[str], commands: Collection[str]) -> None:
    """Refuse a command line whose command is none; one without any command means `run [PIPELINE]`.

    Args:
        line: The words of the command line.
        commands: Those that there are.

    Raises:
        MistakeOfUser: A word is near to a command, or stands beside a pipeline in place of one.
        UnknownPipeline: A word alone is neither.
    """
    words = [word for word in line if not word.startswith("-")]
    if not words or set(words) & set(commands):
        return
    from configs import loader

    pipelines = [*loader.known(), *loader.examples()]
    unknown = [word for word in words if word not in pipelines]
    for word in unknown:
        guess = _nearest(word, commands, pipelines)
        if guess is not None:
            raise MistakeOfUser(f"Unknown command {word!r}; did you mean {guess!r}? {_listed(commands)}")
    if unknown and unknown[0] == words[0] and len(words) > 1:
        raise MistakeOfUser(f"Unknown command {unknown[0]!r}. {_listed(commands)}")
    if unknown and len(words) == 1 and _is_nothing(words[0], pipelines):
        raise UnknownPipeline(
            f"{words[0]!r} is neither a command nor a pipeline. {_listed(commands)} "
            f"Pipelines: {', '.join(pipelines) or 'none'}; another one is a file in configs/pipelines/."
        )


def _nearest(word: str, commands: Collection[str], pipelines: Iterable[str]) -> str | None:
    """The command that a word is nearest to, if it is not nearer to a pipeline."""
    plain = word.lower()
    if plain in _HELP:
        return _HELP[plain]
    near = difflib.get_close_matches(plain, commands, n=1)
    if not near:
        return None
    return (
        near[0] if _likeness(plain, near[0]) > max((_likeness(plain, name) for name in pipelines), default=0) else None
    )


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()


def _is_nothing(word: str, pipelines: Sequence[str]) -> bool:
    """Whether a word could be a name, and is near to none."""
    return _NAME.fullmatch(word) is not None and not difflib.get_close_matches(word, pipelines, n=1)


def _listed(commands: Iterable[str]) -> str:
    return f"Commands: {', '.join(commands)} ({program.command('--help')})."
