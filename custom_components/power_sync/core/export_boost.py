"""Make exporting look better than it is during some hours of the day.

The Powerwall sells only what it thinks is worth selling; its owner may think more
of it.
"""

from dataclasses import dataclass, replace
from datetime import time

from .day_tariff import DayTariff
from .tesla_tariff import SLOT_MINUTES

_ROUNDING = 1e-9
"""$/kWh: by so much a mean of prices may miss the price that they all have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoostTerms:
    """What is done to sell prices ($/kWh), and when.

    Only prices of at least ``threshold`` are boosted, at 0 all of them. ``offset`` is
    added, and the result is at least ``floor`` unless that is 0. The window
    ``[start, end)`` is on the local wall clock and may run over midnight; equal ends
    mean the whole day.
    """

    offset: float = 0.0
    floor: float = 0.0
    threshold: float = 0.0
    start: time = time(17)
    end: time = time(21)


def boost(day: DayTariff, terms: BoostTerms) -> DayTariff:
    """Return a day with boosted sell prices.

    A half hour is boosted as a whole if the window covers its start. To be applied
    before prices are made acceptable to Tesla, which compares buy and sell.
    """
    return replace(
        day,
        slots=tuple(
            replace(slot, export_price=_boosted(slot.export_price, terms))
            if _covers(terms, label)
            else slot
            for label, slot in enumerate(day.slots)
        ),
    )


def _covers(terms: BoostTerms, label: int) -> bool:
    """Return whether the window covers the start of one of the 48 half hours."""
    begin = time(*divmod(label * SLOT_MINUTES, 60))
    if terms.start < terms.end:
        return terms.start <= begin < terms.end
    return begin >= terms.start or begin < terms.end


def _boosted(price: float, terms: BoostTerms) -> float:
    """Return one sell price with the boost, if it is high enough for one."""
    if terms.threshold != 0 and price < terms.threshold - _ROUNDING:
        return price
    raised = price + terms.offset
    return max(raised, terms.floor) if terms.floor > 0 else raised
