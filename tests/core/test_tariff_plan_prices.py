"""A plan over time, against a clock that is read once a minute."""

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.power_sync.coordinator.plan_prices import PlanPrices
from custom_components.power_sync.core.day_tariff import DayTariff, SlotSource, build
from custom_components.power_sync.core.model.prices import (
    ForecastChoice,
    PriceSeries,
)
from custom_components.power_sync.core.model.tariff_plan import TariffPlan
from custom_components.power_sync.core.plan_timeline import Stretch, stretches
from custom_components.power_sync.core.price_history import PriceHistory
from custom_components.power_sync.core.tariff_plan import price_at

from .plans import (
    SYDNEYS,
    WHOLE_DAY,
    painter,
    period,
    plan,
    plans,
    season,
)
from .support import (
    ACTUAL,
    ADELAIDE,
    CHICAGO,
    CURRENT,
    DAY,
    EXPORT,
    FORECAST,
    HOUR,
    IMPORT,
    LORD_HOWE,
    MINUTE,
    SYDNEY,
    at,
)

BERLIN = ZoneInfo("Europe/Berlin")
HAVANA = ZoneInfo("America/Havana")  # clocks change at midnight
CHANGES = [
    (SYDNEY, "2026-04-05", 25),
    (SYDNEY, "2026-10-04", 23),
    (ADELAIDE, "2026-04-05", 25),
    (ADELAIDE, "2026-10-04", 23),
    (LORD_HOWE, "2026-04-05", 24.5),
    (LORD_HOWE, "2026-10-04", 23.5),
    (CHICAGO, "2026-03-08", 23),
    (CHICAGO, "2026-11-01", 25),
    (BERLIN, "2026-03-29", 23),
    (BERLIN, "2026-10-25", 25),
    (HAVANA, "2026-03-08", 23),
    (HAVANA, "2026-11-01", 25),
]
CHANGE = pytest.mark.parametrize(("zone", "day", "hours"), CHANGES)


def brute_force(
    whole: TariffPlan, start: datetime, end: datetime, zone: ZoneInfo
) -> dict[datetime, tuple[float, float]]:
    """Return both rates at each minute, read off the wall."""
    lookup = painter(whole)
    found = {}
    minute = start
    while minute < end:
        local = minute.astimezone(zone)
        (item,) = lookup(local.date(), local.hour * 60 + local.minute)
        found[minute] = (item.import_rate, item.export_rate)
        minute += MINUTE
    return found


def painted(items: list[Stretch]) -> dict[datetime, tuple[float, float]]:
    found = {}
    for item in items:
        minute = item.start
        while minute < item.end:
            assert minute not in found
            found[minute] = (item.import_rate, item.export_rate)
            minute += MINUTE
    return found


def assert_same(
    whole: TariffPlan, start: datetime, end: datetime, zone: ZoneInfo
) -> list[Stretch]:
    """Stretches say what the wall says, in order, merged, and cut nowhere else."""
    items = stretches(whole, start, end, zone)
    assert items[0].start <= start < items[0].end
    assert items[-1].start < end <= items[-1].end
    expected = brute_force(whole, items[0].start, items[-1].end, zone)
    assert painted(items) == expected

    for before, after in pairwise(items):
        assert before.end == after.start
        if (before.import_rate, before.export_rate) == (
            after.import_rate,
            after.export_rate,
        ):
            local = after.start.astimezone(zone)
            assert local.date() > (after.start - MINUTE).astimezone(zone).date(), (
                "cut in the middle of a day"
            )
    # Nothing is cut short: beyond either end there is another rate, or a midnight.
    outside = brute_force(whole, items[0].start - MINUTE, items[-1].end + MINUTE, zone)
    for edge in (items[0].start, items[-1].end):
        assert (
            outside[edge] != outside[edge - MINUTE]
            or edge.astimezone(zone).date() > (edge - MINUTE).astimezone(zone).date()
        )
    return items


@CHANGE
def test_the_days_around_a_change_of_clocks(
    zone: ZoneInfo, day: str, hours: float
) -> None:
    """Covers P-07, P-10: every minute of both daylight-saving days."""
    noon = at(f"{day} 12:00", zone)
    items = assert_same(SYDNEYS, noon - 36 * HOUR, noon + 36 * HOUR, zone)

    start = at(f"{day} 00:00", zone)
    end = at(f"{datetime.fromisoformat(day).date() + timedelta(days=1)} 00:00", zone)
    minutes = brute_force(SYDNEYS, start, end, zone)
    assert len(minutes) == hours * 60
    for minute, rates in minutes.items():
        found = price_at(SYDNEYS, minute, zone)
        assert (found.import_rate, found.export_rate) == rates
    assert all(item.end - item.start <= DAY + HOUR for item in items)


@settings(max_examples=50, deadline=None)
@given(
    plans(),
    st.sampled_from(CHANGES),
    st.integers(-40 * 60, 40 * 60),
    st.integers(1, 30 * 60),
)
def test_any_plan_around_any_change_of_clocks(
    whole: TariffPlan, change: tuple[ZoneInfo, str, float], offset: int, length: int
) -> None:
    """Covers P-07, P-10."""
    zone, day, _ = change
    start = at(f"{day} 12:00", zone) + offset * MINUTE

    assert_same(whole, start, start + length * MINUTE, zone)


def test_the_hour_that_is_not_there_costs_nothing() -> None:
    """Covers P-07, P-10: the change of clocks is an edge, whatever the windows say."""
    whole = plan(
        season(
            period("Before", "12:00", "02:10", rate=0.1),
            period("Gone", "02:10", "02:50", rate=0.2),
            period("After", "02:50", "12:00", rate=0.3),
        )
    )
    change = at("2026-10-04 03:00", SYDNEY)

    items = stretches(whole, change - HOUR, change + HOUR, SYDNEY)

    assert [(item.import_rate, item.end) for item in items] == [
        (0.1, change),
        (0.3, at("2026-10-04 12:00", SYDNEY)),
    ]


def test_the_hour_that_is_there_twice_costs_the_same_twice() -> None:
    """Covers P-07, P-10."""
    whole = plan(
        season(
            period("Before", "12:00", "02:10", rate=0.1),
            period("Twice", "02:10", "02:50", rate=0.2),
            period("After", "02:50", "12:00", rate=0.3),
        )
    )
    first = at("2026-04-05 02:10", SYDNEY, fold=0)

    items = stretches(whole, first, first + 3 * HOUR, SYDNEY)

    assert [(item.import_rate, (item.end - first) / MINUTE) for item in items] == [
        (0.2, 40),
        (0.3, 50),
        (0.1, 60),
        (0.2, 100),
        (0.3, 650),
    ]


def test_a_flat_rate_ends_at_midnight() -> None:
    """Covers P-07: also on the days that are shorter and longer."""
    flat = plan(season(WHOLE_DAY))

    items = stretches(
        flat,
        at("2026-04-04 10:00", SYDNEY),
        at("2026-04-06 00:00", SYDNEY),
        SYDNEY,
    )

    assert [item.start for item in items] == [
        at("2026-04-04 00:00", SYDNEY),
        at("2026-04-05 00:00", SYDNEY),
    ]
    assert items[-1].end == at("2026-04-06 00:00", SYDNEY)


@pytest.mark.parametrize(("until", "cuts"), [("10:00", 1), ("10:01", 2)])
def test_only_what_lasts_for_more_than_a_day_is_cut(until: str, cuts: int) -> None:
    """Covers P-07."""
    whole = plan(
        season(
            period("Cheap", "00:00", "10:00", rate=0.1),
            period("Dear", "10:00", "00:00", rate=0.5),
            first=(1, 1),
            last=(6, 6),
        ),
        season(
            period("Dear", "00:00", until, rate=0.5),
            period("Cheap", until, "00:00", rate=0.1),
            first=(6, 7),
            last=(12, 31),
        ),
    )
    start = at("2026-06-06 10:00", SYDNEY)

    items = stretches(whole, start, start + DAY, SYDNEY)

    assert len(items) == cuts
    assert items[0].start == start
    assert items[-1].end == at(f"2026-06-07 {until}", SYDNEY)


# --- as a price source ----------------------------------------------------------


async def prices(whole: TariffPlan, now: datetime, zone: ZoneInfo) -> PriceSeries:
    source = PlanPrices(whole, zone)
    assert source.reach is None
    return await source.fetch_prices(now)


NOW = at("2026-04-02 16:07", SYDNEY)  # a Thursday


async def test_the_running_period_with_its_real_ends() -> None:
    """Covers P-07."""
    series = await prices(SYDNEYS, NOW, SYDNEY)

    running = series.running(IMPORT, NOW)
    assert running is not None
    assert (running.start, running.end) == (
        at("2026-04-02 15:00", SYDNEY),
        at("2026-04-02 21:10", SYDNEY),
    )
    assert (running.price, running.kind, running.estimate) == (0.5, CURRENT, False)
    earned = series.running(EXPORT, NOW)
    assert earned is not None
    assert earned.price == 0.05
    assert series.fetched_at == NOW
    assert series.charges.daily == 1.1
    assert series.charges.monthly == 0


async def test_two_hours_back_and_two_days_ahead() -> None:
    """Covers P-07."""
    series = await prices(SYDNEYS, NOW, SYDNEY)

    assert series.exports is not None
    assert [point.kind for point in series.imports] == [ACTUAL, CURRENT] + [
        FORECAST
    ] * (len(series.imports) - 2)
    for points in (series.imports, series.exports):
        assert points[0].start <= NOW - 2 * HOUR
        assert points[-1].start < NOW + 48 * HOUR <= points[-1].end
        assert all(one.end == other.start for one, other in pairwise(points))
    assert [point.price for point in series.imports] == [
        0.3, 0.5, 0.2, 0.3, 0.5, 0.2, 0.25,
    ]  # fmt: skip
    assert [point.price for point in series.exports] == [
        0.05, 0.05, 0.02, 0.05, 0.05, 0.02, 0.05,
    ]  # fmt: skip


async def test_a_period_that_just_began_and_one_that_is_just_over() -> None:
    """Covers P-07: intervals are half open."""
    edge = at("2026-04-02 15:00", SYDNEY)

    series = await prices(SYDNEYS, edge, SYDNEY)

    before, running = series.imports[:2]
    assert (before.kind, before.end) == (ACTUAL, edge)
    assert (running.kind, running.start) == (CURRENT, edge)


@CHANGE
async def test_a_day_tariff_can_be_built_of_a_plan_at_any_time(
    zone: ZoneInfo, day: str, hours: float
) -> None:
    """Covers P-07: nothing is assumed, whatever the clocks do."""
    start = at(f"{day} 00:00", zone) - 12 * HOUR
    for step in range(0, 100, 7):
        now = start + step * 17 * MINUTE
        tariff = build(
            await prices(SYDNEYS, now, zone),
            PriceHistory(),
            ForecastChoice.PREDICTED,
            zone,
            now,
        )
        assert isinstance(tariff, DayTariff)
        assert SlotSource.ASSUMED not in {slot.source for slot in tariff.slots}


async def test_how_far_back_and_ahead() -> None:
    """Covers P-07: as far as is of use, and no further."""
    hourly = plan(
        season(
            *(
                period(f"{hour}", f"{hour}:00", f"{(hour + 1) % 24}:00", rate=hour / 10)
                for hour in range(24)
            )
        )
    )

    series = await prices(hourly, NOW, SYDNEY)

    assert series.imports[0].start == at("2026-04-02 14:00", SYDNEY)
    assert series.imports[-1].end == at("2026-04-04 17:00", SYDNEY)


async def test_history_is_what_is_over() -> None:
    """Covers P-07."""
    source = PlanPrices(SYDNEYS, SYDNEY)

    series = await source.fetch_history(NOW - DAY, NOW + DAY, NOW)

    assert {point.kind for point in series.imports} == {ACTUAL}
    assert series.imports[0].start == at("2026-04-01 15:00", SYDNEY)
    assert series.imports[-1].end == at("2026-04-02 15:00", SYDNEY)
    assert len(series.imports) == 3

    edge = at("2026-04-02 15:00", SYDNEY)
    just_over = await source.fetch_history(edge - HOUR, edge, edge)
    assert [point.end for point in just_over.imports] == [edge]
