"""The lock file of a model: kept, that of now, in history, or nowhere."""

import hashlib
from dataclasses import replace

import pytest

from configs.environment import CHECKOUT
from configs.errors import Damaged, MistakeOfUser
from tasks.adapters import provenance
from tasks.adapters.home import Home
from tasks.domain.records import Model
from tasks.lineage.steps import differing, environments
from tasks.lineage.steps.environments import Place
from tests import stored

OF_NOW = (CHECKOUT / "requirements.lock").read_bytes()
OLDER = b"numpy==2.0.0 \\\n    --hash=sha256:00\n"


@pytest.fixture
def model(shop_versions: Home) -> Model:
    return shop_versions.ledger.models.versions("shop")[2]


def older(home: Home, model: Model, *, is_kept: bool) -> Model:
    """The same, fitted with other libraries."""
    digest = home.bundles.keep_lock(OLDER) if is_kept else hashlib.sha256(OLDER).hexdigest()
    return replace(model, id="older", lock_hash=digest, lock_kept=is_kept)


def test_each_model_keeps_it_and_one_content_is_kept_once(shop_versions: Home, model: Model) -> None:
    first = shop_versions.ledger.models.versions("shop")[1]

    lock = environments.require(shop_versions, model, "v2")

    assert (model.lock_kept, model.lock_hash) == (True, first.lock_hash)
    assert (lock.text.encode(), lock.place, lock.is_of_now) == (OF_NOW, Place.KEPT, True)
    assert [path.read_bytes() for path in (shop_versions.folder / "bundles").glob("*.lock")] == [OF_NOW]


def test_that_of_other_libraries_is_as_it_was(shop_versions: Home, model: Model) -> None:
    other = older(shop_versions, model, is_kept=True)

    lock = environments.require(shop_versions, other, "v3")

    assert (lock.text.encode(), lock.place, lock.is_of_now) == (OLDER, Place.KEPT, False)


def test_libraries_are_told_apart_by_what_was_kept(shop_versions: Home, model: Model) -> None:
    other = older(shop_versions, model, is_kept=True)

    made_with = differing.origins_of(shop_versions, "shop", other, model)

    assert made_with.libraries is not None
    assert next(one.text for one in made_with.libraries if one.setting == "numpy").endswith(", was 2.0.0")


def test_a_model_of_an_earlier_version_has_it_from_the_checkout(shop_versions: Home, model: Model) -> None:
    stored.lock(shop_versions, model.lock_hash).unlink()

    lock = environments.require(shop_versions, replace(model, lock_kept=False), "v2")

    assert (lock.text.encode(), lock.place) == (OF_NOW, Place.HERE)


def test_what_was_kept_and_is_damaged_is_not_handed_out(shop_versions: Home, model: Model) -> None:
    other = older(shop_versions, model, is_kept=True)
    stored.lock(shop_versions, other.lock_hash).write_bytes(OLDER + b"pip==1\n")

    with pytest.raises(Damaged, match=r"The lock file of v3, .* is gone or has changed\."):
        environments.require(shop_versions, other, "v3")


def test_what_was_never_kept_is_said_to_be_so(shop_versions: Home, model: Model) -> None:
    with pytest.raises(MistakeOfUser, match="was not kept, as v3 is of an earlier version, and git does not have it"):
        environments.require(shop_versions, older(shop_versions, model, is_kept=False), "v3")
    with pytest.raises(MistakeOfUser, match="v3 was fitted where there was no "):
        environments.require(shop_versions, replace(model, lock_hash=provenance.UNKNOWN, lock_kept=False), "v3")
