"""The command `reproduce`: train a version again, and compare what both say; it changes nothing."""

import argparse
from typing import TYPE_CHECKING

from configs.errors import Damaged
from flows.console.arguments import Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home

ARGUMENTS: Arguments = {"version": {"help": "a version, such as v6"}}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Train a version again from its snapshot, settings and seed; exit code 11 if it is gone or another model."""
    from tasks.adapters import lookup
    from tasks.domain import wording
    from tasks.lineage.steps import reproduction

    pipeline, number = chosen.pipeline, lookup.version(chosen.version)
    hands.settings(pipeline)
    again = reproduction.reproduce(hands, pipeline, lookup.model(hands, pipeline, number))
    facts = {"pipeline": pipeline, "version": number, "reproduced": again.succeeded, "rows": again.rows}
    about = {"largest_difference": again.largest, "same_bytes": again.same_bytes, "by_chance": again.by_chance}
    screen.facts({**facts, **about, "gone": list(again.gone), "changed": list(again.changed)})
    since = f" Changed since: {'; '.join(again.changed)}." if again.changed else ""
    if again.gone:
        screen.alarm([f"{pipeline}: v{number} cannot be made again. Gone: {'; '.join(again.gone)}.{since}"])
        return Damaged.exit_code
    asked = f"{wording.count(again.rows)} rows that both were asked about"
    if not again.succeeded:
        off = f"the answers differ by up to {again.largest:.3g} on {asked}"
        chance = ""
        if again.by_chance is not None:
            chance = (
                " Its estimator is not deterministic with its seed: two fits of now differ by up to "
                f"{again.by_chance:.3g}."
            )
        screen.alarm([f"{pipeline}: v{number} was made again and is another model: {off}.{chance}{since}"])
        return Damaged.exit_code
    same = "the bundle is the same to the last byte" if again.same_bytes else "the bundle's bytes differ"
    screen.show([f"{pipeline}: v{number} was made again and says the same on {asked}; {same}.{since}"])
    return 0
