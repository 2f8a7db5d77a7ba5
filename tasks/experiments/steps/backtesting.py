"""A backtest: what other settings of promotion would have cost, beside what was live, *never* and *always*."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from configs import loader, overrides
from configs.errors import InvalidSettings
from configs.overrides import Override
from configs.promotion import PromotionSettings
from configs.settings import PipelineSettings
from tasks.adapters import files
from tasks.adapters.home import Home
from tasks.experiments import backtest_account, policies
from tasks.experiments.policies import Lot, Walk
from tasks.experiments.steps import loss_matrix, objections
from tasks.reporting import account_page

_TRIED = (("promotion", "false_promotion_every"), ("promotion", "min_relative_gain"))
_SUGGESTED = (2, 5, 10, 20, 50, 100, 200, 500, 1_000)
"""Thresholds that are tried where the best is asked for."""


@dataclass(frozen=True)
class Backtest:
    """What came of it."""

    pipeline: str
    settings: PipelineSettings
    """Those of now."""
    lots: tuple[Lot, ...]
    walks: tuple[Walk, ...]
    """What was live, by the settings of now, never, always, and those that are asked about."""


def ask(live: Home, pipeline: str, changes: Sequence[str], suggest: bool) -> Backtest:
    """Walk through the history by the settings of now, by others, never and always.

    Args:
        live: Ledger, rows and models.
        pipeline: Its pipeline.
        changes: Of `promotion`, as they are typed.
        suggest: Whether a range of thresholds is tried as well.

    Raises:
        InvalidSettings: A change is none, or of something that takes models that were not fitted.
        MistakeOfUser: Too little was judged.
        Damaged: Rows or models are gone.
    """
    settings, wanted = live.settings(pipeline), [loader.override(text) for text in changes]
    overrides.require_apart(wanted)
    _require_allowed(wanted)
    asked = loader.load_changed(pipeline, wanted).promotion if wanted else None
    judged = loss_matrix.history(live, pipeline)
    lots = loss_matrix.lots(live, pipeline, judged)
    ask = partial(objections.of, live, pipeline, judged)
    losses = live.ledger.models.last_losses(pipeline, before=lots[0].turn)
    walks = [
        policies.was_live(lots),
        policies.by_rule("settings of now", lots, losses, settings.promotion, ask),
        policies.never(lots),
        policies.always(lots, losses),
    ]
    if asked is not None:
        walks.append(policies.by_rule(", ".join(one.text for one in wanted), lots, losses, asked, ask))
    base = asked or settings.promotion
    for number in _SUGGESTED if suggest else ():
        rule: PromotionSettings = base.model_copy(update={"false_promotion_every": float(number)})
        walks.append(policies.by_rule(f"false_promotion_every={number}", lots, losses, rule, ask))
    return Backtest(pipeline, settings, tuple(lots), tuple(walks))


def publish(live: Home, answer: Backtest) -> Path:
    """Write it as a page beside the report; gives its path."""
    path = live.report(answer.pipeline).with_name(f"{answer.pipeline}-backtest.html")
    sections = backtest_account.of(answer.lots, answer.walks, answer.settings)
    page = account_page.render(answer.pipeline, answer.settings.title, "Backtest", sections, written=live.clock())
    files.publish(path, page.encode())
    return path


def _require_allowed(changes: Sequence[Override]) -> None:
    for change in changes:
        if change.path not in _TRIED:
            names = " and ".join(".".join(path) for path in _TRIED)
            raise InvalidSettings(
                f"--set {change.text!r} cannot be answered from the models that there are. A backtest takes {names}; "
                "`experiment` fits what is not there."
            )
