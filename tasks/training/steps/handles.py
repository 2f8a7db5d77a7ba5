"""What training keeps at hand for a home: its rows, which are read once while a turn needs them, and a fit ahead.

Light, so that who may not need the rows need not load what they are made of.
"""

from typing import TYPE_CHECKING

from tasks.adapters.home import Home

if TYPE_CHECKING:
    from tasks.training.steps.ahead import Ahead
    from tasks.training.steps.rows import Rows


def rows(home: Home) -> "Rows":
    """Rows by reference."""
    return home.keep("rows", _open)


def ahead(home: Home) -> "Ahead":
    """The fit that was begun before it is asked for."""
    from tasks.training.steps.ahead import Ahead

    return home.keep("ahead", Ahead)


def _open(home: Home) -> "Rows":
    from tasks.training.steps.rows import Rows

    return Rows(home.store, home.bundles)
