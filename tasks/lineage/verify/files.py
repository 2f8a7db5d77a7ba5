"""Files that MLflow hands out: is each one as it was logged, and nothing else beside them (I1, I6)?

Add a rule here when it is about what lies in such a folder. How a folder is looked at belongs to `artifacts`.
"""

from collections.abc import Mapping, Sequence

from tasks.domain.logged_files import WHOLE, Entry

_SHOWN = 4


def differences(expected: Mapping[str, str | None], there: Mapping[str, Entry]) -> tuple[str, ...]:
    """What is missing, changed, added, or no regular file, in the order of the paths.

    Args:
        expected: The digest of each file that was logged; None where it is not known.
        there: What there is.
    """
    if WHOLE in there:
        return (f"all of it is {there[WHOLE].what}",)
    wrong = []
    for path in sorted(expected.keys() | there.keys()):
        entry = there.get(path)
        if entry is None:
            wrong.append(f"{path} is missing")
        elif entry.digest is None:
            wrong.append(f"{path} is {entry.what}")
        elif path not in expected:
            wrong.append(f"{path} was added")
        elif expected[path] not in (None, entry.digest):
            wrong.append(f"{path} was changed")
    return tuple(wrong)


def listed(wrong: Sequence[str]) -> str:
    """`MLmodel was changed, model.pkl was added`; of many the first few."""
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    return ", ".join(wrong[:_SHOWN]) + more
