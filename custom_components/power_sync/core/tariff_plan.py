"""Check a tariff plan, and find what holds at a moment.

A plan is a pattern of the week for each part of the year. A window that runs over
midnight belongs to the day it starts on: what weekdays have from 22:00 to 07:00
holds on Saturday morning and does not hold on Monday morning. Seasons change at
midnight, so the first morning of a season has the windows of that season's own
evening before.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import groupby, pairwise
import math

from .model.retail import MINUTES_PER_DAY, Days
from .model.tariff_plan import PlanPeriod, PlanSeason, TariffPlan

DAYS_PER_WEEK = 7

type MonthDay = tuple[int, int]
"""A date of any year: month, day."""

_LEAP_YEAR = date(2024, 1, 1)
YEAR: tuple[MonthDay, ...] = tuple(
    (day.month, day.day)
    for day in (_LEAP_YEAR + timedelta(days=number) for number in range(366))
)
"""Every date there is, 29 February among them."""


class ProblemKind(StrEnum):
    """What can be wrong with a plan."""

    NO_SEASON = "no_season"
    NO_PERIOD = "no_period"
    """A season has no periods."""
    NO_NAME = "no_name"
    """A season, or a period of the season that is named, has no name."""
    BAD_DATE = "bad_date"
    """A season begins or ends on a date that no year has."""
    BAD_TIME = "bad_time"
    """A period begins or ends at a time that no day has."""
    BAD_RATE = "bad_rate"
    """A rate, or without a season the daily charge, is not a finite number."""
    CONFLICTING_RATES = "conflicting_rates"
    """One name has different rates in one season."""
    DATE_HOLE = "date_hole"
    """Dates belong to no season."""
    DATE_OVERLAP = "date_overlap"
    """Dates belong to several seasons."""
    HOLE = "hole"
    """Times of a season belong to no period."""
    OVERLAP = "overlap"
    """Times of a season belong to several periods."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanProblem:
    """What is wrong with a plan, in words that a message can be made of.

    ``names`` are the periods concerned, or the seasons where it is about dates.
    ``start`` and ``end`` are minutes of each of ``weekdays`` (Monday is 0), at most
    1440; ``first`` and ``last`` are dates, both inclusive, and may lie on either
    side of New Year. What a kind of problem has no use for is empty.
    """

    kind: ProblemKind
    season: str = ""
    names: tuple[str, ...] = ()
    weekdays: tuple[int, ...] = ()
    start: int = 0
    end: int = 0
    first: MonthDay | None = None
    last: MonthDay | None = None

    @property
    def days(self) -> Days | None:
        """Return the days concerned, None if they are others than have a name."""
        return next(
            (
                days
                for days in Days
                if self.weekdays == tuple(filter(days.include, range(DAYS_PER_WEEK)))
            ),
            None,
        )


def find_problem(plan: TariffPlan) -> PlanProblem | None:
    """Return what is wrong with a plan, None if it is sound.

    In a sound plan each minute of each day of a leap year, and hence of any year,
    belongs to exactly one period.
    """
    return next(_problems(plan), None)


def price_at(plan: TariffPlan, instant: datetime, zone: tzinfo) -> PlanPeriod:
    """Return the period whose rates hold at an instant, where clocks show ``zone``.

    An hour that clocks repeat has the same price twice.
    Raises LookupError if the plan has a hole there.
    """
    local = instant.astimezone(zone)
    minute = local.hour * 60 + local.minute
    for season in plan.seasons:
        if not within_dates((local.month, local.day), season_dates(season)):
            continue
        for period in season.periods:
            for day, start, end in spans(period):
                if day == local.weekday() and start <= minute < end:
                    return period
    raise LookupError(f"{plan.name} says nothing about {local}")


def spans(period: PlanPeriod) -> Iterator[tuple[int, int, int]]:
    """Yield ``(weekday, start, end)`` pieces that each lie within one day."""
    for day in filter(period.days.include, range(DAYS_PER_WEEK)):
        if period.start < period.end:
            yield day, period.start, period.end
            continue
        yield day, period.start, MINUTES_PER_DAY
        if period.end:
            yield (day + 1) % DAYS_PER_WEEK, 0, period.end


def season_dates(season: PlanSeason) -> tuple[MonthDay, MonthDay]:
    """Return a season's first and last date."""
    return (season.from_month, season.from_day), (season.to_month, season.to_day)


def within_dates(day: MonthDay, dates: tuple[MonthDay, MonthDay]) -> bool:
    """Return whether a date lies between two others, over New Year if need be."""
    first, last = dates
    if first <= last:
        return first <= day <= last
    return day >= first or day <= last


def runs_of_year[ValueT](
    value_of: Callable[[MonthDay], ValueT],
) -> list[tuple[MonthDay, MonthDay, ValueT]]:
    """Return the parts of the year that have one value, both dates inclusive.

    December and January are neighbours: a part may run over New Year and is then
    the last one.
    """
    runs = [
        (days[0], days[-1], value)
        for value, days in (
            (value, list(group)) for value, group in groupby(YEAR, value_of)
        )
    ]
    if len(runs) > 1 and runs[0][2] == runs[-1][2]:
        _, january, value = runs.pop(0)
        runs[-1] = (runs[-1][0], january, value)
    return runs


def _problems(plan: TariffPlan) -> Iterator[PlanProblem]:
    """Yield what is wrong, the basics first: later checks rely on earlier ones."""
    if not plan.seasons:
        yield PlanProblem(kind=ProblemKind.NO_SEASON)
    if not math.isfinite(plan.daily_charge):
        yield PlanProblem(kind=ProblemKind.BAD_RATE)
    for season in plan.seasons:
        yield from _malformed(season)
    yield from _date_problems(plan)
    for season in plan.seasons:
        yield from _time_problems(season)


def _malformed(season: PlanSeason) -> Iterator[PlanProblem]:
    """Yield values of a season that mean nothing, or more than one thing."""

    def problem(kind: ProblemKind, *names: str) -> PlanProblem:
        return PlanProblem(kind=kind, season=season.name, names=names)

    if not season.name.strip():
        yield problem(ProblemKind.NO_NAME)
    if any(day not in YEAR for day in season_dates(season)):
        yield problem(ProblemKind.BAD_DATE)
    if not season.periods:
        yield problem(ProblemKind.NO_PERIOD)
    rates: dict[str, tuple[float, float]] = {}
    for period in season.periods:
        own = (period.import_rate, period.export_rate)
        if not period.name.strip():
            yield problem(ProblemKind.NO_NAME)
        if not (
            0 <= period.start < MINUTES_PER_DAY and 0 <= period.end <= MINUTES_PER_DAY
        ):
            yield problem(ProblemKind.BAD_TIME, period.name)
        if not all(map(math.isfinite, own)):
            yield problem(ProblemKind.BAD_RATE, period.name)
        if rates.setdefault(period.name, own) != own:
            yield problem(ProblemKind.CONFLICTING_RATES, period.name)


def _date_problems(plan: TariffPlan) -> Iterator[PlanProblem]:
    """Yield the parts of the year that are not in exactly one season."""

    def seasons_on(day: MonthDay) -> list[PlanSeason]:
        return [
            season for season in plan.seasons if within_dates(day, season_dates(season))
        ]

    for first, last, seasons in runs_of_year(seasons_on):
        if len(seasons) != 1:
            yield PlanProblem(
                kind=ProblemKind.DATE_OVERLAP if seasons else ProblemKind.DATE_HOLE,
                names=tuple(season.name for season in seasons),
                first=first,
                last=last,
            )


type _Wrong = tuple[int, int, tuple[int, ...]]
"""A part of a day ``[start, end)``, and the positions of the periods that hold."""


def _time_problems(season: PlanSeason) -> Iterator[PlanProblem]:
    """Yield the parts of a season's week that are not in exactly one period."""
    week = [_wrong_parts(season, day) for day in range(DAYS_PER_WEEK)]
    for parts in week:
        for part in parts:
            start, end, positions = part
            yield PlanProblem(
                kind=ProblemKind.OVERLAP if positions else ProblemKind.HOLE,
                season=season.name,
                names=tuple(
                    dict.fromkeys(season.periods[index].name for index in positions)
                ),
                weekdays=tuple(
                    day for day in range(DAYS_PER_WEEK) if part in week[day]
                ),
                start=start,
                end=end,
            )


def _wrong_parts(season: PlanSeason, weekday: int) -> list[_Wrong]:
    """Return the parts of a weekday that none or several periods hold in."""
    pieces = [
        (start, end, index)
        for index, period in enumerate(season.periods)
        for day, start, end in spans(period)
        if day == weekday
    ]
    edges = {0, MINUTES_PER_DAY, *(edge for piece in pieces for edge in piece[:2])}

    def positions_in(part: tuple[int, int]) -> tuple[int, ...]:
        return tuple(index for start, end, index in pieces if start <= part[0] < end)

    return [
        (parts[0][0], parts[-1][1], positions)
        for positions, parts in (
            (positions, list(group))
            for positions, group in groupby(pairwise(sorted(edges)), positions_in)
        )
        if len(positions) != 1
    ]
