"""What is left of a home when everything that must differ between two runs is taken away.

Two homes in which the same happened give the same dump, however often they were killed on the way. Aside are times,
ids that are drawn anew (of runs, of logged models), fencing tokens, and what a clock has measured.
"""

import hashlib
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

Row = dict[str, Any]

ASIDE = {
    "at", "started", "finished", "ended", "attempted", "attempts", "fence", "expires", "prefect_run", "run", "inode",
    "home", "steps", "first_at", "last_at", "file",
}  # fmt: skip
"""Columns of the ledger; the folder of a home that is put back has another inode, and a new home draws an id. When an
answer was given is in the prediction log, and so in the digest of its file."""
MEASURED = re.compile(r"fit_seconds\\?\": [\d.e-]+|\d+ ms for a row|fitted in [\d.,]+ s|<dt>Run</dt><dd><p>[^<]*")
"""What a clock said; of a step that was cut off it says nothing."""
TIMES = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?([+-]\d\d:\d\d)?|\d\d? [A-Z][a-z]+ \d{4},? \d\d:\d\d")
"""Times of day on the page: when a turn was, when it was written."""

READY, FAILED = 2, 3
"""Of a logged model, as MLflow keeps them."""
RUN = "select run_uuid as run, status, name, {tag} as model from runs"
TAG = "(select value from tags where tags.run_uuid = runs.run_uuid and key = 'incumbent.model')"
OF_RUNS = {
    "params": "select run_uuid as run, key, value from params",
    "metrics": "select run_uuid as run, key, value, step from metrics where key != 'fit_seconds'",
    "tags": "select run_uuid as run, key, value from tags",
    "data": """select destination_id as run, name, digest, dataset_source, dataset_schema, dataset_profile from inputs
               join datasets on dataset_uuid = source_id where inputs.source_type = 'DATASET'""",
    "logged models": "select source_run_id as run, name, status, model_type from logged_models",
}
REGISTRY = {
    "versions": "select version, run_id as run, status, current_stage from model_versions",
    "version tags": "select version, key, value from model_version_tags",
    "aliases": "select alias, version from registered_model_aliases",
}


def dump(home: Path, pipeline: str = "flights") -> dict[str, Any]:
    """Everything that a home with one pipeline says, in an order of its own."""
    return {
        **decided(home),
        "mlflow": _mlflow(home, pipeline),
        "page": _plain((home / "reports" / f"{pipeline}.html").read_text()),
        "reports": sorted(path.name for path in (home / "reports").iterdir()),
    }


def decided(home: Path) -> dict[str, Any]:
    """What was decided, and the files that this rests on."""
    return {
        "ledger": _ledger(home / "ledger.db"),
        "store": _digests(home / "store"),
        "bundles": _digests(home / "bundles"),
    }


def differences(found: Any, expected: Any, where: str = "") -> list[str]:
    """Where two dumps differ, one line each; none if the same happened."""
    if found == expected:
        return []
    if isinstance(found, dict) and isinstance(expected, dict):
        names = sorted({*found, *expected})
        return [line for name in names for line in differences(found.get(name), expected.get(name), f"{where}/{name}")]
    if isinstance(found, str) and isinstance(expected, str):
        found, expected = found.splitlines(), expected.splitlines()
    if isinstance(found, list) and isinstance(expected, list):
        more, less = (Counter(map(str, found)), Counter(map(str, expected)))
        return [f"{where} + {one}" for one in more - less] + [f"{where} - {one}" for one in less - more]
    return [f"{where} + {found}", f"{where} - {expected}"]


def _ledger(path: Path) -> dict[str, list[str]]:
    with closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        tables = {name: _rows(connection, f'select * from "{name}"') for name in names}
    for row in tables["projections"]:
        row["result"] = "a run" if row["target"] == "mlflow" and row["result"] != "null" else row["result"]
    for row in tables["logged_files"]:
        row["record"] = files_of(json.loads(row["record"]))
    # A run writes the page once, at its end: how many runs there were does not matter, only that it is up to date.
    pages = [row for row in tables["projections"] if row["target"] == "page"]
    last = max((row["turn"] for row in pages), default=0)
    tables["projections"] = [r for r in tables["projections"] if r["target"] != "page" or r["turn"] == last]
    return {
        name: _sorted({k: v for k, v in row.items() if k not in ASIDE} for row in rows) for name, rows in tables.items()
    }


def files_of(record: Row) -> Row:
    """What MLflow was given of a model, without the ids of its run; `MLmodel` has them in it."""
    return {name: digest for name, digest in record["files"] if name != "model/MLmodel"}


def _mlflow(home: Path, pipeline: str) -> dict[str, Any]:
    """Runs under the id of their model. What a killed process left half written is closed, and is no run of a model."""
    with closing(sqlite3.connect(home / "mlflow" / "mlflow.db")) as connection:
        runs = _rows(connection, RUN.format(tag=TAG))
        found = {what: _rows(connection, query) for what, query in OF_RUNS.items()}
        registry = {what: _rows(connection, query) for what, query in REGISTRY.items()}
        logged = _rows(connection, "select status, artifact_location from logged_models")
    model_of = {run["run"]: run["model"] for run in runs if run["status"] == "FINISHED"}
    finished = {
        what: _sorted({**row, "run": model_of[row["run"]]} for row in rows if row["run"] in model_of)
        for what, rows in found.items()
    }
    return {
        "runs": sorted(model_of.values()),
        "open": [run["name"] for run in runs if run["status"] not in ("FINISHED", "KILLED")],
        "pending": [row for row in logged if row["status"] not in (READY, FAILED)],
        "lost": [row for row in logged if row["status"] == READY and not Path(row["artifact_location"]).is_dir()],
        **finished,
        "artifacts": {
            model: _digests(home / "mlflow" / "artifacts" / pipeline / run) for run, model in model_of.items()
        },
        "registry": {
            what: _sorted({**row, **({"run": model_of.get(row["run"])} if "run" in row else {})} for row in rows)
            for what, rows in registry.items()
        },
    }


def _rows(connection: sqlite3.Connection, query: str) -> list[Row]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, values, strict=True)) for values in cursor]


def _sorted(rows: Iterable[Row]) -> list[str]:
    return sorted(MEASURED.sub("…", json.dumps(row, sort_keys=True, ensure_ascii=False)) for row in rows)


def _digests(folder: Path) -> dict[str, str]:
    """Every file, left-overs too; of the prediction log, whose rows say when they were answered, how many there are."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    logged = [path for path in paths if path.parent.name == "predictions"]
    others = (path for path in paths if path not in logged)
    found = {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in others}
    return {**found, "predictions": str(len(logged))}


def _plain(page: str) -> str:
    return TIMES.sub("…", MEASURED.sub("…", page))
