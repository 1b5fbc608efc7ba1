"""Flow Power's products, as its customers may have them.

Rates are in $/kWh, times local. Source: https://flowpower.com.au/residential and, for
the capped product, what its customers report of it. Products change, so all of this
only fills in what the owner can then edit.
"""

from collections.abc import Mapping
from enum import StrEnum

from .model.retail import Days, ManualRates, RateWindow, WindowExport


class HappyHourPlan(StrEnum):
    """Which product pays for export."""

    STANDARD = "standard"
    """Two hours at one rate, since December 2025."""
    CAPPED = "capped"
    """Four hours, less after the first 15 kWh, since the middle of 2026."""


_HALF_PAST_FIVE = 17 * 60 + 30
_ENDS: Mapping[HappyHourPlan, int] = {
    HappyHourPlan.STANDARD: 19 * 60 + 30,
    HappyHourPlan.CAPPED: 21 * 60 + 30,
}
_RATES: Mapping[HappyHourPlan, Mapping[str, float]] = {
    HappyHourPlan.STANDARD: {"NSW1": 0.45, "QLD1": 0.45, "SA1": 0.45, "VIC1": 0.35},
    HappyHourPlan.CAPPED: {"NSW1": 0.35, "QLD1": 0.35, "SA1": 0.35, "VIC1": 0.30},
}
_CAP_KWH = 15.0
_BEYOND_CAP = 0.10


def happy_hour(
    region: str, plan: HappyHourPlan = HappyHourPlan.STANDARD
) -> WindowExport | None:
    """Return what a product pays for export in a region of the market.

    Outside of its window that is nothing. None where there is no such product: in
    Tasmania.
    """
    if (rate := _RATES[plan].get(region)) is None:
        return None
    window = RateWindow(
        name="Happy Hour",
        days=Days.EVERY,
        start=_HALF_PAST_FIVE,
        end=_ENDS[plan],
        rate=rate,
    )
    capped = plan is HappyHourPlan.CAPPED
    return WindowExport(
        rates=ManualRates(otherwise=0.0, windows=(window,)),
        cap_kwh=_CAP_KWH if capped else None,
        beyond_cap=_BEYOND_CAP if capped else 0.0,
    )
