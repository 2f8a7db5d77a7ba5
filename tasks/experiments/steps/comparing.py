"""How the experiments of a pipeline stand, each corrected for the number of all of them."""

from tasks.adapters.home import Home
from tasks.experiments import standings
from tasks.experiments.plans import Plan
from tasks.experiments.standings import Standing
from tasks.experiments.steps import planning, shelf


def standing(live: Home, plan: Plan) -> Standing:
    """How one stands now; it stands otherwise when another one has been tried."""
    settings, replayed = live.settings(plan.pipeline), shelf.replayed(live, plan)
    done = {one.turn for one in replayed}
    return standings.judge(
        plan,
        replayed,
        left=sum(past.number not in done for past in planning.to_replay(live, plan)),
        tried=max(1, len(shelf.names(live, plan.pipeline))),
        confidence=settings.evaluation.confidence,
        false_promotion_every=settings.promotion.false_promotion_every,
    )


def standings_of(live: Home, pipeline: str) -> list[Standing]:
    """How all of a pipeline stand, in the order in which they were begun."""
    return [standing(live, plan) for plan in shelf.plans(live, pipeline)]
