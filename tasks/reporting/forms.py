"""The pages of the prediction service: the models that answer, and a form for one row, made from the contract."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from configs.validation import ColumnRule
from tasks.domain import wording
from tasks.reporting import templates, titles
from tasks.validation import demands

_ANYTHING = {
    "integer": "a whole number",
    "number": "a number",
    "category": "text",
    "boolean": "true or false",
    "timestamp": "a time with its zone",
}


@dataclass(frozen=True)
class Answering:
    """A version that answers, and what is told of it."""

    pipeline: str
    title: str
    version: int | None
    """None before the first."""
    since: datetime | None
    how: str
    """What computes its answers."""
    output: str
    out: str
    """Why the version that should answer does not; empty if it does."""


def form(one: Answering, rules: Mapping[str, ColumnRule], example: Mapping[str, Any], address: str) -> str:
    """The page of a pipeline: a form with a field per input, and how a program asks.

    Args:
        one: Who answers.
        rules: Of each input, in order.
        example: A row that was answered at the gate, to begin with.
        address: Of the service.
    """
    style, script = templates.text("style.css"), templates.text("form.js")
    # Looking up the answer is all that the page may do beside showing itself.
    policy = templates.policy(style, script).replace("default-src 'none';", "default-src 'none'; connect-src 'self';")
    return templates.get("form.html.jinja").render(
        pipeline=one.pipeline,
        title=one.title,
        version=one.version,
        since=f" since {titles.moment(one.since)}" if one.since else "",
        how=one.how,
        output=one.output,
        out=one.out,
        fields=[_field(name, rule, example.get(name)) for name, rule in rules.items()],
        example=json.dumps({"dataframe_records": [dict(example)]}),
        address=address,
        csp=policy,
        style=Markup(style),  # noqa: S704 - our own files
        script=Markup(script),  # noqa: S704
    )


def _field(name: str, rule: ColumnRule, usual: Any) -> dict[str, Any]:
    words = [_ANYTHING[rule.type], _range(rule), "may be missing" if rule.nullable else ""]
    demand = ", ".join(word for word in words if word)
    about = {"name": name, "type": rule.type, "nullable": rule.nullable, "choices": rule.values or ()}
    return {**about, "demand": demand, "usual": usual}


def _range(rule: ColumnRule) -> str:
    if rule.min is not None and rule.max is not None:
        return f"{wording.number(rule.min)} to {wording.number(rule.max)} {rule.unit or ''}".rstrip()
    ends = [end for end, bound in (("min", rule.min), ("max", rule.max)) if bound is not None]
    return demands.demand(rule, ends[0]) if ends else f"in {rule.unit}" if rule.unit else ""


def listed(answering: Sequence[Answering]) -> str:
    """The first page: a line for each pipeline that is served."""
    style = templates.text("style.css")
    return templates.get("forms.html.jinja").render(
        pipelines=answering,
        csp=templates.policy(style),
        style=Markup(style),  # noqa: S704 - our own file
    )
