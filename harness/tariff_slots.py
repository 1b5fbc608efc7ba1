"""Read a Tesla tariff document into the 48 half hours of one day.

Deliberately not the integration's own reader: the check and the end-to-end tests judge
the integration with it.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

SLOTS = 48

type Document = Mapping[str, Any]
type Slots = list[tuple[float, float]]


def read_slots(tariff: Document, day: date) -> Slots:
    """Return (buy, sell) in $/kWh for the half hours of `day` from 00:00 on.

    Raises ValueError if a half hour has no price, or more than one, as Tesla's rules
    demand of the whole week.
    """
    buy = _read_side(tariff, day)
    return list(zip(buy, _read_side(tariff["sell_tariff"], day), strict=True))


def _read_side(side: Document, day: date) -> list[float]:
    name = next(name for name, season in side["seasons"].items() if _runs(season, day))
    periods = side["seasons"][name]["tou_periods"]
    rates = side["energy_charges"][name].get("rates", {})
    prices: list[list[float]] = [[] for _ in range(SLOTS)]
    for label, period in periods.items():
        for window in period["periods"]:
            for slot in _slots_of(window, day.weekday()):
                # What is zero is left out when Tesla's cloud tells a tariff.
                prices[slot].append(rates.get(label, 0.0))
    for slot, found in enumerate(prices):
        if len(found) != 1:
            raise ValueError(f"half hour {slot} of {day} has {len(found)} prices")
    return [found[0] for found in prices]


def _runs(season: Document, day: date) -> bool:
    if not season.get("tou_periods"):
        return False
    start = season.get("fromMonth", 0), season.get("fromDay", 0)
    end = season.get("toMonth", 0), season.get("toDay", 0)
    today = day.month, day.day
    return start <= today <= end if start <= end else today >= start or today <= end


def _slots_of(window: Document, weekday: int) -> range:
    first, last = window.get("fromDayOfWeek", 0), window.get("toDayOfWeek", 0)
    if not (weekday - first) % 7 <= (last - first) % 7:
        return range(0)
    start = 60 * window.get("fromHour", 0) + window.get("fromMinute", 0)
    end = 60 * window.get("toHour", 0) + window.get("toMinute", 0)
    if start % 30 or end % 30:
        raise ValueError(f"a period does not begin and end on a half hour: {window}")
    return range(start // 30, (end or 24 * 60) // 30)
