"""Tariff plans in few words, random sound ones, and what they mean minute by minute.

The painter shares no idea with the product: no spans, no edges, no folds. It walks
each window minute by minute from the day it starts on.
"""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import strategies as st

from custom_components.power_sync.core.model.retail import Days
from custom_components.power_sync.core.model.tariff_plan import (
    PlanPeriod,
    PlanSeason,
    TariffPlan,
)

EVERY, WEEKDAYS, WEEKENDS = Days.EVERY, Days.WEEKDAYS, Days.WEEKENDS
LEAP_YEAR = [date(2028, 1, 1) + timedelta(days=number) for number in range(366)]
NAMES = ("Peak", "Shoulder", "Off-peak", "Super off-peak", "Solar soak", "Höchstlast")


def minute_of(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def period(
    name: str,
    start: str,
    end: str,
    days: Days = EVERY,
    rate: float = 0.3,
    export: float = 0.05,
) -> PlanPeriod:
    return PlanPeriod(
        name=name,
        days=days,
        start=minute_of(start),
        end=minute_of(end),
        import_rate=rate,
        export_rate=export,
    )


def season(
    *periods: PlanPeriod,
    name: str = "Summer",
    first: tuple[int, int] = (1, 1),
    last: tuple[int, int] = (12, 31),
) -> PlanSeason:
    return PlanSeason(
        name=name,
        from_month=first[0],
        from_day=first[1],
        to_month=last[0],
        to_day=last[1],
        periods=periods,
    )


def plan(*seasons: PlanSeason, daily_charge: float = 1.1) -> TariffPlan:
    return TariffPlan(name="Mine", seasons=seasons, daily_charge=daily_charge)


WHOLE_DAY = period("Flat", "00:00", "00:00")

SYDNEYS = plan(
    season(
        period("Peak", "15:00", "21:10", WEEKDAYS, 0.5),
        period("Off-peak", "21:10", "07:00", WEEKDAYS, 0.2, 0.02),
        period("Shoulder", "07:00", "15:00", WEEKDAYS, 0.3),
        period("Weekend", "07:00", "07:00", WEEKENDS, 0.25),
        name="Summer",
        first=(10, 4),
        last=(4, 4),
    ),
    season(
        period("Night", "02:00", "03:00", rate=0.1),
        period("Day", "03:00", "17:00", rate=0.35),
        period("Evening", "17:00", "02:00", WEEKENDS, 0.6),
        period("Peak", "17:00", "02:00", WEEKDAYS, 0.6, 0.1),
        name="Winter",
        first=(4, 5),
        last=(10, 3),
    ),
)
"""Seasons and a night rate that change just where Sydney's clocks do in 2026."""


def painted_week(part: PlanSeason) -> list[list[list[PlanPeriod]]]:
    """Return which periods hold, by weekday and minute."""
    week: list[list[list[PlanPeriod]]] = [[[] for _ in range(1440)] for _ in range(7)]
    members = {EVERY: range(7), WEEKDAYS: range(5), WEEKENDS: range(5, 7)}
    for item in part.periods:
        for day in members[item.days]:
            length = (item.end - item.start) % 1440 or 1440
            for minute in range(item.start, item.start + length):
                week[(day + minute // 1440) % 7][minute % 1440].append(item)
    return week


def dates_of(part: PlanSeason) -> list[tuple[int, int]]:
    """Return a season's dates, going on from each to the next until the last."""
    dates = [(day.month, day.day) for day in LEAP_YEAR]
    index = dates.index((part.from_month, part.from_day))
    found = [dates[index]]
    while found[-1] != (part.to_month, part.to_day):
        index = (index + 1) % len(dates)
        found.append(dates[index])
    return found


def painter(whole: TariffPlan) -> Callable[[date, int], list[PlanPeriod]]:
    """Return what looks up the periods that hold on a date at a minute."""
    weeks: dict[tuple[int, int], list[list[list[list[PlanPeriod]]]]] = {}
    for part in whole.seasons:
        week = painted_week(part)
        for day in dates_of(part):
            weeks.setdefault(day, []).append(week)

    def lookup(day: date, minute: int) -> list[PlanPeriod]:
        return [
            item
            for week in weeks.get((day.month, day.day), [])
            for item in week[day.weekday()][minute]
        ]

    return lookup


MINUTES = st.integers(0, 287).map(lambda number: number * 5) | st.integers(0, 1439)
RATES = st.integers(-2_000, 9_000).map(lambda ticks: ticks / 10_000)


@st.composite
def seasons(
    draw: st.DrawFn,
    name: str,
    first: tuple[int, int],
    last: tuple[int, int],
    rates: st.SearchStrategy[tuple[float, float]],
) -> PlanSeason:
    """Cut the day into blocks, and some blocks by weekdays and weekends."""
    opening = draw(st.just(0) | MINUTES)
    cuts = sorted(
        {opening, *draw(st.lists(MINUTES, max_size=4))},
        key=lambda minute: (minute - opening) % 1440,
    )
    offered = draw(
        st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique=True)
    )
    prices = {item: draw(rates) for item in offered}
    found: list[PlanPeriod] = []

    def add(days: Days, start: int, end: int) -> None:
        label = draw(st.sampled_from(offered))
        found.append(
            PlanPeriod(
                name=label,
                days=days,
                start=start,
                end=draw(st.sampled_from([0, 1440])) if start and not end else end,
                import_rate=prices[label][0],
                export_rate=prices[label][1],
            )
        )

    for start, end in zip(cuts, [*cuts[1:], opening], strict=True):
        if draw(st.booleans()):
            add(EVERY, start, end)
            continue
        # Once past midnight, weekdays and weekends are other days: no cuts there.
        behind = end if start < end else 1440
        for days in (WEEKDAYS, WEEKENDS):
            inner = sorted(
                minute
                for minute in draw(st.sets(MINUTES, max_size=2))
                if start < minute < behind
            )
            edges = [start, *inner, end]
            for one, other in pairwise(edges):
                add(days, one, other)
    order = draw(st.permutations(found))
    return season(*order, name=name, first=first, last=last)


def _pairs(sound: bool) -> st.SearchStrategy[tuple[float, float]]:
    """Return import and export rates, if asked for such as Tesla takes as they are."""
    if not sound:
        return st.tuples(RATES, RATES)
    ticks = st.integers(0, 9_000)
    return st.tuples(ticks, ticks).map(
        lambda pair: (max(pair) / 10_000, min(pair) / 10_000)
    )


@st.composite
def plans(draw: st.DrawFn, *, tesla_rates: bool = False) -> TariffPlan:
    """Cut the year, and each part's week, at random: always a sound plan."""
    starts = sorted(draw(st.sets(st.integers(0, 365), min_size=1, max_size=4)))
    parts = []
    for number, start in enumerate(starts):
        first = LEAP_YEAR[start]
        last = LEAP_YEAR[starts[(number + 1) % len(starts)] - 1]
        parts.append(
            draw(
                seasons(
                    f"Season {number}",
                    (first.month, first.day),
                    (last.month, last.day),
                    _pairs(tesla_rates),
                )
            )
        )
    charge = draw(st.integers(0, 30_000)) / 10_000
    return plan(*draw(st.permutations(parts)), daily_charge=charge)
