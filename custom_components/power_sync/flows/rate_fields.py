"""What people type about money and time, and what is stored for it.

People know their rates in cents and the times of day as a clock shows them; stored
are $/kWh and minutes from local midnight.
"""

from datetime import time
from math import isfinite

from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
)

from ..core.model.retail import MINUTES_PER_DAY
from .service import FormError

CENTS_PER_KWH = "c/kWh"
DOLLARS_PER_DAY = "$/day"
DOLLARS_PER_MONTH = "$/month"

LOWEST_CENTS = -1000.0
HIGHEST_CENTS = 3000.0
"""Beyond these lies no price that Australia's market or ComEd's allows."""
HIGHEST_CHARGE = 1000.0
_DIGITS = 9
"""Dividing 19.367 by 100 must not leave a trace of how computers count."""


def cents_field() -> NumberSelector:
    """Return the field for a rate."""
    return number_field(CENTS_PER_KWH, LOWEST_CENTS, HIGHEST_CENTS)


def charge_field(unit: str) -> NumberSelector:
    """Return the field for a charge that is paid whether or not energy flows."""
    return number_field(unit, 0.0, HIGHEST_CHARGE)


def number_field(
    unit: str | None = None,
    lowest: float | None = None,
    highest: float | None = None,
) -> NumberSelector:
    """Return a field for a number, which may have any number of digits."""
    config = NumberSelectorConfig(mode=NumberSelectorMode.BOX, step="any")
    if unit is not None:
        config["unit_of_measurement"] = unit
    if lowest is not None:
        config["min"] = lowest
    if highest is not None:
        config["max"] = highest
    return NumberSelector(config)


def rate_from_cents(cents: float | str) -> float:
    """Return a rate in $/kWh.

    Raises ValueError if it is not plausible, whatever way it was entered.
    """
    value = float(cents)
    if not LOWEST_CENTS <= value <= HIGHEST_CENTS:
        raise ValueError("no plausible rate")
    return round(value / 100, _DIGITS)


def typed_rate(field: str, cents: float | str) -> float:
    """Return the rate of a field of a form; raises FormError if it is implausible."""
    try:
        return rate_from_cents(cents)
    except ValueError as error:
        raise FormError(field, "implausible_rate") from error


def typed_number(field: str, value: float) -> float:
    """Return a number of a form; raises FormError for what only looks like one."""
    if not isfinite(value):
        raise FormError(field, "implausible_number")
    return value


def cents_from_rate(rate: float) -> float:
    """Return what somebody would have typed for a rate in $/kWh."""
    return round(rate * 100, _DIGITS)


def minutes_from_clock(clock: str) -> int:
    """Return the minutes from midnight of a time that a form's clock gave."""
    moment = cv.time(clock)
    return moment.hour * 60 + moment.minute


def clock_from_minutes(minutes: int) -> str:
    """Return a time of day as a form's clock wants it; the end of a day is 00:00."""
    return time(*divmod(minutes % MINUTES_PER_DAY, 60)).isoformat()


def shown_time(minutes: int) -> str:
    """Return a time of day for a text, where a day ends at 24:00."""
    return "{:02}:{:02}".format(*divmod(minutes, 60))
