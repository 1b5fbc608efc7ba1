"""Read single fields of decoded JSON, and name the one that is wrong.

``where`` is how the field is called in the error, such as ``row 3 perKwh``. Values
are never converted: a number in quotes means that the service has changed, and
guessing what it meant could move money.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
import json
import math
from typing import Any

from .errors import InvalidDataError

type JsonObject = Mapping[str, Any]


def decode_json(body: bytes, what: str) -> object:
    """Return what a body says; NaN is let through for the field readers to refuse.

    Raises InvalidDataError if it is not JSON.
    """
    try:
        decoded: object = json.loads(body)
    # Nesting deeper than the interpreter's stack is no data of ours either.
    except ValueError, RecursionError:
        raise InvalidDataError(f"{what} is not JSON") from None
    return decoded


def json_object(value: object, where: str) -> JsonObject:
    """Return an object; raises InvalidDataError for anything else."""
    if not isinstance(value, Mapping):
        raise InvalidDataError(f"{where} is not an object")
    return value


def json_list(value: object, where: str) -> list[Any]:
    """Return a list; raises InvalidDataError for anything else."""
    if not isinstance(value, list):
        raise InvalidDataError(f"{where} is not a list")
    return value


def text(value: object, where: str) -> str:
    """Return a text; raises InvalidDataError for anything else."""
    if not isinstance(value, str):
        raise InvalidDataError(f"{where} is not a text")
    return value


def flag(value: object, where: str) -> bool:
    """Return true or false; raises InvalidDataError for anything else."""
    if not isinstance(value, bool):
        raise InvalidDataError(f"{where} is neither true nor false")
    return value


def number(value: object, where: str) -> float:
    """Return a finite number; raises InvalidDataError for anything else."""
    if (found := finite(value)) is None:
        raise InvalidDataError(f"{where} is not a number")
    return found


def whole(value: object, where: str) -> int:
    """Return a whole number; raises InvalidDataError for anything else."""
    found = number(value, where)
    if found != int(found):
        raise InvalidDataError(f"{where} is not a whole number")
    return int(found) if not isinstance(value, int) else value


def instant(value: object, where: str) -> datetime:
    """Return an ISO 8601 time with an offset in UTC; raises InvalidDataError."""
    try:
        found = datetime.fromisoformat(text(value, where))
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    # The first and last hours of the calendar have no UTC equivalent.
    except ValueError, OverflowError:
        raise InvalidDataError(f"{where} is not a time") from None
    raise InvalidDataError(f"{where} has no offset from UTC")


def optional[T](
    read: Callable[[object, str], T], value: object, where: str
) -> T | None:
    """Return a field that may be absent or null; what is there must be right."""
    return None if value is None else read(value, where)


def finite(value: object) -> float | None:
    """Return a finite number, None for anything else (true is not a number)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None
