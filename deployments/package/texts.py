"""What a package says to people and to who builds images, and what Python runs first in it: texts, filled in."""

import json
from pathlib import Path
from platform import python_version_tuple
from string import Template

from tasks.scoring.live import Live

LOCK, PARTS = "requirements.lock", "sbom.cdx.json"
_TEMPLATES = {"README.md": "README.md", "Containerfile": "Containerfile", "__main__.py": "first.py.txt"}
_FOLDER = Path(__file__).with_name("template")


def write(live: Live, golden: int, folder: Path) -> None:
    """Write the texts of a version.

    Args:
        live: The version.
        golden: How many rows of real data are in the package.
        folder: The package.
    """
    major, minor, _ = python_version_tuple()
    words = {
        "pipeline": live.pipeline,
        "version": live.version,
        "title": live.title,
        "how": live.compiled.title,
        "golden": f"{golden:,}",
        "example": json.dumps({"dataframe_records": [live.example]}, ensure_ascii=False).replace("'", "\\u0027"),
        "python": f"{major}.{minor}",
        "major": major,
        "minor": minor,
        "lock": LOCK,
        "parts": PARTS,
    }
    for name in _TEMPLATES:
        (folder / name).write_text(Template(template(name)).substitute(words), encoding="utf-8")


def template(name: str) -> str:
    """The text of a file, not yet filled in."""
    return (_FOLDER / _TEMPLATES[name]).read_text(encoding="utf-8")
