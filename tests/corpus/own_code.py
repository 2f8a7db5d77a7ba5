"""Code of a user's own that does what it must not, each with the exact sentence that is said about it.

A case is the text of the Python file beside the pipeline file, and the step of the pipeline file that names it.
"""

from dataclasses import dataclass

WAITS = " Nothing was changed, and the batch waits."
_HEAD = "import numpy as np\nimport pandas as pd\n\n\n"


@dataclass(frozen=True)
class OwnCode:
    """A function, and what is said when a batch meets it."""

    name: str
    body: str
    """From line 6 on."""
    line: str
    """What is said behind the name of the step; `{file}` is its file."""
    gives: str = "{size: {}}"
    timeout: int = 60
    head: str = ""
    """In place of the imports."""

    @property
    def code(self) -> str:
        """The file."""
        return self.head or f"{_HEAD}def basket(rows):\n" + "".join(f"    {one}\n" for one in self.body.splitlines())

    @property
    def steps(self) -> str:
        """The section of the pipeline file."""
        step = f"{{use: basket, of: [items, price, at, shop], gives: {self.gives}}}"
        return f"features:\n  timeout: {self.timeout}\n  steps:\n    - {step}\n"


def _not_row_wise(alone: str, beside: str, line: int = 5) -> str:
    how = f"with fewer others, a row gives {alone} as 'size', and {beside} beside all others"
    return f"is not row-wise: {how}. Make each row of itself alone ({{file}}, line {line})"


CASES = [
    # ── it fails ──────────────────────────────────────────────────────────────────────────────────────────────────
    OwnCode("raises", 'raise ValueError("no basket today")',
            "raised ValueError: no basket today ({file}, line 6)"),
    OwnCode("raises over several lines", 'raise ValueError("no\\nbasket")',
            "raised ValueError: no basket ({file}, line 6)"),
    OwnCode("divides by zero", "half = 1 // 0\nreturn rows.price",
            "raised ZeroDivisionError: integer division or modulo by zero ({file}, line 6)"),
    OwnCode("asks for a column that it does not get", 'return rows["price"] * rows["gift"]',
            "asks for the column 'gift', which is not in its 'of' ({file}, line 6)"),
    OwnCode("looks a word up that is not there", 'return rows["shop"].map(lambda one: {"x": 1}[one])',
            "raised KeyError: 'c' ({file}, line 6)"),
    OwnCode("exits", "raise SystemExit(3)",
            "raised SystemExit: 3 ({file}, line 6)"),
    OwnCode("cannot take what is missing", "return [int(one) for one in rows['at'].dt.hour]",
            "raised ValueError: cannot convert float NaN to integer ({file}, line 6), for a row in which everything is missing"),
    OwnCode("asserts", "assert len(rows) < 10",
            "raised AssertionError ({file}, line 6)"),
    OwnCode("hangs", "while True: pass",
            "took longer than 1 seconds, features.timeout ({file}, line 6)", timeout=1),
    OwnCode("hangs for one row alone", "while len(rows) == 1: pass\nreturn rows.price",
            "took longer than 1 seconds, features.timeout ({file}, line 6)", timeout=1),
    # ── it changes what it gets ───────────────────────────────────────────────────────────────────────────────────
    OwnCode("changes a column", 'rows["price"] = rows["price"].fillna(0)\nreturn rows["price"]',
            "changes the rows that it gets ('price'): work on a copy ({file}, line 5)"),
    OwnCode("adds a column", 'rows["size"] = rows["price"] * 2\nreturn rows["size"]',
            "changes the rows that it gets (the columns): work on a copy ({file}, line 5)"),
    OwnCode("drops a column", 'size = rows["price"] * 2\nrows.pop("shop")\nreturn size',
            "changes the rows that it gets ('shop'): work on a copy ({file}, line 5)"),
    # ── it gives what was not asked for ───────────────────────────────────────────────────────────────────────────
    OwnCode("nothing", "rows.price * 2",
            "gives NoneType as 'size'; give a column, with a value for each row ({file}, line 5)"),
    OwnCode("a scalar", "return 1.0",
            "gives float as 'size'; give a column, with a value for each row ({file}, line 5)"),
    OwnCode("a mean", "return rows.price.mean()",
            "gives float64 as 'size'; give a column, with a value for each row ({file}, line 5)"),
    OwnCode("a generator", "return (one for one in rows.price)",
            "gives generator as 'size'; give a column, with a value for each row ({file}, line 5)"),
    OwnCode("a table of two dimensions", 'return rows[["price"]].to_numpy()',
            "gives ndarray as 'size'; give a column, with a value for each row ({file}, line 5)"),
    OwnCode("fewer rows", "return rows.price.dropna()",
            "gives 306 values of 'size' for 336 rows ({file}, line 5)"),
    OwnCode("more rows", "return pd.concat([rows.price, rows.price])",
            "gives 672 values of 'size' for 336 rows ({file}, line 5)"),
    OwnCode("another order", "return rows.price.sort_values()",
            "gives 'size' for other rows than it got, or in another order; keep the index ({file}, line 5)"),
    OwnCode("the rows backwards", "return rows.price[::-1]",
            "gives 'size' for other rows than it got, or in another order; keep the index ({file}, line 5)"),
    OwnCode("another index", 'return rows.price.set_axis(rows["at"])',
            "gives 'size' for other rows than it got, or in another order; keep the index ({file}, line 5)"),
    OwnCode("infinity", "return 1 / rows['items']",
            "gives infinity in 'size'; give a missing value (NaN) in its place ({file}, line 5)"),
    OwnCode("objects", "return [object() for one in rows.price]",
            "gives object in 'size', which is declared as a number ({file}, line 5)"),
    OwnCode("text for numbers", "return rows.price.map(str)",
            "gives str in 'size', which is declared as a number ({file}, line 5)"),
    OwnCode("times for numbers", 'return rows["at"]',
            "gives datetime64[us, UTC] in 'size', which is declared as a number ({file}, line 5)"),
    OwnCode("complex numbers", "return rows.price * 1j",
            "gives complex128 in 'size', which is declared as a number ({file}, line 5)"),
    OwnCode("numbers for text", "return rows['items']",
            "gives 3.0 in 'size', which is declared as text ({file}, line 5)", gives="{size: {type: category}}"),
    OwnCode("another name", 'return {"sise": rows.price}',
            "gives the columns 'sise', and 'size' were declared in 'gives' ({file}, line 5)"),
    OwnCode("all columns", "return rows.assign(size=rows.price)",
            "gives the columns 'items', 'price', 'at', 'shop', 'size', and 'size' were declared in 'gives' ({file}, line 5)"),
    OwnCode("one of two", "return rows.price",
            "gives one column, and 'size', 'kind' were declared in 'gives' ({file}, line 5)", gives="{size: {}, kind: {}}"),
    # ── it is not row-wise ────────────────────────────────────────────────────────────────────────────────────────
    OwnCode("a mean over rows", "return rows.price.fillna(0) - rows.price.fillna(0).mean()", _not_row_wise("1.38514", "1.34326")),
    OwnCode("a rank", "return rows['items'].rank()", _not_row_wise("85", "134.5")),
    OwnCode("the row before", "return rows.price.fillna(0).shift(1)", _not_row_wise("0", "4.56083")),
    OwnCode("a running sum", "return rows['items'].cumsum()", _not_row_wise("13", "14")),
    OwnCode("the number of the row", "return np.arange(len(rows))", _not_row_wise("2", "3")),
    OwnCode("how many there are", "return rows.price.fillna(0) * len(rows)", _not_row_wise("1183.17", "1987.72")),
    OwnCode("another thing where there are many", "return rows.price.fillna(0) + (len(rows) > 300)", _not_row_wise("5.91583", "6.91583")),
    OwnCode("chance", "return np.random.default_rng(len(rows)).random(len(rows))", _not_row_wise("0.646834", "0.944491")),
    OwnCode("it counts its calls", "", _not_row_wise("7", "4", 4),
            head="calls = []\n\n\ndef basket(rows):\n    calls.append(1)\n    return rows['items'].fillna(0) + len(calls)\n"),
    OwnCode("it knows who was there", "", _not_row_wise("0", "1", 4),
            head="seen = set()\n\n\ndef basket(rows):\n    new = [one not in seen for one in rows['at']]\n"
                 "    seen.update(rows['at'])\n    return new\n"),
]  # fmt: skip
