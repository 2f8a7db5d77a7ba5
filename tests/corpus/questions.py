"""Command lines and surroundings that are wrong: each with its exit code, and words of the one line that answers."""

import contextlib
import io
import os
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from flows import run
from tasks.adapters import home as homes
from tests.corpus.world import YAML

MISTAKE, UNKNOWN, NO_YAML, LEDGER, UNREACHABLE = 2, 4, 6, 8, 10


@dataclass(frozen=True)
class Question:
    """What is typed where there are the pipelines `corpus`, which is sound, and `broken`."""

    name: str
    arguments: tuple[str, ...]
    code: int
    words: str
    """In what is said; {folder} is that of the pipeline files."""
    variables: dict[str, str] = field(default_factory=dict)


def _ledger(name: str, url: str, code: int, words: str) -> Question:
    return Question(f"a ledger: {name}", ("status", "corpus"), code, words, {"INCUMBENT_LEDGER_URL": url})


_SERVER = "postgresql://me:word@127.0.0.1:9/ledger"
CASES = [
    # ── a file that is broken, and words that are none ────────────────────────────────────────────────────────────
    Question("all pipelines, one of them broken", ("status",), NO_YAML, "broken: {folder}/broken.yaml is not plain YAML: line "),
    Question("a broken pipeline by its name", ("status", "broken"), NO_YAML, "{folder}/broken.yaml is not plain YAML: line "),
    Question("a sound pipeline beside a broken one", ("status", "corpus"), 0, ""),
    Question("a mistyped command", ("statsu",), MISTAKE, "Unknown command 'statsu'; did you mean 'status'?"),
    Question("a command that there is not", ("frobnicate", "corpus"), MISTAKE, "Unknown command 'frobnicate'. Commands: "),
    Question("help without its dashes", ("help",), MISTAKE, "did you mean '--help'?"),
    Question("a mistyped pipeline", ("status", "corpsu"), UNKNOWN, "did you mean 'corpus'?"),
    Question("neither a command nor a pipeline", ("xyzzy",), UNKNOWN, "'xyzzy' is neither a command nor a pipeline. Commands: "),
    Question("a mistyped option", ("status", "--jsn"), MISTAKE, "--jsn"),
    # ── what is asked about ───────────────────────────────────────────────────────────────────────────────────────
    Question("a diff of versions that there are not", ("diff", "corpus", "v1", "v2"), MISTAKE, "Unknown version v1 of corpus. It has none yet"),
    Question("a diff with a path", ("diff", "corpus", "../../etc/passwd", "v2"), MISTAKE, "Unknown batch '../../etc/passwd' of corpus."),
    Question("why of versions that there are not", ("why", "corpus", "v1", "v2"), MISTAKE, "Unknown version v1 of corpus. It has none yet"),
    Question("why of one version", ("why", "corpus", "v1", "1"), MISTAKE, "Both are v1 of corpus: why takes two different versions."),
    Question("why of a batch", ("why", "corpus", "2013-01", "v2"), MISTAKE, "'2013-01' is no version."),
    Question("why without a fit", ("why", "corpus", "v1", "v2", "--fits", "0"), MISTAKE, "argument --fits: invalid number of fits value: '0'"),
    Question("the libraries of no version", ("env", "corpus", "latest"), MISTAKE, "'latest' is no version."),
    Question("the libraries of a version that there is not", ("env", "corpus", "v3"), MISTAKE, "Unknown version v3 of corpus. It has none yet"),
    Question("a lock file of another kind", ("env", "corpus", "v3", "--out", "x.toml"), MISTAKE, "Unknown version v3 of corpus."),
    Question("libraries of two versions", ("env", "v1", "corpus", "v2"), MISTAKE, "unrecognized arguments: v2"),
    Question("a query that writes", ("sql", "corpus", "create table x as select 1"), MISTAKE, "A query only reads: "),
    Question("a query that reads other files", ("sql", "corpus", "from read_text('/etc/passwd')"), MISTAKE, "file system operations are disabled"),
    Question("a query that runs for ever", ("sql", "corpus", "from range(10000000000) order by random()", "--seconds", "0.2"), MISTAKE, "The query "),
    Question("rows that there are not", ("sql", "corpus", "from data('v1')"), MISTAKE, "Unknown version v1 of corpus. It has none yet"),
    Question("a profile of what there is not", ("profile", "corpus", "2013-01"), MISTAKE, "Unknown batch '2013-01' of corpus."),
    Question("a profile of a file that is no table", ("profile", "corpus", "/etc/passwd"), MISTAKE, "/etc/passwd is neither parquet nor CSV"),
    # ── ledgers ───────────────────────────────────────────────────────────────────────────────────────────────────
    _ledger("nobody answers", _SERVER, UNREACHABLE, "127.0.0.1"),
    _ledger("an unknown option", f"{_SERVER}?nosuch=1", LEDGER, "nosuch"),
    _ledger("a value that cannot be", f"{_SERVER}?connect_timeout=soon", LEDGER, "connect_timeout"),
    _ledger("a mode that cannot be", f"{_SERVER}?sslmode=maybe", LEDGER, "sslmode"),
    _ledger("a port that cannot be", "postgresql://me:word@127.0.0.1:port/ledger", LEDGER, "port"),
    _ledger("another kind", "mysql://me:word@127.0.0.1:9/ledger", LEDGER, "mysql"),
    _ledger("a path", "/tmp/ledger.db", LEDGER, "INCUMBENT_LEDGER_URL"),
    _ledger("no host", "postgresql://", UNREACHABLE, "The ledger at postgresql:// does not answer"),
]  # fmt: skip


def write_pipelines(folder: Path) -> Path:
    """Make the folder with a sound pipeline file and a broken one."""
    folder.mkdir(parents=True)
    (folder / "corpus.yaml").write_text(YAML, encoding="utf-8")
    (folder / "broken.yaml").write_text("a: [1, 2\n")
    return folder


def ask(question: Question, folder: Path) -> tuple[int, str]:
    """Type it, with a home and pipeline files in a folder; the exit code, and what was said as an error."""
    given = {"INCUMBENT_PIPELINES": str(folder / "pipelines"), "INCUMBENT_HOME": str(folder / "home")}
    (folder / "home" / "landing" / "corpus").mkdir(parents=True, exist_ok=True)
    told = io.StringIO()
    with (
        mock.patch.dict(os.environ, given | question.variables),
        mock.patch.object(homes, "_current", None),
        contextlib.redirect_stderr(told),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        try:
            code = run.main(question.arguments)
        except SystemExit as ended:
            code = int(str(ended.code))
    return code, told.getvalue()


def is_right(question: Question, folder: Path, code: int, told: str) -> bool:
    """Whether it was answered as the table says, and without a traceback."""
    words = question.words.replace("{folder}", str(folder / "pipelines"))
    return code == question.code and words in told and "Traceback" not in told and bool(told) == bool(code)
