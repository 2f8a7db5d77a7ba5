"""The files in which a home keeps its blobs, for tests that damage or count them."""

from pathlib import Path
from typing import Protocol

from tasks.adapters.blobs import layout


class _Below(Protocol):
    @property
    def folder(self) -> Path:
        """Of a home, or of its blobs."""


def rows(place: _Below, digest: str) -> Path:
    return place.folder / layout.rows(digest)


def refused(place: _Below, digest: str) -> Path:
    return place.folder / layout.refused(digest)


def scratch(place: _Below, pipeline: str, digest: str | None = None) -> Path:
    return place.folder / layout.scratch(pipeline, digest)


def bundle(place: _Below, digest: str) -> Path:
    return place.folder / layout.bundle(digest)


def lock(place: _Below, digest: str) -> Path:
    return place.folder / layout.lock(digest)


def golden(place: _Below, digest: str) -> Path:
    return place.folder / layout.golden(digest)


def predictions(place: _Below, digest: str) -> Path:
    return place.folder / layout.predictions(digest)
