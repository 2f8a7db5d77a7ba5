"""How much there is of something, for tests."""

from tasks.domain.pools import Size


def size(rows: int, positives: int | None, clusters: int | None = None) -> Size:
    """So many rows of a yes or no, and so many of them yes; None of a number."""
    answers = () if positives is None else (("positive", positives), ("negative", rows - positives))
    return Size(rows, answers, clusters)
