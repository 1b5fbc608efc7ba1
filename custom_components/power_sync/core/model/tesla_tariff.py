"""A Tesla time-of-use tariff as a value.

The shape follows Tesla's ``tariff_content_v2``: seasons of the year, each with
named periods made of weekly windows, and a price per period. Prices are in
currency per kWh, minutes count from local midnight, Monday is day 0.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .tariff_extra import Extra

MINUTES_PER_DAY = 1440
DAYS_PER_WEEK = 7
ALL = "ALL"
"""Tesla's name for "every season" and "every period"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TouWindow:
    """When a period applies: days inclusive (may wrap the week), ``[start, end)``.

    ``end`` is 1440 for midnight; an ``end`` before ``start`` runs into the next
    day.
    """

    from_day: int
    to_day: int
    start: int
    end: int

    def spans(self) -> Iterator[tuple[int, int, int]]:
        """Yield ``(day, start, end)`` pieces that each lie within one day."""
        days = (self.to_day - self.from_day) % DAYS_PER_WEEK + 1
        for offset in range(days):
            day = (self.from_day + offset) % DAYS_PER_WEEK
            if self.start < self.end:
                yield day, self.start, self.end
                continue
            yield day, self.start, MINUTES_PER_DAY
            if self.end:
                yield (day + 1) % DAYS_PER_WEEK, 0, self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class TouPeriod:
    """A named period and its windows."""

    label: str
    windows: tuple[TouWindow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TouSeason:
    """A part of the year, both dates inclusive, and its periods."""

    name: str
    from_month: int
    from_day: int
    to_month: int
    to_day: int
    periods: tuple[TouPeriod, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonRates:
    """Prices by period label for one season (or ``ALL``)."""

    season: str
    rates: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyCharge:
    """A fixed amount per day, in currency."""

    name: str
    amount: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffSide:
    """What is paid for energy in one direction.

    ``extra`` is what Tesla's document says beside that, to be written back as it
    was; it makes no two tariffs different.
    """

    name: str
    utility: str
    code: str
    currency: str
    seasons: tuple[TouSeason, ...]
    energy_rates: tuple[SeasonRates, ...]
    demand_rates: tuple[SeasonRates, ...] = ()
    daily_charges: tuple[DailyCharge, ...] = ()
    monthly_charges: float = 0
    monthly_minimum_bill: float = 0
    min_applicable_demand: float = 0
    max_applicable_demand: float = 0
    extra: Extra = field(default_factory=dict, compare=False)

    def prices(self, season: str) -> Mapping[str, float]:
        """Return the price of each period of a season; ``ALL`` covers the rest.

        What a season does not price itself is priced by Tesla's ALL entries: first
        the season's own, then those of all seasons.
        """
        tables = {entry.season: dict(entry.rates) for entry in self.energy_rates}
        own, common = tables.get(season, {}), tables.get(ALL, {})
        if ALL in own:
            return own
        return {**common, **own}

    def rate(self, season: str, label: str) -> float | None:
        """Return the price of one period of a season."""
        prices = self.prices(season)
        return prices.get(label, prices.get(ALL))


@dataclass(frozen=True, slots=True, kw_only=True)
class TeslaTariff:
    """A complete tariff: the buy side and, where there is one, the sell side."""

    buy: TariffSide
    sell: TariffSide | None
