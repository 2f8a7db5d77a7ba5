"""A fit that is begun before it is asked for: while it counts, the live model is watched.

It works on rows that are in memory and touches nothing else; publishing and committing stay with whoever takes it. Add
here how long it is kept.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

from tasks.adapters.home import Home

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    Fit = Callable[[], "tuple[Pipeline, float]"]
    """Gives a fitted Pipeline, and the seconds that it took."""


class Ahead:
    """One fit that was begun; another one, or the end of the turn, lets go of it."""

    def __init__(self, home: Home) -> None:
        """Nothing is begun."""
        self._begun: tuple[str, Future[tuple[Pipeline, float]]] | None = None

    def begin(self, model: str, fit: "Fit") -> None:
        """Begin to fit a model in a thread; it ends with the process, whatever it is at.

        Args:
            model: Id that the model will have.
            fit: Does it.
        """
        begun: Future[tuple[Pipeline, float]] = Future()
        self._begun = model, begun
        threading.Thread(target=_work, args=(begun, fit), name=f"fit {model[:12]}", daemon=True).start()

    def take(self, model: str) -> "tuple[Pipeline, float] | None":
        """Wait for a model that was begun; None if it was not, or failed: whoever asks then meets what it met."""
        begun, self._begun = self._begun, None
        if begun is None or begun[0] != model or begun[1].exception() is not None:
            return None
        return begun[1].result()

    def forget(self) -> None:
        """Let go of what nobody has asked for."""
        self._begun = None


def _work(begun: "Future[tuple[Pipeline, float]]", fit: "Fit") -> None:
    begun.set_running_or_notify_cancel()
    try:
        begun.set_result(fit())
    except Exception as err:  # noqa: BLE001  whoever asks for it meets it in person
        begun.set_exception(err)
