"""Names that look like the one that is missing: what stands in the file is named as what it is."""

import pytest

from tasks.ingestion import column_names


@pytest.mark.parametrize(
    ("there", "words"),
    [
        ("\ufeffitems", "; the file has '\\ufeffitems', with the invisible sign U+FEFF (ZERO WIDTH NO-BREAK SPACE) in it"),
        ("\ufeff\ufeffitems", "; the file has '\\ufeff\\ufeffitems', with the invisible sign U+FEFF (ZERO WIDTH"),
        ("it\u200bems", "; the file has 'it\\u200bems', with the invisible sign U+200B (ZERO WIDTH SPACE) in it"),
        ("items\u200d", "with the invisible sign U+200D (ZERO WIDTH JOINER) in it"),
        ("items\u2060", "with the invisible sign U+2060 (WORD JOINER) in it"),
        ("it\u00adems", "with the invisible sign U+00AD (SOFT HYPHEN) in it"),
        ("\u202eitems", "with the invisible sign U+202E (RIGHT-TO-LEFT OVERRIDE) in it"),
        ("items\ufe0f", "with the invisible sign U+FE0F (VARIATION SELECTOR-16) in it"),
        ("items\u3164", "with the invisible sign U+3164 (HANGUL FILLER) in it"),
        ("items\u00a0", "with the blank U+00A0 (NO-BREAK SPACE) in it"),
        ("\u2003items", "with the blank U+2003 (EM SPACE) in it"),
        ("items\t", "with the blank U+0009 in it"),
        ("items\x7f", "with the invisible sign U+007F in it"),
        ("items ", "; the file has 'items ', with a blank before or behind it"),
        (" items", "with a blank before or behind it"),
        ("Items", "; the file has 'Items', in other upper and lower case"),
        ("ｉtems", "written with other signs that look the same"),
        ("items;price", "; the file has 'items;price': is another sign than ingestion.source.delimiter"),
        ("price|\"items\"", "is another sign than ingestion.source.delimiter between its cells?"),
    ],
)  # fmt: skip
def test_what_looks_like_the_missing_one_is_named(there: str, words: str) -> None:
    assert words in column_names.like("items", ["shop", there])


@pytest.mark.parametrize("there", ["item", "items2", "price", "", "my items;x"])
def test_other_names_are_not_taken_for_it(there: str) -> None:
    assert column_names.like("items", ["shop", there]) == ""


def test_a_sign_in_the_settings_is_named_as_well() -> None:
    assert column_names.like("items\u200b", ["items"]).endswith(
        "with the invisible sign U+200B (ZERO WIDTH SPACE) missing in it that validation.columns has"
    )


def test_one_letter_in_two_spellings_is_named() -> None:
    told = column_names.like("caf\u00e9", ["cafe\u0301"])

    assert told.endswith("written with other signs that look the same")
