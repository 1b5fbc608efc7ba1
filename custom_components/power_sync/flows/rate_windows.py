"""Rates by the time of day, typed as rows of a list."""

from collections.abc import Sequence
from itertools import product
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import ObjectSelector, ObjectSelectorField

from ..core.model.retail import RateWindow
from .rate_fields import CENTS_PER_KWH, cents_from_rate, number_field, rate_from_cents
from .rows import day_part, day_part_fields, day_part_row, rows_field, typed_rows
from .service import FormError

CONF_RATE = "rate"
CONF_WINDOWS = "windows"


async def windows_field(hass: HomeAssistant) -> ObjectSelector:
    """Return the field for a list of windows."""
    rate = ObjectSelectorField(selector=number_field(CENTS_PER_KWH), required=True)
    return rows_field(CONF_WINDOWS, await day_part_fields(hass) | {CONF_RATE: rate})


def rows_from_windows(windows: Sequence[RateWindow]) -> list[dict[str, Any]]:
    """Return windows as the list shows them."""
    return [
        day_part_row(item.name, item.days, item.start, item.end)
        | {CONF_RATE: cents_from_rate(item.rate)}
        for item in windows
    ]


def typed_windows(value: Any) -> tuple[RateWindow, ...]:
    """Return the windows of a list.

    Raises FormError, naming the rows, for an implausible rate or two windows that
    hold at the same time.
    """
    found: list[RateWindow] = []
    for row in typed_rows(CONF_WINDOWS, value):
        part = day_part(row)
        try:
            rate = rate_from_cents(row[CONF_RATE])
        except ValueError as error:
            raise FormError(
                CONF_WINDOWS, "implausible_window", row=part["name"]
            ) from error
        found.append(RateWindow(**part, rate=rate))
    for index, window in enumerate(found):
        for other in found[:index]:
            if _overlap(window, other):
                raise FormError(
                    CONF_WINDOWS,
                    "windows_overlap",
                    row=window.name,
                    other=other.name,
                )
    return tuple(found)


def _overlap(one: RateWindow, other: RateWindow) -> bool:
    """Return whether two windows ever hold together.

    They do just if one of them begins while the other holds.
    """
    return any(
        first.days.include(weekday) and second.covers(weekday, first.start)
        for weekday, (first, second) in product(range(7), ((one, other), (other, one)))
    )
