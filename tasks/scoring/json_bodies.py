"""JSON as it is sent to a service: read strictly, so that nothing is taken for what it was not.

An object with one key twice, a number that is none, and what is nested too deep are refused in words. Add here what
bodies of any protocol may have wrong.
"""

import json
import math
from typing import Any, NoReturn

from tasks.scoring.refusals import Refused

_NOT_JSON = "The body is not JSON in UTF-8"


def parse(body: bytes, *, missing_as_nan: bool = False) -> Any:
    """The value in a body.

    Args:
        body: As it came.
        missing_as_nan: Whether NaN is taken for null: clients in Python write what is missing so, though it is no JSON.

    Raises:
        Refused: It is not one value of JSON, and why.
    """
    if not body.strip():
        raise Refused(400, "The body is empty. Send JSON, as /openapi.json says.")
    try:
        constant = _missing if missing_as_nan else _constant
        return json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=constant, parse_float=_finite)
    except UnicodeDecodeError as err:
        raise Refused(400, f"{_NOT_JSON}: byte {err.start:,} belongs to no character.") from None
    except json.JSONDecodeError as err:
        raise Refused(400, f"{_NOT_JSON}: {err.msg}, at character {err.pos:,}.") from None
    except RecursionError:
        raise Refused(400, "The body is nested too deep. Rows are objects of plain values.") from None
    except ValueError:  # Python reads no number of more than 4,300 figures
        raise Refused(400, "The body has a number with thousands of figures.") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    held = dict(pairs)
    if len(held) < len(pairs):
        raise Refused(400, "An object has one name twice: only one of its values could count. Send each name once.")
    return held


def _constant(name: str) -> NoReturn:
    raise Refused(400, "NaN and Infinity are not JSON. Send null where a value is missing.")


def _missing(name: str) -> None:
    if name != "NaN":
        raise Refused(400, "Infinity is not JSON, and no number of the contract.")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise Refused(400, "A number is beyond the largest that a float can hold, about 1.8e308.")
    return number
