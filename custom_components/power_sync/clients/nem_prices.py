"""What all sources of Australia's wholesale prices (the NEM) have in common.

Wire: $/MWh without tax, times in market time (UTC+10:00 all year, in every region)
that label the END of an interval. Inside: $/kWh by the START of the interval in UTC.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta, timezone
import re

from ..core.model.moments import floor_to
from ..core.model.prices import PriceKind, PricePoint
from .errors import InvalidDataError

REGIONS = frozenset({"NSW1", "QLD1", "SA1", "TAS1", "VIC1"})
"""What AEMO calls the regions; ``NEM1`` appears in some reports and is none."""

DISPATCH = timedelta(minutes=5)
HALF_HOUR = timedelta(minutes=30)

LOWEST = -1_100.0
HIGHEST = 25_000.0
"""$/MWh around the market's floor and cap (-1,000 and 23,200 in 2026-27)."""

_MARKET_TIME = timezone(timedelta(hours=10))
_KWH_PER_MWH = 1_000
_STAMP = re.compile(r"(\d{4})([-/])(\d\d)\2(\d\d)[T ](\d\d):(\d\d):(\d\d)", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

type Prices = Mapping[datetime, float]
"""$/kWh by the start of the interval, in UTC."""


def known_region(region: str) -> str:
    """Return a region's name; raises ValueError if the market has no such region."""
    if region not in REGIONS:
        raise ValueError(f"{region!r} is not one of {', '.join(sorted(REGIONS))}")
    return region


def interval_start(stamp: str, length: timedelta, where: str) -> datetime:
    """Return when the interval starts whose END a stamp is.

    Raises InvalidDataError for anything but a time in either of the two ways in which
    AEMO writes it, and for an end where no interval of that length ends.
    """
    if (parts := _STAMP.fullmatch(stamp)) is None:
        raise InvalidDataError(f"{where} is not a time")
    year, month, day, hour, minute, second = (
        int(parts[group]) for group in (1, 3, 4, 5, 6, 7)
    )
    try:
        end = datetime(year, month, day, hour, minute, second, tzinfo=_MARKET_TIME)
        start = end.astimezone(UTC) - length
    except ValueError, OverflowError:
        raise InvalidDataError(f"{where} is not a time") from None
    if start != floor_to(start, length):
        raise InvalidDataError(f"{where} is not the end of an interval")
    return start


def dollars(rrp: float, where: str) -> float:
    """Return $/kWh for $/MWh; raises InvalidDataError beyond the market's limits."""
    if not LOWEST <= rrp <= HIGHEST:
        raise InvalidDataError(f"{where} is beyond the market's limits")
    # The zero that is added turns -0.0 into 0.0.
    return rrp / _KWH_PER_MWH + 0.0


def add(prices: dict[datetime, float], start: datetime, price: float) -> None:
    """Add a price; raises InvalidDataError if there is another for the interval."""
    if prices.setdefault(start, price) != price:
        raise InvalidDataError("there are two prices for one interval")


def running(prices: Prices, now: datetime) -> bool:
    """Return whether the price of the dispatch interval around now is known."""
    return floor_to(now, DISPATCH) in prices


def assemble(
    settled: Prices,
    hour: Prices,
    half_hours: Prices,
    *,
    now: datetime,
    open_: Collection[datetime] = (),
) -> tuple[PricePoint, ...]:
    """Return the points of all prices, in order and without overlap.

    The surer one counts: settled dispatch intervals, then those of the forecast
    ``hour``, then the forecast ``half_hours``. A forecast begins where the surer
    prices end, be it within a half hour; a gap before that stays one. ``open_`` are
    the starts of intervals whose price may still change.

    Raises InvalidDataError if nothing is settled, or something well ahead of now is.
    """
    if not settled:
        raise InvalidDataError("there is no settled price")
    if max(settled) > now + DISPATCH:
        raise InvalidDataError("a settled price lies ahead of this system's clock")
    edge = max(settled) + DISPATCH
    points = [
        _point(
            start,
            start + DISPATCH,
            settled[start],
            kind := _kind(start, now),
            estimate=kind is PriceKind.CURRENT and start in open_,
        )
        for start in sorted(settled)
    ]
    for prices, length in ((hour, DISPATCH), (half_hours, HALF_HOUR)):
        for start in sorted(prices):
            end = start + length
            if end > edge:
                points.append(
                    _point(max(start, edge), end, prices[start], PriceKind.FORECAST)
                )
                edge = end
    return tuple(points)


def _kind(start: datetime, now: datetime) -> PriceKind:
    """Return what a settled price is; a slow clock makes even that one lie ahead."""
    if start > now:
        return PriceKind.FORECAST
    return PriceKind.ACTUAL if start + DISPATCH <= now else PriceKind.CURRENT


def _point(
    start: datetime,
    end: datetime,
    price: float,
    kind: PriceKind,
    *,
    estimate: bool = False,
) -> PricePoint:
    """Return a point; all of a wholesale price is the wholesale part."""
    return PricePoint(
        start=start, end=end, price=price, kind=kind, estimate=estimate, spot=price
    )
