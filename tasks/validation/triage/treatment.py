"""What follows from what speaks against a batch: it is held, or taken in and told of, or nothing, as the settings say.

Add here what is decided about suspects. What they are is found in the other modules of this folder.
"""

from collections.abc import Iterable, Sequence

from configs.validation import TriageSettings
from tasks.domain.records import Batch, Suspect
from tasks.validation.triage import examine


def heard(suspects: Iterable[Suspect], limits: TriageSettings) -> tuple[Suspect, ...]:
    """Those to which the settings give an answer at all."""
    return tuple(one for one in suspects if limits.answer_to(one.kind, one.column) != "off")


def holding(suspects: Iterable[Suspect], limits: TriageSettings) -> tuple[Suspect, ...]:
    """Those that hold a batch: the certain ones, and others of a kind of which the settings say so."""
    asked = {str(kind) for kind, answer in limits.kinds.items() if answer == "hold"}
    certain = [one for one in suspects if one.certain or one.kind in asked]
    return tuple(one for one in certain if limits.answer_to(one.kind, one.column) == "hold")


def in_a_row(batch: Batch, before: Sequence[Batch]) -> list[Batch]:
    """The held batches directly before a held one that show what it shows: the same column and kind of damage.

    Args:
        batch: The one that is held now.
        before: What was delivered before it, in the order of the turns.
    """
    shown, alike = _shown(batch), list[Batch]()
    for one in reversed(before):
        if not one.held or not shown & _shown(one):
            break
        alike.append(one)
    return alike[::-1]


def open_causes(batches: Iterable[Batch]) -> list[str]:
    """What speaks with certainty against batches that were taken in all the same, and nobody has admitted."""
    certain = [(one, tuple(each for each in one.suspects if each.certain)) for one in batches if one.is_in]
    return [f"{batch.name}: {examine.reason(suspects)}" for batch, suspects in certain if suspects]


def _shown(batch: Batch) -> set[tuple[str, str]]:
    return {(one.column, one.kind) for one in batch.suspects if one.certain}
