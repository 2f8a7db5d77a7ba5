"""The command `prepare`: the data of the example, and the databases."""

import argparse
from typing import TYPE_CHECKING

from configs.environment import DEFAULT_PIPELINE
from configs.errors import MistakeOfUser
from flows.console.arguments import Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home

ARGUMENTS: Arguments = {}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Write the flights into their landing folder, and make the databases meanwhile.

    Raises:
        MistakeOfUser: Another pipeline than the example was named.
    """
    from concurrent.futures import ThreadPoolExecutor

    from flows.console import source
    from tasks.adapters.prefect import local_api_database
    from tasks.ingestion.sources import nycflights

    if chosen.pipeline != DEFAULT_PIPELINE:
        raise MistakeOfUser(
            f"There is example data for the pipeline {DEFAULT_PIPELINE!r} only, not for {chosen.pipeline!r}. "
            f"Put parquet files into the landing folder of yours."
        )
    folder = hands.landing(DEFAULT_PIPELINE)
    with ThreadPoolExecutor(1) as other:
        database = other.submit(local_api_database.ensure_database, hands.folder)
        written = nycflights.prepare_flights(folder)
        assert hands.ledger
        assert hands.tracking
        database.result()
    months = source.folder(hands, DEFAULT_PIPELINE)
    screen.show([f"{DEFAULT_PIPELINE}: {len(written)} months of flights are in {months}."])
    return 0
