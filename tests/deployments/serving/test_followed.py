"""The live version is followed; while the ledger cannot be asked, the last one answers, and it is said since when."""

import pytest

from deployments.serving.followed import follow
from tasks.adapters.home import Home
from tasks.domain.alert_kinds import AlertKind
from tasks.scoring.refusals import Refused


def test_while_the_ledger_is_away_the_last_version_answers(shop_versions: Home) -> None:
    followed = follow(shop_versions, "shop")
    ledger = shop_versions.folder / "ledger.db"
    shop_versions.ledger.close()
    ledger.rename(ledger.with_suffix(".away"))
    ledger.mkdir()

    followed.look()
    since = followed.away
    followed.look()

    assert since is not None and followed.away == since
    assert followed.live.version.version == 2 and not followed.out
    ledger.rmdir()
    ledger.with_suffix(".away").rename(ledger)
    followed.look()
    assert followed.away is None


def test_a_version_that_fails_its_check_is_out_from_the_beginning_and_the_next_one_answers(shop_versions: Home) -> None:
    models, promotions = shop_versions.ledger.models.versions("shop"), shop_versions.ledger.promotions
    path = shop_versions.folder / "bundles" / f"{models[2].bundle}.skops"
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-7])

    followed = follow(shop_versions, "shop")

    assert followed.live is None and not followed.answers
    with pytest.raises(Refused, match="v2 was made live and stays out: Model bundle"):
        followed.required()
    again = follow(shop_versions, "shop")  # of another process
    (alert,) = shop_versions.ledger.inbox.standing("shop", [AlertKind.OUT])
    assert alert.text.startswith("shop, v2 was made live and stays out: Model bundle")
    assert again.out == followed.out

    promotions.roll_back("shop", 1, models[1].id, live=2, hold=False, by="b", reason="r")
    followed.look()
    assert shop_versions.ledger.inbox.standing("shop", [AlertKind.OUT]) == []
    assert followed.answers and followed.required().version.version == 1


def test_a_version_that_was_live_before_is_followed_back_to_it(shop_versions: Home) -> None:
    followed = follow(shop_versions, "shop")
    before, models = followed.live, shop_versions.ledger.models.versions("shop")

    followed.look()
    assert followed.live is before
    shop_versions.ledger.promotions.roll_back("shop", 1, models[1].id, live=2, hold=False, by="b", reason="r")
    followed.look()

    assert followed.live.version.version == 1
    assert followed.live.headers[1] == (b"x-incumbent-version", b"1")
    assert before.version.version == 2
