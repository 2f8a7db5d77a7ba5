"""Damage by chance: files cut off at every 64th byte, bits that flip. What is ours is always found to be damaged;
what is foreign is refused, or read and judged: never a traceback, never fewer rows without a word.
"""

import random
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from configs import loader
from configs.errors import BadInput, Damaged, UnreadableFile
from configs.ingestion import Source
from configs.settings import PipelineSettings
from tasks.adapters.blobs.local import LocalBlobs
from tasks.adapters.blobs.store import Store
from tasks.ingestion.formats import decoding, parquet
from tasks.validation import batches
from tests import stored
from tests.corpus import table, world
from tests.corpus.world import PIPELINE, ROWS

STEP = 64
FLIPS = 80
_SEED = 7


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> PipelineSettings:
    """Of the corpus."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INCUMBENT_PIPELINES", str(table.write_pipelines(tmp_path_factory.mktemp("damage") / "pipelines")))
        return loader.load(PIPELINE)


def test_a_parquet_file_that_is_cut_off_at_every_64th_byte_is_refused() -> None:
    content = world.parquet(world.good(1))

    said = {
        cut: _refusal(lambda cut=cut: parquet.table(content[:cut], Source())) for cut in range(0, len(content), STEP)
    }

    assert len(said) > 50
    assert said[0] == "The file is empty (0 bytes)."
    assert set(said.values()) - {said[0]} == {"The file is truncated: the end that every parquet file has is missing."}


def test_a_parquet_file_whose_middle_is_gone_is_refused_or_gives_all_its_rows() -> None:
    content = world.parquet(world.good(1))

    for cut in range(STEP, len(content) - STEP, STEP):
        rest = content[:cut] + content[cut + STEP :]
        assert (
            _refusal(lambda rest=rest: parquet.table(rest, Source())) or parquet.table(rest, Source()).num_rows == ROWS
        )


@pytest.mark.parametrize("checked", [False, True], ids=["no checksums", "checksums"])
def test_a_flipped_bit_in_a_foreign_file_is_found_or_what_was_read_is_judged(
    settings: PipelineSettings, checked: bool
) -> None:
    content = world.parquet(world.good(1), write_page_checksum=checked)

    judged = [_judged(_flipped(content, place), settings) for place in _places(content, FLIPS)]

    assert set(judged) <= {"refused", "as it was", "judged"}
    assert judged.count("refused") > FLIPS // 4


@pytest.mark.long
@pytest.mark.parametrize("checked", [False, True], ids=["no checksums", "checksums"])
def test_no_flipped_bit_at_all_leads_to_a_traceback(settings: PipelineSettings, checked: bool) -> None:
    content = world.parquet(world.good(1), write_page_checksum=checked)

    judged = {_judged(_flipped(content, place), settings) for place in range(8 * len(content))}

    assert judged <= {"refused", "as it was", "judged"}


def test_a_flipped_bit_in_our_store_is_always_found(tmp_path: Path) -> None:
    store = Store(LocalBlobs(tmp_path))
    digest = store.write(world.good(1))
    content = stored.rows(store.blobs, digest).read_bytes()

    for place in _places(content, FLIPS):
        stored.rows(store.blobs, digest).write_bytes(_flipped(content, place))
        store.forget()
        with pytest.raises(Damaged):
            store.read(digest)

    stored.rows(store.blobs, digest).write_bytes(content)
    pd.testing.assert_frame_equal(store.read(digest), world.good(1))


def _judged(content: bytes, settings: PipelineSettings) -> str:
    types = {name: rule.type for name, rule in settings.validation.columns.items()}
    try:
        frame = decoding.rows(content, settings.ingestion.source, types)
        sorted_out = batches.sort_out(frame, [], settings)
    except BadInput:
        return "refused"
    landed = len(sorted_out.accepted) + len(sorted_out.aside)
    if landed != ROWS:
        return f"{landed} rows"
    good = decoding.rows(world.parquet(world.good(1)), settings.ingestion.source, types)
    return "as it was" if frame.equals(good) else "judged"


def _refusal(read: Callable[[], object]) -> str:
    try:
        read()
    except UnreadableFile as refused:
        return str(refused)
    return ""


def _places(content: bytes, count: int) -> list[int]:
    """Bits chosen by chance, the same each time; half of them in the last third, where the footer is."""
    bits, source = 8 * len(content), random.Random(_SEED)
    return [source.randrange(number % 2 * 2 * bits // 3, bits) for number in range(count)]


def _flipped(content: bytes, place: int) -> bytes:
    changed = bytearray(content)
    changed[place // 8] ^= 1 << place % 8
    return bytes(changed)
