"""The part of requirements.lock that a package needs: pins and hashes as they are there, nothing resolved anew.

What a package of others needs in turn is asked of what is installed. Change this module when a package has to run
elsewhere than on Linux with the minor version of Python that built it.
"""

import re
from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import NamedTuple

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from configs.errors import Damaged

_ON_LINUX = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "extra": ""}
_PIN = re.compile(r"[A-Za-z0-9]")


class Pin(NamedTuple):
    """One package of others."""

    name: str
    version: str
    text: str
    """As it stands in the lock, with its hashes and without comments."""
    needs: tuple[str, ...]
    """Names of the pins that it needs itself."""
    licence: str
    """In SPDX' words, or as its authors have it; empty if they say nothing."""


def needed(imported: Iterable[str], lock: str, named: Iterable[str] = ()) -> tuple[Pin, ...]:
    """The pins of everything that is imported, and of what that needs, by name.

    Args:
        imported: Names as they are imported, such as `jinja2`.
        lock: The text of requirements.lock.
        named: Further names of distributions.

    Raises:
        Damaged: Something is not installed as the lock pins it.
    """
    distributions = metadata.packages_distributions()
    entries = _entries(lock)
    waiting: list[str] = [canonicalize_name(name) for one in imported for name in distributions.get(one, [one])[:1]]
    waiting += map(canonicalize_name, named)
    pins: dict[str, Pin] = {}
    while waiting:
        name = str(waiting.pop())
        if name not in pins:
            pins[name] = _pin(name, entries)
            waiting += pins[name].needs
    return tuple(pins[name] for name in sorted(pins))


def _entries(lock: str) -> dict[str, tuple[str, str]]:
    """Version and text of each entry of a lock that counts on Linux with this Python, by name."""
    parts: list[list[str]] = []
    for line in lock.splitlines():
        if _PIN.match(line):
            parts.append([line])
        elif parts and line.strip() and not line.lstrip().startswith("#"):
            parts[-1].append(line)
    entries: dict[str, tuple[str, str]] = {}
    for head, *hashes in parts:
        one = Requirement(head.rstrip("\\ "))
        if _holds(one):
            version = str(one.specifier).removeprefix("==")
            entries[canonicalize_name(one.name)] = version, "\n".join([head, *hashes]).rstrip("\\ \n")
    return entries


def _holds(requirement: Requirement) -> bool:
    surroundings = {**{key: str(value) for key, value in default_environment().items()}, **_ON_LINUX}
    return requirement.marker is None or requirement.marker.evaluate(surroundings)


def _pin(name: str, entries: Mapping[str, tuple[str, str]]) -> Pin:
    try:
        installed = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        raise Damaged(f"{name} is not installed, which the service needs. Run `make install`.") from None
    if name not in entries or installed.version != entries[name][0]:
        pinned = entries[name][0] if name in entries else "nothing"
        raise Damaged(
            f"{name} {installed.version} is installed, and requirements.lock has {pinned}. Run `make install` first: "
            "a package is what was tested."
        )
    wanted = [one.name for one in map(Requirement, installed.requires or ()) if _holds(one)]
    return Pin(
        name, installed.version, entries[name][1], tuple(sorted({*map(canonicalize_name, wanted)})), _licence(installed)
    )


def _licence(installed: metadata.Distribution) -> str:
    known = installed.metadata.get_all("License-Expression", [])
    if known:
        return str(known[0])
    shown = [one.rpartition(" :: ")[2] for one in installed.metadata.get_all("Classifier", []) if "License ::" in one]
    return ", ".join(shown)
