"""The 48 half hours of the coming day: named cases.

Covers P-10 and B-03. Many cases are mistakes that programs for the same purpose
have made.
"""

from dataclasses import replace
from datetime import datetime, timedelta
import math
from zoneinfo import ZoneInfo

import pytest

from custom_components.power_sync.core.day_tariff import (
    Blocked,
    BlockReason,
    DayTariff,
    SlotSource,
    build,
)
from custom_components.power_sync.core.model.prices import (
    FRESH,
    Channel,
    ForecastChoice,
    PriceBand,
    PricePoint,
    PriceSeries,
    SpikeStatus,
)
from custom_components.power_sync.core.price_history import PriceHistory
from custom_components.power_sync.core.timeline import half_hour_start, rolling_day

from .support import (
    ACTUAL,
    ADELAIDE,
    BRISBANE,
    CHICAGO,
    CURRENT,
    DAY,
    EXPORT,
    HOBART,
    HOUR,
    IMPORT,
    LORD_HOWE,
    MINUTE,
    SYDNEY,
    ZONES,
    at,
    day_ahead,
    history,
    point,
    row,
    series,
    utc,
)

NOON = at("2026-06-15 12:00", SYDNEY)
NOTHING = PriceHistory()


def build_at(
    now: datetime,
    prices: PriceSeries,
    *,
    zone: ZoneInfo = SYDNEY,
    known: PriceHistory = NOTHING,
    choice: ForecastChoice = ForecastChoice.PREDICTED,
) -> DayTariff | Blocked:
    return build(prices, known, choice, zone, now)


def built(
    now: datetime,
    prices: PriceSeries,
    *,
    zone: ZoneInfo = SYDNEY,
    known: PriceHistory = NOTHING,
    choice: ForecastChoice = ForecastChoice.PREDICTED,
) -> DayTariff:
    day = build_at(now, prices, zone=zone, known=known, choice=choice)
    assert isinstance(day, DayTariff), day
    return day


def refused(
    now: datetime, prices: PriceSeries, *, known: PriceHistory = NOTHING
) -> Blocked:
    day = build_at(now, prices, known=known)
    assert isinstance(day, Blocked)
    return day


def buy(day: DayTariff, label: str) -> float:
    hour, minute = map(int, label.split(":"))
    return day.slots[hour * 2 + minute // 30].import_price


def imports_of(day: DayTariff) -> list[float]:
    return [slot.import_price for slot in day.slots]


def sources(day: DayTariff, source: SlotSource) -> list[int]:
    return [label for label, slot in enumerate(day.slots) if slot.source is source]


# --- which price belongs to which half hour


def test_labels_over_today_carry_tomorrows_price() -> None:
    """Covers B-03: the rolling window."""
    day = built(NOON + MINUTE, series(day_ahead(NOON, range(1, 48))))

    assert buy(day, "12:00") == 0.5
    assert buy(day, "12:30") == 1
    assert buy(day, "23:30") == 23
    assert buy(day, "00:00") == 24
    assert buy(day, "11:30") == 47
    assert day.running == 24
    assert day.built_at == NOON + MINUTE
    assert day.horizon == NOON + DAY
    assert sources(day, SlotSource.PRICED) == list(range(48))
    assert [slot.start for slot in day.slots[23:26]] == [
        NOON + 23.5 * HOUR,
        NOON,
        NOON + HOUR / 2,
    ]


def test_five_and_thirty_minute_rows_count_by_their_length() -> None:
    """10 minutes at 50 c and 20 at 30 c are 36.7 c, not 42 (control.md A5)."""
    prices = [
        *row(NOON, [0.5], minutes=5, kind=ACTUAL),
        *row(NOON + 5 * MINUTE, [0.5], minutes=5, kind=CURRENT),
        *row(NOON + 10 * MINUTE, [0.3, 0.3], minutes=5),
        point(NOON + 20 * MINUTE, 0.3, minutes=10),
        *row(NOON + 30 * MINUTE, range(1, 48)),
    ]

    day = built(NOON + 7 * MINUTE, series(prices))

    assert buy(day, "12:00") == pytest.approx(11 / 30)
    assert round(buy(day, "12:00"), 3) == 0.367


def test_a_half_hour_ahead_of_mixed_rows() -> None:
    prices = day_ahead(NOON, [1] * 47)
    ahead = NOON + 5 * HOUR
    prices = [item for item in prices if item.start != ahead]
    prices += [*row(ahead, [0.5] * 3, minutes=5), point(ahead + 15 * MINUTE, 0.2)]

    assert buy(built(NOON, series(prices)), "17:00") == pytest.approx(0.35)


def test_the_running_half_hour_is_settled_past_and_forecast_rest() -> None:
    """Covers B-03."""
    prices = [
        *row(NOON, [0.1, 0.2], minutes=5, kind=ACTUAL),
        *row(NOON + 10 * MINUTE, [0.4], minutes=5, kind=CURRENT),
        *row(NOON + 15 * MINUTE, [1.0, 1.1, 1.2], minutes=5),
        *row(NOON + 30 * MINUTE, range(1, 48)),
    ]

    day = built(NOON + 12 * MINUTE, series(prices))

    assert buy(day, "12:00") == pytest.approx((0.1 + 0.2 + 0.4 + 1 + 1.1 + 1.2) / 6)


def test_a_settled_price_replaces_the_forecast_of_its_interval() -> None:
    # The 30-minute forecast still stands there when its first intervals are over.
    prices = [
        point(NOON, 0.9),
        *row(NOON, [0.3], minutes=5, kind=ACTUAL),
        *row(NOON + 5 * MINUTE, [0.3], minutes=5, kind=CURRENT),
        *row(NOON + 30 * MINUTE, range(1, 48)),
    ]

    day = built(NOON + 6 * MINUTE, series(prices))

    assert buy(day, "12:00") == pytest.approx((10 * 0.3 + 20 * 0.9) / 30)


def test_what_is_over_and_was_never_told_carries_no_weight() -> None:
    prices = [
        *row(NOON + 20 * MINUTE, [0.2], minutes=5, kind=CURRENT),
        *row(NOON + 25 * MINUTE, [0.4], minutes=5),
        *row(NOON + 30 * MINUTE, range(1, 48)),
    ]

    day = built(NOON + 21 * MINUTE, series(prices))

    assert buy(day, "12:00") == pytest.approx(0.3)
    assert day.running == 24


def test_todays_spike_does_not_raise_tomorrows_label() -> None:
    """A spike at 17:00 is over; the label now means tomorrow (control.md A5)."""
    five = at("2026-06-15 17:00", SYDNEY)
    now = five + 42 * MINUTE
    prices = [
        point(five, 15.0, kind=ACTUAL),
        *row(five + 30 * MINUTE, [14.0, 14.0], minutes=5, kind=ACTUAL),
        *row(five + 40 * MINUTE, [0.4], minutes=5, kind=CURRENT),
        *row(five + 45 * MINUTE, [0.4] * 3, minutes=5),
        *row(five + 60 * MINUTE, [0.25] * 48),
    ]

    day = built(now, series(prices))

    assert buy(day, "17:00") == 0.25
    assert buy(day, "17:30") == pytest.approx((10 * 14 + 20 * 0.4) / 30)
    assert max(imports_of(day)[:35] + imports_of(day)[36:]) == 0.25


def test_a_spike_forecast_for_tomorrow_does_not_raise_today() -> None:
    tomorrow = at("2026-06-16 17:00", SYDNEY)
    prices = [
        point(item.start, 15.0) if item.start == tomorrow else item
        for item in day_ahead(NOON, [0.2] * 70)
    ]

    assert buy(built(NOON, series(prices)), "17:00") == 0.2


def test_today_is_not_averaged_with_tomorrow() -> None:
    """With 40 hours of forecast most labels appear twice; the first counts."""
    day = built(NOON, series(day_ahead(NOON, [0.2] * 47 + [9.0] * 32)))

    assert set(imports_of(day)) == {0.5, 0.2}
    assert day.horizon == NOON + 40 * HOUR


@pytest.mark.parametrize(
    ("zone", "label"),
    [
        (SYDNEY, "17:30"),  # daylight saving: an hour later than market time
        (BRISBANE, "16:30"),
        (ADELAIDE, "17:00"),  # half an hour behind Sydney
        (HOBART, "17:30"),
    ],
)
def test_market_time_is_not_local_time(zone: ZoneInfo, label: str) -> None:
    """Covers P-10: NEM stamps are +10:00 all year."""
    market_end = datetime.fromisoformat("2026-01-15T17:00:00+10:00")
    start = utc("2026-01-15 02:00")
    prices = row(start + 30 * MINUTE, [0.2] * 60)
    dear = (market_end - 30 * MINUTE).astimezone(start.tzinfo)
    prices = [point(p.start, 9.0) if p.start == dear else p for p in prices]

    day = built(start, series([point(start, 0.2, kind=CURRENT), *prices]), zone=zone)

    assert buy(day, label) == 9
    assert sorted(imports_of(day))[-2] == 0.2


@pytest.mark.parametrize(
    ("zone", "label"), [(ADELAIDE, "16:00"), (SYDNEY, "16:30"), (HOBART, "16:30")]
)
def test_market_time_in_winter(zone: ZoneInfo, label: str) -> None:
    market_end = datetime.fromisoformat("2026-07-15T17:00:00+10:00")
    start = utc("2026-07-15 02:00")
    dear = (market_end - 30 * MINUTE).astimezone(start.tzinfo)
    prices = [
        point(p.start, 9.0) if p.start == dear else p
        for p in row(start + 30 * MINUTE, [0.2] * 60)
    ]

    day = built(start, series([point(start, 0.2, kind=CURRENT), *prices]), zone=zone)

    assert buy(day, label) == 9


def test_the_forecast_that_the_user_chose() -> None:
    band = PriceBand(low=0.1, predicted=0.2, high=0.3)
    prices = series(
        [
            point(NOON, 0.5, kind=CURRENT, band=band),
            *(point(NOON + n * HOUR / 2, 0.4, band=band) for n in range(1, 48)),
        ]
    )

    assert {
        choice: set(imports_of(built(NOON, prices, choice=choice)))
        for choice in ForecastChoice
    } == {
        ForecastChoice.LOW: {0.5, 0.1},
        ForecastChoice.PREDICTED: {0.5, 0.2},
        ForecastChoice.HIGH: {0.5, 0.3},
        ForecastChoice.RAW: {0.5, 0.4},
    }


# --- two channels


def test_the_live_buy_price_counts_without_a_feed_in_channel() -> None:
    """An import-only site (control.md A5): export earns nothing, buy is live."""
    day = built(NOON, series(day_ahead(NOON, range(1, 48), first=0.77)))

    assert buy(day, "12:00") == 0.77
    assert {slot.export_price for slot in day.slots} == {0.0}
    assert not sources(day, SlotSource.ASSUMED)


def test_each_channel_has_its_own_prices() -> None:
    day = built(
        NOON,
        series(day_ahead(NOON, [1.0] * 47), day_ahead(NOON, [0.1] * 47, first=-0.2)),
    )

    assert day.slots[24].export_price == -0.2
    assert day.slots[25].export_price == 0.1


@pytest.mark.parametrize("exports", [[], row(NOON - 2 * HOUR, [0.1] * 60)])
def test_a_feed_in_channel_without_a_running_price_blocks(
    exports: list[PricePoint],
) -> None:
    refusal = refused(NOON, series(day_ahead(NOON, range(1, 48)), exports))

    assert (refusal.reason, refusal.channel) == (BlockReason.STALE, EXPORT)


def test_a_hole_in_the_feed_in_forecast_blocks() -> None:
    exports = day_ahead(NOON, range(1, 48))
    del exports[10]

    refusal = refused(NOON, series(day_ahead(NOON, range(1, 48)), exports))

    assert (refusal.reason, refusal.channel) == (BlockReason.HOLE, EXPORT)


def test_the_nearer_horizon_is_told_and_either_channel_makes_a_slot_assumed() -> None:
    known = history(
        row(NOON - DAY, [0.3] * 48, kind=ACTUAL),
        NOON,
        row(NOON - DAY, [0.1] * 48, kind=ACTUAL),
    )
    exports = day_ahead(NOON, [0.05] * 39)

    day = built(NOON, series(day_ahead(NOON, [1] * 47), exports), known=known)

    assert day.horizon == NOON + 20 * HOUR
    assert sources(day, SlotSource.ASSUMED) == list(range(16, 24))
    assert {day.slots[label].export_price for label in range(16, 24)} == {0.1}
    assert {day.slots[label].import_price for label in range(16, 24)} == {1}


# --- beyond the forecast

SEVEN = at("2026-06-15 07:00", SYDNEY)
"""Amber's forecast ends at 04:00 the next morning: 21 hours from here."""


def test_beyond_the_horizon_a_label_costs_what_it_last_cost() -> None:
    """Covers B-03: 16 hours in the morning, the rest assumed."""
    known = history(row(SEVEN - DAY, range(100, 148), kind=ACTUAL), SEVEN)

    day = built(SEVEN, series(day_ahead(SEVEN, [1] * 31)), known=known)

    assert day.horizon == SEVEN + 16 * HOUR
    assert sources(day, SlotSource.ASSUMED) == [*range(14), 46, 47]
    assert buy(day, "23:00") == 132  # yesterday's
    assert buy(day, "06:30") == 147  # this morning's
    assert buy(day, "07:00") == 0.5


def test_a_label_cut_by_the_horizon_is_assumed_as_a_whole() -> None:
    known = history(row(SEVEN - DAY, range(100, 148), kind=ACTUAL), SEVEN)
    prices = [*day_ahead(SEVEN, [1] * 31), point(SEVEN + 16 * HOUR, 5, minutes=15)]

    assert buy(built(SEVEN, series(prices), known=known), "23:00") == 132


def test_the_label_that_has_just_ended_is_todays_and_not_averaged() -> None:
    # 06:30 today is half an hour ago, 06:30 yesterday less than 25 hours.
    known = history(
        [
            *row(SEVEN - DAY - HOUR, [9.0, 9.0], kind=ACTUAL),
            *row(SEVEN - DAY, [0.3] * 48, kind=ACTUAL),
        ],
        SEVEN,
    )

    day = built(SEVEN, series(day_ahead(SEVEN, [1] * 31)), known=known)

    assert buy(day, "06:30") == pytest.approx(0.3)
    assert buy(day, "06:00") == pytest.approx(0.3)


def test_else_the_median_of_the_week() -> None:
    known = history(
        [
            *(item for days in (3, 4, 6) for item in _a_day(SEVEN, days, days)),
            *_a_day(SEVEN, 5, 90),
        ],
        SEVEN,
    )

    day = built(SEVEN, series(day_ahead(SEVEN, [1] * 31)), known=known)

    assert buy(day, "05:00") == (4 + 6) / 2


def _a_day(now: datetime, days_ago: int, price: float) -> list[PricePoint]:
    return row(now - days_ago * DAY, [price] * 48, kind=ACTUAL)


def test_else_nothing_is_known_and_nothing_is_made_up() -> None:
    known = history(row(SEVEN - DAY, [1] * 20, kind=ACTUAL), SEVEN)

    refusal = refused(SEVEN, series(day_ahead(SEVEN, [1] * 31)), known=known)

    assert refusal == Blocked(
        reason=BlockReason.NOTHING_KNOWN,
        channel=IMPORT,
        start=SEVEN + 16 * HOUR,
        end=SEVEN + 16.5 * HOUR,
    )


# --- nothing is built from incomplete data


def test_one_hour_of_forecast_is_refused() -> None:
    """Not stretched over 48 slots (control.md A5)."""
    known = history(row(NOON - DAY, [1] * 48, kind=ACTUAL), NOON)

    refusal = refused(NOON, series(day_ahead(NOON, [0.2, 0.2])), known=known)

    assert refusal == Blocked(
        reason=BlockReason.HORIZON_TOO_SHORT,
        channel=IMPORT,
        start=NOON,
        end=NOON + 1.5 * HOUR,
    )


def test_the_shortest_horizon() -> None:
    known = history(row(NOON - DAY, [1] * 48, kind=ACTUAL), NOON)
    prices = series(day_ahead(NOON, [0.2] * 23))

    assert prices.least_horizon == 12 * HOUR
    assert isinstance(build_at(NOON, prices, known=known), DayTariff)
    late = refused(NOON + timedelta(seconds=1), prices, known=known)
    assert late.reason is BlockReason.HORIZON_TOO_SHORT


def test_a_source_that_reaches_less_far_by_nature_is_completed_by_history() -> None:
    """Covers P-08: ComEd's day-ahead prices end at midnight."""
    known = history(row(NOON - DAY, [1] * 48, kind=ACTUAL), NOON)
    short = replace(series(day_ahead(NOON, [0.2] * 3)), least_horizon=timedelta(0))

    day = build_at(NOON, short, known=known)

    assert isinstance(day, DayTariff)
    assert sorted({slot.import_price for slot in day.slots}) == [0.2, 0.5, 1]
    assert [slot.source for slot in day.slots].count(SlotSource.PRICED) == 4


def test_a_hole_inside_the_horizon_blocks() -> None:
    """Covers B-03."""
    prices = day_ahead(NOON, range(1, 48))
    del prices[20:22]

    refusal = refused(NOON, series(prices))

    assert refusal == Blocked(
        reason=BlockReason.HOLE,
        channel=IMPORT,
        start=NOON + 10 * HOUR,
        end=NOON + 11 * HOUR,
    )


def test_a_hole_of_one_second_blocks_too() -> None:
    # Amber's start times are a second late; the client must have put them right.
    prices = day_ahead(NOON, range(1, 48))
    prices[5] = PricePoint(
        start=prices[5].start + timedelta(seconds=1),
        end=prices[5].end,
        price=1,
        kind=prices[5].kind,
    )

    assert refused(NOON, series(prices)).reason is BlockReason.HOLE


@pytest.mark.parametrize("imports", [[], row(NOON, [1] * 48)])
def test_without_a_running_price_the_data_are_stale(imports: list[PricePoint]) -> None:
    refusal = refused(NOON, series(imports))

    assert refusal.reason is BlockReason.STALE
    assert (refusal.start, refusal.end) == (NOON - FRESH, NOON)


def test_a_price_speaks_a_little_longer_than_its_interval() -> None:
    prices = series(
        [
            *row(NOON, [0.1], minutes=5, kind=CURRENT),
            *row(NOON + 5 * MINUTE, [0.2] * 5, minutes=5),
            *row(NOON + 30 * MINUTE, range(1, 48)),
        ]
    )
    end = NOON + 5 * MINUTE

    assert isinstance(build_at(end, prices), DayTariff)
    last = end + FRESH - timedelta(seconds=1)
    assert buy(built(last, prices), "12:00") == pytest.approx((0.1 + 5 * 0.2) / 6)
    assert refused(end + FRESH, prices).reason is BlockReason.STALE


def test_an_old_answer_is_stale_however_far_it_reaches() -> None:
    prices = series(day_ahead(NOON, [0.2] * 70))

    assert refused(NOON + HOUR, prices).reason is BlockReason.STALE


def test_disorder_and_duplicates_change_nothing() -> None:
    prices = day_ahead(NOON, range(1, 48))

    assert built(NOON, series([*prices[::-1], *prices])) == built(NOON, series(prices))


# --- the nights on which the clocks change

NIGHTS = [
    # zone, the noon before, labels that are skipped, labels that are repeated
    (SYDNEY, "2026-04-04", [], [4, 5]),
    (SYDNEY, "2026-10-03", [4, 5], []),
    (ADELAIDE, "2026-04-04", [], [4, 5]),
    (ADELAIDE, "2026-10-03", [4, 5], []),
    (HOBART, "2026-04-04", [], [4, 5]),
    (HOBART, "2026-10-03", [4, 5], []),
    (LORD_HOWE, "2026-04-04", [], [3]),
    (LORD_HOWE, "2026-10-03", [4], []),
    (CHICAGO, "2026-10-31", [], [2, 3]),
    (CHICAGO, "2026-03-07", [4, 5], []),
    *(
        (zone, day, [], [])
        for zone in ZONES[5:9]
        for day in ("2026-04-04", "2026-10-03")
    ),
]


@pytest.mark.parametrize(("zone", "day", "skipped", "repeated"), NIGHTS)
def test_the_night_of_the_change(
    zone: ZoneInfo, day: str, skipped: list[int], repeated: list[int]
) -> None:
    """Covers P-10: 46, 48 or 50 real half hours make 48 labels (47/49)."""
    noon = at(f"{day} 12:00", zone)
    # Every half hour costs its number, counted from noon.
    prices = series([point(noon, 0, kind=CURRENT), *row(noon + HOUR / 2, range(1, 60))])

    tariff = built(noon, prices, zone=zone)

    assert sources(tariff, SlotSource.ABSENT) == skipped
    half_hours = 48 - len(skipped) + len(repeated)
    expected: dict[int, list[float]] = {}
    for number in range(half_hours):
        local = (noon + number * HOUR / 2).astimezone(zone)
        expected.setdefault(local.hour * 2 + local.minute // 30, []).append(number)
    assert sorted(expected) == [n for n in range(48) if n not in skipped]
    assert [n for n, found in sorted(expected.items()) if len(found) == 2] == repeated
    for label, slot in enumerate(tariff.slots):
        if label in skipped:
            assert slot.start is None
            assert slot.import_price == tariff.slots[label - 1].import_price
        else:
            wanted = expected[label]
            assert slot.import_price == pytest.approx(sum(wanted) / len(wanted))
            assert slot.start == noon + wanted[0] * HOUR / 2


def test_both_two_oclocks_are_weighed_by_duration() -> None:
    """Covers P-10. The second pass is in 5-minute rows, the first is not."""
    first = at("2026-04-05 02:00", SYDNEY)
    second = at("2026-04-05 02:00", SYDNEY, fold=1)
    assert second - first == HOUR
    now = first - 3 * HOUR
    prices = [
        *day_ahead(now, [1.0] * 5),
        *row(first, [0.2, 0.2]),
        *row(second, [0.4] * 12, minutes=5),
        *row(second + HOUR, [1.0] * 60),
    ]

    day = built(now, series(prices))

    assert buy(day, "02:00") == pytest.approx(0.3)
    assert buy(day, "02:30") == pytest.approx(0.3)
    assert buy(day, "01:30") == buy(day, "03:00") == 1


def test_during_the_second_pass_only_what_is_left_counts() -> None:
    second = at("2026-04-05 02:00", SYDNEY, fold=1)
    prices = [
        *row(second - HOUR, [0.2, 0.2], kind=ACTUAL),
        point(second, 0.4, kind=CURRENT),
        *row(second + HOUR / 2, range(1, 60)),
    ]

    day = built(second + MINUTE, series(prices))

    assert day.running == 4
    assert buy(day, "02:00") == 0.4
    assert buy(day, "02:30") == 1
    assert buy(day, "01:30") == 47


def test_from_within_the_first_pass_tomorrows_two_oclock_is_not_mixed_in() -> None:
    # 02:30, first pass: 02:00 comes once more tonight, and once tomorrow.
    now = at("2026-04-05 02:30", SYDNEY)
    prices = day_ahead(now, range(1, 60))

    day = built(now, series(prices))

    assert buy(day, "02:00") == 1
    assert buy(day, "02:30") == pytest.approx((0.5 + 2) / 2)
    assert buy(day, "01:30") == 48


def test_the_day_before_a_gap_the_running_label_does_not_return() -> None:
    # Saturday, 02:30; on Sunday 02:00 to 03:00 is skipped.
    now = at("2026-10-03 02:30", SYDNEY)
    day = built(now, series(day_ahead(now, range(1, 60))))

    assert buy(day, "02:30") == 0.5
    assert buy(day, "03:00") == 1  # today's, not tomorrow's
    assert sources(day, SlotSource.ABSENT) == [4]
    assert buy(day, "02:00") == buy(day, "01:30") == 46


def test_a_gap_at_midnight_takes_the_last_half_hour_of_the_day() -> None:
    santiago = ZoneInfo("America/Santiago")
    noon = at("2026-09-05 12:00", santiago)

    day = built(noon, series(day_ahead(noon, range(1, 60))), zone=santiago)

    assert sources(day, SlotSource.ABSENT) == [0, 1]
    assert day.slots[0].import_price == day.slots[47].import_price == 23
    assert day.slots[2].import_price == 24


@pytest.mark.parametrize("zone", ZONES, ids=lambda zone: zone.key)
@pytest.mark.parametrize(
    "day", ["2026-03-07", "2026-04-04", "2026-06-15", "2026-09-26"]
)
def test_the_tariff_costs_what_the_day_costs(zone: ZoneInfo, day: str) -> None:
    """Label means, times how long the label takes, are the integral."""
    now = half_hour_start(at(f"{day} 12:07", zone), zone)
    steps = [math.sin(number) for number in range(400)]
    prices = series(
        [point(now, 0, minutes=5, kind=CURRENT), *row(now, steps, minutes=5)]
    )

    tariff = built(now, prices, zone=zone)

    window = list(rolling_day(now, zone))
    begin, end = window[0], window[-1] + 15 * MINUTE
    by_label: dict[int, int] = {}
    for quarter in window:
        local = quarter.astimezone(zone)
        label = local.hour * 2 + local.minute // 30
        by_label[label] = by_label.get(label, 0) + 15
    sent = sum(
        tariff.slots[label].import_price * length for label, length in by_label.items()
    )
    count = int((end - begin) / (5 * MINUTE))
    assert sent == pytest.approx(5 * (sum(steps[1:count])))


# --- price spikes that the source announces


def flagged(
    prices: list[PricePoint], *numbers: int, status: SpikeStatus = SpikeStatus.SPIKE
) -> list[PricePoint]:
    return [
        replace(item, spike=status) if number in numbers else item
        for number, item in enumerate(prices)
    ]


def spikes(day: DayTariff) -> list[int]:
    return [label for label, slot in enumerate(day.slots) if slot.spike]


@pytest.mark.parametrize("status", SpikeStatus)
def test_a_flag_marks_its_half_hour(status: SpikeStatus) -> None:
    """Covers B-05: potential and actual spikes alike."""
    prices = flagged(day_ahead(NOON, [0.3] * 47), 10, status=status)

    assert spikes(built(NOON, series(prices))) == (
        [] if status is SpikeStatus.NONE else [34]
    )


def test_a_flag_of_five_minutes_marks_the_whole_half_hour() -> None:
    prices = [
        *day_ahead(NOON, [0.3] * 9),
        *row(NOON + 5 * HOUR, [0.3] * 6, minutes=5),
        *row(NOON + 5.5 * HOUR, [0.3] * 40),
    ]

    assert spikes(built(NOON, series(flagged(prices, 15)))) == [34]


def test_a_flag_is_of_one_date() -> None:
    """Today's 17:00 spike does not mark tomorrow's (control.md A5)."""
    prices = day_ahead(NOON, [0.3] * 70)
    today, tomorrow = flagged(prices, 10), flagged(prices, 58)

    assert spikes(built(NOON, series(today))) == [34]
    assert spikes(built(NOON, series(tomorrow))) == []

    now = NOON + 6 * HOUR

    def then(points: list[PricePoint]) -> list[PricePoint]:
        return [
            replace(item, kind=CURRENT) if item.start == now else item
            for item in points
        ]

    assert spikes(built(now, series(then(today)))) == []
    assert spikes(built(now, series(then(tomorrow)))) == [34]


def test_what_is_over_of_the_running_half_hour_does_not_count() -> None:
    prices = [
        *row(NOON, [9.0], minutes=5, kind=ACTUAL),
        *row(NOON + 5 * MINUTE, [9.0], minutes=5, kind=CURRENT),
        *row(NOON + 10 * MINUTE, [0.3] * 4, minutes=5),
        *row(NOON + 30 * MINUTE, [0.3] * 47),
    ]

    assert spikes(built(NOON + 7 * MINUTE, series(flagged(prices, 0)))) == []
    assert spikes(built(NOON + 5 * MINUTE, series(flagged(prices, 0)))) == []
    assert spikes(built(NOON + 9 * MINUTE, series(flagged(prices, 1)))) == [24]
    # The one that is running is late, its forecast is all there is.
    assert spikes(built(NOON + 11 * MINUTE, series(flagged(prices, 1)))) == []
    assert spikes(built(NOON + 11 * MINUTE, series(flagged(prices, 5)))) == [24]


def test_a_flag_that_is_over_does_not_hide_one_ahead() -> None:
    prices = [
        *row(NOON, [0.3] * 4, minutes=5, kind=ACTUAL),
        *row(NOON + 20 * MINUTE, [0.3], minutes=5, kind=CURRENT),
        *row(NOON + 25 * MINUTE, [0.3], minutes=5),
        *row(NOON + 30 * MINUTE, [0.3] * 47),
    ]

    assert spikes(built(NOON + 20 * MINUTE, series(flagged(prices, 3, 5)))) == [24]


def test_a_flag_has_nothing_to_do_with_what_the_forecast_says() -> None:
    band = PriceBand(low=0.1, predicted=5.0, high=9.0)
    prices = [
        point(NOON, 0.5, kind=CURRENT),
        *(point(NOON + n * HOUR / 2, 0.3, band=band) for n in range(1, 48)),
    ]

    assert spikes(built(NOON, series(flagged(prices, 10)))) == [34]


def test_a_flag_counts_where_its_price_does() -> None:
    # The running price is known, and no spike; its forecast said otherwise.
    prices = [*day_ahead(NOON, [0.3] * 47), point(NOON, 9.0)]

    day = built(NOON, series(flagged(prices, 48)))

    assert buy(day, "12:00") == 0.5
    assert spikes(day) == []


def test_a_flag_of_feed_in_is_no_flag() -> None:
    prices = day_ahead(NOON, [0.3] * 47)

    assert spikes(built(NOON, series(prices, flagged(prices, 10)))) == []


def test_either_pass_of_a_repeated_half_hour_marks_it() -> None:
    noon = at("2026-04-04 12:00", SYDNEY)
    prices = day_ahead(noon, [0.3] * 60)

    # 02:00 is 28 half hours away, and again 30.
    for number in (28, 30):
        assert spikes(built(noon, series(flagged(prices, number)))) == [4]


def test_a_skipped_half_hour_is_marked_like_the_one_before() -> None:
    noon = at("2026-10-03 12:00", SYDNEY)

    day = built(noon, series(flagged(day_ahead(noon, [0.3] * 60), 27)))

    assert spikes(day) == [3, 4, 5]


def test_a_flag_in_a_half_hour_cut_by_the_horizon_marks_it() -> None:
    known = history(row(SEVEN - DAY, range(100, 148), kind=ACTUAL), SEVEN)
    prices = [*day_ahead(SEVEN, [1] * 31), point(SEVEN + 16 * HOUR, 5, minutes=15)]

    day = built(SEVEN, series(flagged(prices, 32)), known=known)

    assert spikes(day) == [46]


# --- what a series itself guarantees


def test_an_interval_that_is_empty_or_not_in_utc_is_no_price() -> None:
    with pytest.raises(ValueError, match="end after"):
        point(NOON, 1, minutes=0)
    local = NOON.astimezone(SYDNEY)
    with pytest.raises(ValueError, match="UTC"):
        PricePoint(start=local, end=local + HOUR, price=1, kind=CURRENT)


def test_the_running_price_is_never_a_forecast() -> None:
    prices = series([point(NOON, 1), point(NOON, 2, kind=CURRENT)])

    found = prices.running(Channel.IMPORT, NOON)
    assert found is not None
    assert found.price == 2
    assert found.duration == HOUR / 2
    assert prices.running(Channel.IMPORT, NOON + HOUR / 2) is None
    assert prices.running(Channel.EXPORT, NOON) is None
    assert prices.channel(Channel.CONTROLLED_LOAD) == ()
    assert (prices.exports, prices.controlled_load) == (None, None)
