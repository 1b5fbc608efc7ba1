"""What electricity cost at each time of the last days.

Tariff slots beyond a forecast's horizon take the last known price of the same
half hour; this keeps those prices, in quarter hours, for a week.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from statistics import fmean, median
from types import MappingProxyType

from .model.moments import floor_to
from .model.prices import Channel, PriceKind, PricePoint, PriceSeries
from .timeline import HALF_HOUR, QUARTER, StepFunction, quarters_of

KEPT = timedelta(days=7)
_LAST_KNOWN = timedelta(hours=25)
"""A label's previous occurrence is at most a 25-hour day ago."""

CARRIED = timedelta(hours=2)
"""Long enough to cover the past of any running half hour."""

type _Quarters = MappingProxyType[datetime, float]


@dataclass(frozen=True, slots=True)
class PriceHistory:
    """Settled prices by channel and quarter hour, keyed by the quarter's start."""

    imports: _Quarters = field(default_factory=lambda: MappingProxyType({}))
    exports: _Quarters = field(default_factory=lambda: MappingProxyType({}))

    def with_series(self, series: PriceSeries, now: datetime) -> PriceHistory:
        """Return this history with what a series says about the past."""
        return PriceHistory(
            imports=_extended(self.imports, series, Channel.IMPORT, now),
            exports=_extended(self.exports, series, Channel.EXPORT, now),
        )

    def usual_price(
        self, channel: Channel, label: int, zone: tzinfo, now: datetime
    ) -> float | None:
        """Return a half hour's last known price, else its median over a week.

        None if nothing is known of that half hour.
        """
        quarters = self.imports if channel is Channel.IMPORT else self.exports
        today = now.astimezone(zone).date()
        by_day: list[float] = []
        # A week and the hour that daylight saving may add touch nine dates.
        for days in range(KEPT.days + 2):
            known = [
                start
                for start in quarters_of(label, today - timedelta(days=days), zone)
                if start in quarters
            ]
            if not known:
                continue
            by_day.append(fmean(quarters[start] for start in known))
            if max(known) >= now - _LAST_KNOWN:
                return by_day[0]
        return median(by_day) if by_day else None


def carry_over(earlier: PriceSeries, series: PriceSeries, now: datetime) -> PriceSeries:
    """Return a series completed with what earlier ones knew of the last hours.

    Sources do not always repeat the intervals that are just over, but the
    running half hour needs them.
    """

    def known(channel: Channel) -> tuple[PricePoint, ...]:
        return tuple(
            point
            for point in earlier.channel(channel)
            if point.kind is not PriceKind.FORECAST and now - CARRIED < point.end <= now
        )

    def joined(
        channel: Channel, points: tuple[PricePoint, ...] | None
    ) -> tuple[PricePoint, ...] | None:
        if points is None:
            return None
        seen = {
            (point.start, point.end)
            for point in points
            if point.kind is not PriceKind.FORECAST
        }
        kept = [p for p in known(channel) if (p.start, p.end) not in seen]
        return tuple(sorted((*kept, *points), key=lambda point: point.start))

    return replace(
        series,
        imports=joined(Channel.IMPORT, series.imports) or (),
        exports=joined(Channel.EXPORT, series.exports),
        controlled_load=joined(Channel.CONTROLLED_LOAD, series.controlled_load),
    )


def _extended(
    known: _Quarters, series: PriceSeries, channel: Channel, now: datetime
) -> _Quarters:
    """Add the quarters that a series covers and drop those older than a week."""
    past = [
        point
        for point in series.channel(channel)
        if point.kind is not PriceKind.FORECAST
    ]
    oldest = now - KEPT
    quarters = dict(known)
    if past:
        steps = StepFunction(past)
        half_hour = floor_to(max(oldest, min(point.start for point in past)), HALF_HOUR)
        while half_hour < now:
            found = dict(_complete_quarters(steps, half_hour, now))
            for quarter, price in found.items():
                # The quarters of a half hour may hold the mean of both: one of them
                # alone must not be replaced by something finer.
                if len(found) == 2 or quarter not in quarters:
                    quarters[quarter] = price
            half_hour += HALF_HOUR
    return MappingProxyType(
        {start: price for start, price in quarters.items() if start >= oldest}
    )


def _complete_quarters(
    steps: StepFunction, half_hour: datetime, now: datetime
) -> Iterator[tuple[datetime, float]]:
    """Yield the quarters of a half hour that are over and wholly priced."""
    for start in (half_hour, half_hour + QUARTER):
        end = start + QUARTER
        mean = steps.mean([(start, end)]) if end <= now else None
        if mean is not None and mean.seconds == QUARTER.total_seconds():
            yield start, mean.price
