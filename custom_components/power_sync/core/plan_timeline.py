"""Lay a tariff plan out over time.

Between two edges a plan has one pair of rates. Edges are where the wall clock
reaches the start or end of a window, where a date begins, and where the clock is
changed: all of them exact instants.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import groupby, pairwise

from .model.moments import floor_to
from .model.retail import MINUTES_PER_DAY
from .model.tariff_plan import TariffPlan
from .tariff_plan import price_at
from .timeline import QUARTER

_DAY = timedelta(days=1)
_AROUND = timedelta(hours=27)
"""How far to look for where a stretch begins and ends.

More than the longest day, so a stretch of at most 24 hours is always seen whole, and
so are the dates that a longer one is cut into.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A time in which a plan's rates stay the same, ``[start, end)`` in UTC."""

    start: datetime
    end: datetime
    import_rate: float
    export_rate: float


def stretches(
    plan: TariffPlan, start: datetime, end: datetime, zone: tzinfo
) -> list[Stretch]:
    """Return what a sound plan charges between two instants, in order.

    Neighbours differ, and none is cut short: the first may begin before ``start``
    and the last end after ``end``. Only what stays the same for more than 24 hours is
    cut, at each local midnight, so that a flat rate has an end, too.
    """
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    pieces = [
        _Piece(first, last, first.astimezone(zone).date(), *_rates(plan, first, zone))
        for first, last in pairwise(_edges(plan, start - _AROUND, end + _AROUND, zone))
    ]
    found: list[Stretch] = []
    for _, group in groupby(pieces, lambda piece: piece.rates):
        same = list(group)
        if same[-1].end - same[0].start <= _DAY:
            found.append(_joined(same))
        else:
            found.extend(
                _joined(list(part))
                for _, part in groupby(same, lambda piece: piece.day)
            )
    return [item for item in found if item.start < end and item.end > start]


@dataclass(frozen=True, slots=True)
class _Piece:
    """The time between two edges, and the local date it is part of."""

    start: datetime
    end: datetime
    day: date
    import_rate: float
    export_rate: float

    @property
    def rates(self) -> tuple[float, float]:
        """Return the rates both ways."""
        return self.import_rate, self.export_rate


def _rates(plan: TariffPlan, instant: datetime, zone: tzinfo) -> tuple[float, float]:
    period = price_at(plan, instant, zone)
    return period.import_rate, period.export_rate


def _joined(pieces: Sequence[_Piece]) -> Stretch:
    """Return consecutive pieces as one stretch."""
    first = pieces[0]
    return Stretch(
        start=first.start,
        end=pieces[-1].end,
        import_rate=first.import_rate,
        export_rate=first.export_rate,
    )


def _edges(
    plan: TariffPlan, start: datetime, end: datetime, zone: tzinfo
) -> list[datetime]:
    """Return two instants and every one between them where rates can change."""
    edges = {*_window_edges(plan, start, end, zone), *_clock_changes(start, end, zone)}
    return [start, *sorted(edge for edge in edges if start < edge < end), end]


def _window_edges(
    plan: TariffPlan, start: datetime, end: datetime, zone: tzinfo
) -> Iterator[datetime]:
    """Yield when clocks show the start or end of a window, or midnight.

    A time that clocks skip yields some instant that is an edge to no avail.
    """
    minutes = {0} | {
        minute % MINUTES_PER_DAY
        for season in plan.seasons
        for period in season.periods
        for minute in (period.start, period.end)
    }
    day = start.astimezone(zone).date()
    while day <= end.astimezone(zone).date():
        for minute in minutes:
            wall = datetime.combine(day, time(*divmod(minute, 60)), tzinfo=zone)
            for fold in (0, 1):
                yield wall.replace(fold=fold).astimezone(UTC)
        day += _DAY


def _clock_changes(start: datetime, end: datetime, zone: tzinfo) -> Iterator[datetime]:
    """Yield when clocks are changed, which is always at a quarter hour."""
    before = floor_to(start, QUARTER)
    while before < end:
        after = before + QUARTER
        if before.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            yield after
        before = after
