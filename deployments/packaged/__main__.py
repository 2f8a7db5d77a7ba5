"""Answers requests by the version in this package, after a look at its digests and its golden rows; until Ctrl-C.

One process; run more of them for more cores. On loopback unless told otherwise. It writes nothing, but for the
prediction log where `--log` names a folder.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from configs.errors import IncumbentError, MistakeOfUser
from deployments import listening
from deployments.packaged import manifest, model_files
from deployments.packaged.model_files import Packaged
from deployments.serving.app import Service
from deployments.serving.doorkeeper import Doorkeeper, keys_in
from deployments.serving.figures import Figures
from deployments.serving.prediction_log import PredictionLog
from deployments.serving.server import Server
from deployments.serving.standing import Log, Serving, Standing, serving
from tasks.scoring.answering import Answer
from tasks.scoring.refusals import Refused

_HERE = Path(__file__).resolve().parents[2]
_PORT = 8000


class Unlogged:
    """In place of the prediction log where nobody asks for one."""

    dropped = 0

    async def write(self, live: Serving, answer: Answer, began: float) -> list[tuple[bytes, bytes]]:
        """Nothing is written down."""
        return []

    def keep(
        self, live: Serving, refused: Refused, body: bytes, *, form: str, is_csv: bool
    ) -> list[tuple[bytes, bytes]]:
        """Nothing is kept."""
        return []


def main(arguments: Sequence[str] | None = None, folder: Path = _HERE) -> int:
    """Check the package, and serve until somebody ends it; returns the exit code."""
    parser = argparse.ArgumentParser(prog=f"python {folder.name}", description=__doc__)
    parser.add_argument("--port", type=int, default=_PORT, help=f"default: {_PORT}, or on loopback a free one")
    parser.add_argument("--host", default=listening.HERE[0], help="another address than loopback; needs keys")
    parser.add_argument("--keys", type=Path, help="who may ask: the file that `deployments.serving.keys` writes")
    parser.add_argument("--open", action="store_true", help="beyond loopback without keys: whoever reaches it may ask")
    parser.add_argument("--log", type=Path, metavar="FOLDER", help="where the prediction log is written; default: none")
    parser.add_argument("--check", action="store_true", help="look at digests and golden rows, and end")
    chosen = parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    try:
        keys = _keys(chosen)
        digest = manifest.require(folder)
        packaged = model_files.read(folder / model_files.FOLDER)
        named = f"v{packaged.ready.version} of {packaged.ready.pipeline} (package {digest[:12]})"
        print(f"{named} answers its {len(packaged.golden.rows):,} golden rows as at its gate.", flush=True)
        if not chosen.check:
            _serve(chosen, packaged, keys)
    except IncumbentError as problem:
        print(problem, file=sys.stderr)
        return problem.exit_code
    return 0


def _keys(chosen: argparse.Namespace) -> dict[str, tuple[str, ...]]:
    if not 0 <= chosen.port <= 65_535:
        raise MistakeOfUser(f"--port {chosen.port}: name a number from 0 (any that is free) to 65535.")
    if chosen.keys is not None and not chosen.keys.is_file():
        raise MistakeOfUser(f"--keys {chosen.keys}: there is no such file. Make it: deployments.serving.keys add NAME.")
    keys = keys_in(chosen.keys) if chosen.keys else {}
    if chosen.host not in listening.HERE and not keys and not chosen.open:
        raise MistakeOfUser(
            f"--host {chosen.host}: beyond this machine the service needs keys. Give --keys FILE; or --open, if "
            "whoever reaches it may ask."
        )
    return keys


def _serve(chosen: argparse.Namespace, packaged: Packaged, keys: dict[str, tuple[str, ...]]) -> None:
    ready = packaged.ready
    with ExitStack() as opened, listening.at(chosen.host, chosen.port) as listener:
        log: Log = Unlogged()
        if chosen.log is not None:
            log = PredictionLog(chosen.log)
            opened.callback(log.close)
        address, port = listener.getsockname()[:2]
        doorkeeper = Doorkeeper(port if chosen.host in listening.HERE else None, keys)
        standing = {ready.pipeline: Standing(ready.pipeline, serving(ready))}
        service = Service(standing, doorkeeper, Figures(0, log), log, protocol=packaged.protocol)
        written = f"The prediction log is in {chosen.log}." if chosen.log else "There is no prediction log (--log)."
        print(f"{ready.pipeline}: answers at http://{address}:{port}. {written} Ctrl-C ends it.", flush=True)
        Server(service).answer(listener)


if __name__ == "__main__":
    sys.exit(main())
