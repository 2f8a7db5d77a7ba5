"""The first champion of all, which may be a refit: which model it was at a turn, and which gate stands for it.

Add here what is looked up in records about it. What decides between it and its refit is in `refits`.
"""

from collections.abc import Sequence

from tasks.domain.turns import Promotion, Refit


def at(history: Sequence[Promotion], refit: Refit | None, turn: int) -> str | None:
    """The model that would be live in a turn if nothing had been retrained; None before the first promotion."""
    if refit is not None and refit.check is not None and refit.check.goes_back and refit.check.turn < turn:
        return refit.judged_model
    return history[0].model if history else None


def gate_of(refit: Refit | None, model: str) -> tuple[int, str] | None:
    """The turn of the gate that counts for a model, and the model that passed it; None if it is neither of the two."""
    if refit is None or model not in (refit.model, refit.judged_model):
        return None
    return refit.turn, refit.judged_model
