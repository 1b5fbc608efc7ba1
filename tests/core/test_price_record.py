"""A month of settled prices, kept over restarts."""

from dataclasses import replace
from datetime import datetime, timedelta
import json
import random
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.power_sync.core.model.prices import (
    Channel,
    PriceKind,
    PricePoint,
)
from custom_components.power_sync.core.price_history import PriceHistory
from custom_components.power_sync.core.price_record import KEPT, PriceRecord

from .support import (
    ACTUAL,
    CHICAGO,
    CURRENT,
    DAY,
    EXPORT,
    FORECAST,
    HOUR,
    IMPORT,
    LONG_AGO,
    MINUTE,
    SYDNEY,
    at,
    point,
    row,
    series,
    utc,
)

T = utc("2026-06-15 02:00")
FIVE = 5 * MINUTE


def learned(
    points: list[PricePoint],
    now: datetime,
    exports: list[PricePoint] | None = None,
) -> PriceRecord:
    record = PriceRecord()
    record.learn(series(points, exports), now)
    return record


def prices(
    record: PriceRecord, now: datetime, channel: Channel = IMPORT
) -> dict[datetime, float]:
    return {item.start: item.price for item in record.points(channel, now)}


def test_an_empty_record() -> None:
    record = PriceRecord()

    assert record.points(IMPORT, T) == ()
    assert record.mean_spot(T) is None
    assert record.typical(T, SYDNEY, T) is None
    assert record.statistics.summary(T) is None


def test_settled_prices_are_learned_by_five_minutes() -> None:
    record = learned(
        [
            point(T, 0.3, kind=ACTUAL),
            *row(T + HOUR, [0.1, 0.2], minutes=5, kind=ACTUAL),
        ],
        T + 2 * HOUR,
        [point(T, -0.05, kind=ACTUAL)],
    )

    known = prices(record, T + 2 * HOUR)
    assert known == {
        **{T + index * FIVE: 0.3 for index in range(6)},
        T + HOUR: 0.1,
        T + HOUR + FIVE: 0.2,
    }
    assert set(prices(record, T + 2 * HOUR, EXPORT).values()) == {-0.05}
    assert record.points(Channel.CONTROLLED_LOAD, T + 2 * HOUR) == ()
    assert all(p.kind is ACTUAL for p in record.points(IMPORT, T + 2 * HOUR))
    assert all(
        p.duration == FIVE and not p.estimate for p in record.points(IMPORT, T + HOUR)
    )


@pytest.mark.parametrize(
    ("kind", "estimate", "count"),
    [(ACTUAL, False, 3), (CURRENT, False, 3), (CURRENT, True, 0), (FORECAST, False, 0)],
)
def test_only_what_will_not_change_is_learned_up_to_now(
    kind: PriceKind, estimate: bool, count: int
) -> None:
    running = replace(point(T, 0.3, kind=kind), estimate=estimate)
    record = learned([running], T + 12 * MINUTE)  # in the third stamp of six

    assert len(record.statistics) == count


@given(st.permutations(range(3)), st.integers(0, 2))
def test_a_finer_price_is_never_replaced_by_a_longer_one(
    order: list[int], again: int
) -> None:
    said = [
        [point(T, 0.9, minutes=60, kind=ACTUAL)],
        [point(T, 0.5, minutes=30, kind=ACTUAL)],
        row(T, [0.1, 0.2], minutes=5, kind=ACTUAL),
    ]
    record = PriceRecord()
    for index in [*order, again]:
        record.learn(series(said[index]), T + 2 * HOUR)

    expected = [0.1, 0.2, 0.5, 0.5, 0.5, 0.5, *[0.9] * 6]
    assert list(prices(record, T + 2 * HOUR).values()) == expected


def test_of_equally_long_prices_the_last_counts() -> None:
    record = learned([point(T, 0.5, kind=CURRENT)], T + HOUR)
    record.learn(series([point(T, 0.4, kind=ACTUAL)]), T + HOUR)

    assert set(prices(record, T + HOUR).values()) == {0.4}
    summary = record.statistics.summary(T + HOUR)
    assert summary is not None
    assert (summary.count, summary.maximum) == (6, 0.4)


def test_a_stamp_needs_a_price_for_all_of_it() -> None:
    record = learned([point(T + 2 * MINUTE, 0.5, minutes=11, kind=ACTUAL)], T + HOUR)

    assert list(prices(record, T + HOUR)) == [T + FIVE]


def test_prices_are_forgotten_after_a_month() -> None:
    record = learned(
        row(T - KEPT - HOUR, [1.0, 1.0, 2.0], kind=ACTUAL),
        T,
        row(T - KEPT - HOUR, [1.0, 1.0, 2.0], kind=ACTUAL),
    )
    assert len(record.statistics) == 6

    record.learn(series([]), T + 10 * MINUTE)

    assert len(record.statistics) == 4
    assert len(record.to_stored()["exports"]) == 1
    stored = record.to_stored()["imports"]
    assert [p for day in stored.values() for p in day["prices"] if p] == [200_000] * 4


# --- holes


def test_everything_is_a_hole_at_first_newest_first_and_in_pieces() -> None:
    holes = PriceRecord().holes(T + 2 * MINUTE, 3 * DAY, DAY)

    end = T - 10 * MINUTE
    assert holes == [
        (end - DAY, end),
        (end - 2 * DAY, end - DAY),
        (T - 3 * DAY + FIVE, end - 2 * DAY),
    ]


def test_no_more_than_a_month_is_asked_for() -> None:
    holes = PriceRecord().holes(T, 90 * DAY, 100 * DAY)

    assert holes == [(T - KEPT, T - 10 * MINUTE)]


def test_short_holes_are_left() -> None:
    now = T + 2 * HOUR
    known = row(T, [0.1] * 24, minutes=5, kind=ACTUAL)
    two, three = known[:3] + known[5:], known[:3] + known[6:]

    assert learned(two, now).holes(now, 2 * HOUR, DAY) == []
    assert learned(three, now).holes(now, 2 * HOUR, DAY) == [
        (T + 15 * MINUTE, T + 30 * MINUTE)
    ]


@given(st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_holes_are_exactly_what_is_missing(seed: int) -> None:
    chance = random.Random(seed)
    now = T + timedelta(seconds=chance.randrange(300))
    known = []
    start = T - 2 * DAY
    while start < T:
        length = chance.choice([5, 5, 10, 30, 60, 240])
        if chance.random() < 0.6:
            known.append(point(start, 0.1, minutes=length, kind=ACTUAL))
        start += length * MINUTE
    record = learned(known, now)
    at_once = chance.choice([HOUR, 5 * HOUR, DAY])

    holes = record.holes(now, 2 * DAY, at_once)

    assert holes == sorted(holes, reverse=True)
    assert all(FIVE <= end - start <= at_once for start, end in holes)
    asked = {
        start + index * FIVE
        for start, end in holes
        for index in range((end - start) // FIVE)
    }
    assert asked.isdisjoint(prices(record, now))
    known_stamps = set(prices(record, now))
    first = T - 2 * DAY + (FIVE if now > T else timedelta(0))
    count = (T - 10 * MINUTE - first) // FIVE
    missing = {first + index * FIVE for index in range(count)} - known_stamps
    for stamp in missing:
        around = [stamp + index * FIVE in missing for index in range(-2, 3)]
        long = all(around[:3]) or all(around[1:4]) or all(around[2:])
        assert (stamp in asked) is long
    for start, end in holes:
        record.learn(
            series([point(start, 1, minutes=(end - start) // MINUTE, kind=ACTUAL)]), now
        )
    assert record.holes(now, 2 * DAY, at_once) == []


# --- what is made of it


def test_points_are_over_and_no_older_than_a_week() -> None:
    running = T + 12 * MINUTE
    record = learned([point(T, 0.3, kind=ACTUAL)], running)
    assert list(prices(record, running)) == [T, T + FIVE]

    week = T + 7 * DAY
    assert list(prices(record, week + FIVE)) == [T + FIVE, T + 2 * FIVE]


def test_what_is_forgotten_leaves_no_trace() -> None:
    later = T + KEPT + 10 * MINUTE
    record = learned([point(T, 0.3, kind=ACTUAL)], T + HOUR)
    record.learn(series([]), later)

    fresh = learned([point(T, 0.3, kind=ACTUAL)], later)
    assert record.to_stored() == fresh.to_stored()


def comed(start: datetime, supply: float) -> PricePoint:
    return replace(point(start, supply + 0.075, minutes=5, kind=ACTUAL), supply=supply)


# covers P-09
def test_statistics_speak_of_the_price_as_announced() -> None:
    record = learned([comed(T, 0.03), comed(T + FIVE, 0.05)], T + HOUR)

    summary = record.statistics.summary(T + HOUR)

    assert summary is not None
    assert (summary.minimum, summary.maximum) == (0.03, 0.05)
    known = record.points(IMPORT, T + HOUR)
    assert [p.supply for p in known] == [0.03, 0.05]
    assert [p.price for p in known] == [0.105, 0.125]


def test_a_price_never_keeps_the_supply_part_of_another() -> None:
    record = learned([comed(T, 0.03)], T + HOUR)
    record.learn(series([point(T, 0.2, minutes=5, kind=ACTUAL)]), T + HOUR)

    assert record.points(IMPORT, T + HOUR)[0].quoted == 0.2
    summary = record.statistics.summary(T + HOUR)
    assert summary is not None
    assert summary.maximum == 0.2


def test_the_typical_price_of_an_hour_is_its_median() -> None:
    days = {1: 0.01, 2: 0.02, 3: 0.09}
    record = learned(
        [
            p
            for ago, supply in days.items()
            for p in (
                comed(T - ago * DAY, supply),
                comed(T - ago * DAY + 55 * MINUTE, supply),
                comed(T - ago * DAY + HOUR, 9.0),  # the next hour
                comed(T - ago * DAY - FIVE, 9.0),  # the one before
            )
        ],
        T,
    )

    assert record.typical(T + 20 * MINUTE, CHICAGO, T) == 0.02
    assert record.typical(T + 3 * HOUR, CHICAGO, T) is None


def test_the_typical_hour_is_the_local_one_across_a_clock_change() -> None:
    before = at("2026-10-03 09:00", SYDNEY)  # the night after, clocks go forward
    now = at("2026-10-05 12:00", SYDNEY)
    record = learned([point(before, 0.4, minutes=60, kind=ACTUAL)], now)

    assert record.typical(at("2026-10-05 09:00", SYDNEY), SYDNEY, now) == 0.4
    assert record.typical(at("2026-10-05 10:00", SYDNEY), SYDNEY, now) is None


def test_the_typical_hour_reaches_back_a_whole_month() -> None:
    oldest = at("2026-06-15 12:00", SYDNEY)

    record = learned([point(oldest, 0.4, minutes=60, kind=ACTUAL)], oldest + KEPT)

    assert record.typical(oldest, SYDNEY, oldest + KEPT) == 0.4


def test_a_month_in_which_clocks_change_reaches_back_to_one_more_date() -> None:
    now = at("2026-10-20 00:30", SYDNEY)
    then = now - KEPT
    assert then == at("2026-09-19 23:30", SYDNEY)

    record = learned([point(then, 0.4, kind=ACTUAL)], now)

    assert record.typical(then, SYDNEY, now) == 0.4


def test_a_skipped_hour_is_not_the_one_that_follows() -> None:
    three = at("2026-10-04 03:00", SYDNEY)  # an hour after 01:00
    now = three + DAY

    record = learned([point(three, 0.4, minutes=60, kind=ACTUAL)], now)

    assert record.typical(at("2026-10-05 02:00", SYDNEY), SYDNEY, now) is None
    assert record.typical(at("2026-10-05 03:00", SYDNEY), SYDNEY, now) == 0.4


def test_a_repeated_hour_counts_with_both_passes() -> None:
    first = at("2026-04-05 02:00", SYDNEY)
    second = at("2026-04-05 02:00", SYDNEY, fold=1)
    now = second + DAY
    record = learned(
        [
            point(first, 0.2, minutes=60, kind=ACTUAL),
            point(second, 0.4, minutes=60, kind=ACTUAL),
        ],
        now,
    )

    assert record.typical(now, SYDNEY, now) == pytest.approx(0.3)


def wholesale(start: datetime, spot: float, minutes: int = 30) -> PricePoint:
    return replace(point(start, spot + 0.2, minutes=minutes, kind=ACTUAL), spot=spot)


def test_the_mean_wholesale_price_needs_a_week_and_weighs_time() -> None:
    now = T + 8 * DAY
    rows = [wholesale(T + index * HOUR / 2, 0.1) for index in range(7 * 48 - 1)]
    assert learned(rows, now).mean_spot(now) is None

    rows.append(wholesale(rows[-1].end, 0.1 + 7 * 48 * 0.01))
    record = learned(rows, now)

    assert record.mean_spot(now) == pytest.approx(0.11)
    assert record.points(IMPORT, now)[-1].spot == pytest.approx(0.1 + 7 * 48 * 0.01)
    assert record.mean_spot(T + KEPT) == pytest.approx(0.11)
    assert record.mean_spot(T + KEPT + FIVE) != pytest.approx(0.11)
    assert record.mean_spot(T + KEPT + 7 * DAY - HOUR / 2) == pytest.approx(
        0.1 + 7 * 48 * 0.01
    )
    assert record.mean_spot(T + KEPT + 7 * DAY) is None


def test_a_price_without_its_wholesale_part_keeps_the_known_one() -> None:
    record = learned([wholesale(T, 0.1, 5)], T + HOUR)
    record.learn(series([point(T, 0.31, minutes=5, kind=ACTUAL)]), T + HOUR)

    known = record.points(IMPORT, T + HOUR)[0]
    assert (known.price, known.spot) == (0.31, 0.1)


def test_price_history_is_the_same_from_the_record_as_from_the_source() -> None:
    chance = random.Random(1)
    rows = row(
        T - 3 * DAY,
        [chance.uniform(-1, 1) for _ in range(3 * 288)],
        minutes=5,
        kind=ACTUAL,
    )
    record = learned(rows, T, rows)

    restored = PriceHistory().with_series(
        series(record.points(IMPORT, T), record.points(EXPORT, T)), T
    )

    direct = PriceHistory().with_series(series(rows, rows), T)
    assert dict(restored.imports) == pytest.approx(dict(direct.imports), abs=1e-5)
    assert dict(restored.exports) == pytest.approx(dict(direct.exports), abs=1e-5)


# --- storage


@given(st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_a_stored_record_is_the_same_record(seed: int) -> None:
    chance = random.Random(seed)
    imports, exports = [], []
    start = T - 3 * DAY
    while start < T:
        length = chance.choice([5, 5, 5, 30, 60])
        price = round(chance.uniform(-1, 20), 5)
        item = point(start, price, minutes=length, kind=ACTUAL)
        if chance.random() < 0.3:
            item = replace(item, spot=round(price / 2, 5))
        if chance.random() < 0.3:
            item = replace(item, supply=round(price / 3, 5))
        imports += [item] if chance.random() < 0.8 else []
        exports += [item] if chance.random() < 0.5 else []
        start += length * MINUTE
    record = learned(imports, T, exports)
    longer = series([point(T - 3 * DAY, 9.0, minutes=240, kind=ACTUAL)])

    stored = json.loads(json.dumps(record.to_stored()))
    again = PriceRecord.from_stored(stored)

    for channel in (IMPORT, EXPORT):
        assert again.points(channel, T) == record.points(channel, T)
    assert again.statistics.summary(T) == record.statistics.summary(T)
    # What is known of how fine a price is survives as well.
    for each in (again, record):
        each.learn(longer, T)
    assert again.to_stored() == record.to_stored()


def test_stored_prices_are_exact_to_a_thousandth_of_a_cent() -> None:
    record = learned([point(T, 0.123456, minutes=5, kind=ACTUAL)], T + HOUR)

    again = PriceRecord.from_stored(record.to_stored())

    assert again.points(IMPORT, T + HOUR)[0].price == 0.12346


DAMAGED: list[Any] = [None, 7, "text", [], {"2026": {}}, {"2026-06-15": []}]


def damaged(**changes: Any) -> dict[str, Any]:
    stored = learned([point(T, 0.1, minutes=5, kind=ACTUAL)], T + HOUR).to_stored()
    stored["imports"]["2026-06-15"].update(changes)
    return stored


@pytest.mark.parametrize("column", ["imports", "supply", "exports", "spot"])
@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_column_is_refused(column: str, damage: Any) -> None:
    stored = {**damaged(), column: damage}

    with pytest.raises(ValueError):  # noqa: PT011 - whatever is said of the damage
        PriceRecord.from_stored(stored)


@pytest.mark.parametrize(
    "changes",
    [
        {"prices": None},
        {"prices": [1] * 287},
        {"prices": [1.5] * 288},
        {"prices": [True] * 288},
        {"prices": ["1"] * 288},
        {"prices": [10**400] * 288},
        {"minutes": None},
        {"minutes": [[5, 287]]},
        {"minutes": [[5, 10**12]]},
        {"minutes": [[5, 300], [5, -12]]},
        {"minutes": [[5]]},
        {"minutes": [5]},
        {"minutes": [["5", 288]]},
    ],
)
def test_a_damaged_day_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        PriceRecord.from_stored(damaged(**changes))


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["imports", "supply", "2026-06-15", "prices", "minutes"]),
            inner,
            max_size=5,
        )
    ),
)


@given(ANY)
def test_any_damage_is_a_value_error(value: Any) -> None:
    stored = {**PriceRecord().to_stored(), "imports": value}
    try:
        record = PriceRecord.from_stored(stored)
    except ValueError:
        return
    assert record.points(IMPORT, LONG_AGO) == ()
