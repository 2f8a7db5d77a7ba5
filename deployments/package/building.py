"""Builds a package: model and contract, our sources and pins as far as they are needed, and a list of it all.

The same version, code and lock give the same bytes. Change this module when something else must leave the house.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from configs import environment
from configs.environment import CHECKOUT
from configs.errors import BundleRefused, IncumbentError, MistakeOfUser, UnusableHome
from configs.importing import BESIDE
from deployments.package import closure, parts_list, pins, texts
from deployments.packaged import manifest, model_files
from deployments.packaged.model_files import Golden, Packaged
from tasks.adapters import provenance
from tasks.adapters.blobs import kept_code, skops_files
from tasks.adapters.home import Home
from tasks.scoring.compiled.base import Tables
from tasks.scoring.live import Live
from tasks.scoring.steps import live_models

FOLDER = "packages"
"""In the home: where packages go if nobody says where."""
_ENTRY = "deployments.packaged.__main__"
_SERVER = ("httptools", "uvloop")
"""Uvicorn takes them if they are there, so nothing imports them by name."""


@dataclass(frozen=True)
class Built:
    """A package that is there."""

    live: Live
    folder: Path
    digest: str
    """Of its list of files."""
    bytes: int
    needs: tuple[str, ...]
    """Names of the packages of others."""


def build(home: Home, pipeline: str, version: int | None, out: Path | None) -> Built:
    """Build the package of a version, and see it answer its golden rows in a process of its own.

    Args:
        home: Ledger and models.
        pipeline: Whose version.
        version: Its number; None for the live one.
        out: The folder; by default one in the home.

    Raises:
        MistakeOfUser: There is no such version, or the folder holds something else.
        BundleRefused: It does not answer as at its gate.
        Damaged: The libraries are not those of requirements.lock.
        UnusableHome: The folder cannot be written.
    """
    live = live_models.ready(home, pipeline, version)
    target = (out or home.folder / FOLDER / f"{pipeline}-v{live.version}").absolute()
    _require_free(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as scratch:
            draft = Path(scratch) / target.name
            needs = _fill(home, live, draft)
            digest = manifest.written(draft)
            _require_answers(draft)
            if target.exists():
                target.rename(Path(scratch) / "before")
            draft.rename(target)
    except OSError as err:
        raise UnusableHome(f"{target} cannot be written: {err.strerror or err}.") from err
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    return Built(live, target, digest, size, needs)


def _require_free(target: Path) -> None:
    if target.exists() and not (target / manifest.NAME).is_file() and (not target.is_dir() or any(target.iterdir())):
        raise MistakeOfUser(f"--out {target}: something else is there. Name a folder that is empty, or to be made.")


def _fill(home: Home, live: Live, draft: Path) -> tuple[str, ...]:
    model = draft / model_files.FOLDER
    model.mkdir(parents=True)
    is_table = isinstance(live.compiled, Tables)
    golden = _golden(home, live)
    types = () if is_table else home.bundles.types(live.model.bundle)
    content = None if is_table else home.bundles.content(live.model.bundle)
    own = {} if content is None else kept_code.modules(content)
    held = [kept_code.written(content, one) for one in types] if content is not None else []
    packaged = Packaged(live, golden, metadata.version("mlflow"))
    reader = model_files.write(model, packaged, skops_files.beyond_reviewed(held), content)
    modules, lenient = [_ENTRY, reader], list[str]()
    for path in _of_user(live, draft):
        lenient += [] if is_table else closure.imported_by(path.read_bytes())
    lenient += [name for text in own.values() for name in closure.imported_by(text)]
    modules += [one.rpartition(".")[0] for one in held if not one.startswith(BESIDE)]
    modules += [] if is_table else ["pandas", "sklearn"]
    needed = closure.of(modules, CHECKOUT, lenient)
    for name in needed.files:
        (draft / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(CHECKOUT / name, draft / name)
    lock = (provenance.lock_file() or b"").decode()
    pinned = pins.needed(needed.packages, lock, _SERVER)
    (draft / texts.LOCK).write_text("\n".join(pin.text for pin in pinned) + "\n", encoding="utf-8")
    (draft / texts.PARTS).write_bytes(parts_list.document(live, pinned))
    texts.write(live, len(golden.rows), draft)
    return tuple(pin.name for pin in pinned)


def _golden(home: Home, live: Live) -> Golden:
    rows, answers = home.bundles.golden(live.model.golden)
    values = [
        [None if value != value else value if isinstance(value, str) else float(value) for value in row]
        for row in rows.itertuples(index=False)
    ]
    return Golden(values, answers.tolist())


def _of_user(live: Live, draft: Path) -> Sequence[Path]:
    """The file of the user beside the pipeline file, copied; it is needed only where the model was not compiled."""
    folder = environment.read().pipelines
    paths = [one / f"{live.pipeline}.py" for one in (folder, folder / "examples")]
    path = next((one for one in paths if one.is_file()), None)
    if path is None:
        return ()
    target = draft / "configs" / "pipelines" / path.name
    target.parent.mkdir(parents=True)
    shutil.copyfile(path, target)
    return (target,)


def _require_answers(draft: Path) -> None:
    """Let it look at itself as it will on another machine: alone, by its own sources."""
    ran = subprocess.run(
        [sys.executable, "-I", "-B", str(draft), "--check"],
        cwd=draft,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode == BundleRefused.exit_code:
        raise BundleRefused(ran.stderr.strip())
    if ran.returncode:
        lines = ran.stderr.strip().splitlines() or [f"exit code {ran.returncode}"]
        raise IncumbentError(f"The package does not start by itself: {lines[-1]}")
