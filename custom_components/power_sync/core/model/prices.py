"""Prices of electricity over time.

Every price is in currency per kWh including tax. An import price is what a kWh
costs the home; an export price is what a kWh earns it (negative: it costs).
Intervals are half open, ``[start, end)``, in aware UTC.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum


class Channel(StrEnum):
    """What a meter channel is billed for."""

    IMPORT = "import"
    EXPORT = "export"
    CONTROLLED_LOAD = "controlled_load"


class PriceKind(StrEnum):
    """How sure a price is."""

    ACTUAL = "actual"
    """The interval is over and its price is settled."""
    CURRENT = "current"
    """The interval is running."""
    FORECAST = "forecast"
    """The interval lies ahead."""


class SpikeStatus(StrEnum):
    """Whether the source flags an interval as a price spike."""

    NONE = "none"
    POTENTIAL = "potential"
    SPIKE = "spike"


class ForecastChoice(StrEnum):
    """Which of a source's forecasts drives the tariff."""

    LOW = "low"
    PREDICTED = "predicted"
    HIGH = "high"
    RAW = "raw"
    """The plain conversion of the market's own forecast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceBand:
    """A source's own forecast of one interval, ordered by value to the home."""

    low: float
    predicted: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePoint:
    """The price of one channel over one interval.

    Raises ValueError for an interval that is empty or not in UTC.
    """

    start: datetime
    end: datetime
    price: float
    kind: PriceKind
    estimate: bool = False
    """True while the price of a running interval may still change."""
    band: PriceBand | None = None
    spot: float | None = None
    """The wholesale part of the price."""
    supply: float | None = None
    """The price without delivery, from sources that announce that alone."""
    spot_low: float | None = None
    spot_high: float | None = None
    spike: SpikeStatus = SpikeStatus.NONE
    descriptor: str | None = None
    renewables: float | None = None
    """Share of renewables in the grid, percent."""
    demand_window: bool | None = None

    def __post_init__(self) -> None:
        """Refuse intervals that would corrupt every mean they take part in."""
        if self.start.tzinfo is not UTC or self.end.tzinfo is not UTC:
            raise ValueError("price intervals must be in UTC")
        if self.end <= self.start:
            raise ValueError("a price interval must end after it starts")

    @property
    def duration(self) -> timedelta:
        """Return the length of the interval."""
        return self.end - self.start

    @property
    def quoted(self) -> float:
        """Return the price as the source announces it.

        Statistics and alerts speak of this one, because it is what people of a
        supply-only source (ComEd) know: 3 c is cheap there, whatever delivery adds.
        """
        return self.price if self.supply is None else self.supply

    def planning_price(self, choice: ForecastChoice) -> float:
        """Return the price to plan with; only forecasts leave a choice."""
        if self.kind is not PriceKind.FORECAST or self.band is None:
            return self.price
        match choice:
            case ForecastChoice.LOW:
                return self.band.low
            case ForecastChoice.PREDICTED:
                return self.band.predicted
            case ForecastChoice.HIGH:
                return self.band.high
            case ForecastChoice.RAW:
                return self.price


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingCharges:
    """What is paid whether or not energy flows, in currency."""

    daily: float = 0.0
    monthly: float = 0.0


NO_CHARGES = StandingCharges()
FRESH = timedelta(minutes=2)
"""How long after its interval a price still speaks for the running one.

Sources publish a new interval up to about 45 s late.
"""
MARKET_HORIZON = timedelta(hours=12)
"""Australia's market publishes 15 to 40 hours ahead: less is a fragment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSeries:
    """What a source says about one home's prices, as of one moment.

    Each channel is in time order. ``exports`` is None for a site that is not
    billed for feed-in at all; a feed-in channel that is only missing from one
    answer never gets this far, because the client refuses that answer.
    ``origin`` names the way the prices came where a source has several.
    """

    fetched_at: datetime
    imports: tuple[PricePoint, ...]
    exports: tuple[PricePoint, ...] | None = None
    controlled_load: tuple[PricePoint, ...] | None = None
    least_horizon: timedelta = MARKET_HORIZON
    """How far ahead this source always reaches; less is a fragment, to be refused."""
    settlement: timedelta | None = None
    """Over how long energy is billed at one mean price; None: each interval alone."""
    charges: StandingCharges = NO_CHARGES
    origin: str | None = None

    def channel(self, channel: Channel) -> tuple[PricePoint, ...]:
        """Return the points of one channel, empty if the site has none."""
        match channel:
            case Channel.IMPORT:
                return self.imports
            case Channel.EXPORT:
                return self.exports or ()
            case Channel.CONTROLLED_LOAD:
                return self.controlled_load or ()

    def running(self, channel: Channel, now: datetime) -> PricePoint | None:
        """Return the known (not forecast) price of the interval around now."""
        for point in self.channel(channel):
            if point.kind is not PriceKind.FORECAST and point.start <= now < point.end:
                return point
        return None

    def is_fresh(self, channel: Channel, now: datetime) -> bool:
        """Return whether the running price is known, or only just late."""
        return any(self.running(channel, moment) for moment in (now, now - FRESH))
