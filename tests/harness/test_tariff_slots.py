"""Reading a Tesla tariff into half hours, as the check does."""

from datetime import date
from typing import Any

import pytest

from harness.tariff_slots import read_slots

MONDAY = date(2026, 1, 5)
SUNDAY = date(2026, 1, 4)


def window(start: int, end: int, days: tuple[int, int] = (0, 6)) -> dict[str, int]:
    """Return a window from hour to hour, zeros left out as read-backs do."""
    fields = {
        "fromDayOfWeek": days[0],
        "toDayOfWeek": days[1],
        "fromHour": start,
        "toHour": end,
    }
    return {name: value for name, value in fields.items() if value}


def side(rates: dict[str, float], **periods: list[dict[str, int]]) -> dict[str, Any]:
    return {
        "seasons": {
            "ALL": {},
            "Year": {
                "fromMonth": 1,
                "fromDay": 1,
                "toMonth": 12,
                "toDay": 31,
                "tou_periods": {
                    name: {"periods": windows} for name, windows in periods.items()
                },
            },
        },
        "energy_charges": {"ALL": {"rates": {"ALL": 0}}, "Year": {"rates": rates}},
    }


FLAT = side({"DAY": 0.05}, DAY=[window(0, 0)])


def test_periods_become_half_hours() -> None:
    tariff = side(
        {"LOW": 0.1, "HIGH": 0.4},
        LOW=[window(0, 17), window(20, 0)],
        HIGH=[window(17, 20)],
    ) | {"sell_tariff": FLAT}
    slots = read_slots(tariff, MONDAY)
    assert len(slots) == 48
    assert slots[33:41] == [(0.1, 0.05)] + [(0.4, 0.05)] * 6 + [(0.1, 0.05)]


def test_a_price_left_out_is_zero() -> None:
    tariff = side({}, DAY=[window(0, 24)]) | {"sell_tariff": FLAT}
    assert read_slots(tariff, MONDAY) == [(0.0, 0.05)] * 48


@pytest.mark.parametrize(("day", "price"), [(SUNDAY, 0.2), (MONDAY, 0.1)])
def test_weekdays_are_told_apart_and_ranges_may_wrap(day: date, price: float) -> None:
    tariff = side(
        {"WEEK": 0.1, "END": 0.2},
        WEEK=[window(0, 0, (0, 4))],
        END=[window(0, 0, (5, 6))],
    )
    assert read_slots(tariff | {"sell_tariff": FLAT}, day)[0] == (price, 0.05)
    wrapped = side(
        {"A": 0.2, "B": 0.1}, A=[window(0, 0, (6, 6))], B=[window(0, 0, (0, 5))]
    )
    assert read_slots(wrapped | {"sell_tariff": FLAT}, day)[0] == (price, 0.05)


@pytest.mark.parametrize(
    "windows", [[window(0, 12)], [window(0, 13), window(12, 0)], []]
)
def test_gaps_and_overlaps_are_refused(windows: list[dict[str, int]]) -> None:
    tariff = side({"DAY": 0.1}, DAY=windows) | {"sell_tariff": FLAT}
    with pytest.raises(ValueError, match="prices"):
        read_slots(tariff, MONDAY)
