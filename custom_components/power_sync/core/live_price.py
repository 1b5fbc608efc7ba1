"""Pushed prices of the running interval, put in their place in a series.

Two ways lead to the price of one interval, and neither may undo what the other knows
better: an estimate never replaces a settled price.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from .model.prices import Channel, PriceKind, PricePoint, PriceSeries


def with_running(
    series: PriceSeries, update: Mapping[Channel, PricePoint], now: datetime
) -> PriceSeries:
    """Return a series with pushed prices of the interval around now.

    What was known or forecast of the same time gives way, settled intervals excepted.
    Prices of another time and of channels that the series lacks are ignored. Returns
    the same object if there is nothing new in the update.
    """
    news = {
        channel: point
        for channel, point in update.items()
        if point.start <= now < point.end
        and _is_news(point, series.running(channel, now))
    }
    updated = _with_points(series, news)
    return series if updated is series else replace(updated, fetched_at=now)


def keep_settled(
    earlier: PriceSeries, fresh: PriceSeries, now: datetime
) -> PriceSeries:
    """Return a fresh answer that does not undo running prices settled before it.

    An answer may have been under way, or even begun before the interval, while a
    settled price was pushed. Returns the fresh object if there is nothing to keep.
    """
    kept = {
        channel: point
        for channel in Channel
        for point in earlier.channel(channel)
        if point.kind is PriceKind.CURRENT and not point.estimate and now < point.end
        if _leaves_open(fresh.channel(channel), point)
    }
    return _with_points(fresh, kept)


def _is_news(point: PricePoint, known: PricePoint | None) -> bool:
    """Return whether a pushed price says more than what is known of the moment."""
    if known is None:
        return True
    if known.kind is PriceKind.ACTUAL or point == known:
        return False
    return known.estimate or not point.estimate


def _leaves_open(points: tuple[PricePoint, ...], settled: PricePoint) -> bool:
    """Return whether points have only a guess at the interval of a settled one."""
    same = [p for p in points if (p.start, p.end) == (settled.start, settled.end)]
    return bool(same) and all(p.estimate or p.kind is PriceKind.FORECAST for p in same)


def _with_points(
    series: PriceSeries, points: Mapping[Channel, PricePoint]
) -> PriceSeries:
    """Return a series with one point placed in each of some channels it has."""
    placed = {
        channel: _placed(series.channel(channel), point)
        for channel, point in points.items()
        if series.channel(channel)
    }
    if not placed:
        return series
    return replace(
        series,
        imports=placed.get(Channel.IMPORT, series.imports),
        exports=placed.get(Channel.EXPORT, series.exports),
        controlled_load=placed.get(Channel.CONTROLLED_LOAD, series.controlled_load),
    )


def _placed(points: tuple[PricePoint, ...], new: PricePoint) -> tuple[PricePoint, ...]:
    """Return points in order with a new one, cut back to where it is not.

    Without the cuts a longer interval that began earlier would pass for the running
    one. Settled points stay whole, as they count for more wherever points overlap.
    """
    result = [new]
    for point in points:
        apart = point.end <= new.start or new.end <= point.start
        if apart or point.kind is PriceKind.ACTUAL:
            result.append(point)
            continue
        if point.start < new.start:
            result.append(replace(point, end=new.start))
        if new.end < point.end:
            result.append(replace(point, start=new.end))
    return tuple(sorted(result, key=lambda point: (point.start, point.end)))
