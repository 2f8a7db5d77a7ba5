"""`python -m deployments.package PIPELINE`: a version as a folder that answers without the house.

The folder is the context of a container image as well. The same version, code and lock give the same bytes.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from configs import environment
from configs.errors import IncumbentError
from deployments.package import building, recording
from deployments.package.building import Built
from flows.console.signals import leave
from tasks.adapters import lookup, permissions
from tasks.adapters.home import Home
from tasks.adapters.processes import identity

_MEGABYTE = 1e6


def main(arguments: Sequence[str] | None = None) -> int:
    """Build a package; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deployments.package", description=__doc__)
    parser.add_argument("pipeline", metavar="PIPELINE", help="whose version leaves the house")
    parser.add_argument("--version", metavar="N", help="the version (default: the live one)")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where it goes (default: packages/ in the home)")
    chosen = parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    try:
        environment.settle()
        home = environment.read().home
        if closed := permissions.close(home):
            print(closed, flush=True)
        version = None if chosen.version is None else lookup.version(chosen.version)
        with closing(Home(home, environment.read().ledger_url)) as hands:
            hands.settings(chosen.pipeline)
            built = building.build(hands, chosen.pipeline, version, chosen.out)
            _tell(built, recording.record(hands, built, identity.user()))
    except IncumbentError as problem:
        print(environment.without_secrets(str(problem)), file=sys.stderr)
        return problem.exit_code
    return 0


def _tell(built: Built, untold: str) -> None:
    live = built.live
    why = f" ({live.chosen.problem})" if live.chosen.problem else ""
    print(f"{live.pipeline} v{live.version} is packaged: {built.folder}")
    shown = f"in the ledger, but not in MLflow: {untold} Type the command again." if untold else "in ledger and MLflow"
    print(f"  digest   {built.digest} ({shown})")
    print(f"  answers  by {live.compiled.title}{why}; it has answered its golden rows in a process of its own")
    print(f"  holds    {built.bytes / _MEGABYTE:.1f} MB; needs {', '.join(built.needs)}")
    print(f"  try it   {sys.executable} {built.folder} --port 8001")
    print(f"  image    podman build -t incumbent-{live.pipeline}:v{live.version} {built.folder}")


if __name__ == "__main__":
    leave(main())
