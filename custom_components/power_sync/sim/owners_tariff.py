"""The time-of-use plan that the owner once entered in Tesla's app."""

from typing import Any

_TIMES = {
    "SUPER_OFF_PEAK": (((10, 0), (15, 0)),),
    "ON_PEAK": (((16, 30), (20, 30)),),
    "OFF_PEAK": (((0, 0), (10, 0)), ((15, 0), (16, 30)), ((20, 30), (24, 0))),
}
_BUY = {"OFF_PEAK": 0.22, "ON_PEAK": 0.48, "SUPER_OFF_PEAK": 0.08}
_SELL = {"OFF_PEAK": 0.05, "ON_PEAK": 0.12, "SUPER_OFF_PEAK": 0.0}


def _side(rates: dict[str, float], *, buy: bool) -> dict[str, Any]:
    return {
        "code": "EXAMPLE:TOU" if buy else "",
        "utility": "Example Energy",
        "name": "Example TOU",
        "currency": "AUD" if buy else "",
        "monthly_minimum_bill": 0,
        "min_applicable_demand": 0,
        "max_applicable_demand": 0,
        "monthly_charges": 0,
        "daily_charges": [{"name": "Charge", "amount": 0}],
        "daily_demand_charges": {},
        "demand_charges": {"ALL": {"rates": {"ALL": 0}}, "AllYear": {"rates": {}}},
        "energy_charges": {"ALL": {"rates": {"ALL": 0}}, "AllYear": {"rates": rates}},
        "seasons": {
            "AllYear": {
                "fromMonth": 1,
                "fromDay": 1,
                "toMonth": 12,
                "toDay": 31,
                "tou_periods": {
                    period: {
                        "periods": [
                            {
                                "fromDayOfWeek": 0,
                                "toDayOfWeek": 6,
                                "fromHour": begin[0],
                                "fromMinute": begin[1],
                                "toHour": end[0],
                                "toMinute": end[1],
                            }
                            for begin, end in times
                        ]
                    }
                    for period, times in _TIMES.items()
                },
            }
        },
    }


OWNERS_TARIFF: dict[str, Any] = {
    "version": 1,
    **_side(_BUY, buy=True),
    "sell_tariff": _side(_SELL, buy=False),
}
