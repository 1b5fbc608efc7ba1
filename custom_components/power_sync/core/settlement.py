"""What energy costs where it is billed at the mean of a longer time.

ComEd announces a price every five minutes and bills the mean of each hour's twelve.
Late in the hour that mean is nearly fixed, and every further kWh still pays it: what
decides is the mean to be expected, not the newest price.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import fmean, median

from .model.moments import floor_to
from .model.prices import Channel, PriceKind, PricePoint, PriceSeries
from .timeline import StepFunction

STEP = timedelta(minutes=5)
"""How often a new price is announced; an open price says no more than that."""
_RECENT = 6
"""How many of the last prices stand for the near future."""
_RECENT_REACH = timedelta(hours=1)
"""How far back those may lie where prices are missing."""

type UsualPrice = Callable[[datetime], float | None]
"""What energy usually costs in the hour that starts then, as ``PricePoint.quoted``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HourMean:
    """The mean of an hour's known prices, in currency per kWh.

    ``known`` is how much of the hour stands behind it; ``supply`` and ``spot`` are
    None unless every price tells it.
    """

    mean: float
    known: timedelta
    supply: float | None = None
    spot: float | None = None

    @property
    def seen(self) -> int:
        """Return how many five minutes stand behind the mean."""
        return round(self.known / STEP)

    @property
    def quoted(self) -> float:
        """Return the mean as the source announces prices."""
        return self.mean if self.supply is None else self.supply


def hour_mean(
    points: Iterable[PricePoint],
    hour_start: datetime,
    now: datetime,
    length: timedelta = timedelta(hours=1),
) -> HourMean | None:
    """Return the mean so far of an hour, None if nothing of it is known.

    Each five minutes counts once, however often they are told; those that nobody
    tells carry no weight.
    """
    return _Known(points, now).mean(hour_start, length)


def expected_mean(
    series: PriceSeries, usual: UsualPrice, now: datetime
) -> PricePoint | None:
    """Return the running hour with the import price to be expected of it.

    See ``billed``; None for a series that is not settled over a longer time, and
    while the running price is not known.
    """
    if series.settlement is None:
        return None
    known = _Known(series.imports, now)
    point = _running(known, series.imports, series.settlement, usual, now)
    return point if point is not None and now < point.end else None


def billed(series: PriceSeries, usual: UsualPrice, now: datetime) -> PriceSeries:
    """Return a series as it will be paid.

    Each past hour becomes one settled point with the mean of what is known of it; the
    running hour becomes one open point with the mean to be expected of it, in which
    what is missing counts as ``f = (recent + usual) / 2``: ``recent`` is the median
    of the last six known prices and ``usual`` the one given, or the forecast of the
    hour as long as nothing is usual yet. The usual price comes first because it does
    not vanish in the midst of an hour, as a forecast does once it is overtaken. If
    there is neither, ``f = recent``. What is forecast of later hours stays.

    Hours are those of UTC, and as long as ``series.settlement`` says; a series without
    it is returned as it is. An open price counts for the five minutes that it was
    announced for, though it may hold for longer. When the running price is not known
    (any more), the running hour ends with what is known, so that it is not taken for
    known either. An hour that the beginning of what is known cuts through is left out:
    the mean of its end would replace better knowledge.

    Source of the formula: ComEd bills the mean of twelve prices
    (<https://hourlypricing.comed.com/faqs/>); ``f`` is our own choice.
    """
    length = series.settlement
    if length is None:
        return series

    def paid(channel: Channel, usual: UsualPrice) -> tuple[PricePoint, ...]:
        return tuple(_paid(series.channel(channel), length, usual, now))

    return replace(
        series,
        imports=paid(Channel.IMPORT, usual),
        exports=None if series.exports is None else paid(Channel.EXPORT, _nothing),
        controlled_load=None
        if series.controlled_load is None
        else paid(Channel.CONTROLLED_LOAD, _nothing),
    )


def _nothing(_: datetime) -> None:
    """Know of nothing usual; what is known is said of import prices."""


def _paid(
    points: Sequence[PricePoint], length: timedelta, usual: UsualPrice, now: datetime
) -> Iterator[PricePoint]:
    """Yield past hours, the running one and the forecast, in order."""
    known = _Known(points, now)
    hour = floor_to(now, length)
    for start in known.whole_periods(length, hour):
        mean = known.mean(start, length)
        if mean is not None:
            yield _point(start, start + length, mean, PriceKind.ACTUAL)
    edge = hour
    running = _running(known, points, length, usual, now)
    if running is not None:
        yield running
        edge = running.end
    for point in points:
        if point.kind is not PriceKind.FORECAST or point.end <= edge:
            continue
        start = max(point.start, edge)
        # The newest price reaches into the next hour until another one replaces it.
        # It is no part of the mean there, and what it covers is forecast after all.
        if known.until is not None and edge < start <= known.until:
            start = edge
        yield replace(point, start=start)
        edge = point.end


def _running(
    known: _Known,
    points: Iterable[PricePoint],
    length: timedelta,
    usual: UsualPrice,
    now: datetime,
) -> PricePoint | None:
    """Return the running hour, cut where knowledge ended if it ended before now."""
    hour = floor_to(now, length)
    recent = known.recent()
    if recent is None or known.until is None or known.until <= hour:
        return None
    forecast = _Parts([p for p in points if p.kind is PriceKind.FORECAST])
    typical = forecast.mean(hour, length)
    if (price := usual(hour)) is not None:
        # It is one price: the parts keep the distance they have now.
        typical = _shifted(recent, price - recent.quoted)
    mean = recent if typical is None else _mix(recent, typical, 0.5)
    if (so_far := known.mean(hour, length)) is not None:
        mean = _mix(mean, so_far, so_far.known / length)
    end = hour + length if known.until > now else known.until
    return _point(hour, end, mean, PriceKind.CURRENT)


def _point(
    start: datetime, end: datetime, mean: HourMean, kind: PriceKind
) -> PricePoint:
    """Return the point of an hour; a running one is open to its end."""
    return PricePoint(
        start=start,
        end=end,
        price=mean.mean,
        kind=kind,
        estimate=kind is PriceKind.CURRENT,
        supply=mean.supply,
        spot=mean.spot,
    )


class _Parts:
    """A price and its parts as step functions; a part that some lack is None."""

    def __init__(self, points: Sequence[PricePoint]) -> None:
        self.price = StepFunction(points)
        self.supply = _part(points, [point.supply for point in points])
        self.spot = _part(points, [point.spot for point in points])

    def mean(self, start: datetime, length: timedelta) -> HourMean | None:
        """Return the mean of a stretch, None if nothing covers any of it."""
        stretch = [(start, start + length)]
        if (price := self.price.mean(stretch)) is None:
            return None
        supply = None if self.supply is None else self.supply.mean(stretch)
        spot = None if self.spot is None else self.spot.mean(stretch)
        return HourMean(
            mean=price.price,
            known=timedelta(seconds=price.seconds),
            supply=None if supply is None else supply.price,
            spot=None if spot is None else spot.price,
        )


def _part(
    points: Sequence[PricePoint], values: Sequence[float | None]
) -> StepFunction | None:
    """Return one part of all prices over time."""
    parts = [
        replace(point, price=value, band=None)
        for point, value in zip(points, values, strict=True)
        if value is not None
    ]
    return StepFunction(parts) if len(parts) == len(points) else None


class _Known:
    """What is known of a channel's past and its running price."""

    def __init__(self, points: Iterable[PricePoint], now: datetime) -> None:
        known = [
            point
            for point in points
            if point.kind is not PriceKind.FORECAST and point.start <= now
        ]
        self.until = max((point.end for point in known), default=None)
        """Until when a price is said to hold."""
        self._seen = [_announced(point) for point in known]
        self._parts = _Parts(self._seen)

    def mean(self, start: datetime, length: timedelta) -> HourMean | None:
        """Return the mean of what is known of a period."""
        return self._parts.mean(start, length)

    def whole_periods(self, length: timedelta, before: datetime) -> list[datetime]:
        """Return when each period starts of which something is known, in order.

        The first one is left out if it is cut by the beginning of what is known.
        """
        starts = set()
        for point in self._seen:
            start = floor_to(point.start, length)
            while start < min(point.end, before):
                starts.add(start)
                start += length
        first = min((point.start for point in self._seen), default=before)
        return sorted(start for start in starts if start >= first)

    def recent(self) -> HourMean | None:
        """Return the medians of the last known prices, None if there are none."""
        if (end := self._parts.price.end) is None:
            return None
        stamp = floor_to(end - timedelta.resolution, STEP)
        found: list[HourMean] = []
        oldest = stamp - _RECENT_REACH
        while len(found) < _RECENT and stamp > oldest:
            if (price := self._parts.mean(stamp, STEP)) is not None:
                found.append(price)
            stamp -= STEP
        return HourMean(
            mean=median(price.mean for price in found),
            known=len(found) * STEP,
            supply=_median([price.supply for price in found]),
            spot=_median([price.spot for price in found]),
        )


def _announced(point: PricePoint) -> PricePoint:
    """Return a point as long as its price was announced for."""
    if not point.estimate:
        return point
    return replace(point, end=min(point.end, point.start + STEP))


def _median(values: Sequence[float | None]) -> float | None:
    """Return the median of a part, None if it is not told (of all or of none)."""
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _shifted(mean: HourMean, by: float) -> HourMean:
    """Return a mean of which every part is dearer by as much."""
    return replace(
        mean,
        mean=mean.mean + by,
        supply=None if mean.supply is None else mean.supply + by,
        spot=None if mean.spot is None else mean.spot + by,
    )


def _mix(first: HourMean, second: HourMean, share: float) -> HourMean:
    """Return a mean of two, of which the second has a share of the weight."""

    def mixed(one: float | None, other: float | None) -> float | None:
        if one is None or other is None:
            return None
        return fmean((one, other), (1 - share, share))

    return HourMean(
        mean=fmean((first.mean, second.mean), (1 - share, share)),
        known=first.known,
        supply=mixed(first.supply, second.supply),
        spot=mixed(first.spot, second.spot),
    )
