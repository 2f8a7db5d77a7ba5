"""The shape of the house: sizes, purity, names. What import-linter checks is not checked again here."""

import ast
import functools
import re
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from configs.problems import KINDS

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(path for part in ("configs", "flows", "tasks", "deployments") for path in (ROOT / part).rglob("*.py"))
DOORS = sorted((ROOT / "tasks").glob("*/tasks.py"))
SHARED = ("domain", "problems")
ROOMS = (
    "ingestion", "features", "validation", "training", "evaluation", "monitoring", "promotion", "scoring",
    "coordination", "reporting", "lineage", "experiments", "drafting",
)  # fmt: skip
"""In the order in which data walks."""
NO_RULES = {"steps", "sources", "formats", "estimators", "compiled", "checks", "kinds"}
"""Folders of a room whose modules touch the world: use cases, and plugs with the one library of each."""
RULES = sorted(
    path
    for part in (*SHARED, *ROOMS)
    for path in (ROOT / "tasks" / part).rglob("*.py")
    if not NO_RULES & {*path.parts} and path.stem not in ("tasks", "steps")
)
TOP_LEVEL = {
    ".ci", ".github", ".gitignore", "CHANGELOG.md", "LICENSE", "Makefile", "README.md", "configs", "deployments", "docs", "flows",
    "pyproject.toml", "requirements.lock", "tasks", "tests",
}  # fmt: skip
FORBIDDEN_IN_RULES = {
    "now": "a clock",
    "utcnow": "a clock",
    "today": "a clock",
    "perf_counter": "a clock",
    "getenv": "the environment",
}
OF_ONE_KIND = ("positives", "label_mean", "mean_actual", "variance")
"""Fields of records that one kind of problem has, and another has not."""
ABROAD = {"random", "secrets", "time", "os", "prefect", "mlflow", "evidently", "sqlalchemy", "requests"}
"""Packages that rules do without."""

VAGUE = {"told", "found", "known", "said", "made", "given", "seen"}
"""Names that say where a thing comes from and not what it is: `metric`, `window`, `waiting`, `verdict` do."""
VAGUE_NAMES = {"flows": 10, "tasks/coordination": 4, "tasks/lineage": 14, "tasks/validation": 0, "tasks/drafting": 0}
"""How many things of a part that was gone through still have such a name: lower a number, never raise one."""

PARTS_OF_TEXT = {"startswith", "endswith", "removeprefix", "removesuffix", "partition", "rpartition", "split"}
"""Methods that look into a text. What a sentence says must be asked of the value from which it was written."""
JUDGES = ("evaluation", "monitoring", "promotion", "coordination", "reporting", "lineage")
"""Rooms that get values: what is delivered as text is read by the rooms before them."""
LOOKS_INTO = {
    "coordination/course.py _subject": "the key of a trigger",
    "coordination/course.py batch_of": "the key of a trigger",
    "evaluation/scorers.py named": "the name of a scorer of scikit-learn",
    "lineage/faults.py _names": "the name of a delivery",
    "lineage/steps/reproduction.py in_one_line": "white space in an error of a library, to be shown",
    "lineage/verify/balance.py _rules_in": "the reasons that stand in the rows that were set aside",
    "lineage/verify/checks/served_files.py _kept": "paths",
    "lineage/verify/checks/served_files.py _of_earlier": "paths",
    "reporting/endings.py _first": "where the first sentence ends, to be shown",
    "reporting/page.py _is_harmless": "an address",
    "reporting/sentences.py why": "whether a reason lacks its subject, to be shown",
    "reporting/tables.py inputs": "where the first part of a text ends, to be shown",
    "reporting/titles.py _crowded": "a date that was written here",
    "reporting/titles.py ended": "whether a sentence has its full stop",
}
"""Who looks into a text all the same, and into which: take one away, never add one that reads a reason."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def test_the_top_level_is_fixed() -> None:
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    found = {line.split("/")[0] for line in listed.stdout.splitlines()}

    assert found <= TOP_LEVEL


def test_files_are_short() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in SOURCES if path.name != "__init__.py"}

    long = {str(path.relative_to(ROOT)): length for path, length in lengths.items() if length > 350}

    assert long == {}
    assert statistics.median(lengths.values()) <= 115


def test_functions_are_short() -> None:
    sizes = {_place(path, node): _lines(node) for path in SOURCES for node in _functions(path)}

    # A migration is frozen history: it has the length of what it made.
    long = {name: size for name, size in sizes.items() if size > 50 and "/migrations/versions/" not in name}

    assert long == {}
    assert statistics.quantiles(sizes.values(), n=10)[-1] <= 28


def test_a_task_is_a_thin_rind() -> None:
    tasks = [(path, node) for path in DOORS for node in _functions(path) if _is_decorated(node, "task")]
    bodies = {_place(path, node): _body(node) for path, node in tasks}

    assert len(bodies) >= 15
    assert max(bodies.values()) <= 16, bodies
    assert statistics.median(bodies.values()) <= 8, bodies


def test_a_flow_reads_like_a_table_of_contents() -> None:
    paths = (ROOT / "flows").glob("*.py")
    bodies = {node.name: _body(node) for path in paths for node in _functions(path) if _is_decorated(node, "flow")}

    assert {"continuous_training", "turn", "ingest", "monitor", "train"} <= bodies.keys()
    assert max(bodies.values()) <= 40


def test_nothing_is_nested_deeper_than_three() -> None:
    deep = {_place(path, node): _depth(node) for path in SOURCES for node in _functions(path) if _depth(node) > 3}

    assert deep == {}


def test_nothing_is_decided_by_what_a_sentence_says() -> None:
    paths = [path for room in JUDGES for path in sorted((ROOT / "tasks" / room).rglob("*.py"))]

    looking = {
        f"{path.relative_to(ROOT / 'tasks').as_posix()} {node.name}"
        for path in paths
        for node in _functions(path)
        for part in ast.walk(node)
        if isinstance(part, ast.Attribute) and part.attr in PARTS_OF_TEXT
    }

    assert looking == LOOKS_INTO.keys()


def test_packages_hold_one_docstring_and_nothing_else() -> None:
    for path in SOURCES:
        if path.name == "__init__.py":
            body = _tree(path).body
            assert [type(node) for node in body] == [ast.Expr], path


def test_broad_excepts_are_at_the_borders_code_of_users_the_gate_and_requests() -> None:
    broad = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in SOURCES
        for node in _functions(path)
        for part in ast.walk(node)
        if isinstance(part, ast.ExceptHandler) and _catches_everything(part)
    ]

    borders = [
        "configs/importing.py:module",
        "configs/importing.py:of_user",
        "deployments/serving/app.py:__call__",
        "tasks/features/own_step.py:_explained",
        "tasks/promotion/gate.py:gate",
        "tasks/training/steps/ahead.py:_work",
    ]
    assert broad == borders


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_rules_ask_nobody_for_time_luck_or_surroundings(path: Path) -> None:
    tree = _tree(path)

    calls = {
        node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    used = calls & FORBIDDEN_IN_RULES.keys()

    assert {name: FORBIDDEN_IN_RULES[name] for name in used} == {}
    assert not _imported(tree) & ABROAD
    assert "np.random.seed" not in path.read_text()


def test_names_of_modules_are_unique_over_all_rooms() -> None:
    paths = [path for part in (*SHARED, *ROOMS) for path in (ROOT / "tasks" / part).rglob("*.py")]
    names = [path.stem for path in paths if path.stem not in ("__init__", "tasks", "steps", "base")]

    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_every_folder_of_tasks_is_a_room_or_shared_by_rooms() -> None:
    folders = {path.name for path in (ROOT / "tasks").iterdir() if (path / "__init__.py").exists()}

    assert folders == {*SHARED, *ROOMS, "adapters"}


def test_only_tasks_ask_which_home_it_is() -> None:
    paths = [path for room in ROOMS for path in (ROOT / "tasks" / room).rglob("*.py") if path.name != "tasks.py"]

    asking = [str(path.relative_to(ROOT)) for path in paths if "home.current(" in path.read_text()]

    # the door for notebooks, in which there is no flow
    assert asking == ["tasks/lineage/data.py"]


@pytest.mark.parametrize(
    "line",
    [
        "import random",
        "import os.path",
        "from random import choice",
        "from os import environ",
        "from time import time as t",
    ],
)
def test_however_it_is_written_an_import_is_seen(line: str) -> None:
    assert _imported(ast.parse(line)) & ABROAD


def test_only_kinds_of_problems_know_which_kinds_there_are() -> None:
    # the two tables, and the default of the setting
    at_home = {"configs/problems.py", "configs/metrics.py", "configs/training.py"}
    otherwise = {  # the number of rows, the name of a setting, and that of a loss
        "configs/joined.py": ["'count'"],
        "tasks/features/pasts.py": ["'count'"],
        "tasks/training/identities.py": ["'quantile'"],
        "tasks/training/estimators/libraries.py": ["'quantile'"],
    }

    asking = {
        path.relative_to(ROOT).as_posix(): found
        for path in SOURCES
        if not path.is_relative_to(ROOT / "tasks" / "problems") and (found := _asked_about_kinds(_tree(path)))
    }

    assert asking.keys() == at_home | otherwise.keys()
    assert {path: asking[path] for path in otherwise} == otherwise


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('if settings.training.problem == "regression": pass', ["'regression'"]),
        ('def score(rows, problem="binary"): pass', ["'binary'"]),
        ("told.is_number", ["is_number"]),
        ("count = 0 if batch.label_mean is None else 1", ["label_mean is None"]),
        ("count = 0 if score.variance is not None else 1", ["variance is None"]),
        ("text = kinds.named(settings.training.problem).title", []),
    ],
)
def test_a_question_about_the_kind_of_problem_is_seen(line: str, found: list[str]) -> None:
    assert _asked_about_kinds(ast.parse(line)) == found


def test_only_one_module_reads_the_environment() -> None:
    words = re.compile(r"\b(environb?|getenvb?)\b")

    readers = [path for path in SOURCES if words.search(" ".join(_names(path)))]

    assert [path.relative_to(ROOT).as_posix() for path in readers] == ["configs/environment.py"]


def test_everything_public_is_documented() -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in SOURCES
        for node in _public(path)
        if not ast.get_docstring(node)
    ]

    assert silent == []


def test_nothing_is_promised_for_later() -> None:
    words = ("TODO", "FIXME", "XXX", "NotImplementedError")

    found = [f"{path.relative_to(ROOT)}: {word}" for path in SOURCES for word in words if word in path.read_text()]

    assert found == []


@pytest.mark.parametrize(("part", "most"), VAGUE_NAMES.items(), ids=lambda value: str(value))
def test_names_that_say_nothing_only_get_fewer(part: str, most: int) -> None:
    paths = [path for path in SOURCES if path.is_relative_to(ROOT / part)]

    vague = [f"{path.relative_to(ROOT)}:{line} {name}" for path in paths for line, name in _vague(path)]

    assert len(vague) <= most, vague


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@pytest.fixture(scope="module", autouse=True)
def trees() -> Iterator[None]:
    """Each file is parsed once; what that takes is given back."""
    yield
    _tree.cache_clear()


def _functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _public(path: Path) -> Iterator[Function | ast.ClassDef]:
    tree = _tree(path)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node


def _names(path: Path) -> Iterator[str]:
    """What is taken out of modules and values: `environ` of `os.environ` and of `from os import environ`."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)


def _asked_about_kinds(tree: ast.AST) -> list[str]:
    """Where code asks of which kind a problem is: by its name, or by what only one kind has."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in KINDS:
            found.add(repr(node.value))
        elif isinstance(node, ast.Attribute | ast.Name | ast.arg):
            name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else node.arg
            found |= {name} & {"is_number", "predicts_numbers"}
        elif isinstance(node, ast.Compare) and isinstance(node.left, ast.Attribute) and _is_none(node.comparators[0]):
            found |= {f"{node.left.attr} is None"} & {f"{name} is None" for name in OF_ONE_KIND}
    return sorted(found)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _vague(path: Path) -> Iterator[tuple[int, str]]:
    """Line and name of each thing that is given a vague name: variables, attributes, arguments, functions, classes."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            line, name = node.lineno, node.id if isinstance(node, ast.Name) else node.attr
        elif isinstance(node, ast.arg):
            line, name = node.lineno, node.arg
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            line, name = node.lineno, node.name
        else:
            continue
        if name.strip("_").lower() in VAGUE:
            yield line, name


def _imported(tree: ast.AST) -> set[str]:
    """The packages that are imported, whole or in part."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def _place(path: Path, node: Function) -> str:
    """`tasks/promotion/gate.py:12 gate`; names alone are not unique."""
    return f"{path.relative_to(ROOT).as_posix()}:{node.lineno} {node.name}"


def _lines(node: Function) -> int:
    if node.end_lineno is None:
        return 0
    return node.end_lineno - node.lineno + 1


def _body(node: Function) -> int:
    """Lines of a function without its signature and docstring."""
    first = node.body[1:] if ast.get_docstring(node) else node.body
    return (node.end_lineno or 0) - first[0].lineno + 1 if first else 0


def _is_decorated(node: Function, name: str) -> bool:
    calls = [item.func if isinstance(item, ast.Call) else item for item in node.decorator_list]
    return any(isinstance(call, ast.Name) and call.id == name for call in calls)


def _depth(node: ast.AST, level: int = 0) -> int:
    blocks = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.AsyncFor, ast.AsyncWith)
    inner = [
        _depth(child, level + (isinstance(child, blocks) and not _is_elif(node, child)))
        for child in ast.iter_child_nodes(node)
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]
    return max([level, *inner])


def _is_elif(parent: ast.AST, child: ast.AST) -> bool:
    return isinstance(parent, ast.If) and isinstance(child, ast.If) and parent.orelse == [child]


def _catches_everything(handler: ast.ExceptHandler) -> bool:
    caught = handler.type
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(
        name is None or (isinstance(name, ast.Name) and name.id in ("Exception", "BaseException")) for name in names
    )
