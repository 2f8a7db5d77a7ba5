"""Memory: what libraries consist of is left alone by the search for garbage, and the search goes on behind them."""

import gc

import pytest

from tasks.adapters.processes import memory


@pytest.fixture(autouse=True)
def thawed():
    yield
    gc.unfreeze()


def test_what_was_imported_is_not_looked_at_again():
    with memory.importing():
        inside, imported = gc.isenabled(), [[]]

    assert (inside, gc.isenabled()) == (False, True)
    assert not any(one is imported for one in gc.get_objects())


def test_an_import_that_fails_leaves_the_search_for_garbage_on():
    with pytest.raises(ImportError), memory.importing():
        raise ImportError

    assert gc.isenabled()
