"""What lies in a folder is compared with what was logged, path by path."""

import pytest

from tasks.domain.logged_files import Entry
from tasks.lineage.verify import files

LOGGED = {"MLmodel": "a", "plots/roc.png": "b", "unknown": None}
THERE = {"MLmodel": Entry("a"), "plots/roc.png": Entry("b"), "unknown": Entry("z")}


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, ()),
        ({"MLmodel": Entry("x")}, ("MLmodel was changed",)),
        ({"MLmodel": None}, ("MLmodel is missing",)),
        ({"unknown": None}, ("unknown is missing",)),
        ({"model.pkl": Entry("c")}, ("model.pkl was added",)),
        ({"MLmodel": Entry(None, "a link")}, ("MLmodel is a link",)),
        ({"MLmodel": Entry("b"), "plots/roc.png": Entry("a")}, ("MLmodel was changed", "plots/roc.png was changed")),
        (
            {"plots/roc.png": None, "plots/roc.png/x": Entry("c")},
            ("plots/roc.png is missing", "plots/roc.png/x was added"),
        ),
        ({".": Entry(None, "behind a link")}, ("all of it is behind a link",)),
    ],
)
def test_each_way_to_differ_is_told(change: dict[str, Entry | None], wrong: tuple[str, ...]) -> None:
    there = {path: entry for path, entry in (THERE | change).items() if entry is not None}

    assert files.differences(LOGGED, there) == wrong


def test_of_many_differences_the_first_few_are_listed() -> None:
    wrong = [f"{number} was added" for number in range(6)]

    assert files.listed(wrong[:2]) == "0 was added, 1 was added"
    assert files.listed(wrong).endswith("3 was added and 2 more")
