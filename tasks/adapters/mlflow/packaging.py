"""The folder that makes a bundle a model of MLflow: `MLmodel` with signature, requirements, the skops file, its loader.

Add here what MLflow must know to show a model and to load it for somebody who has only MLflow. Our own loader is
`bundles`; it never reads this folder. The files are written by hand because MLflow's `save_model` would need the model
in memory, pack it anew and load it for a test.
"""

import hashlib
import json
import platform
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from configs.section import ColumnType
from tasks.adapters.blobs import kept_code

LIBRARIES = ("mlflow", "numpy", "pandas", "scikit-learn", "scipy", "skops")
"""What a model needs to answer; their pinned versions go with it."""
FURTHER = {"lightgbm": ("lightgbm",), "xgboost": ("xgboost-cpu", "xgboost"), "catboost": ("catboost",)}
"""Libraries that some models need, by the package in which their types stand, and what they are installed as."""
FILE = "model.skops"
"""Name of the skops file in the folder."""
DESCRIBED = ("MLmodel", "python_env.yaml", "requirements.txt")
"""What stands beside it and describes it."""
CODE = "loader.zip"
"""What MLflow puts on Python's path before it loads the model; from an archive Python leaves no byte code beside it."""
_LOADER = Path(__file__).with_name("pyfunc.py")
_LOADER_OF_STEPS = Path(__file__).with_name("pyfunc_steps.py")
_TASKS = Path(__file__).parents[2]
_STEPS = ("__init__.py", "features/__init__.py", "features/transforms.py", "features/own_step.py")
"""What computes feature steps, below `tasks`; it needs nothing else of this project."""
_ROOM = "tasks.features."


@dataclass(frozen=True)
class Packaged:
    """A bundle and what MLflow is told about it."""

    model_id: str
    """MLflow's id of the logged model."""
    run_id: str
    location: str
    """Where MLflow keeps its artifacts."""
    bundle: Callable[[], bytes]
    """Reads it."""
    trusted_types: tuple[str, ...]
    features: tuple[tuple[str, ColumnType, bool], ...]
    logged: datetime
    """The moment that its description bears, so that the same model has the same bytes each time."""
    probabilities: int = 2
    """With how many of them it answers each row: one for each class; 0 where it answers with a number."""


def requirements(types: Sequence[str] = ()) -> list[str]:
    """Pinned versions of the libraries that a model needs, as installed; further ones for what is in it."""
    packages = {name.partition(".")[0] for name in types}
    further = [name for package, names in FURTHER.items() if package in packages for name in names if _is_there(name)]
    return [f"{name}=={version(name)}" for name in (*LIBRARIES, *further[:1])]


def _is_there(name: str) -> bool:
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False


def input_specs(features: Sequence[tuple[str, ColumnType, bool]]) -> list[dict[str, Any]]:
    """The columns of the signature: whatever pandas made of them is taken, as the loader prepares them.

    MLflow's own types would refuse whole numbers where decimal ones may come, and categories where text may.
    """
    return [{"type": "any", "name": name, "required": not nullable} for name, _, nullable in features]


def column_specs(features: Sequence[tuple[str, ColumnType, bool]]) -> list[dict[str, Any]]:
    """The columns of prepared input in MLflow's words: text or numbers, required unless they may be missing."""
    return [
        {"type": "string" if kind == "category" else "double", "name": name, "required": not nullable}
        for name, kind, nullable in features
    ]


def pack(packaged: Packaged, folder: Path) -> None:
    """Write the folder; its prediction is the array of probabilities, shape (rows, classes), or of numbers, (rows,).

    Whoever asks it needs MLflow and what the model needs, and nothing of this project.
    """
    from mlflow.models import Model, ModelSignature
    from mlflow.types import Schema, TensorSpec
    from numpy import dtype

    folder.mkdir()
    bundle = packaged.bundle()
    (folder / FILE).write_bytes(bundle)
    pinned = requirements(packaged.trusted_types)
    (folder / "requirements.txt").write_text("\n".join(pinned) + "\n")
    python = f"python: {platform.python_version()}\nbuild_dependencies: [pip, setuptools, wheel]\n"
    (folder / "python_env.yaml").write_text(python + "dependencies: [-r requirements.txt]\n")
    has_steps = any(name.startswith(_ROOM) for name in packaged.trusted_types)
    module = _write_loader(folder / CODE, has_steps=has_steps, own=kept_code.modules(bundle))
    inputs = Schema.from_json(json.dumps(input_specs(packaged.features)))
    outputs = Schema([TensorSpec(dtype("float64"), (-1, packaged.probabilities) if packaged.probabilities else (-1,))])
    model = Model(
        artifact_path=packaged.location,
        run_id=packaged.run_id,
        utc_time_created=packaged.logged.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" "),
        signature=ModelSignature(inputs, outputs),
        model_uuid=packaged.model_id,
        model_id=packaged.model_id,
        metadata={"columns": {name: kind for name, kind, _ in packaged.features}},
    )
    model.add_flavor(
        "python_function",
        loader_module=module,
        code=CODE,
        python_version=platform.python_version(),
        env={"virtualenv": "python_env.yaml"},
    )
    model.add_flavor(
        "sklearn",
        pickled_model=FILE,  # MLflow's name for the model file, whatever its format
        serialization_format="skops",
        sklearn_version=version("scikit-learn"),
        skops_trusted_types=list(packaged.trusted_types),
    )
    model.model_size_bytes = len(bundle)
    model.save(str(folder / "MLmodel"))


def _write_loader(archive: Path, *, has_steps: bool, own: Mapping[str, bytes]) -> str:
    """Write the loader; gives the name of its module: another one for another text, as a process may load both."""
    base, text = _module(_LOADER.read_bytes())
    files = {f"{base}.py": text, **{f"{name}.py": code for name, code in own.items()}}
    if has_steps:
        known = f"from {_LOADER.parent.relative_to(_TASKS.parent).as_posix().replace('/', '.')} import pyfunc as base"
        of_steps = _LOADER_OF_STEPS.read_text().replace(known, f"import {base} as base").encode()
        base, text = _module(of_steps)
        files |= {f"{base}.py": text, **{f"tasks/{name}": (_TASKS / name).read_bytes() for name in _STEPS}}
    with zipfile.ZipFile(archive, "w") as file:
        for name, content in files.items():
            file.writestr(zipfile.ZipInfo(name), content)  # without the time of day: the same bytes each time
    return base


def _module(text: bytes) -> tuple[str, bytes]:
    return f"incumbent_loader_{hashlib.sha256(text).hexdigest()[:12]}", text
