"""`python -m deployments.serving.keys`: who may ask the prediction service; with one key, all need one.

A key is shown once, when it is made; kept is its sha256. Running services read the keys when they start.
"""

import argparse
import hashlib
import json
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from configs import environment
from configs.errors import IncumbentError, MistakeOfUser
from deployments.serving import doorkeeper
from deployments.serving.doorkeeper import KEYS, SCOPES
from flows.console.signals import leave
from tasks.adapters import files


def main(arguments: Sequence[str] | None = None) -> int:
    """Make, list or remove keys; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deployments.serving.keys", description=__doc__)
    parts = parser.add_subparsers(dest="what", required=True)
    made = parts.add_parser("add", help="make a key, and show it once")
    made.add_argument("name", help="whose it is")
    made.add_argument("--scopes", default="predict", help=f"what it may do: {', '.join(SCOPES)} (default: predict)")
    parts.add_parser("list", help="names, and what they may do")
    parts.add_parser("remove", help="take a key away").add_argument("name", help="whose it is")
    chosen = parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    try:
        environment.settle()
        home = environment.read().home
        doorkeeper.keys_of(home)  # what is there can be understood
        path = home / KEYS
        with files.locked(path.with_suffix(".lock")):
            _CHOICES[chosen.what](path, chosen)
    except IncumbentError as problem:
        print(environment.without_secrets(str(problem)), file=sys.stderr)
        return problem.exit_code
    return 0


def _add(path: Path, chosen: argparse.Namespace) -> None:
    kept, scopes = _kept(path), [scope.strip() for scope in chosen.scopes.split(",")]
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown:
        raise MistakeOfUser(f"--scopes: unknown scope {unknown[0]!r}. Known: {', '.join(SCOPES)}.")
    if chosen.name in {one["name"] for one in kept.values()}:
        raise MistakeOfUser(f"{chosen.name!r} has a key already. Remove it first; it cannot be shown again.")
    key = secrets.token_urlsafe(24)
    kept[hashlib.sha256(key.encode()).hexdigest()] = {"name": chosen.name, "scopes": scopes}
    _keep(path, kept)
    print(f"The key of {chosen.name}, which may {' and '.join(scopes)}; it is not shown again:\n{key}")


def _list(path: Path, _: argparse.Namespace) -> None:
    kept = _kept(path)
    for one in sorted(kept.values(), key=lambda one: str(one["name"])):
        print(f"{one['name']}  {', '.join(one['scopes'])}")
    if not kept:
        print("There are no keys: whoever reaches the service may ask it.")


def _remove(path: Path, chosen: argparse.Namespace) -> None:
    kept = _kept(path)
    left = {digest: one for digest, one in kept.items() if one["name"] != chosen.name}
    if len(left) == len(kept):
        raise MistakeOfUser(f"{chosen.name!r} has no key. `list` names those that have one.")
    _keep(path, left)
    print(f"The key of {chosen.name} is gone. Services that run know it until they are started again.")


_CHOICES = {"add": _add, "list": _list, "remove": _remove}


def _kept(path: Path) -> dict[str, dict[str, Any]]:
    kept: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return kept


def _keep(path: Path, kept: dict[str, dict[str, Any]]) -> None:
    files.publish(path, json.dumps(kept, indent=1).encode())
    path.chmod(0o600)


if __name__ == "__main__":
    leave(main())
