"""Two years, six time zones: no price is lost, none moves.

Covers P-10.
"""

from datetime import datetime, timedelta
import math
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings, strategies as st

from custom_components.power_sync.core.day_tariff import DayTariff, SlotSource, build
from custom_components.power_sync.core.model.prices import (
    ForecastChoice,
    PricePoint,
    PriceSeries,
)
from custom_components.power_sync.core.price_history import PriceHistory
from custom_components.power_sync.core.timeline import (
    QUARTER,
    label_of,
    quarters_of,
    rolling_day,
)

from .support import ACTUAL, CURRENT, FORECAST, HOUR, MINUTE, at, utc

YEARS = (utc("2025-01-01 00:00"), utc("2026-12-31 00:00"))
SIX_ZONES = [
    ZoneInfo(name)
    for name in (
        "Australia/Sydney",
        "Australia/Adelaide",
        "Australia/Brisbane",
        "Australia/Lord_Howe",
        "America/Chicago",
        "Europe/Berlin",
    )
]
FIVE = 5 * MINUTE

moments = st.integers(0, (YEARS[1] - YEARS[0]) // MINUTE).map(
    lambda minutes: YEARS[0] + minutes * MINUTE
)
any_price = st.floats(-1, 20).map(lambda price: round(price, 4))


@st.composite
def forecasts(draw: st.DrawFn, now: datetime) -> list[PricePoint]:
    """Rows of 5, 15, 30 and 60 minutes from an hour ago to 30 hours ahead."""
    cursor = now - (now - utc("2000-01-01 00:00")) % HOUR - HOUR
    points = []
    while cursor < now + 30 * HOUR:
        length = draw(st.sampled_from((5, 15, 30, 60))) * MINUTE
        # A row never straddles a multiple of its own length, as no service's does.
        while (cursor - utc("2000-01-01 00:00")) % length:
            length = FIVE
        end = cursor + length
        kind = ACTUAL if end <= now else CURRENT if cursor <= now else FORECAST
        points.append(
            PricePoint(start=cursor, end=end, price=draw(any_price), kind=kind)
        )
        cursor = end
    return points


def tariff(points: list[PricePoint], zone: ZoneInfo, now: datetime) -> DayTariff:
    prices = PriceSeries(fetched_at=now, imports=tuple(points))
    day = build(prices, PriceHistory(), ForecastChoice.RAW, zone, now)
    assert isinstance(day, DayTariff)
    return day


def stretches(
    day: DayTariff, zone: ZoneInfo, now: datetime
) -> dict[int, list[datetime]]:
    """Return the quarter hours that each half hour of a tariff speaks of.

    Across a change of the clock the window can meet a label on two days: then it is
    the first of them.
    """
    found: dict[int, list[datetime]] = {}
    for quarter in rolling_day(now, zone):
        label = label_of(quarter, zone)
        first = found.setdefault(label, [quarter])[0]
        same_day = first.astimezone(zone).date() == quarter.astimezone(zone).date()
        if quarter != first and same_day:
            found[label].append(quarter)
    return found


def cost(points: list[PricePoint], start: datetime, end: datetime) -> float:
    """Return the integral of the price in $h/kWh, row by row."""
    return math.fsum(
        point.price
        * max(min(point.end, end) - max(point.start, start), 0 * MINUTE)
        / HOUR
        for point in points
    )


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(SIX_ZONES), moments)
@example(None, SIX_ZONES[0], at("2026-10-04 01:50", SIX_ZONES[0]))
@example(None, SIX_ZONES[0], at("2026-04-05 02:10", SIX_ZONES[0], fold=0))
@example(None, SIX_ZONES[3], at("2026-04-05 01:40", SIX_ZONES[3], fold=1))
@example(None, SIX_ZONES[4], at("2026-03-08 01:59", SIX_ZONES[4]))
@example(None, SIX_ZONES[5], at("2026-10-25 02:30", SIX_ZONES[5], fold=1))
def test_the_mean_of_a_day_is_kept(
    data: st.DataObject | None, zone: ZoneInfo, now: datetime
) -> None:
    """The tariff costs what the rows cost that it is made of, weighted by time."""
    points = (
        data.draw(forecasts(now))
        if data is not None
        else [
            PricePoint(start=row.start, end=row.end, price=index % 7 - 1, kind=row.kind)
            for index, row in enumerate(five_minutes(now))
        ]
    )
    day = tariff(points, zone, now)

    whole = stretches(day, zone, now)
    ours = math.fsum(
        day.slots[label].import_price * len(quarters) * (QUARTER / HOUR)
        for label, quarters in whole.items()
    )
    truth = math.fsum(
        cost(points, quarter, quarter + QUARTER)
        for quarters in whole.values()
        for quarter in quarters
    )
    assert math.isclose(ours, truth, abs_tol=1e-9)
    covered = {quarter for quarters in whole.values() for quarter in quarters}
    assert len(covered) * QUARTER >= 23 * HOUR


def five_minutes(now: datetime) -> list[PricePoint]:
    start = now - (now - utc("2000-01-01 00:00")) % HOUR - HOUR
    return [
        PricePoint(
            start=start + index * FIVE,
            end=start + (index + 1) * FIVE,
            price=0.0,
            kind=(
                ACTUAL
                if start + (index + 1) * FIVE <= now
                else CURRENT
                if start + index * FIVE <= now
                else FORECAST
            ),
        )
        for index in range(12 * 31)
    ]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SIX_ZONES), moments, st.integers(0, 12 * 30 - 1))
def test_an_interval_is_priced_where_the_wall_clock_says(
    zone: ZoneInfo, now: datetime, index: int
) -> None:
    """One dear interval makes exactly its own half hour dear, by a sixth."""
    points = five_minutes(now)
    spike = points[index]
    points[index] = PricePoint(
        start=spike.start, end=spike.end, price=6.0, kind=spike.kind
    )
    day = tariff(points, zone, now)

    window = stretches(day, zone, now)
    label = label_of(spike.start, zone)
    quarter = spike.start - (spike.start - utc("2000-01-01 00:00")) % QUARTER
    dear = {number: slot for number, slot in enumerate(day.slots) if slot.import_price}
    if quarter not in window.get(label, []):
        assert not dear
        return
    # A half hour that does not exist copies the one before it.
    real = {k for k, slot in dear.items() if slot.source is not SlotSource.ABSENT}
    assert real == {label}
    seconds = len(window[label]) * QUARTER / timedelta(seconds=1)
    assert math.isclose(day.slots[label].import_price, 6.0 * 300 / seconds)
    local_day = spike.start.astimezone(zone).date()
    assert quarter in set(quarters_of(label, local_day, zone))
