"""The wholesale market of all regions, around the one whose prices are true."""

from datetime import UTC, datetime
from math import cos, pi
from typing import override

from .nem_timetable import NEM_OFFSET
from .noise import bell
from .price_events import EventfulTruth, PriceEvent, PriceEvents
from .prices import INTERVAL, PriceTruth

REGIONS = ("NSW1", "QLD1", "SA1", "TAS1", "VIC1")
_HABITS = {
    "NSW1": (1.0, 0.0, 7_900),
    "QLD1": (0.93, -3.0, 6_600),
    "SA1": (1.15, -24.0, 1_450),
    "TAS1": (0.85, 9.0, 1_130),
    "VIC1": (0.9, -14.0, 5_200),
}
"""How a region's price relates to New South Wales: factor and $/MWh; mean MW."""
_FLOOR, _CAP = -1_000.0, 23_200.0
_DAY = 86_400


class SpikeError(ValueError):
    """A price that the market cannot have; the text says why."""


class NemMarket:
    """Prices ($/MWh) and demand (MW) by region.

    The home's region costs what the truth says; the others follow it in their own
    manner, so that whoever reads the wrong row is found out. A price on demand is
    one region's affair. Times are unix seconds.
    """

    def __init__(self, truth: PriceTruth, region: str, seed: int) -> None:
        """Put the truth into a region."""
        self.region = region
        self.events = PriceEvents()
        """The prices on demand."""
        self._truth = truth
        self._seed = seed
        self._prices = {
            name: EventfulTruth(
                truth if name == region else _Neighbour(truth, region, name, seed),
                self.events,
                name,
            )
            for name in REGIONS
        }

    @property
    def truth(self) -> PriceTruth:
        """The prices of the home's region, those on demand included."""
        return self._prices[self.region]

    def truth_elsewhere(self, seconds: int) -> PriceTruth:
        """Return the truth for a market that asks for the prices of hours ago.

        Prices on demand are moved ``seconds`` back, so that they come there and here
        at the same time.
        """
        return EventfulTruth(self._truth, self.events, self.region, seconds)

    def spike(
        self, price: float, minutes: int, now: float, region: str | None = None
    ) -> PriceEvent:
        """Let a region (without one: the home's) cost so much for some minutes.

        It begins with the next five minutes, or with those that begin right now, and
        is as long as it takes to hold ``minutes``.

        Raises:
            SpikeError: the market has no such region or price, or no time is named.
        """
        region = region or self.region
        if region not in REGIONS:
            raise SpikeError(f"region must be one of {', '.join(REGIONS)}")
        if not _FLOOR <= price <= _CAP:
            raise SpikeError(f"price must be {_FLOOR:.0f} to {_CAP:.0f} $/MWh")
        if minutes < 1:
            raise SpikeError("minutes must be at least 1")
        start = _next_start(now)
        event = PriceEvent(
            region=region,
            start=start,
            end=_next_start(start + minutes * 60),
            price=price,
            decided_at=now,
        )
        self.events.all.append(event)
        return event

    def calm(self, now: float) -> None:
        """Leave every region to itself from the next five minutes on."""
        start = _next_start(now)
        running: dict[str, int] = {}
        for event in self.events.all:
            if event.end > start:
                running[event.region] = max(event.end, running.get(event.region, 0))
        self.events.all += [
            PriceEvent(region=region, start=start, end=end, price=None, decided_at=now)
            for region, end in running.items()
        ]

    def spot(self, region: str, start: int) -> float:
        """Return the settled price of the five minutes from ``start``."""
        return round(self._prices[region].spot(_utc(start)), 5)

    def forecast(self, region: str, start: int, minutes: int, known: int) -> float:
        """Return the mean price of a coming interval as expected at ``known``."""
        price = self._prices[region].forecast(_utc(start), minutes, _utc(known))
        return round(price, 5)

    def demand(self, region: str, start: int) -> float:
        """Return what a region uses: least at four in the morning."""
        hour = (start + NEM_OFFSET) % _DAY / 3600
        swing = 1 - 0.18 * cos((hour - 4) / 12 * pi)
        wobble = 0.02 * bell(self._seed, 56, REGIONS.index(region), start)
        return round(_HABITS[region][2] * (swing + wobble), 2)


class _Neighbour(PriceTruth):
    """What the truth of the home's region makes of another region."""

    def __init__(self, truth: PriceTruth, home: str, region: str, seed: int) -> None:
        self._truth = truth
        self._own = _HABITS[home]
        self._habits = _HABITS[region]
        self._number = REGIONS.index(region)
        self._seed = seed

    @override
    def spot(self, start: datetime) -> float:
        return self._follow(self._truth.spot(start), start, start)

    @override
    def forecast(self, start: datetime, minutes: int, known_at: datetime) -> float:
        price = self._truth.forecast(start, minutes, known_at)
        return self._follow(price, start, known_at)

    def _follow(self, price: float, start: datetime, known_at: datetime) -> float:
        factor, extra, _ = self._habits
        own_factor, own_extra, _ = self._own
        price = price * factor / own_factor + extra - own_extra
        begin, known = int(start.timestamp()), int(known_at.timestamp())
        price += 2.5 * bell(self._seed, 55, self._number, begin // INTERVAL, known)
        return max(_FLOOR, min(price, _CAP))


def _next_start(now: float) -> int:
    """Return when the next five minutes begin; now, if it is on the dot."""
    return int(-(-now // INTERVAL) * INTERVAL)


def _utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
