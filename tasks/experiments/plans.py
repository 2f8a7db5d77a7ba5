"""What an experiment is: what it changes, where it begins, and what it will cost; and which changes it may make.

Add here what makes an experiment another one, or a setting that it cannot try. What came of it is in `replayed`.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from configs.errors import InvalidSettings, MistakeOfUser
from configs.overrides import Override
from tasks.domain import wording

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
RULE = "A name has only letters, digits, '-', '_' and '.', begins with a letter or digit, and has at most 60 of them."
UNCHANGED = "unchanged"
"""Name of an experiment that changes nothing: the settings of now on all that there was."""
_SAME_ROWS = "all experiments of a pipeline read the rows that it has stored"
_SAME_QUESTION = "losses can only be compared where the same is asked of the same rows"
_NOTHING = "a replay would be the same with it"
_REFUSED = {
    ("ingestion",): ("says what the rows are", _SAME_ROWS),
    ("validation",): ("says what the rows are", _SAME_ROWS),
    ("features", "tables"): ("is looked up when rows are taken in", _SAME_ROWS),
    ("features", "past"): ("is looked up when rows are taken in", _SAME_ROWS),
    ("training", "label"): ("says what is predicted", _SAME_QUESTION),
    ("training", "problem"): ("says what is predicted", _SAME_QUESTION),
    ("training", "classes"): ("says what is predicted", _SAME_QUESTION),
    ("training", "positive"): ("says what is predicted", _SAME_QUESTION),
    ("training", "negative"): ("says what is predicted", _SAME_QUESTION),
    ("evaluation", "cluster"): ("says which rows share their luck", "that is not a matter of which model is better"),
    ("title",): ("decides nothing about models", _NOTHING),
    ("monitoring",): ("decides nothing about models", _NOTHING),
    ("scoring",): ("decides nothing about models", _NOTHING),
    ("coordination",): ("says when turns take place", _NOTHING),
    ("reporting",): ("decides nothing about models", _NOTHING),
}
"""What cannot be tried: what it does, and why not."""
_TRIED = "What can be tried: features.steps, training, evaluation, promotion."


@dataclass(frozen=True)
class Plan:
    """What an experiment is; its name and this are one, whenever it is run."""

    pipeline: str
    name: str
    changes: tuple[str, ...]
    """As they were typed behind `--set`."""
    start: str
    """Version or batch from which on it is replayed; empty for the whole history."""
    first: int
    """Turn that is the first one replayed."""
    settings: str
    """Hash of all settings under which it is replayed."""
    begun: datetime

    @property
    def identity(self) -> tuple[str, int]:
        """What makes it another experiment than one of another name."""
        return self.settings, self.first


@dataclass(frozen=True)
class Cost:
    """What is to be done, before it is."""

    batches: int
    """All of the replay."""
    left: int
    """Of these, those that are not done yet."""
    fits: int
    """At most."""
    fit_seconds: float
    """What the live pipeline needed for its own fits on the batches that are left."""


def require_allowed(changes: Sequence[Override]) -> None:
    """Raise if one of the changes is of a setting that an experiment cannot try, and say why.

    Raises:
        InvalidSettings: It is so; nothing was done.
    """
    for change in changes:
        if len(change.path) < 2 and (change.path[0],) not in _REFUSED:
            raise InvalidSettings(f"--set {change.text!r} names a whole section. Name a setting in it. {_TRIED}")
        for path, (what, why) in _REFUSED.items():
            if change.path[: len(path)] == path or path[: len(change.path)] == change.path:
                raise InvalidSettings(
                    f"--set {change.text!r} cannot be tried: {'.'.join(path)} {what}, and {why}. {_TRIED}"
                )


def named(changes: Sequence[Override], start: str) -> str:
    """The name of an experiment that was given none: `max_iter-300`, with a hash behind it where that is too long."""
    parts = [f"{_last_word(change)}-{change.text.partition('=')[2].strip()}" for change in changes]
    parts += [f"from-{start}"] if start else []
    text = re.sub(r"[^A-Za-z0-9_.]+", "-", "_".join(parts)).strip("-._") or UNCHANGED
    if NAME.fullmatch(text):
        return text
    digest = hashlib.sha256(" ".join([*(change.text for change in changes), start]).encode()).hexdigest()[:8]
    return f"{text[:40].rstrip('-._')}-{digest}"


def require_name(name: str) -> None:
    """Raise if no experiment can be called so.

    Raises:
        MistakeOfUser: It is so.
    """
    if not NAME.fullmatch(name):
        raise MistakeOfUser(f"No experiment can be called {name!r}. {RULE}")


def require_same(before: Plan, now: Plan) -> None:
    """Raise if a name is taken by another experiment.

    Raises:
        MistakeOfUser: It is so.
    """
    if before.identity != now.identity:
        raise MistakeOfUser(
            f"The experiment {before.name} of {before.pipeline} has other settings: {described(before)}. Those of now "
            f"are {described(now)}; a setting of the file that both leave alone, or code, may have changed as well. "
            "Give this one another name."
        )


def described(plan: Plan) -> str:
    """What an experiment changes, in a few words."""
    changes = ", ".join(plan.changes) or "nothing, on the settings of the file"
    return f"{changes}, from {plan.start} on" if plan.start else changes


def foretold(plan: Plan, cost: Cost) -> str:
    """What an experiment will do, before it does it."""
    if not cost.left:
        return f"{plan.name}: all {wording.count(cost.batches)} batches are replayed already; nothing is done again."
    batches = "1 batch" if cost.left == 1 else f"{wording.count(cost.left)} batches"
    done = f", {wording.count(cost.batches - cost.left)} are done already" if cost.left < cost.batches else ""
    took = f"; the live pipeline fitted {wording.seconds(cost.fit_seconds)} for them" if cost.fit_seconds >= 1 else ""
    fits = f"with at most {wording.count(cost.fits)} fits{took}"
    return (
        f"{plan.name}: {batches} of {plan.pipeline} to replay{done}, {fits}. "
        "Models that were fitted before are not fitted again."
    )


def _last_word(change: Override) -> str:
    return next((str(part) for part in reversed(change.path) if isinstance(part, str)), "set")
