"""What the contract demands of a value, in words, and its bounds: all that a service needs of it that checks one row.

Add a rule's words here. Imports no table library: a packaged model answers without one.
"""

from configs.validation import ColumnRule
from tasks.domain import wording

LARGEST = 1e100
"""Of a number that is learned from, or kept; a label has a bound of its own (`scale.LARGEST_LABEL`)."""
EXACT = 2**53
"""Up to here every whole number is a float as well."""


def demand(rule: ColumnRule, broken: str, largest: float = LARGEST) -> str:
    """What the contract demands, in words, and why if it says so.

    Args:
        rule: Of a column.
        broken: Name of the rule that a value breaks, such as `min` or `missing`.
        largest: The numbers of the column must be below.
    """
    unit = "" if rule.unit is None else "\u202f%" if rule.unit == "%" else f" {rule.unit}"
    allowed = rule.values or ()
    more = f" and {wording.count(len(allowed) - 8)} more" if len(allowed) > 8 else ""
    demands = {
        "min": f"at least {_bound(rule.min)}{unit}",
        "max": f"at most {_bound(rule.max)}{unit}",
        "values": f"one of {', '.join(allowed[:8])}{more}",
        "missing": "not missing",
        "finite": f"a finite number below {largest:.0e}".replace("+", ""),
        "whole": "a whole number",
        "ahead": "no later than the delivery, where there is a label: it is given before it can be known",
        "calendar": "a time of the years 1 to 9999",
        "exact": "a whole number that is stored as one; from 2^53 on a decimal number is not exact",
    }
    wanted = demands[broken]
    return f"{wanted} ({rule.reason})" if rule.reason and broken in ("min", "max", "values") else wanted


def _bound(value: float | None) -> str:
    return wording.count(int(value)) if value is not None and value.is_integer() else wording.number(value)
