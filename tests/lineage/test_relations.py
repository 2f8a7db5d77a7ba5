"""What is known of a pipeline as tables: the same rows and numbers as everywhere, each with its type."""

import re
from dataclasses import replace

import pyarrow as pa
import pytest

from configs.errors import Damaged, MistakeOfUser, UnknownPipeline
from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tasks.domain.records import BatchStatus, Suspect
from tasks.lineage import data
from tasks.lineage.steps import querying, relations
from tests import shop, stored


@pytest.fixture
def with_bad_rows(shop_home: Home) -> Home:
    week = shop.week(1)
    shop.take_in(shop_home, "bad", week.assign(items=week["items"].mask(week.index < 3, -1)))
    return shop_home


def ask(home: Home, query: str) -> list[dict[str, object]]:
    with querying.ask(home, "shop", query) as answer:
        return pa.Table.from_batches(answer.batches, answer.schema).to_pylist()


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_version_is_the_rows_that_it_learned_from(shop_versions: Home) -> None:
    models = shop_versions.ledger.models.versions("shop")

    tables = {number: relations.data(shop_versions, "shop", f"v{number}") for number in models}

    assert {number: len(table) for number, table in tables.items()} == {
        number: model.snapshot.rows for number, model in models.items()
    }
    assert tables[1].schema.field("at").type == pa.timestamp("us", tz="UTC")
    assert tables[1].column("sold").null_count == 0


def test_no_value_changes_on_the_way_into_a_table(shop_versions: Home) -> None:
    week = shop.week(3)

    table = relations.data(shop_versions, "shop", "week 3")

    assert table.to_pandas()[["shop", "price", "at"]].equals(week[["shop", "price", "at"]])
    assert table.column("items").to_pylist() == week["items"].tolist()


def test_rows_that_were_set_aside_are_in_quarantine_with_their_reasons(with_bad_rows: Home) -> None:
    rows = ask(with_bad_rows, "select _aside, _reasons, items from quarantine('bad')")

    assert [row["items"] for row in rows] == [-1, -1, -1]
    assert {row["_aside"] for row in rows} == {"quarantined"}
    assert all("items" in str(row["_reasons"]) for row in rows)
    assert ask(with_bad_rows, "select (select count(*) from data('bad')) a, count(*) b from delivered('bad')") == [
        {"a": 333, "b": 336}
    ]


def test_an_empty_quarantine_has_its_columns(shop_versions: Home) -> None:
    table = relations.quarantine(shop_versions, "shop", "week 1")

    assert (len(table), table.schema.names[-2:]) == (0, ["_aside", "_reasons"])
    assert table.schema.field("price").type == pa.float64()


def test_what_a_refused_batch_brought_can_be_asked_about(shop_versions: Home) -> None:
    same = "select count(*) n from data('week 3') a join delivered('week 3 corrected') b using (\"at\", shop)"

    assert ask(shop_versions, f"{same} where a.price is distinct from b.price") == [{"n": 4}]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from data('week 3 corrected')", "it has no rows to look at"),
        ("from data('v9')", "Unknown version v9 of shop"),
        ("from data('../../etc/passwd')", "Unknown batch '../../etc/passwd' of shop"),
        ("from quarantine('v1')", "Unknown batch 'v1' of shop"),
        ("from quarantine('week 3 corrected')", "delivered() has them"),
        ("from delivered('v1')", "Unknown batch 'v1' of shop"),
    ],
)
def test_a_name_that_stands_for_no_rows_is_said(query: str, words: str, shop_versions: Home) -> None:
    with pytest.raises(MistakeOfUser, match=re.escape(words)):
        ask(shop_versions, query)


def test_rows_that_are_gone_are_not_left_out(shop_versions: Home) -> None:
    (file,) = shop_versions.ledger.models.versions("shop")[1].snapshot.batches
    stored.rows(shop_versions, file).unlink()
    shop_versions.store.forget()

    with pytest.raises(Damaged, match="The store has lost "):
        ask(shop_versions, "select count(*) from data('v2')")


def test_batches_with_columns_of_other_types_make_one_table_or_none(shop_home: Home) -> None:
    shop.take_in(shop_home, "week 1", shop.week(1).assign(extra=1, more=1))
    shop.take_in(shop_home, "week 2", shop.week(2).assign(extra="one"))
    first, second = shop_home.ledger.batches.accepted("shop")
    named = relations.named_rows.Named("both", shop_home.settings("shop"))
    tables = [relations.data(shop_home, "shop", one.name) for one in (first, second)]

    assert relations._together(tables[:1], named.title).equals(tables[0])
    with pytest.raises(MistakeOfUser, match="A column beyond the contract has another type in each batch of both"):
        relations._together(tables, named.title)
    assert len(relations._together([tables[0], tables[1].drop_columns("extra")], named.title)) == 672


# ── the ledger ────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", relations.TABLES)
def test_a_table_of_an_empty_ledger_has_all_its_columns(name: str, shop_home: Home, shop_versions: Home) -> None:
    full = relations.table(shop_versions, "shop", name)
    empty = relations.table(shop_versions, "another", name)

    assert (len(empty), empty.schema) == (0, full.schema)


def test_tables_say_what_the_ledger_says(shop_versions: Home) -> None:
    batches = ask(shop_versions, "select name, status, accepted, first_event from batches order by name")
    versions = ask(shop_versions, "select version, family, rows, live_since is not null live from versions")
    promotions = ask(shop_versions, 'select version, previous, turn, "by" from promotions')

    assert [(row["name"], row["status"], row["accepted"]) for row in batches] == [
        ("week 1", "accepted", 336),
        ("week 2", "accepted", 336),
        ("week 3", "accepted", 336),
        ("week 3 corrected", "refused", 0),
    ]
    assert batches[0]["first_event"] == shop.START.to_pydatetime()
    assert [(row["version"], row["rows"], row["live"]) for row in versions] == [(1, 288, True), (2, 576, True)]
    assert [tuple(row.values()) for row in promotions] == [(1, None, 1, "evidence rule"), (2, 1, 2, "evidence rule")]


def test_rows_and_ledger_are_joined_in_one_question(shop_versions: Home) -> None:
    rows = ask(
        shop_versions,
        "select b.name, count(*) n from batches b join data('v2') r on r.at between b.first_event and b.last_event "
        "group by 1 order by 1",
    )

    assert rows == [{"name": "week 1", "n": 288}, {"name": "week 2", "n": 288}]


def test_all_tables_are_listed(shop_versions: Home) -> None:
    listed = [row["name"] for row in ask(shop_versions, "show tables")]

    assert listed == sorted(relations.TABLES)


# ── the door for notebooks ────────────────────────────────────────────────────────────────────────────────────────
def test_a_notebook_gets_the_same_rows(shop_versions: Home) -> None:
    duckdb = pytest.importorskip("duckdb")
    with homes.use(Home(shop_versions.folder)):
        table = data.of("shop", "v2")
        counted = data.ask("shop", "select count(*) n from data('v2')")
        with pytest.raises(UnknownPipeline):
            data.of("shoppe", "v2")

    assert counted.to_pylist() == [{"n": len(table)}]
    assert duckdb.from_arrow(table).aggregate("count(*)").fetchall() == [(576,)]


def test_a_held_batch_has_its_rows_and_what_speaks_against_them(shop_home: Home) -> None:
    batch = shop.take_in(shop_home, "odd", shop.week(1))
    suspects = (Suspect("price", "scaled", "'price': 44 % lie below 2"), Suspect("items", "silent", "'items': zero"))
    waits = replace(batch, status=BatchStatus.HELD, accepted=0, held=336, suspects=suspects, id="d" * 64)
    shop_home.ledger.batches.record("shop", waits)

    rows = ask(shop_home, "select accepted, held, suspects from batches order by held")

    assert rows == [
        {"accepted": 336, "held": 0, "suspects": None},
        {"accepted": 0, "held": 336, "suspects": "'price': 44 % lie below 2; 'items': zero"},
    ]
