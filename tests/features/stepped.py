"""A small pipeline, `kiosk`, with feature steps: weeks of the shop, with a note, and code of its own beside the YAML."""

from pathlib import Path

import numpy as np
import pandas as pd

from tests import shop

PIPELINE = "kiosk"
CODE = '''"""What YAML cannot say about the kiosk."""

import numpy as np
import pandas as pd


def basket(rows, least=0.5):
    """What lies in a basket, and what kind of one it is."""
    late = rows["at"].dt.hour >= 18
    size = rows["items"] * rows["price"].fillna(least)
    kind = np.where(late, "late", np.where(rows["gift"] == 1, "gift", "plain"))
    return {"size": size, "kind": pd.Series(kind, index=rows.index)}
'''
CHANGED = CODE.replace(".hour >= 18", ".hour >= 17")
STEPS = """\
features:
  steps:
    - {step: date_parts, of: [at], parts: [hour, weekday]}
    - {step: ratio, of: [price, items], name: price_each}
    - {step: text, of: [note], columns: 6}
    - {step: target_mean, of: [shop]}
    - {use: basket, of: [items, price, at, gift], settings: {least: 1}, gives: {size: {min: 0, max: 1000}, kind: {type: category}}}
"""
YAML = (
    shop.YAML.replace("    sold:", "    note: {type: category, nullable: true}\n    sold:")
    .replace("min_samples_leaf: 5}", "min_samples_leaf: 5, learning_rate: 0.3}")
    .replace("training:\n", f"{STEPS}training:\n")
)
WORDS = ("two apples", "one pear", "a gift for ann", "no bag", "apples and a pear", "paid late")


def write(folder: Path, text: str = YAML, code: str | None = CODE) -> None:
    """The pipeline file, and the Python file beside it."""
    shop.write_pipeline(folder, PIPELINE, text)
    if code is not None:
        (folder / f"{PIPELINE}.py").write_text(code, encoding="utf-8")


def week(number: int, rows: int = 336) -> pd.DataFrame:
    """A week of the shop, with a note on most sales; in the evening more is sold."""
    sales, source = shop.week(number, rows), np.random.default_rng(100 + number)
    notes = pd.Series(source.choice(WORDS, rows), dtype="str").mask(source.random(rows) < 0.1)
    late = (sales["at"].dt.hour >= 18) & (source.random(rows) < 0.5)
    sold = sales["sold"].mask(late & sales["sold"].notna(), True)
    return sales.assign(note=notes, sold=sold)


def deliver(home: Path, number: int, frame: pd.DataFrame | None = None) -> None:
    """A week into the landing folder."""
    landing = home / "landing" / PIPELINE
    landing.mkdir(parents=True, exist_ok=True)
    (week(number) if frame is None else frame).to_parquet(landing / f"week-{number}.parquet", index=False)
