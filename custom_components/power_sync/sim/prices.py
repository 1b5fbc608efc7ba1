"""Wholesale prices: what they really are, and what is known about them beforehand.

Prices are $/MWh without tax, the form in which the market publishes them. An
interval of five minutes is numbered by its start: unix time // 300.
"""

from datetime import UTC, datetime, timedelta, timezone
from math import exp
from typing import Protocol, override

from .noise import bell, uniform

INTERVAL = 300
HALF_HOUR = 1_800
INTERVALS_PER_DAY = 288
NEM = timezone(timedelta(hours=10))
"""The market's time: UTC+10 all year."""
_SPIKE = 300.0
"""Prices above this are hardly ever foreseen well."""


class PriceTruth(Protocol):
    """Prices as they turn out, and as they are expected at some moment."""

    def spot(self, start: datetime) -> float:
        """Return the settled price of the five minutes that begin at ``start``."""

    def forecast(self, start: datetime, minutes: int, known_at: datetime) -> float:
        """Return the mean price of a coming interval as expected at ``known_at``."""


class SpotSource(Protocol):
    """Settled prices by interval number."""

    def at(self, interval: int) -> float:
        """Return the settled price of an interval in $/MWh."""


class Market(PriceTruth):
    """Settled prices with forecasts that get worse with their lead.

    A forecast is made from the truth blended with the same time of earlier days and
    seeded noise. High prices are often not foreseen until shortly before, and some
    evenings carry a forecast spike that never comes, as in the real market.
    New half-hourly forecasts appear every 30 minutes, five-minute ones of the coming
    hour every five.
    """

    def __init__(self, source: SpotSource, seed: int) -> None:
        """Make a market of settled prices."""
        self._source = source
        self._seed = seed
        self._means: dict[tuple[int, int], float] = {}

    @override
    def spot(self, start: datetime) -> float:
        return self._source.at(int(start.timestamp()) // INTERVAL)

    @override
    def forecast(self, start: datetime, minutes: int, known_at: datetime) -> float:
        begin, known = int(start.timestamp()), int(known_at.timestamp())
        lead = (begin - known) / 3600
        run = known // (INTERVAL if minutes <= 5 or lead < 0 else HALF_HOUR)
        first, count = begin // INTERVAL, max(1, minutes // 5)
        truth = self._mean(first, count)
        lead = max(lead, 1 / 12)
        if truth > _SPIKE and not self._foreseen(first, lead):
            truth = _SPIKE
        trust = 0.25 + 0.72 * exp(-lead / 8)
        days = 1
        while (first - INTERVALS_PER_DAY * days + count) * INTERVAL > known:
            days += 1
        before = min(self._mean(first - INTERVALS_PER_DAY * days, count), _SPIKE)
        price = trust * truth + (1 - trust) * before
        spread = 0.03 + 0.2 * (1 - exp(-lead / 6))
        wobble = 0.6 * bell(self._seed, 31, run, begin // HALF_HOUR)
        wobble += 0.8 * bell(self._seed, 32, known // 10_800, begin // 7_200)
        price += spread * (abs(price) + 40) * wobble
        return price + self._false_spike(begin, lead)

    def _mean(self, first: int, count: int) -> float:
        if count == 1:
            return self._source.at(first)
        key = (first, count)
        if (known := self._means.get(key)) is None:
            known = sum(self._source.at(first + i) for i in range(count)) / count
            if len(self._means) > 2_000:
                self._means.clear()
            self._means[key] = known
        return known

    def _foreseen(self, first: int, lead_hours: float) -> bool:
        """Say whether a spike shows in the forecast: half of them never early."""
        return lead_hours < 0.4 or uniform(self._seed, 33, first // 36) < 0.5

    def _false_spike(self, begin: int, lead_hours: float) -> float:
        """Return what a spike that will not come adds: on one evening in twelve."""
        day, second = divmod(begin + 36_000, 86_400)
        if lead_hours < 1.5 or not 61_200 <= second < 68_400:
            return 0.0
        if uniform(self._seed, 34, day) > 1 / 12:
            return 0.0
        return 400 + 1_600 * uniform(self._seed, 35, day)


def interval_start(interval: int) -> datetime:
    """Return when an interval begins."""
    return datetime.fromtimestamp(interval * INTERVAL, UTC)
