"""Build, compare and read Tesla tariffs by what they mean.

Tesla's read-backs leave out zeros and may order things differently, so two
tariffs are compared as the prices they give at each minute of each weekday of
each season, never as text.
"""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise
import math

from .model.prices import NO_CHARGES, StandingCharges
from .model.tesla_tariff import (
    ALL,
    DAYS_PER_WEEK,
    MINUTES_PER_DAY,
    DailyCharge,
    SeasonRates,
    TariffSide,
    TeslaTariff,
    TouPeriod,
    TouSeason,
    TouWindow,
)

SLOT_MINUTES = 30
SLOTS_PER_DAY = MINUTES_PER_DAY // SLOT_MINUTES
SEASON = "AllYear"
OUR_CODE = "POWERSYNC"
"""The tariff code by which our own tariffs are recognised."""

type _Season = tuple[int, int, int, int]
type _Day = tuple[tuple[int, int, float | None], ...]
"""Pieces ``(start, end, price)`` that cover a day in order; None is unpriced."""


def daily_tariff(
    buy: Sequence[float],
    sell: Sequence[float],
    *,
    name: str,
    utility: str,
    currency: str,
    charges: StandingCharges = NO_CHARGES,
    demand: Sequence[float] = (),
) -> TeslaTariff:
    """Return a tariff of 48 half-hour periods that is the same every day.

    ``buy`` and ``sell`` hold one price per half hour from local midnight, and so
    does ``demand`` (currency per kW of import) unless it is empty.
    Raises ValueError if any of them does not have 48 entries.
    """
    if len(buy) != SLOTS_PER_DAY or len(sell) != SLOTS_PER_DAY:
        raise ValueError("a daily tariff needs 48 prices each way")
    if demand and len(demand) != SLOTS_PER_DAY:
        raise ValueError("a daily tariff needs 48 demand rates, or none")

    labels = [period_label(slot) for slot in range(SLOTS_PER_DAY)]
    season = TouSeason(
        name=SEASON,
        from_month=1,
        from_day=1,
        to_month=12,
        to_day=31,
        periods=tuple(
            TouPeriod(
                label=label,
                windows=(
                    TouWindow(
                        from_day=0,
                        to_day=DAYS_PER_WEEK - 1,
                        start=slot * SLOT_MINUTES,
                        end=(slot + 1) * SLOT_MINUTES,
                    ),
                ),
            )
            for slot, label in enumerate(labels)
        ),
    )

    def side(
        prices: Sequence[float],
        standing: StandingCharges = NO_CHARGES,
        peaks: Sequence[float] = (),
    ) -> TariffSide:
        return TariffSide(
            name=name,
            utility=utility,
            code=OUR_CODE,
            currency=currency,
            seasons=(season,),
            energy_rates=(
                SeasonRates(
                    season=SEASON, rates=tuple(zip(labels, prices, strict=True))
                ),
            ),
            demand_rates=(
                SeasonRates(
                    season=SEASON, rates=tuple(zip(labels, peaks, strict=False))
                ),
            ),
            daily_charges=(DailyCharge(name="Charge", amount=standing.daily),),
            monthly_charges=standing.monthly,
        )

    # What is paid anyway, and for peaks, is paid to the one who sells to the home.
    return TeslaTariff(buy=side(buy, charges, demand), sell=side(sell))


def period_label(slot: int) -> str:
    """Return the name of a half-hour period, such as ``PERIOD_17_30``."""
    hours, minutes = divmod(slot * SLOT_MINUTES, 60)
    return f"PERIOD_{hours:02}_{minutes:02}"


@lru_cache(maxsize=64)
def largest_difference(first: TeslaTariff, second: TeslaTariff) -> float:
    """Return the largest price difference at any moment of the year, per kWh.

    Infinite if the two cover different dates or times, or only one of them has
    a sell side. Remembered, because the same few are compared all day long.
    """
    if (first.sell is None) != (second.sell is None):
        return math.inf
    difference = _side_difference(first.buy, second.buy)
    if first.sell is not None and second.sell is not None:
        difference = max(difference, _side_difference(first.sell, second.sell))
    return difference


def same_conditions(first: TeslaTariff, second: TeslaTariff) -> bool:
    """Return whether two tariffs charge the same for demand and for each day.

    To be asked of tariffs of ours: Tesla need not repeat what it makes no use of.
    """
    return _conditions(first.buy) == _conditions(second.buy)


def _conditions(side: TariffSide) -> tuple[object, ...]:
    """Return what a side charges beside energy, leaving out what costs nothing."""
    demand = {
        (season.season, label): rate
        for season in side.demand_rates
        for label, rate in season.rates
        if rate
    }
    daily = {charge.name: charge.amount for charge in side.daily_charges}
    return demand, daily, side.monthly_charges


def day_prices(side: TariffSide, day: date) -> tuple[float | None, ...]:
    """Return the price at the start of each half hour of one date."""
    for (from_month, from_day, to_month, to_day), week in _weeks(side).items():
        if _within((day.month, day.day), (from_month, from_day), (to_month, to_day)):
            pieces = week[day.weekday()]
            return tuple(
                next(
                    (price for start, end, price in pieces if start <= minute < end),
                    None,
                )
                for minute in range(0, MINUTES_PER_DAY, SLOT_MINUTES)
            )
    return (None,) * SLOTS_PER_DAY


def _within(
    moment: tuple[int, int], start: tuple[int, int], end: tuple[int, int]
) -> bool:
    """Return whether a date lies in a season, which may wrap the year."""
    if start <= end:
        return start <= moment <= end
    return moment >= start or moment <= end


def _side_difference(first: TariffSide, second: TariffSide) -> float:
    """Compare two sides season by season, day by day."""
    if first.seasons and first.seasons == second.seasons:
        return _rate_difference(first, second)
    weeks, others = _weeks(first), _weeks(second)
    if weeks.keys() != others.keys():
        return math.inf
    return max(
        (
            _day_difference(day, other)
            for season, week in weeks.items()
            # The days of a week are mostly alike: each pair is compared once.
            for day, other in {*zip(week, others[season], strict=True)}
        ),
        default=0.0,
    )


def _rate_difference(first: TariffSide, second: TariffSide) -> float:
    """Compare two sides whose periods are at the same times, as ours always are."""
    largest = 0.0
    for season in first.seasons:
        prices, others = first.prices(season.name), second.prices(season.name)
        for period in season.periods:
            price = prices.get(period.label, prices.get(ALL))
            other = others.get(period.label, others.get(ALL))
            if not period.windows or price is other is None:
                continue
            if price is None or other is None:
                return math.inf
            largest = max(largest, abs(price - other))
    return largest


def _day_difference(first: _Day, second: _Day) -> float:
    """Return the largest difference over one day."""
    if first == second:
        return 0.0
    edges = sorted({edge for piece in (*first, *second) for edge in piece[:2]})
    largest = 0.0
    for start, _ in pairwise(edges):
        price, other = _price_at(first, start), _price_at(second, start)
        if price is None and other is None:
            continue
        if price is None or other is None:
            return math.inf
        largest = max(largest, abs(price - other))
    return largest


def _price_at(day: _Day, minute: int) -> float | None:
    """Return the price at one minute of a day."""
    return next((price for start, end, price in day if start <= minute < end), None)


def _weeks(side: TariffSide) -> dict[_Season, tuple[_Day, ...]]:
    """Return what each weekday costs, by season."""
    if not side.seasons:
        flat = side.rate(ALL, ALL)
        return {(1, 1, 12, 31): (((0, MINUTES_PER_DAY, flat),),) * DAYS_PER_WEEK}
    return {
        (season.from_month, season.from_day, season.to_month, season.to_day): _week(
            side, season
        )
        for season in side.seasons
    }


def _week(side: TariffSide, season: TouSeason) -> tuple[_Day, ...]:
    """Return the seven days of one season, Monday first."""
    days: list[list[tuple[int, int, float | None]]] = [[] for _ in range(DAYS_PER_WEEK)]
    prices = side.prices(season.name)
    for period in season.periods:
        price = prices.get(period.label, prices.get(ALL))
        for window in period.windows:
            for day, start, end in window.spans():
                days[day].append((start, end, price))
    return tuple(tuple(sorted(day, key=lambda piece: piece[:2])) for day in days)
