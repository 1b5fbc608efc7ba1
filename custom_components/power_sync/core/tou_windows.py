"""Write when a period of a plan holds as the weekly windows of a Tesla tariff."""

from itertools import groupby

from .model.tariff_plan import PlanSeason
from .model.tesla_tariff import DAYS_PER_WEEK, TouWindow
from .tariff_plan import spans


def tou_windows(season: PlanSeason, name: str) -> tuple[TouWindow, ...]:
    """Return when a name holds, in windows that end at midnight at the latest.

    Tesla's app lists one row per window, so pieces that touch are one, and days that
    are alike share theirs.
    """
    days_of: dict[tuple[int, int], list[int]] = {}
    for day in range(DAYS_PER_WEEK):
        for part in _parts(season, name, day):
            days_of.setdefault(part, []).append(day)
    return tuple(
        TouWindow(from_day=first, to_day=last, start=start, end=end)
        for (start, end), days in sorted(days_of.items())
        for first, last in _day_ranges(days)
    )


def _parts(season: PlanSeason, name: str, weekday: int) -> list[tuple[int, int]]:
    """Return the parts of a weekday that have a name, none touching another."""
    pieces = sorted(
        (start, end)
        for period in season.periods
        if period.name == name
        for day, start, end in spans(period)
        if day == weekday
    )
    joined: list[tuple[int, int]] = []
    for start, end in pieces:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _day_ranges(days: list[int]) -> list[tuple[int, int]]:
    """Return weekdays as ranges, first and last inclusive; one may wrap the week."""
    ranges = [
        (members[0], members[-1])
        for members in (
            [day for _, day in group]
            for _, group in groupby(enumerate(days), lambda item: item[1] - item[0])
        )
    ]
    if len(ranges) > 1 and ranges[0][0] == 0 and ranges[-1][1] == DAYS_PER_WEEK - 1:
        _, monday_on = ranges.pop(0)
        ranges[-1] = (ranges[-1][0], monday_on)
    return ranges
