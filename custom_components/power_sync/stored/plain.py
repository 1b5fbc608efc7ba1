"""Frozen dataclasses of plain values as JSON and back.

Plain are texts, numbers, flags, moments, enums, other such dataclasses, and any of
them or None. What is read is checked as strictly as it was written.
"""

from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from math import isfinite
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints


def to_plain(value: Any) -> Any:
    """Return a value as JSON-able data. Raises TypeError for what is not plain."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: to_plain(getattr(value, field.name)) for field in fields(value)
        }
    match value:
        case None | bool():
            return value
        case Enum():
            return value.value
        case str() | int() | float():
            return value
        case datetime():
            return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not plain")


def from_plain[T](kind: type[T], data: Any) -> T:
    """Return the dataclass that JSON of ``to_plain`` describes.

    Fields that the JSON lacks take their default, so that a new field needs no
    migration. Raises ValueError, TypeError or KeyError for anything else.
    """
    hints = get_type_hints(kind)
    return kind(**{name: _read(hints[name], given) for name, given in data.items()})


def read_moment(given: Any) -> datetime:
    """Return a moment in UTC.

    Raises TypeError or ValueError for what is none, or says no time zone.
    """
    moment = datetime.fromisoformat(given)
    if moment.tzinfo is None:
        raise ValueError(f"{given!r} has no time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{given!r} is beyond all time") from error


def read_number(given: Any) -> float:
    """Return a finite number. Raises TypeError or ValueError for what is none."""
    if type(given) not in {int, float}:
        raise TypeError(f"{given!r} is no number")
    try:
        number = float(given)
    except OverflowError as error:
        raise ValueError("beyond all numbers") from error
    if not isfinite(number):
        raise ValueError(f"{given!r} is no number")
    return number


def read_flag(given: Any) -> bool:
    """Return what is on or off. Raises TypeError for anything else."""
    if not isinstance(given, bool):
        raise TypeError(f"{given!r} is neither on nor off")
    return given


def read_list(given: Any) -> list[Any]:
    """Return a list. Raises TypeError for anything else."""
    if not isinstance(given, list):
        raise TypeError(f"{given!r} is no list")
    return given


def _read(kind: Any, given: Any) -> Any:
    """Return one value of a kind."""
    if get_origin(kind) in {Union, UnionType}:
        kinds = [option for option in get_args(kind) if option is not NoneType]
        if given is None and len(kinds) < len(get_args(kind)):
            return None
        (kind,) = kinds
    if is_dataclass(kind):
        return from_plain(kind, given)  # type: ignore[arg-type]
    if issubclass(kind, datetime):
        return read_moment(given)
    if issubclass(kind, Enum):
        return kind(given)
    if kind is float:
        return read_number(given)
    if type(given) is not kind:
        raise TypeError(f"{given!r} is no {kind.__name__}")
    return given
