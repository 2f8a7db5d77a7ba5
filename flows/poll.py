"""The flow `poll`: is there new data, and was anything missed? Light, so that it can run every minute."""

from prefect import flow

from tasks.coordination import tasks as coordination
from tasks.domain.runs import Polled
from tasks.ingestion import tasks as ingestion
from tasks.reporting import tasks as reporting


@flow(name="poll", flow_run_name="{pipeline} · poll")
@reporting.in_words
def poll(pipeline: str = "flights") -> Polled:
    """Announce new data, and make up for what was missed: lost announcements, crashed runs, a model that is too old.

    Args:
        pipeline: Name of a file in configs/pipelines/, without .yaml.
    """
    crashed = coordination.close_crashed(pipeline)
    new = coordination.announce_new(pipeline)
    old = coordination.check_age(pipeline)
    started = coordination.start_what_waits(pipeline, crashed)
    alerts = coordination.send_alerts(pipeline)
    coordination.forget_turned_away(pipeline)
    polled = reporting.end_poll(Polled(pipeline, new, crashed, old, started, alerts))
    ingestion.require_source(pipeline)
    return polled
