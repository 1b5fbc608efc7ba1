"""When the prices of a list hold, whatever way the list says so.

Times come as datetimes or as ISO 8601 texts. Without an offset they are what clocks
at home show: a time that clocks skip does not take place, and where clocks repeat an
hour the second of two equal starts is the later one.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise

from .errors import InvalidDataError

_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)


class IntervalUnknownError(InvalidDataError):
    """It is unclear how long each price holds; the user has to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where a row of a list counts; ``end`` and ``value`` are None if it does not say.

    Times are in UTC. ``local`` rows came without an offset: their ends are no more
    than what a clock would show. ``where`` is how the row is called in an error.
    """

    start: datetime
    end: datetime | None
    value: float | None
    local: bool
    where: str


class LocalTimes:
    """Reader of the times of one list, in the order of its rows."""

    def __init__(self, zone: tzinfo) -> None:
        """Read times without an offset as those of ``zone``."""
        self._zone = zone
        self._seen: set[datetime] = set()

    def start(self, value: object, where: str) -> tuple[datetime, bool] | None:
        """Return when a row starts, and whether that was a local time.

        None for a local time that clocks skip. Raises InvalidDataError.
        """
        moment = _read(value, where)
        if moment.tzinfo is not None:
            return _in_utc(moment, where), False
        again = moment in self._seen
        self._seen.add(moment)
        passes = [
            found
            for found in self._passes(moment, where)
            if found.astimezone(self._zone).replace(tzinfo=None) == moment
        ]
        if not passes:
            return None
        return passes[-1] if again else passes[0], True

    def end(self, value: object, start: datetime, where: str) -> datetime:
        """Return when a row ends; the first such time after its start.

        Raises InvalidDataError, also for an end that does not follow the start.
        """
        moment = _read(value, where)
        if moment.tzinfo is not None:
            passes = [_in_utc(moment, where)]
        else:
            passes = self._passes(moment, where)
        if after := [found for found in passes if found > start]:
            return after[0]
        raise InvalidDataError(f"{where} is not after the start")

    def _passes(self, wall: datetime, where: str) -> list[datetime]:
        """Return both moments that a clock may mean; mostly they are one."""
        try:
            return [
                wall.replace(tzinfo=self._zone, fold=fold).astimezone(UTC)
                for fold in (0, 1)
            ]
        except OverflowError:
            raise InvalidDataError(f"{where} is not a time") from None


def laid_out(spans: Iterable[Span], interval: timedelta | None) -> list[Span]:
    """Return the rows in order, each with its end, none over another.

    A row without an end holds for ``interval``, else for as long as most rows do
    until the next; what is longer then is a hole. Raises IntervalUnknownError, or
    InvalidDataError for rows that contradict each other.
    """
    ordered = _distinct(sorted(spans, key=lambda span: span.start))
    if any(span.end is None for span in ordered):
        length = interval or _usual_distance(ordered)
        try:
            ordered = [
                replace(span, end=span.end or span.start + length) for span in ordered
            ]
        except OverflowError:
            raise InvalidDataError("the list reaches beyond the calendar") from None
    for index, (span, following) in enumerate(pairwise(ordered)):
        if span.end is not None and span.end > following.start:
            if not span.local:
                raise InvalidDataError(f"{span.where} overlaps {following.where}")
            ordered[index] = replace(span, end=following.start)
    return ordered


def _distinct(ordered: Sequence[Span]) -> list[Span]:
    """Return the rows without those that say the same again."""
    distinct: list[Span] = []
    for span in ordered:
        if not distinct or distinct[-1].start != span.start:
            distinct.append(span)
            continue
        before = distinct[-1]
        if (before.end, before.value) != (span.end, span.value):
            raise InvalidDataError(f"{before.where} contradicts {span.where}")
    return distinct


def _usual_distance(ordered: Sequence[Span]) -> timedelta:
    """Return how far apart most starts are, and none closer."""
    distances = Counter(
        following.start - span.start for span, following in pairwise(ordered)
    )
    if not distances:
        raise IntervalUnknownError("one price alone does not say how long it holds")
    usual, _ = distances.most_common(1)[0]
    if min(distances) < usual:
        raise IntervalUnknownError("the prices start at uneven distances")
    return usual


def _read(value: object, where: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(moment, datetime):
            return _snapped(moment)
    # The last second of the calendar cannot be rounded up.
    except ValueError, OverflowError:
        raise InvalidDataError(f"{where} is not a time") from None
    raise InvalidDataError(f"{where} is not a time")


def _in_utc(moment: datetime, where: str) -> datetime:
    try:
        return moment.astimezone(UTC)
    # The first and last hours of the calendar have no UTC equivalent.
    except OverflowError:
        raise InvalidDataError(f"{where} is not a time") from None


def _snapped(moment: datetime) -> datetime:
    """Return the full minute that a moment misses by a second at most.

    Some services start an interval a second late or end it a second early.
    """
    minute = moment.replace(second=0, microsecond=0)
    if moment - minute <= _SECOND:
        return minute
    return minute + _MINUTE if moment - minute >= _MINUTE - _SECOND else moment
