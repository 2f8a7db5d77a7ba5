"""One process of the prediction service: `python -m deployments.serving.worker LISTENER PLACE PIPELINE…`.

Only the parent starts it, in `__main__`. It takes requests at a socket that it shares with its siblings, and when it
is told to end answers those that it has before it goes.
"""

import importlib.metadata
import signal
import socket
import sys
from collections.abc import Sequence

from configs import environment
from tasks.adapters.processes.lifeline import Lifeline


def main(arguments: Sequence[str]) -> None:
    """Answer until the parent ends, or says so."""
    lifeline = Lifeline()
    environment.settle()
    from deployments.serving.app import Service
    from deployments.serving.doorkeeper import Doorkeeper, keys_of
    from deployments.serving.figures import Figures
    from deployments.serving.followed import Follower, follow
    from deployments.serving.prediction_log import PredictionLog
    from deployments.serving.server import Server
    from deployments.serving.siblings import Siblings
    from tasks.adapters import home as homes
    from tasks.problems import prediction

    number, place, *pipelines = arguments
    hands = homes.current()
    with socket.socket(fileno=int(number)) as listening, prediction.at_most(1):
        followed = {name: follow(hands, name) for name in pipelines}
        address, port = listening.getsockname()[:2]
        is_here = address in ("127.0.0.1", "::1")
        doorkeeper = Doorkeeper(port if is_here else None, keys_of(hands.folder))
        log = PredictionLog(hands.predictions)
        protocol = importlib.metadata.version("mlflow")
        others = Siblings(hands.folder / "serving", int(place))
        service = Service(followed, doorkeeper, Figures(int(place), log, others), log, protocol=protocol)
        server = Server(service)
        follower = Follower(followed)
        follower.start()
        lifeline.end = lambda: server.handle_exit(signal.SIGTERM, None)
        lifeline.start()
        print(f"{place} answers", flush=True)
        server.answer(listening)
        follower.end()
        log.close()
        others.close()


if __name__ == "__main__":
    main(sys.argv[1:])
