"""Guard `metrics`: metrics that the pipeline file gives a limit keep within it, on all rows or on each slice."""

from collections.abc import Iterator

from configs.promotion import MetricLimit
from tasks.domain import turns, wording
from tasks.domain.limited import Limited
from tasks.promotion.guards.base import Case

_SHOWN = 3


class LimitsOfMetrics:
    """Objects to a metric beyond its limit, unless the live model is further from it, and to one that became worse.

    On all rows a limit is one of the value, as floors are; on slices, and of a change, chance must not explain it.
    """

    title = "metrics"

    def ask(self, case: Case) -> turns.Guard | None:
        """Name what is beyond its limit; it says nothing where no metric has one."""
        rules = case.settings.guards.metrics
        if not rules:
            return None
        looked = list(zip(_rules(case), case.comparison.limited, strict=True))
        beyond = [text for rule, seen in looked for text in _beyond(rule, seen, case.champion is not None)]
        total = sum((rule.limit is not None) + (rule.change is not None) for rule in rules)
        more = f" and {len(beyond) - _SHOWN} more" if len(beyond) > _SHOWN else ""
        within = f"{wording.count(total)} limit{'' if total == 1 else 's'} kept"
        return turns.Guard(self.title, bool(beyond), "; ".join(beyond[:_SHOWN]) + more if beyond else within)


def _rules(case: Case) -> Iterator[MetricLimit]:
    """The rule for each thing that was looked at, in the order in which they were: each begins with all rows."""
    rules = iter(case.settings.guards.metrics)
    rule: MetricLimit | None = None
    for seen in case.comparison.limited:
        rule = next(rules) if not seen.column or rule is None else rule
        yield rule


def _beyond(rule: MetricLimit, seen: Limited, has_champion: bool) -> Iterator[str]:
    """What is beyond its limit, in words."""
    write = wording.amount if seen.amount else wording.loss
    if rule.limit is not None and _is_beyond(rule.limit, seen) and not (has_champion and _lives_further(seen)):
        side = "below" if seen.greater_is_better else "above"
        yield f"{seen.title} {write(seen.value)}{seen.where}, {side} {wording.number(rule.limit)}"
    if rule.change is not None and has_champion and seen.worse_low is not None and seen.worse_low > rule.change:
        most = f", at most {wording.number(rule.change)}" if rule.change else ""
        yield f"{seen.title}{seen.where} worse by {write(seen.worse)}{most}"


def _is_beyond(limit: float, seen: Limited) -> bool:
    """Whether a value is on the wrong side; on a slice its whole interval. What is not defined is not known to be."""
    sign = 1 if seen.greater_is_better else -1
    ends = (seen.low, seen.high) if seen.column else (seen.value,)
    bounds = [sign * end for end in ends if end is not None]
    return len(bounds) == len(ends) and max(bounds) < sign * limit


def _lives_further(seen: Limited) -> bool:
    return seen.worse is not None and seen.worse < 0
