"""Secrets are known by their value or their form, and are never repeated."""

import pytest

from tasks.lineage.verify import secrets

LOOKED_FOR = secrets.wanted({"the password in SHOP_URL": "p@ss w/rd", "the value of API_KEY": "abcdefgh12"})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("connected with p@ss w/rd.", "the password in SHOP_URL"),
        ("postgresql://db/p%40ss%20w%2Frd", "the password in SHOP_URL"),
        ("q=p%40ss+w%2Frd&x=1", "the password in SHOP_URL"),
        ("key=abcdefgh12;", "the value of API_KEY"),
        ("postgresql://shop:hunter22@db/shop", "a password in an address"),
        ("redis://:hunter22@cache", "a password in an address"),
        ("AKIA" + "ABCD1234" * 2, "an access key of AWS"),
        ("ghp_" + "a1" * 18, "a token of GitHub"),
        ("glpat-" + "a1" * 10, "a token of GitLab"),
        ("xoxb-" + "1234567890-ab", "a token of Slack"),
        ("https://hooks.slack.com/services/T0000AAAA/B0000AAAA/abcd", "a webhook of Slack"),
        ("AIza" + "a1b2c" * 7, "a key of Google"),
        ("pnu_" + "a1" * 18, "a key of Prefect"),
        ("sk-ant-" + "a1" * 15, "a key of a model provider"),
        ("eyJ" + "a" * 12 + ".eyJ" + "b" * 12 + "." + "c" * 12, "a signed token (JWT)"),
        ("-----BEGIN OPENSSH " + "PRIVATE KEY-----", "a private key"),
        ("AccountKey=" + "a" * 44 + "==", "an account key of Azure"),
        ('"Authorization": "Bearer ' + "a1" * 10 + '"', "an authorization header"),
    ],
)
def test_a_secret_is_found_in_a_text(text: str, found: str):
    assert secrets.inside(f"before {text} after", LOOKED_FOR) == {found}


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://shop:***@db/shop",
        "postgresql://shop@db/shop",
        "http://127.0.0.1:4200/api?to=a@b.c",
        "mailto:someone@example.com",
        "xabcdefgh12y is a longer word",
        "risk-adjusted and task-based",
        "0a3b4ee3ef363a04429d5bbe0e80add11fffc550ba2307fd6e849983b5c2bfdf",
    ],
)
def test_what_is_no_secret_is_not_found(text: str):
    assert secrets.inside(text, LOOKED_FOR) == set()


def test_each_place_is_told_once_with_how_often_and_without_the_value():
    found = secrets.told([("a key of Prefect", "a.log"), ("a key of Prefect", "a.log"), ("a key of Prefect", "b.log")])

    assert [finding.text for finding in found] == [
        "a key of Prefect is written in a.log (2 times). Change it, then remove it",
        "a key of Prefect is written in b.log. Change it, then remove it",
    ]
