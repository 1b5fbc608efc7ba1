"""Prices as a step function over time, and the local half hours they fill.

All arithmetic is on UTC instants. Wall-clock labels are taken from the time
zone at the very end, in quarter hours: every offset in use and every daylight
saving change is a multiple of 15 minutes, so a quarter hour never straddles
two half-hour labels.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise

from .model.moments import floor_to
from .model.prices import ForecastChoice, PriceKind, PricePoint

QUARTER = timedelta(minutes=15)
HALF_HOUR = 2 * QUARTER
HALF_HOUR_MINUTES = 30

_CERTAINTY = {PriceKind.ACTUAL: 0, PriceKind.CURRENT: 1, PriceKind.FORECAST: 2}

type _Piece = tuple[datetime, datetime, PricePoint]
"""Where a point counts, ``[start, end)``."""


@dataclass(frozen=True, slots=True)
class Mean:
    """A duration-weighted mean and the seconds that stand behind it."""

    price: float
    seconds: float


class StepFunction:
    """Prices over time, for means over any interval in logarithmic time.

    Where points overlap, the surer one counts (settled, then running, then
    forecast), among those the shorter one, and of equals the later in the
    input. Duplicates and any order are therefore harmless.
    """

    def __init__(
        self,
        points: Iterable[PricePoint],
        choice: ForecastChoice = ForecastChoice.PREDICTED,
    ) -> None:
        """Lay out the points, prices taken as ``choice`` says."""
        pieces = [
            (start.timestamp(), end.timestamp(), point.planning_price(choice))
            for start, end, point in _without_overlap(list(points))
        ]
        self._starts = [start for start, _, _ in pieces]
        self._ends = [end for _, end, _ in pieces]
        self._prices = [price for _, _, price in pieces]
        self._cost_before = [0.0]
        self._time_before = [0.0]
        for start, end, price in pieces:
            self._cost_before.append(self._cost_before[-1] + price * (end - start))
            self._time_before.append(self._time_before[-1] + (end - start))

    @property
    def end(self) -> datetime | None:
        """Return where the last price ends, None if there is no price."""
        return datetime.fromtimestamp(self._ends[-1], UTC) if self._ends else None

    def mean(self, intervals: Iterable[tuple[datetime, datetime]]) -> Mean | None:
        """Return the duration-weighted mean over intervals, None if uncovered.

        Parts without a price carry no weight.
        """
        cost = seconds = 0.0
        for start, end in intervals:
            cost_to, time_to = self._until(end.timestamp())
            cost_from, time_from = self._until(start.timestamp())
            cost += cost_to - cost_from
            seconds += time_to - time_from
        return Mean(cost / seconds, seconds) if seconds > 0 else None

    def first_gap(
        self, start: datetime, end: datetime
    ) -> tuple[datetime, datetime] | None:
        """Return the first stretch between two instants that has no price."""
        cursor, stop = start.timestamp(), end.timestamp()
        index = bisect_right(self._ends, cursor)
        while cursor < stop:
            upcoming = self._starts[index] if index < len(self._starts) else stop
            if upcoming > cursor:
                return (
                    datetime.fromtimestamp(cursor, UTC),
                    datetime.fromtimestamp(min(upcoming, stop), UTC),
                )
            cursor = self._ends[index]
            index += 1
        return None

    def _until(self, instant: float) -> tuple[float, float]:
        """Return cost and covered seconds from the beginning to an instant."""
        index = bisect_right(self._starts, instant) - 1
        if index < 0:
            return 0.0, 0.0
        part = min(instant, self._ends[index]) - self._starts[index]
        return (
            self._cost_before[index] + self._prices[index] * part,
            self._time_before[index] + part,
        )


def _without_overlap(points: list[PricePoint]) -> list[_Piece]:
    """Return the points in order, each cut back to where it counts."""
    if all(before.end <= after.start for before, after in pairwise(points)):
        return [(point.start, point.end, point) for point in points]
    ranked = sorted(
        enumerate(points),
        key=lambda item: (_CERTAINTY[item[1].kind], item[1].duration, -item[0]),
    )
    pieces: list[_Piece] = []
    for _, point in ranked:
        first = bisect_right(pieces, point.start, key=lambda piece: piece[1])
        behind = bisect_left(pieces, point.end, key=lambda piece: piece[0])
        cursor = point.start
        filled: list[_Piece] = []
        for piece in pieces[first:behind]:
            if cursor < piece[0]:
                filled.append((cursor, piece[0], point))
            filled.append(piece)
            cursor = piece[1]
        if cursor < point.end:
            filled.append((cursor, point.end, point))
        pieces[first:behind] = filled
    return pieces


def label_of(instant: datetime, zone: tzinfo) -> int:
    """Return which of the day's 48 local half hours an instant falls in."""
    local = instant.astimezone(zone)
    return (local.hour * 60 + local.minute) // HALF_HOUR_MINUTES


def quarters_of(label: int, day: date, zone: tzinfo) -> Iterator[datetime]:
    """Yield the quarter hours that one half hour of a local date consists of.

    Normally two; four if the half hour is repeated, none if it is skipped.
    """
    for minute in (label * HALF_HOUR_MINUTES, label * HALF_HOUR_MINUTES + 15):
        wall = datetime.combine(day, time(*divmod(minute, 60)))
        # Both folds of an ordinary time are one instant, and of a skipped one
        # instants whose wall time is another.
        for start in {
            wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)
        }:
            if start.astimezone(zone).replace(tzinfo=None) == wall:
                yield start


def half_hour_start(now: datetime, zone: tzinfo) -> datetime:
    """Return when the running local half hour began, in UTC."""
    quarter = floor_to(now, QUARTER)
    local, before = quarter.astimezone(zone), (quarter - QUARTER).astimezone(zone)
    # The offset tells the two passes of a repeated hour apart.
    if (
        label_of(quarter, zone) == label_of(quarter - QUARTER, zone)
        and local.utcoffset() == before.utcoffset()
    ):
        return quarter - QUARTER
    return quarter


def rolling_day(now: datetime, zone: tzinfo) -> Iterator[datetime]:
    """Yield the quarter hours from the running half hour to its return tomorrow.

    96 quarters on an ordinary day; 92 or 100 across a one-hour change.
    """
    start = half_hour_start(now, zone)
    local = start.astimezone(zone)
    again = datetime.combine(
        local.date() + timedelta(days=1), time(local.hour, local.minute), tzinfo=zone
    ).astimezone(UTC)
    quarter = start
    while quarter < again:
        yield quarter
        quarter += QUARTER
