"""What `verify` finds: one sentence for each thing that is not as it was recorded.

Add an invariant here when `verify` checks it; the rules are in the modules beside this one.
"""

from dataclasses import dataclass

INVARIANTS = {
    "I1": "the champion passed its gate, is the model of that gate, and loads",
    "I2": "every landed row is accepted, quarantined or a duplicate",
    "I4": "every trigger ends once, and nothing is trained twice",
    "I5": "the promotions are one linear history, under the lease",
    "I6": "what is read is whole, and listed by the ledger",
    "I7": "each answer is that of the version that it names",
    "I8": "each answer is in the prediction log once, or counted as dropped",
    "I9": "nothing was dropped or changed silently",
    "I10": "no secret is written anywhere",
    "I12": "the same snapshot, settings and seed give the same predictions",
}
"""What each name promises."""


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was recorded."""

    invariant: str
    """A name of `INVARIANTS`."""
    text: str
    repairable: bool = False
    """Whether it is only shown wrongly: `verify --repair` brings it back from what the ledger holds."""


def shown_wrongly(invariant: str, text: str) -> Finding:
    """A finding in what is only shown: MLflow, drift pages, the report."""
    return Finding(invariant, text, repairable=True)
