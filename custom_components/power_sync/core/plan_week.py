"""Say what a week looks like in windows for every day, weekdays and weekends."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from .model.retail import MINUTES_PER_DAY, Days

_MONDAY, _SATURDAY, _SUNDAY = 0, 5, 6


class UnevenWeekError(ValueError):
    """Some weekdays, or the two days of the weekend, are not alike."""


@dataclass(frozen=True, slots=True)
class DayPart[ValueT]:
    """A part of a day, ``[start, end)`` in minutes, and what holds in it."""

    start: int
    end: int
    value: ValueT


@dataclass(frozen=True, slots=True)
class Window[ValueT]:
    """Like the window of a tariff plan: an end not after the start is tomorrow's."""

    days: Days
    start: int
    end: int
    value: ValueT


def windows_of_week[ValueT](
    week: Sequence[Sequence[DayPart[ValueT]]],
) -> list[Window[ValueT]]:
    """Return the windows that a week is made of, by their start.

    ``week`` has seven days from Monday, each covered from midnight to midnight
    without gap or overlap.
    Raises UnevenWeekError if no such windows make that week.
    """
    edges = sorted(
        {edge for day in week for part in day for edge in (part.start, part.end)}
    )
    # Every day in the same slices, to be compared slice by slice.
    columns = [
        (start, end, [_value_at(day, start) for day in week])
        for start, end in pairwise(edges)
    ]
    morning = _borrowed_morning(columns)
    _check_mornings(columns, morning)
    by_class = {
        Days.WEEKDAYS: _runs(columns, _MONDAY, morning),
        Days.WEEKENDS: _runs(columns, _SATURDAY, morning),
    }
    every = [
        part for part in by_class[Days.WEEKDAYS] if part in by_class[Days.WEEKENDS]
    ]
    windows = [
        *(Window(Days.EVERY, part.start, part.end, part.value) for part in every),
        *(
            Window(days, part.start, part.end, part.value)
            for days, parts in by_class.items()
            for part in parts
            if part not in every
        ),
    ]
    return sorted(_over_midnight(windows), key=lambda item: item.start)


type _Column[ValueT] = tuple[int, int, list[ValueT]]
"""A slice of the day ``[start, end)`` and its seven values."""


def _value_at[ValueT](day: Sequence[DayPart[ValueT]], minute: int) -> ValueT:
    return next(part.value for part in day if part.start <= minute < part.end)


def _borrowed_morning[ValueT](columns: Sequence[_Column[ValueT]]) -> int:
    """Return until when a day belongs to the evening before it, 0 if never."""
    return max(
        (
            end
            for _, end, values in columns
            if not (_all_equal(values[:_SATURDAY]) and _all_equal(values[_SATURDAY:]))
        ),
        default=0,
    )


def _check_mornings[ValueT](columns: Sequence[_Column[ValueT]], morning: int) -> None:
    """Raise UnevenWeekError unless every morning continues the evening before it."""
    evening = columns[-1][2]
    after = [evening[_SUNDAY], *evening[:_SUNDAY]]
    if any(start < morning and values != after for start, _, values in columns):
        raise UnevenWeekError


def _runs[ValueT](
    columns: Sequence[_Column[ValueT]], weekday: int, morning: int
) -> list[DayPart[ValueT]]:
    """Return what a day holds from its own first minute to that of the next."""
    runs: list[DayPart[ValueT]] = []
    own = [column for column in columns if column[0] >= morning]
    for value, group in groupby(own, lambda column: column[2][weekday]):
        slices = list(group)
        end = slices[-1][1]
        runs.append(
            DayPart(slices[0][0], morning if end == MINUTES_PER_DAY else end, value)
        )
    return runs


def _over_midnight[ValueT](windows: list[Window[ValueT]]) -> list[Window[ValueT]]:
    """Return the windows with an evening and a morning of every day made one."""
    evening = next(
        (item for item in windows if item.days is Days.EVERY and item.end == 0), None
    )
    morning = next(
        (item for item in windows if item.days is Days.EVERY and item.start == 0), None
    )
    if (
        evening is None
        or morning is None
        or evening is morning
        or evening.value != morning.value
    ):
        return windows
    joined = Window(Days.EVERY, evening.start, morning.end, evening.value)
    return [joined, *(item for item in windows if item not in {evening, morning})]


def _all_equal[ValueT](values: Sequence[ValueT]) -> bool:
    return all(value == values[0] for value in values)
