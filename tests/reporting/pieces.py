"""Parts of the made-up histories: scores, drift, comparisons, batches, models.

Add a part here when more than one world is made of it; the histories themselves are in `worlds.py`.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random

from tasks.domain.observations import ColumnDrift, Drift
from tasks.domain.records import (
    Batch,
    BatchStatus,
    CalibrationBin,
    Comparison,
    Metric,
    Model,
    RuleFinding,
    Score,
    SliceGain,
    SliceScore,
    Snapshot,
)

WEATHER = ("temp", "dewp", "humid", "pressure", "visib", "wind_dir", "wind_speed", "wind_gust", "precip")
FEATURES = ("hour", "weekday", "carrier", "origin", "dest", "distance", "aircraft_age", *WEATHER)
MATTERS = {"hour": 0.0973, "pressure": 0.0226, "humid": 0.0146, "carrier": 0.0105, "dewp": 0.0056, "dest": 0.0047}
CATEGORIES = ("carrier", "origin", "dest")
SLICES = (
    ("origin", "EWR", 9406, 0.04),
    ("origin", "JFK", 8919, 0.0),
    ("origin", "LGA", 8685, -0.04),
    ("hour", "0 to 8", 6280, -0.08),
    ("hour", "9 to 12", 5787, -0.015),
    ("hour", "13 to 16", 7056, 0.03),
    ("hour", "17 to 23", 7887, 0.05),
    ("carrier", "UA", 4819, 0.056),
    ("carrier", "B6", 4656, 0.073),
    ("carrier", "EV", 3891, 0.028),
    ("carrier", "DL", 4067, -0.094),
    ("carrier", "WN", 1074, 0.11),
    ("carrier", "VX", 462, -0.033),
)


def score(
    model: str, rows: int, expected: float, actual: float, loss: float | None, low: float | None, high: float | None
) -> Score:
    """A score with slices and calibration that fit its loss and shares."""
    base = loss or 0.5
    parts = tuple(_slice(column, label, size, base + shift) for column, label, size, shift in SLICES)
    pool = SliceScore("carrier", "other", 394, 31, 90, Metric("log_loss", None, None, None, False), sufficient=False)
    spread = [expected * (0.35 + 0.15 * n) for n in range(10)]
    return Score(
        model=model,
        batch="",
        rows=rows,
        positives=round(rows * actual),
        mean_predicted=expected,
        metrics=(
            Metric("log_loss", loss, low, high, greater_is_better=False),
            Metric("brier", base / 3, base / 3 - 0.01, base / 3 + 0.01, greater_is_better=False),
            Metric("roc_auc", 0.708, 0.69, 0.72, greater_is_better=True),
            Metric("calibration_error", abs(expected - actual), None, None, greater_is_better=False),
        ),
        slices=(*parts, pool),
        calibration=tuple(
            CalibrationBin(rows // 10, value, min(1.0, value + (actual - expected) * (0.8 + 0.05 * n)))
            for n, value in enumerate(spread)
        ),
    )


def drift(number: int) -> Drift:
    """Weather that moved with the season, and nothing else."""
    dice = Random(number)
    columns = []
    for name in FEATURES:
        effect = dice.uniform(0.05, 0.75) if name in WEATHER else dice.uniform(0.0, 0.09)
        moved = effect >= 0.1
        text = f"{dice.randint(10, 95)}\u202f% above {dice.randint(9, 1015):,}, was {dice.randint(10, 95)}\u202f%"
        shape = tuple(
            (f"{n}", abs(dice.gauss(1, 0.3)) / 20 * (1 + n % 7), abs(dice.gauss(1, 0.3)) / 20 * (1 + (n + 3) % 7))
            for n in range(20)
        )
        kind = "category" if name in CATEGORIES else "number"
        columns.append(
            ColumnDrift(
                name, kind, effect, 0.0001 if moved else 0.4, moved, text, 0.0007, 0.033, shape if moved else ()
            )
        )
    count = sum(c.moved for c in columns)
    reasons = (f"{count} of {len(columns)} columns moved",)
    return Drift("b", "s", tuple(columns), drifted=count >= len(columns) / 2, reasons=reasons)


def comparison(gain: float, low: float, high: float, seed: int) -> Comparison:
    """A paired comparison over thirty days whose mean is the gain."""
    dice = Random(seed)
    gains = [gain + dice.gauss(0, max(high - low, 0.005)) for _ in range(30)]
    shift = gain - sum(gains) / len(gains)
    rows = 900
    slices = tuple(
        SliceGain(
            column, label, gain + dice.gauss(0, 0.006), gain - 0.012, gain + 0.014, 0.4, worse=False, sufficient=True
        )
        for column, label, _, _ in SLICES
    )
    return Comparison(
        rows=27000,
        gain=gain,
        low=low,
        high=high,
        clusters=tuple(f"2013-02-{n:02}" for n in range(1, 31)),
        cluster_rows=(rows,) * 30,
        base_loss=tuple(0.55 * rows for _ in gains),
        challenger_loss=tuple((0.55 - g - shift) * rows for g in gains),
        slices=slices,
        churn=0.083,
    )


def batch(
    number: int, name: str, landed: int, quarantined: int, unlabelled: int, refused: bool, actual: object
) -> Batch:
    old = RuleFinding(
        "aircraft_age", "max", "at most 45 years (registration matched to another aircraft)", quarantined, ("57",)
    )
    unit = RuleFinding("pressure", "min", "at least 900 hPa", 26567, ("30.02", "29.9"))
    accepted = landed - quarantined
    first, days = datetime(2013, 1, 1, tzinfo=UTC) + timedelta(days=30 * (number - 1)), 29
    if name[:3] == "201":
        first, days = datetime(int(name[:4]), int(name[5:7]), 1, tzinfo=UTC), 27
    return Batch(
        id=digest("batch", number, 0),
        name=name,
        status=BatchStatus.REFUSED if refused else BatchStatus.ACCEPTED,
        landed=landed,
        accepted=accepted,
        quarantined=quarantined,
        duplicates=0,
        unlabelled=unlabelled,
        positives=0 if refused else round((accepted - unlabelled) * float(str(actual))),
        missing=() if refused else (("aircraft_age", 4870), ("wind_gust", 18000)),
        first_event=None if refused else first,
        last_event=None if refused else first + timedelta(days=days),
        accepted_file=None if refused else digest("number", number, 99),
        findings=(unit,) if refused else (old,),
        reason="'pressure': 26,567 of 29,327 rows are below 900 hPa" if refused else None,
    )


def model(version: int, number: int) -> Model:
    start = datetime(2013, 1, 1, tzinfo=UTC)
    rows = 22000 + 26000 * (number - 1)
    cutoff = start + timedelta(days=30 * max(number - 1, 1))
    files = tuple(digest("n", n, 99) for n in range(1, max(number, 2)))
    snapshot = Snapshot(digest("version", version, 500), files, None, cutoff, rows, rows // 4, 605, 12, start, cutoff)
    return Model(
        id=digest("version", version, 900),
        family="hist_gradient_boosting",
        snapshot=snapshot,
        settings_hash="acf5ad81f982",
        seed=20130101,
        code_version="05f2f704226a+changes",
        lock_hash="c09d9c72cb41dd7d3fd881429f89c8eb30f1339e77733c321ba138b320bb7df3",
        parameters=(("learning_rate", "0.06"), ("max_iter", "120"), ("max_leaf_nodes", "15")),
        base_rate=0.25,
        bundle=digest("version", version, 300),
        bundle_bytes=1_200_000,
        golden=digest("version", version, 400),
        fit_seconds=1.4,
    )


def digest(kind: str, number: int, salt: int) -> str:
    """An identifier that looks like one."""
    return sha256(f"{kind} {number + salt}".encode()).hexdigest()


def _slice(column: str, label: str, rows: int, loss: float) -> SliceScore:
    return SliceScore(
        column, label, rows, 30, rows // 3, Metric("log_loss", loss, loss - 0.05, loss + 0.045, False), True
    )
