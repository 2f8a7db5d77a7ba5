"""The process of one flow run: `python -m deployments.process`, which workers start in place of Prefect's own command.

Change this module when every run needs something before Prefect is imported. It is Prefect's engine, settled like
every other entry point of ours, and without the heartbeat whose thread every flow would wait a second for at its end;
that a run was killed is noticed by its lease.
"""

import runpy

from configs import environment


def main() -> None:
    """Do the flow run that the environment names."""
    environment.settle()
    environment.keep_prefect_in(environment.read().home / "prefect")
    from prefect import settings

    with settings.temporary_settings({settings.PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
