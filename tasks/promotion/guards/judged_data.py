"""Guard `data`: nothing that speaks against the judged rows is open."""

from tasks.domain import turns
from tasks.promotion.guards.base import Case


class JudgedData:
    """Objects while damage in the rows that it is judged on was only warned of, and settled by nobody."""

    title = "data"

    def ask(self, case: Case) -> turns.Guard | None:
        """Name what is open."""
        return turns.Guard(self.title, True, " ".join(case.causes)) if case.causes else None
