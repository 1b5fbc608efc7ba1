"""The tariff against a reference that goes through the day minute by minute.

The reference shares no idea with the builder: no step function, no quarter hours,
no window computed beforehand. It reads the clock on the wall once a minute.
"""

from datetime import UTC, date, datetime, timedelta
import random
from statistics import fmean, median
from zoneinfo import ZoneInfo

from hypothesis import event, given, settings, strategies as st
import pytest

from custom_components.power_sync.core.day_tariff import Blocked, build
from custom_components.power_sync.core.model.prices import ForecastChoice, PricePoint

from .support import (
    ACTUAL,
    CURRENT,
    DAY,
    FORECAST,
    HOUR,
    MINUTE,
    ZONES,
    history,
    point,
    row,
    series,
    utc,
)

type Prices = dict[datetime, float]
"""Price by instant."""


def floor(moment: datetime, minutes: int) -> datetime:
    return moment - (moment - datetime(2000, 1, 1, tzinfo=UTC)) % (minutes * MINUTE)


def wall_clock(minute: datetime, zone: ZoneInfo) -> tuple[date, int]:
    local = minute.astimezone(zone)
    return local.date(), local.hour * 2 + local.minute // 30


def painted(points: list[PricePoint]) -> Prices:
    """Paint the least sure, longest and earliest listed first, the best last."""
    certainty = [FORECAST, CURRENT, ACTUAL]
    prices: Prices = {}
    for item in sorted(
        points, key=lambda item: (certainty.index(item.kind), item.start - item.end)
    ):
        minute = item.start
        while minute < item.end:
            prices[minute] = item.price
            minute += MINUTE
    return prices


def usual_prices(settled: Prices, zone: ZoneInfo, now: datetime) -> dict[int, float]:
    """What each label last cost, else the median over the days it is known of.

    ``settled`` is by quarter hour; the last of a label must be 25 hours old at most.
    """
    by_day: dict[int, dict[date, list[datetime]]] = {}
    for quarter in settled:
        day, label = wall_clock(quarter, zone)
        by_day.setdefault(label, {}).setdefault(day, []).append(quarter)
    usual = {}
    for label, days in by_day.items():
        newest = days[max(days)]
        if max(newest) >= now - 25 * HOUR:
            usual[label] = fmean(settled[quarter] for quarter in newest)
        else:
            usual[label] = median(
                fmean(settled[quarter] for quarter in day) for day in days.values()
            )
    return usual


def expected_prices(
    points: list[PricePoint],
    settled: Prices,
    zone: ZoneInfo,
    now: datetime,
) -> list[float | None] | str:
    """48 prices from local midnight, None where time is skipped; or why not."""
    prices = painted(points)
    this_minute = now.replace(second=0, microsecond=0)
    lately = (this_minute, now - timedelta(minutes=2))
    if not any(
        item.kind is not FORECAST and item.start <= moment < item.end
        for item in points
        for moment in (now, lately[1])
    ):
        return "stale"
    horizon = max(item.end for item in points)
    if horizon < now + 12 * HOUR:
        return "horizon_too_short"
    minute = this_minute
    while minute < horizon:
        if minute not in prices:
            return "hole"
        minute += MINUTE

    # Back to where the running half hour began on this pass of the clock.
    today, running = wall_clock(this_minute, zone)
    begin = this_minute
    while (
        wall_clock(begin - MINUTE, zone) == (today, running)
        and (begin - MINUTE).astimezone(zone).utcoffset()
        == begin.astimezone(zone).utcoffset()
    ):
        begin -= MINUTE
    minutes_of: dict[int, list[datetime]] = {}
    minute = begin
    while True:
        day, label = wall_clock(minute, zone)
        if day > today and label >= running:
            break
        first = minutes_of.setdefault(label, [minute])
        if wall_clock(first[0], zone)[0] == day and minute is not first[0]:
            first.append(minute)
        minute += MINUTE

    result: list[float | None] = [None] * 48
    usual: dict[int, float] | None = None
    for label, minutes in minutes_of.items():
        if minutes[-1] < horizon:
            result[label] = fmean(prices[m] for m in minutes if m in prices)
        else:
            if usual is None:
                usual = usual_prices(settled, zone, now)
            if label not in usual:
                return "nothing_known"
            result[label] = usual[label]
    return result


def random_points(
    chance: random.Random, now: datetime, hours: float
) -> list[PricePoint]:
    """Mixed rows around now; sometimes with a hole, doubles, or no running one."""
    boundary = floor(now, 5)
    points: list[PricePoint] = []
    begin = boundary - chance.choice([0, 1, 3, 6, 12]) * 5 * MINUTE
    cursor = begin
    while cursor < boundary:
        kind = chance.choice([ACTUAL, ACTUAL, CURRENT])
        if chance.random() < 0.9:
            points.append(point(cursor, _price(chance), minutes=5, kind=kind))
        cursor += 5 * MINUTE
    if chance.random() < 0.95:
        points.append(point(boundary, _price(chance), minutes=5, kind=CURRENT))
    while cursor < now + hours * HOUR:
        length = chance.choice([5, 5, 10, 15, 30, 30, 30])
        if chance.random() < 0.9995:
            points.append(point(cursor, _price(chance), minutes=length))
        if chance.random() < 0.05:  # says it twice, and differently
            points.append(point(cursor, _price(chance), minutes=chance.choice([5, 30])))
        cursor += length * MINUTE
    if chance.random() < 0.3:
        chance.shuffle(points)
    return points


def _price(chance: random.Random) -> float:
    return round(chance.choice([chance.uniform(-1.2, 1), chance.uniform(0, 25)]), 5)


def random_history(chance: random.Random, now: datetime) -> list[PricePoint]:
    """Half hours of a little more than a week, with holes, maybe not the last."""
    start = floor(now, 30)
    until = chance.choice([0, 0, 0, 30])
    if chance.random() < 0.1:
        return []
    return [
        item
        for item in row(
            start - 8 * DAY,
            [_price(chance) for _ in range(8 * 48 - 2 * until)],
            kind=ACTUAL,
        )
        if chance.random() < 0.97
    ]


CHANGES = [
    utc(text)
    for text in (
        "2026-03-08 08:00",  # Chicago
        "2026-11-01 07:00",
        "2026-04-04 15:00",  # Lord Howe
        "2026-04-04 16:00",  # Sydney, Hobart
        "2026-04-04 16:30",  # Adelaide
        "2026-10-03 15:30",
        "2026-10-03 16:00",
        "2026-10-03 16:30",
        "2026-09-26 14:00",  # Chatham
        "2026-04-04 14:00",
    )
]
moments = st.one_of(
    st.integers(0, 2 * 365 * 1440).map(lambda m: utc("2025-01-01 00:00") + m * MINUTE),
    st.tuples(st.sampled_from(CHANGES), st.integers(-1700, 400)).map(
        lambda drawn: drawn[0] + drawn[1] * MINUTE
    ),
)


@given(
    zone=st.sampled_from(ZONES),
    now=moments,
    second=st.integers(0, 59),
    hours=st.sampled_from([11, 13, 16, 16, 20, 24, 26, 30, 40]),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=100, deadline=None)
def test_the_tariff_is_what_the_minutes_make_it(
    zone: ZoneInfo, now: datetime, second: int, hours: int, seed: int
) -> None:
    """Covers P-10 and B-03."""
    chance = random.Random(seed)
    now += timedelta(seconds=second)
    imports = random_points(chance, now, hours)
    exports = random_points(chance, now, hours)
    past = random_history(chance, now), random_history(chance, now)

    day = build(
        series(imports, exports),
        history(past[0], now, past[1]),
        ForecastChoice.PREDICTED,
        zone,
        now,
    )

    both = []
    for points, rows in zip((imports, exports), past, strict=True):
        # Quarter hours count that began within the week; all are over, because
        # the rows are half hours up to the last full one.
        settled = {
            quarter: item.price
            for item in rows
            for quarter in (item.start, item.start + 15 * MINUTE)
            if quarter >= now - 7 * DAY
        }
        both.append(expected_prices(points, settled, zone, now))
    refusal = next((result for result in both if isinstance(result, str)), None)
    event(refusal or "built")
    if refusal is not None:
        assert isinstance(day, Blocked), refusal
        assert day.reason.value == refusal
        return
    assert not isinstance(day, Blocked), day
    for label, slot in enumerate(day.slots):
        for price, expected in zip(
            (slot.import_price, slot.export_price), both, strict=True
        ):
            back = label
            while (wanted := expected[back]) is None:
                back -= 1
            assert not isinstance(wanted, str)
            assert price == pytest.approx(wanted, abs=1e-9)
