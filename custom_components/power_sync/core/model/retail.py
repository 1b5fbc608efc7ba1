"""What a retailer makes of the wholesale price, as the owner entered it.

Rates are in $/kWh, minutes count from local midnight, Monday is day 0. Whoever
applies the terms does so in the local time of the network.
"""

from dataclasses import dataclass
from enum import StrEnum

MINUTES_PER_DAY = 1440


class Days(StrEnum):
    """Which days of the week something holds for."""

    EVERY = "every"
    WEEKDAYS = "weekdays"
    WEEKENDS = "weekends"

    def include(self, weekday: int) -> bool:
        """Return whether a weekday (Monday is 0) is one of them."""
        match self:
            case Days.EVERY:
                return True
            case Days.WEEKDAYS:
                return weekday < 5
            case Days.WEEKENDS:
                return weekday >= 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RateWindow:
    """A rate for a part of the day, ``[start, end)``.

    An ``end`` that is not after ``start`` lies on the next day: the window belongs
    to the day it starts on. Equal ends mean the whole day.
    """

    name: str
    days: Days
    start: int
    end: int
    rate: float

    def covers(self, weekday: int, minute: int) -> bool:
        """Return whether the window holds at a minute of a weekday."""
        if self.start < self.end:
            return self.days.include(weekday) and self.start <= minute < self.end
        if minute >= self.start:
            return self.days.include(weekday)
        return minute < self.end and self.days.include((weekday - 1) % 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkTariff:
    """A distributor's tariff that is known by its code."""

    network: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualRates:
    """Rates entered by hand: windows, and one rate for the time outside of them."""

    otherwise: float
    windows: tuple[RateWindow, ...] = ()

    def window(self, weekday: int, minute: int) -> RateWindow | None:
        """Return the window that holds at a minute; of several the first counts."""
        return next(
            (item for item in self.windows if item.covers(weekday, minute)), None
        )

    def rate(self, weekday: int, minute: int) -> float:
        """Return the rate at a minute."""
        window = self.window(weekday, minute)
        return self.otherwise if window is None else window.rate


type NetworkRates = NetworkTariff | ManualRates


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotImport:
    """The wholesale price, plus network, plus fees.

    ``loss_factor`` multiplies the wholesale price. ``fees`` are market,
    environmental and the retailer's own. With ``add_gst`` the hand-entered rates
    and fees are without GST and it is added; the wholesale part always gets it,
    and the part of a network tariff that is known by its code is always GST-right.
    """

    network: NetworkRates
    fees: float
    loss_factor: float
    add_gst: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowPowerImport:
    """Flow Power's base rate and price efficiency adjustment, both GST included.

    Without ``network`` the adjustment is spot - mean spot - benchmark; with it,
    the network's running price less its daily mean is added.
    """

    base_rate: float
    benchmark: float
    network: NetworkTariff | None = None


type ImportTerms = SpotImport | FlowPowerImport


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotExport:
    """The wholesale price without GST, with the network's reward where there is one.

    ``fee`` is what the retailer keeps of each kWh.
    """

    loss_factor: float
    fee: float = 0.0
    network: NetworkTariff | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowExport:
    """Fixed export rates, such as Flow Power's Happy Hour.

    With a cap only the first ``cap_kwh`` of each window of each day earn its rate,
    and what is beyond earns ``beyond_cap`` until the window ends.
    """

    rates: ManualRates
    cap_kwh: float | None = None
    beyond_cap: float = 0.0


type ExportTerms = SpotExport | WindowExport


@dataclass(frozen=True, slots=True, kw_only=True)
class RetailTerms:
    """How wholesale prices become what a home pays and earns.

    ``exports`` is None for a home that is not paid for export at all.
    """

    imports: ImportTerms
    exports: ExportTerms | None
    daily_charge: float = 0.0
