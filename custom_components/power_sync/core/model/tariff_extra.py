"""What a tariff document says that :class:`TeslaTariff` has no field for.

Tesla may add fields, and an owner's tariff must go back with all of them. They are
kept as they were read, in the places where they were, and never compared.
"""

from collections.abc import Mapping
import math
from typing import Any

type Extra = Mapping[str, Any]
type _Shape = Mapping[str, _Shape | None]
"""The fields that are understood at a place; None where there is nothing below."""

_ANY_NAME = "*"
_DEEPEST = 20
_LARGEST = 2**63 - 1
_RATES: _Shape = {"rates": None}
_SIDE: _Shape = {
    "code": None,
    "utility": None,
    "name": None,
    "currency": None,
    "version": None,
    "monthly_charges": None,
    "monthly_minimum_bill": None,
    "min_applicable_demand": None,
    "max_applicable_demand": None,
    "daily_charges": None,
    "demand_charges": {_ANY_NAME: _RATES},
    "energy_charges": {_ANY_NAME: _RATES},
    "seasons": {
        _ANY_NAME: {
            "fromMonth": None,
            "fromDay": None,
            "toMonth": None,
            "toDay": None,
            "tou_periods": {_ANY_NAME: {"periods": None}},
        }
    },
    "sell_tariff": None,
}


def read_extra(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what one side of a document has beside the fields we understand.

    ``daily_demand_charges`` is among it, as nobody knows what it looks like.
    Entries of lists are not looked into, and what is not plain JSON is left out.
    """
    return _unknown(document, _SIDE)


def add_extra(document: dict[str, Any], extra: Extra) -> dict[str, Any]:
    """Return a document with its extra fields back in their places."""
    merged = dict(document)
    for key, value in extra.items():
        if key not in merged:
            merged[key] = value
        elif isinstance(merged[key], dict) and isinstance(value, Mapping):
            merged[key] = add_extra(merged[key], value)
    return merged


def _unknown(value: Mapping[str, Any], shape: _Shape) -> dict[str, Any]:
    """Return the part of an object that its shape does not mention."""
    if shape is _RATES and "rates" not in value:
        # The old form has the prices themselves here.
        return {}
    found: dict[str, Any] = {}
    for key, item in value.items():
        if key not in shape and _ANY_NAME not in shape:
            if _is_plain(item):
                found[key] = item
            continue
        below = shape.get(key, shape.get(_ANY_NAME))
        if below is not None and isinstance(item, Mapping):
            if rest := _unknown(item, below):
                found[key] = rest
    return found


def _is_plain(value: object, depth: int = 0) -> bool:
    """Return whether a value can be written as JSON by everybody."""
    if depth > _DEEPEST:
        return False
    match value:
        case None | bool() | str():
            return True
        case int():
            return -_LARGEST <= value <= _LARGEST
        case float():
            return math.isfinite(value)
        case list():
            return all(_is_plain(item, depth + 1) for item in value)
        case Mapping():
            return all(
                isinstance(key, str) and _is_plain(item, depth + 1)
                for key, item in value.items()
            )
    return False
