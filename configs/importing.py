"""Code of users, imported: modules of installed packages, and the one Python file beside a pipeline file.

Change this module when such code lies elsewhere. What a plug has to have is said in `plugs`.
"""

import ast
import hashlib
import importlib
import importlib.util
import stat
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from functools import cache
from importlib.abc import InspectLoader
from pathlib import Path
from types import CodeType, ModuleType

from configs import environment, pipeline_files
from configs.errors import IncumbentError, InvalidSettings

BESIDE = "configs.pipelines."
"""Begins the name of the module that stands beside a pipeline file, wherever that is."""
_DIGITS = 16
_HOUSE = ("configs", "tasks", "flows", "deployments")


def module(name: str) -> ModuleType:
    """A module, imported; one beside a pipeline file is read anew if it was changed.

    Raises:
        InvalidSettings: There is none, or it raises, whatever that is; with file and line.
    """
    try:
        with redirect_stdout(sys.stderr):  # what it prints would be in the way of what a command says
            return _beside(name) if name.startswith(BESIDE) else importlib.import_module(name)
    except InvalidSettings:
        raise
    except (Exception, SystemExit) as err:  # code of a user: what it raises stops its own pipeline, and no other
        if isinstance(err, ModuleNotFoundError) and err.name and f"{name}.".startswith(f"{err.name}."):
            raise InvalidSettings(f"there is no module {err.name!r}") from err
        raise InvalidSettings(f"{name} cannot be imported: {explained(err, name)}") from err


@contextmanager
def of_user(where: str | Path, refuse: Callable[[str], IncumbentError]) -> Iterator[None]:
    """Whatever code of a user raises here stops its own pipeline, in a sentence, and no other.

    Args:
        where: Its file, or its module.
        refuse: Makes an error of what was raised, and where.
    """
    try:
        yield
    except IncumbentError:
        raise
    except (Exception, SystemExit) as err:
        raise refuse(explained(err, where)) from err


def source(imported: ModuleType) -> str:
    """Hash of the file of a module as it was when it was imported: a change is for the next process."""
    return _hash(text(imported))


def own_modules(*imported: ModuleType) -> dict[str, ModuleType]:
    """Modules and what they import of the user's own code, by name: of their package, or beside what is installed."""
    waiting, found = list(imported), dict[str, ModuleType]()
    while waiting:
        one = waiting.pop()
        if one.__name__ in found:
            continue
        found[one.__name__] = one
        package = one.__name__.partition(".")[0]
        others = (_of_user(name, package) for name in sorted({*_imports(one)}))
        waiting += [other for other in others if other is not None]
    return found


def own_source(*imported: ModuleType) -> str:
    """Hash of the files of modules, and of all that they import of the user's own code."""
    modules = own_modules(*imported)
    if len(modules) == 1:
        return source(imported[0])
    return _hash("\n".join(f"{name} {source(modules[name])}" for name in sorted(modules)).encode())


def text(imported: ModuleType) -> bytes:
    """The file of a module as it was when it was imported."""
    content = getattr(imported, "_content", None)
    return _read(Path(imported.__file__ or "")) if content is None else bytes(content)


def _imports(imported: ModuleType) -> Iterator[str]:
    """The names of all that a module may import, in full; what stands in it as an object may be one as well."""
    package = imported.__name__.rpartition(".")[0]
    for node in ast.walk(ast.parse(text(imported))):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            stem = ".".join(part for part in (base, node.module) if part)
            yield from (stem, *(f"{stem}.{one.name}" for one in node.names))


def _of_user(name: str, package: str) -> ModuleType | None:
    """A module of this package, or of code that is neither installed nor of this project; None if it is another one."""
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or top in _HOUSE:
        return None
    there = sys.modules.get(name)
    if there is None and top == package and _is_there(name):  # it is imported when it is needed
        with suppress(InvalidSettings):
            there = module(name)
    file = getattr(there, "__file__", None) or ""
    is_own = file.endswith(".py") and (top == package or not any(map(Path(file).is_relative_to, _installed())))
    return there if is_own else None


def _is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, AttributeError, ValueError):
        return False


@cache
def _installed() -> tuple[str, ...]:
    """Where packages are installed."""
    return tuple({sysconfig.get_path(one) for one in ("purelib", "platlib", "stdlib")})


def _beside(name: str) -> ModuleType:
    folder, stem = environment.read().pipelines, name.removeprefix(BESIDE)
    paths = [folder / f"{stem}.py", folder / "examples" / f"{stem}.py"]
    path = next((one for one in paths if one.is_file()), None)
    if path is None:
        raise InvalidSettings(f"there is no {pipeline_files.shown(paths[0])}")
    if path.stat().st_mode & stat.S_IWOTH:
        raise InvalidSettings(f"any user of this machine can change {pipeline_files.shown(path)}; take that right away")
    content, kept = path.read_bytes(), sys.modules.get(name)
    if kept is not None and (kept.__file__, getattr(kept, "_content", None)) == (str(path), content):
        return kept
    loader, made = _Text(content, path), ModuleType(name)
    made.__dict__.update(__file__=str(path), _content=content)
    with ExitStack() as undo:
        sys.modules[name] = made
        undo.callback(sys.modules.pop, name)
        loader.exec_module(made)
        undo.pop_all()
    return made


class _Text(InspectLoader):
    """Runs what was read, and leaves no byte code beside it."""

    def __init__(self, content: bytes, path: Path) -> None:
        self._content, self._path = content, path

    def get_source(self, fullname: str) -> str:
        return importlib.util.decode_source(self._content)

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self._content, str(self._path))


def explained(err: BaseException, name: str | Path) -> str:
    """What was raised, and the line of the module that did it; of a file that is named, the line in that one."""
    frames = traceback.extract_tb(err.__traceback__)
    own = [one for one in frames if "importlib" not in one.filename and one.filename != __file__]
    own = [one for one in own if one.filename == str(name)][::-1] if isinstance(name, Path) else own
    file, line = (own[0].filename, own[0].lineno) if own else (str(name), None)
    text = " ".join(str(err).split())
    if isinstance(err, SyntaxError):
        file, line, text = err.filename or file, err.lineno, err.msg
    elif isinstance(name, Path) and not own:
        return f"{type(err).__name__}: {text}"
    return f"{type(err).__name__}: {text} ({pipeline_files.shown(Path(file))}, line {line})"


@cache
def _read(file: Path) -> bytes:
    return file.read_bytes()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_DIGITS]
