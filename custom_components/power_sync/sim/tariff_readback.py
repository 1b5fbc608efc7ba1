"""How Tesla reads a stored tariff back."""

from collections.abc import Mapping
import json
from typing import Any

_NAMED_ENTRIES = frozenset(
    {"demand_charges", "energy_charges", "rates", "seasons", "tou_periods"}
)


def omit_zeros(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document as Tesla reads it back: without fields that say zero.

    Entries of maps (seasons, periods, rates) stay, only fields are left out.
    """
    kept: dict[str, Any] = json.loads(json.dumps(_without_zeros(document, "")))
    return kept


def _without_zeros(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        if name == "rates":
            return value
        kept = {key: _without_zeros(item, str(key)) for key, item in value.items()}
        if name in _NAMED_ENTRIES:
            return kept
        return {key: item for key, item in kept.items() if item not in (0, "", {}, [])}
    if isinstance(value, list):
        return [_without_zeros(item, "") for item in value]
    return value


def as_version_1(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored tariff in the older form that ``site_info`` shows beside it."""

    def charges(name: str) -> dict[str, Any]:
        return {
            season: entry.get("rates", {})
            for season, entry in document.get(name, {}).items()
        }

    zeros = dict.fromkeys(
        (
            "fromDayOfWeek",
            "toDayOfWeek",
            "fromHour",
            "fromMinute",
            "toHour",
            "toMinute",
        ),
        0,
    )
    return {
        "code": document.get("code", ""),
        "name": document.get("name", ""),
        "utility": document.get("utility", ""),
        "daily_charges": [
            {"amount": 0, **entry} for entry in document.get("daily_charges", [])
        ],
        "demand_charges": charges("demand_charges"),
        "energy_charges": charges("energy_charges"),
        "seasons": {
            name: season
            | {
                "tou_periods": {
                    period: [zeros | window for window in entry.get("periods", [])]
                    for period, entry in season.get("tou_periods", {}).items()
                }
            }
            if season
            else {}
            for name, season in document.get("seasons", {}).items()
        },
    }
