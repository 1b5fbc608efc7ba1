"""Wholesale prices on demand, laid over what the market does by itself."""

from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import override

from .prices import INTERVAL, PriceTruth


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceEvent:
    """A price of one region from ``start`` to ``end`` (unix seconds), $/MWh.

    ``price`` None gives back what the market would have done. Nobody who made a
    forecast at ``decided_at`` or before knew of it, so that nothing that was ever
    published changes.
    """

    region: str
    start: int
    end: int
    price: float | None
    decided_at: float


class PriceEvents:
    """All that was ever demanded of the market; later demands replace earlier ones."""

    def __init__(self) -> None:
        """Leave the market alone."""
        self.all: list[PriceEvent] = []

    def price(self, region: str, start: int, known_at: float = inf) -> float | None:
        """Return what was demanded for five minutes, None for the market's own price.

        ``known_at`` asks for what was known at that time (unix seconds).
        """
        for event in reversed(self.all):
            if (
                event.region == region
                and event.start <= start < event.end
                and event.decided_at < known_at
            ):
                return event.price
        return None


class EventfulTruth(PriceTruth):
    """The prices of one region, events included.

    ``ahead`` is for a market that lives by the truth of another hour: an event shows
    in it at the event's own time, for which the market asks that many seconds behind.
    """

    def __init__(
        self, base: PriceTruth, events: PriceEvents, region: str, ahead: int = 0
    ) -> None:
        """Lay events over a truth."""
        self._base = base
        self._events = events
        self._region = region
        self._ahead = ahead

    @override
    def spot(self, start: datetime) -> float:
        if self._events.all:
            at = int(start.timestamp()) + self._ahead
            price = self._events.price(self._region, at)
            if price is not None:
                return price
        return self._base.spot(start)

    @override
    def forecast(self, start: datetime, minutes: int, known_at: datetime) -> float:
        if not self._events.all:
            return self._base.forecast(start, minutes, known_at)
        begin = int(start.timestamp()) + self._ahead
        known = known_at.timestamp() + self._ahead
        prices = [
            self._events.price(self._region, at, known)
            for at in range(begin, begin + max(minutes, 5) * 60, INTERVAL)
        ]
        demanded = [price for price in prices if price is not None]
        others = len(prices) - len(demanded)
        mean = self._base.forecast(start, minutes, known_at) if others else 0.0
        return (sum(demanded) + others * mean) / len(prices)
