"""What a source's settled prices have been, for a month, in steps of 5 minutes.

It outlives restarts and knows its own holes, so that a source is asked only for what
is missing.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import groupby
from statistics import median
from typing import Any, Self

from .model.prices import Channel, PriceKind, PricePoint, PriceSeries
from .price_column import PriceColumn, next_stamp, stamp_of, stamp_start
from .price_history import KEPT as HISTORY_KEPT
from .price_statistics import LEAST_AGE, STAMP, STAMPS_PER_DAY, WINDOW, RollingPrices

KEPT = WINDOW
JUST_NOW = timedelta(minutes=10)
"""What is so fresh may still arrive by itself."""
LEAST_HOLE = timedelta(minutes=15)

_STAMPS_PER_HOUR = STAMPS_PER_DAY // 24


class PriceRecord:
    """Settled prices by the 5 minutes they held for.

    ``statistics`` are those of the price as the source announces it.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self.statistics = RollingPrices(KEPT)
        self._imports = PriceColumn()
        self._supply = PriceColumn()
        self._exports = PriceColumn()
        self._spot = PriceColumn()

    def learn(self, series: PriceSeries, now: datetime) -> None:
        """Take what a series says for certain, and forget what is too old.

        That is what has been settled, and a running price that will not change any
        more, up to now. Order does not matter: a price for 5 minutes is never
        replaced by the mean of a longer time.
        """
        for point, stamps in _settled(series.imports, now):
            for stamp in stamps:
                self._learn_import(point, stamp)
        for point, stamps in _settled(series.exports or (), now):
            for stamp in stamps:
                self._exports.take(stamp, point.price, _minutes(point))
        for column in self._columns().values():
            column.forget(next_stamp(now - KEPT))
        self.statistics.expire(now)

    def holes(
        self, now: datetime, back: timedelta, at_once: timedelta
    ) -> list[tuple[datetime, datetime]]:
        """Return stretches without import prices, newest first.

        They are at least 15 minutes long, lie between ``back`` (30 days at most) and
        10 minutes ago, and come in pieces of at most ``at_once``.
        """
        pieces: list[tuple[datetime, datetime]] = []
        step = max(1, at_once // STAMP)
        stamps = range(next_stamp(now - min(back, KEPT)), stamp_of(now - JUST_NOW))
        for known, run in groupby(stamps, self._imports.__contains__):
            hole = list(run)
            if known or len(hole) < LEAST_HOLE // STAMP:
                continue
            pieces.extend(
                (stamp_start(max(end - step, hole[0])), stamp_start(end))
                for end in range(hole[-1] + 1, hole[0], -step)
            )
        return sorted(pieces, reverse=True)

    def points(self, channel: Channel, now: datetime) -> tuple[PricePoint, ...]:
        """Return a channel's settled prices of the last week, in time order.

        That is as much as ``PriceHistory`` has use for; nothing is kept of controlled
        load.
        """
        match channel:
            case Channel.IMPORT:
                prices, supply, spot = self._imports, self._supply, self._spot
            case Channel.EXPORT:
                prices, supply, spot = self._exports, PriceColumn(), PriceColumn()
            case Channel.CONTROLLED_LOAD:
                return ()
        return tuple(
            PricePoint(
                start=stamp_start(stamp),
                end=stamp_start(stamp + 1),
                price=prices[stamp],
                kind=PriceKind.ACTUAL,
                spot=spot.get(stamp),
                supply=supply.get(stamp),
            )
            for stamp in range(next_stamp(now - HISTORY_KEPT), stamp_of(now))
            if stamp in prices
        )

    def typical(self, moment: datetime, zone: tzinfo, now: datetime) -> float | None:
        """Return the median of a moment's local hour of day over the last month.

        Of the price as the source announces it; None if that hour was never seen.
        """
        hour = moment.astimezone(zone).hour
        today = now.astimezone(zone).date()
        # A month and the hour that daylight saving may add touch 32 dates.
        known = [
            self._quoted(stamp)
            for days in range(KEPT.days + 2)
            for start in _hours(today - timedelta(days=days), hour, zone)
            for stamp in range(start, start + _STAMPS_PER_HOUR)
            if stamp in self._imports
        ]
        return median(known) if known else None

    def mean_spot(self, now: datetime) -> float | None:
        """Return the mean wholesale price of the last 30 days, weighted by time.

        None until a week's worth of prices is known.
        """
        if len(self._spot) * STAMP < LEAST_AGE:
            return None
        return self._spot.mean(next_stamp(now - KEPT))

    def to_stored(self) -> dict[str, Any]:
        """Return the record as JSON; ``from_stored`` reads it back."""
        return {name: column.to_stored() for name, column in self._columns().items()}

    @classmethod
    def from_stored(cls, data: Mapping[str, Any]) -> Self:
        """Return the record that an object holds; raises ValueError for damage."""
        record = cls()
        for name, column in record._columns().items():
            column.fill(data.get(name))
        for stamp in sorted(record._imports):
            record.statistics.put(stamp_start(stamp), record._quoted(stamp))
        return record

    def _columns(self) -> dict[str, PriceColumn]:
        return {
            "imports": self._imports,
            "supply": self._supply,
            "exports": self._exports,
            "spot": self._spot,
        }

    def _learn_import(self, point: PricePoint, stamp: int) -> None:
        """Take an import price with what belongs to it."""
        minutes = _minutes(point)
        if point.spot is not None:
            self._spot.take(stamp, point.spot, minutes)
        if self._imports.take(stamp, point.price, minutes):
            # A price and its supply part are one thing: never the part of another.
            self._supply.drop(stamp)
            if point.supply is not None:
                self._supply.take(stamp, point.supply, minutes)
            self.statistics.put(stamp_start(stamp), self._quoted(stamp))

    def _quoted(self, stamp: int) -> float:
        """Return the price as the source announced it."""
        supply = self._supply.get(stamp)
        return self._imports[stamp] if supply is None else supply


def _settled(
    points: Iterable[PricePoint], now: datetime
) -> Iterator[tuple[PricePoint, range]]:
    """Yield points that will not change, and the stamps they fill until now."""
    oldest, behind = next_stamp(now - KEPT), stamp_of(now) + 1
    for point in points:
        if point.kind is PriceKind.ACTUAL or (
            point.kind is PriceKind.CURRENT and not point.estimate
        ):
            first, last = next_stamp(point.start), stamp_of(point.end)
            yield point, range(max(first, oldest), min(last, behind))


def _hours(day: date, hour: int, zone: tzinfo) -> set[int]:
    """Return where an hour of a local date starts: twice, once or not at all."""
    wall = datetime.combine(day, time(hour))
    starts = {wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return {
        stamp_of(start)
        for start in starts
        if start.astimezone(zone).replace(tzinfo=None) == wall
    }


def _minutes(point: PricePoint) -> int:
    """Return the length of a point, rounded down."""
    return point.duration // timedelta(minutes=1)
