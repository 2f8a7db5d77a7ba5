"""The folder that makes a bundle a model of MLflow: `MLmodel` with signature, pinned requirements, the skops file.

Add here what MLflow must know to show a model and to load it for somebody who has only MLflow. Our own loader is
`bundles`; it never reads this folder. The files are written by hand because MLflow's `save_model` would need the model
in memory, pack it anew and load it for a test.
"""

import json
import platform
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from configs.section import ColumnType

LIBRARIES = ("mlflow", "numpy", "pandas", "scikit-learn", "scipy", "skops")
"""What a model needs to answer; their pinned versions go with it."""
FILE = "model.skops"
"""Name of the skops file in the folder."""


@dataclass(frozen=True)
class Packaged:
    """A bundle and what MLflow is told about it."""

    model_id: str
    """MLflow's id of the logged model."""
    run_id: str
    location: str
    """Where MLflow keeps its artifacts."""
    bundle: Path
    trusted_types: tuple[str, ...]
    features: tuple[tuple[str, ColumnType, bool], ...]
    answers_numbers: bool = False
    """Whether it answers with a number, not with two probabilities."""


def requirements() -> list[str]:
    """Pinned versions of the libraries that a model needs, as installed."""
    return [f"{name}=={version(name)}" for name in LIBRARIES]


def column_specs(features: Sequence[tuple[str, ColumnType, bool]]) -> list[dict[str, Any]]:
    """The columns of prepared input in MLflow's words: text or numbers, required unless they may be missing."""
    return [
        {"type": "string" if kind == "category" else "double", "name": name, "required": not nullable}
        for name, kind, nullable in features
    ]


def pack(packaged: Packaged, folder: Path) -> None:
    """Write the folder; its prediction is the array of both probabilities, shape (rows, 2), or of numbers, (rows,)."""
    from mlflow.models import Model, ModelSignature
    from mlflow.types import Schema, TensorSpec
    from numpy import dtype

    folder.mkdir()
    shutil.copyfile(packaged.bundle, folder / FILE)
    pinned = requirements()
    (folder / "requirements.txt").write_text("\n".join(pinned) + "\n")
    python = f"python: {platform.python_version()}\nbuild_dependencies: [pip, setuptools, wheel]\n"
    (folder / "python_env.yaml").write_text(python + "dependencies: [-r requirements.txt]\n")
    inputs = Schema.from_json(json.dumps(column_specs(packaged.features)))
    outputs = Schema([TensorSpec(dtype("float64"), (-1,) if packaged.answers_numbers else (-1, 2))])
    model = Model(
        artifact_path=packaged.location,
        run_id=packaged.run_id,
        signature=ModelSignature(inputs, outputs),
        model_uuid=packaged.model_id,
        model_id=packaged.model_id,
    )
    model.add_flavor(
        "python_function",
        loader_module="mlflow.sklearn",
        model_path=FILE,
        predict_fn="predict" if packaged.answers_numbers else "predict_proba",
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
    model.model_size_bytes = packaged.bundle.stat().st_size
    model.save(str(folder / "MLmodel"))
