"""Guard `cases`: a challenger does what its user expects of any model, whatever it gains."""

from configs.expectations import Expectation
from configs.promotion import GuardSettings
from tasks.domain import turns, wording
from tasks.promotion.guards.base import Answered, Case

_SHOWN = 3


class Cases:
    """Objects to a model that answers otherwise than expected, also where the live model does so too."""

    title = "cases"

    def ask(self, case: Case) -> turns.Guard | None:
        """Look at what it was asked."""
        return self.look(case.answered, case.settings.guards)

    def look(self, answered: tuple[Answered, ...], settings: GuardSettings) -> turns.Guard | None:
        """The same for a model that was compared with nothing yet; None where nothing is expected."""
        if not answered:
            return None
        failed = [
            f"{expected.title or f'case {place}'}: {wrong}"
            for place, (expected, answer) in enumerate(zip(settings.cases, answered, strict=True), 1)
            if (wrong := _wrong(expected, answer)) is not None
        ]
        shown = [*failed[:_SHOWN], *([f"{len(failed) - _SHOWN} more"] if len(failed) > _SHOWN else [])]
        which = f"; {'; '.join(shown)}" if shown else ""
        text = f"{len(answered) - len(failed)} of {len(answered)} expectations met{which}"
        return turns.Guard(self.title, bool(failed), text)


def _wrong(expected: Expectation, answered: Answered) -> str | None:
    """What is not as expected; a value that is no number is never as expected."""
    row, other = answered.row, answered.changed
    if expected.answer is not None:
        off = abs(row - expected.answer)
        near = f"{wording.loss(expected.answer)} within {wording.number(expected.within or 0.0)}"
        return None if off <= (expected.within or 0.0) else f"{wording.loss(row)}, expected {near}"
    if expected.above is not None:
        return None if row > other else f"{wording.loss(row)} is not above {wording.loss(other)}"
    moved, most = abs(row - other), expected.within or 0.0
    return None if moved <= most else f"moves by {wording.loss(moved)}, at most {wording.number(most)} expected"
