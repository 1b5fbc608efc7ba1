"""Synthetic prices with the habits of Australia's market."""

from collections.abc import Callable
from math import exp
from random import Random
from typing import override

from .prices import INTERVALS_PER_DAY, SpotSource

_OFFSET = 36_000 // 300
"""Intervals by which market time is ahead of UTC."""


class DuckCurve(SpotSource):
    """A morning hump, a sunny belly that goes below zero, an evening peak, spikes.

    Each market day is drawn on its own from seed and day number. ``sunniness``
    (0 to 1 by day number) is the same sky that shines on the home.
    """

    def __init__(self, seed: int, sunniness: Callable[[int], float]) -> None:
        """Remember seed and sky."""
        self._seed = seed
        self._sunniness = sunniness
        self._days: dict[int, list[float]] = {}

    @override
    def at(self, interval: int) -> float:
        day, index = divmod(interval + _OFFSET, INTERVALS_PER_DAY)
        if (prices := self._days.get(day)) is None:
            prices = self._draw(day)
            if len(self._days) > 40:
                self._days.clear()
            self._days[day] = prices
        return prices[index]

    def _draw(self, day: int) -> list[float]:
        rng = Random(f"{self._seed}/prices/{day}")
        level = 70 + 35 * rng.random()
        belly = (
            level * (0.35 + 1.15 * self._sunniness(day)) * (0.8 + 0.4 * rng.random())
        )
        evening = 60 + 140 * rng.random()
        morning = 25 + 55 * rng.random()
        prices = []
        drift = 0.0
        for index in range(INTERVALS_PER_DAY):
            hour = index / 12
            drift = 0.93 * drift + rng.gauss(0, 0.035)
            price = (
                level
                + morning * _bump(hour, 7.2, 1.3)
                - belly * _bump(hour, 12.3, 2.9)
                + evening * _bump(hour, 18.3, 1.6)
            )
            prices.append(price + (abs(price) + 30) * drift)
        if rng.random() < 0.14:
            self._spike(prices, rng, first=int((16.5 + 3 * rng.random()) * 12))
        if rng.random() < 0.03:
            self._spike(prices, rng, first=int(6.5 * 12) + rng.randrange(18))
        return [round(max(-1_000.0, min(price, 17_500.0)), 2) for price in prices]

    @staticmethod
    def _spike(prices: list[float], rng: Random, *, first: int) -> None:
        """Send the price up for a few intervals, each at its own height."""
        height = 600 * exp(2.6 * rng.random())
        for index in range(first, first + rng.randrange(2, 11)):
            if rng.random() < 0.8:
                prices[index] = height * (0.5 + rng.random())


def _bump(hour: float, centre: float, width: float) -> float:
    """Return a bell of height 1 around an hour."""
    return exp(-(((hour - centre) / width) ** 2) / 2)
