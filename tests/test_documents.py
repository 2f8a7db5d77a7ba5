"""What the pages in docs/ name is there."""

import re

import pytest

from configs.environment import CHECKOUT
from tests.spec import tables

PAGES = ("architecture.md", "changing.md")


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_a_page_names_exists(page):
    text = (CHECKOUT / "docs" / page).read_text(encoding="utf-8")

    paths = re.findall(r"`((?:configs|flows|tasks|deployments|tests)/[\w/.]*)`", text)

    assert len(paths) >= 10
    assert [path for path in paths if not (CHECKOUT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_the_readme_leads_to_the_page(page):
    assert f"](docs/{page})" in (CHECKOUT / "README.md").read_text(encoding="utf-8")


def test_every_kind_of_change_is_listed():
    lines = (CHECKOUT / "docs" / "changing.md").read_text(encoding="utf-8").splitlines()

    assert sum(line.startswith("| a") for line in lines) == 18


def test_the_page_of_decision_tables_is_current():
    assert tables.PAGE.read_text(encoding="utf-8") == tables.page(), "make tables"
