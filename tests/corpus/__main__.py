"""`make corpus`: takes in every bad file, some of them twice, asks for every bad configuration, types every wrong
command line, and prints the table with what is wrong.

Lines that begin with `!` are not as they have to be. The exit code says whether there is one.
"""

import contextlib
import io
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from configs import environment

environment.settle()

from flows import run  # noqa: E402  third parties see the settled environment
from tasks.adapters import home as homes  # noqa: E402
from tasks.adapters.home import Home  # noqa: E402
from tests.corpus import configurations, label_deliveries, looks, questions, table  # noqa: E402
from tests.corpus.configurations import Configuration  # noqa: E402


def main() -> int:
    """Print the table; 1 if anything is not as it has to be."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        lines = [
            *_files(place),
            *_looks(place / "looks"),
            *_labels(place / "labels"),
            *_configurations(place / "mine"),
            *_questions(place / "asked"),
        ]
    for line in lines:
        sys.stdout.write(f"{line}\n")
    return int(any(line.startswith("!") for line in lines))


def _files(folder: Path) -> Iterator[str]:
    os.environ["INCUMBENT_PIPELINES"] = str(table.write_pipelines(folder / "pipelines"))
    home = Home(folder / "home")
    yield f"  {'file':<44}  {'outcome':<9}  land  acc. quar. dup.  what is said"
    for pipeline, cases in table.TABLES.items():
        table.put(cases, home.landing(pipeline))
        table.take_in(home, pipeline)
        wanted, found = Counter(table.wanted(cases)), Counter(table.outcomes(home, pipeline))
        yield from (f"  {table.line(*known)}" for known in sorted((wanted & found).elements(), key=repr))
        yield from (f"! {table.line(*known)}" for known in sorted((found - wanted).elements(), key=repr))
        yield f"  {len(cases)} files for the pipeline {pipeline}, {(found - wanted).total()} not as they have to be"
    home.close()


def _looks(folder: Path) -> Iterator[str]:
    os.environ["INCUMBENT_PIPELINES"] = str(folder / "pipelines")
    yield f"  {'file that is looked at twice':<44}  outcome in the end, and what was said at first"
    for look, said, batch in looks.take(folder):
        found = table.outcome(batch)
        sign = " " if (said, found) == (look.first, look.then) else "!"
        yield f"{sign} {table.line(look.name, found)}  {said}"
    yield f"  {sum(map(len, looks.TABLES.values()))} files that are looked at twice"


def _labels(folder: Path) -> Iterator[str]:
    os.environ["INCUMBENT_PIPELINES"] = str(folder / "pipelines")
    yield f"  {'labels that come later':<44}  taken, before, contradicting, unusable, unknown, waiting; what is said"
    for case, batch in label_deliveries.take(folder):
        counts, told = label_deliveries.outcome(batch)
        sign = " " if (counts, told) == (case.counts, case.said) else "!"
        yield f"{sign} {case.name:<44}  {' '.join(map(str, counts))}  {told}"
    yield f"  {len(label_deliveries.CASES)} deliveries of labels"


def _questions(folder: Path) -> Iterator[str]:
    questions.write_pipelines(folder / "pipelines")
    yield f"  {'command line':<44}  code  what is said"
    for question in questions.CASES:
        code, told = questions.ask(question, folder)
        sign = " " if questions.is_right(question, folder, code, told) else "!"
        yield f"{sign} {question.name:<44}  {code:>4}  {' | '.join(told.splitlines()).replace(str(folder), '')}"
    yield f"  {len(questions.CASES)} command lines"


def _configurations(folder: Path) -> Iterator[str]:
    folder.mkdir()
    yield f"  {'configuration':<44}  code  what is said"
    for case in configurations.CASES:
        code, said = _use(case, folder)
        sign = " " if (code, said) == (case.code, configurations.said(case, folder)) else "!"
        told = " | ".join(line.strip() for line in said if line != configurations.HINT)
        yield f"{sign} {case.name:<44}  {code:>4}  {told.replace(str(folder), '')}"
    yield f"  {len(configurations.CASES)} configurations"


def _use(case: Configuration, folder: Path) -> tuple[int, list[str]]:
    (folder / "mine.yaml").write_bytes(case.content)
    os.environ |= {"INCUMBENT_PIPELINES": str(folder), "INCUMBENT_HOME": str(folder / "home")}
    told = io.StringIO()
    with homes.use(Home(folder / "home")), contextlib.redirect_stderr(told):
        code = run.main(["status", "mine"])
    return code, told.getvalue().splitlines()


if __name__ == "__main__":
    sys.exit(main())
