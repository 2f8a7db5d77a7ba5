"""Rows that nobody has described: orders of a shop as it writes them down, some of which are sent back."""

import numpy as np
import pandas as pd

ROWS = 4_800


def orders(rows: int = ROWS, start: str = "2024-01-01") -> pd.DataFrame:
    """Orders of four months, forty a day, some of which are sent back; as a shop would write them down."""
    luck = np.random.default_rng(3)
    at = pd.Timestamp(start) + pd.to_timedelta(np.arange(rows) * 36, unit="min")
    price = luck.lognormal(3, 0.6, rows).round(2)
    plan = luck.choice(["basic", "plus", "pro"], rows)
    back = luck.random(rows) < 0.1 + 0.5 * (plan == "basic") * (price > 20)
    return pd.DataFrame(
        {
            "order_id": np.arange(rows) + 70_000,
            "ordered": at.strftime("%d.%m.%Y %H:%M"),
            "customer_id": luck.integers(0, 300, rows),
            "plan": plan,
            "price": pd.Series(price).map(lambda value: f"{value:.2f}".replace(".", ",")),
            "items": luck.integers(1, 9, rows),
            "refund": np.where(back, (price * 100).round() / 100, 0.0),
            "country": "DE",
            "note": [f"order number {n} came by post" for n in range(rows)],
            "returned": np.where(back, "yes", "no"),
        }
    )
