"""The tree of errors: the drawing is the code, and each kind of mistake has an exit code of its own."""

import re
from collections.abc import Iterator

from configs import errors
from configs.errors import BadInput, Damaged, IncumbentError, MistakeOfUser
from flows.console import parsing

DRAWN = re.compile(r"^    ([│ ]*)(?:[├└]── )?(\w+) +(\d+)   (\S.*)$", re.MULTILINE)


def below(kind: type[IncumbentError], depth: int = 0) -> Iterator[tuple[int, type[IncumbentError]]]:
    yield depth, kind
    for child in kind.__subclasses__():
        yield from below(child, depth + 1)


KINDS = list(below(IncumbentError))


def test_the_tree_in_the_docstring_is_the_real_one():
    assert errors.__doc__ is not None
    lines = [line for line in errors.__doc__.splitlines() if DRAWN.match(line)]

    drawn = []
    for line in lines:
        match = DRAWN.match(line)
        assert match is not None
        branch = "├" in line or "└" in line
        drawn.append((len(match[1]) // 4 + branch, match[2], int(match[3])))

    assert drawn == [(depth, kind.__name__, kind.exit_code) for depth, kind in KINDS]


def test_every_kind_says_what_it_is_for():
    silent = [kind.__name__ for _, kind in KINDS if not (kind.__doc__ and kind.__doc__.strip())]

    assert silent == []


def test_one_exit_code_is_one_kind_of_problem_and_none_means_success():
    by_code: dict[int, set[str]] = {}
    for _, kind in KINDS:
        by_code.setdefault(kind.exit_code, set()).add(kind.title)

    assert {code: len(titles) for code, titles in by_code.items()} == dict.fromkeys(by_code, 1)
    assert 0 not in by_code
    assert all(0 < code < 126 for code in by_code), "a shell uses the others itself"


def test_every_exit_code_is_told_in_the_help():
    help_text = parsing._parser("run").format_help()

    for _, kind in KINDS:
        assert re.search(rf"^ +{kind.exit_code}  {re.escape(kind.title)}$", help_text, re.MULTILINE), kind


def test_a_kind_is_caught_with_its_family():
    families = {family: [kind for _, kind in KINDS if issubclass(kind, family)] for family in (BadInput, Damaged)}

    assert {kind.exit_code for kind in families[BadInput]} == {3}
    assert {kind.exit_code for kind in families[Damaged]} == {11}
    assert all(kind.exit_code != 1 for _, kind in KINDS if issubclass(kind, MistakeOfUser))
