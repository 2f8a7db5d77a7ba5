"""The tree of errors. Each says what is wrong, what was given and what to do; each class has an exit code.

    IncumbentError                  1   a broken promise of ours
    ├── BadInput                    3   data that cannot be taken in; recorded as a refused turn
    │   ├── UnreadableFile          3   truncated, not of the stated format
    │   ├── BrokenContract          3   a column missing, of another type; too many bad rows
    │   └── SetAside                3   how a run ends of which a batch was refused or is held
    ├── MistakeOfUser               2   nothing was changed
    │   ├── UnknownPipeline         4   no such file in configs/pipelines/
    │   ├── InvalidSettings         5   an unknown, mistyped or ill-typed setting
    │   ├── NotYaml                 6   not YAML, or YAML that asks for Python objects
    │   ├── LandingFolderMissing    7   the folder that is watched does not exist
    │   └── UnusableHome            8   INCUMBENT_HOME cannot be written, or is of a newer version
    ├── Busy                        9   somebody else works on this pipeline
    ├── Unreachable                10   a server that was named does not answer
    ├── DeliveryWaits              12   a delivery cannot be read just now; it is tried again
    └── Damaged                    11   what is stored is not what was recorded
        ├── BlobUnavailable        11   what was stored is gone, or cannot be read
        └── BundleRefused          11   a model bundle that is not what passed its gate

Business outcomes (a batch refused, a challenger rejected) are values, not exceptions; after a run in which a batch
was refused the exit code is 3. A wrong command line exits with 2.
"""

from typing import Any, ClassVar


class IncumbentError(Exception):
    """Root of all errors that Incumbent raises on purpose; its text is meant for the user."""

    exit_code: ClassVar[int] = 1
    title: ClassVar[str] = "unexpected error"


class BadInput(IncumbentError):
    """Data that cannot be taken in. Tasks turn it into a refused turn; it never ends a run."""

    exit_code = 3
    title = "a batch was refused"

    def __init__(self, text: str, rows: int = 0) -> None:
        """Args:
        text: What is wrong, in one paragraph.
        rows: Rows that came with it; 0 if they cannot be counted.
        """
        super().__init__(text)
        self.rows = rows


class UnreadableFile(BadInput):
    """A file that is truncated, or not of the format that its pipeline states."""


class BrokenContract(BadInput):
    """A batch that as a whole breaks the contract of its pipeline."""


class SetAside(BadInput):
    """What a run ends by that has done its work, and of which a batch was refused or is held; it carries the result."""

    def __init__(self, text: str, value: Any) -> None:
        """Args:
        text: What became of it.
        value: What the flow returns.
        """
        super().__init__(text)
        self.value = value


class MistakeOfUser(IncumbentError):
    """Something that the user can put right; nothing was changed."""

    exit_code = 2
    title = "wrong command line"


class UnknownPipeline(MistakeOfUser):
    """There is no YAML file of this name."""

    exit_code = 4
    title = "unknown pipeline"


class InvalidSettings(MistakeOfUser):
    """A setting is unknown, mistyped or of the wrong type or size."""

    exit_code = 5
    title = "invalid settings"


class NotYaml(MistakeOfUser):
    """A pipeline file is not YAML, or asks for Python objects."""

    exit_code = 6
    title = "a pipeline file that is not plain YAML"


class LandingFolderMissing(MistakeOfUser):
    """The folder that a pipeline watches does not exist."""

    exit_code = 7
    title = "landing folder missing"


class UnusableHome(MistakeOfUser):
    """The home cannot be written, or was written by a newer version."""

    exit_code = 8
    title = "unusable home"


class Busy(IncumbentError):
    """Another process holds the lease of this pipeline."""

    exit_code = 9
    title = "somebody else works on this pipeline"


class Unreachable(IncumbentError):
    """A server that the environment names does not answer."""

    exit_code = 10
    title = "a server does not answer"


class DeliveryWaits(IncumbentError):
    """A delivery whose bytes cannot be had just now. It is never refused for that: it waits, and is tried again."""

    exit_code = 12
    title = "a delivery cannot be read just now; it waits"

    def __init__(self, text: str, *, changed: bool = False) -> None:
        """Args:
        text: What stands in the way, in one paragraph.
        changed: Whether other bytes stand in its place by now, which are a delivery of their own.
        """
        super().__init__(text)
        self.changed = changed


class Damaged(IncumbentError):
    """What is stored is not what was recorded."""

    exit_code = 11
    title = "stored data is damaged, or `verify` found something"


class BlobUnavailable(Damaged):
    """Bytes that were stored are gone, or cannot be read."""

    def __init__(self, where: str, why: str, *, is_gone: bool) -> None:
        """Args:
        where: Their place.
        why: What stands in the way, in a few words.
        is_gone: Whether nothing is there.
        """
        wrong = f"The store has lost {where}" if is_gone else f"{where} cannot be read: {why}"
        super().__init__(f"{wrong}. Restore it from a backup.")
        self.why = why
        self.is_gone = is_gone


class BundleRefused(Damaged):
    """A model bundle whose digest, types or golden answers are not those of its gate."""
