"""What is paid where energy is billed at the mean of an hour."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from statistics import fmean, median

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.core.day_tariff import DayTariff, build
from custom_components.power_sync.core.model.prices import (
    Channel,
    ForecastChoice,
    PriceKind,
    PricePoint,
    PriceSeries,
)
from custom_components.power_sync.core.price_history import PriceHistory
from custom_components.power_sync.core.settlement import (
    STEP,
    UsualPrice,
    billed,
    expected_mean,
    hour_mean,
)

from .support import ACTUAL, CHICAGO, CURRENT, FORECAST, HOUR, IMPORT, MINUTE, at, utc

DELIVERY = 0.075
TEN = utc("2026-06-15 10:00")
ELEVEN, NOON = TEN + HOUR, TEN + 2 * HOUR

prices = st.integers(-1_000, 4_000).map(lambda tenths: tenths / 1_000)


def price(
    start: datetime,
    supply: float,
    kind: PriceKind = ACTUAL,
    minutes: int = 5,
    *,
    estimate: bool = False,
) -> PricePoint:
    """Return a price as ComEd's are."""
    return PricePoint(
        start=start,
        end=start + minutes * MINUTE,
        price=supply + DELIVERY,
        supply=supply,
        spot=supply,
        kind=kind,
        estimate=estimate,
    )


def row(start: datetime, supplies: Sequence[float]) -> list[PricePoint]:
    """Return settled prices, one every five minutes."""
    return [price(start + n * STEP, supply) for n, supply in enumerate(supplies)]


def newest(start: datetime, supply: float) -> PricePoint:
    """Return the running price, which holds until the next one is there."""
    return price(start, supply, CURRENT, 20, estimate=True)


def hourly(start: datetime, supplies: Sequence[float]) -> list[PricePoint]:
    return [
        price(start + n * HOUR, supply, FORECAST, 60)
        for n, supply in enumerate(supplies)
    ]


def feed(
    *points: PricePoint, now: datetime = TEN, settlement: timedelta | None = HOUR
) -> PriceSeries:
    return PriceSeries(
        fetched_at=now,
        imports=points,
        least_horizon=timedelta(0),
        settlement=settlement,
    )


def nothing(_: datetime) -> None:
    return None


def paid(
    series: PriceSeries, now: datetime, usual: UsualPrice = nothing
) -> tuple[PricePoint, ...]:
    return billed(series, usual, now).imports


def assert_consistent(points: Sequence[PricePoint]) -> None:
    for before, after in pairwise(points):
        assert before.end <= after.start
    for point in points:
        assert point.supply is not None
        assert point.spot == pytest.approx(point.supply)
        assert point.price == pytest.approx(point.supply + DELIVERY)


# covers P-08
def test_a_past_hour_is_the_mean_of_its_twelve_prices() -> None:
    supplies = [0.02] * 11 + [0.32]

    hour, running = paid(
        feed(*row(TEN, supplies), newest(ELEVEN, 0.02)), ELEVEN + MINUTE
    )

    assert (hour.start, hour.end, hour.kind) == (TEN, ELEVEN, ACTUAL)
    assert not hour.estimate
    assert hour.supply == pytest.approx(0.045)
    assert (running.start, running.end, running.kind) == (ELEVEN, NOON, CURRENT)
    assert running.estimate
    assert_consistent((hour, running))


def test_holes_of_a_past_hour_carry_no_weight() -> None:
    points = [p for n, p in enumerate(row(TEN, range(12))) if n not in {3, 4, 9}]

    hour, _ = paid(feed(*points, newest(ELEVEN, 0.0)), ELEVEN)

    known = [n for n in range(12) if n not in {3, 4, 9}]
    assert hour.supply == pytest.approx(fmean(known))


def test_an_hour_that_the_data_cut_is_left_out() -> None:
    points = row(TEN + 30 * MINUTE, [1.0] * 6 + [0.5] * 12)

    assert [p.start for p in paid(feed(*points), NOON)] == [ELEVEN]


def test_a_late_price_of_the_hour_before_counts_once() -> None:
    """It is 11:04 and the price of 10:55 still holds."""
    series = feed(*row(TEN, [0.1] * 11), newest(ELEVEN - STEP, 0.7))

    hour, running = paid(series, ELEVEN + 4 * MINUTE)

    assert hour.supply == pytest.approx((1.1 + 0.7) / 12)
    assert running.supply == pytest.approx(0.1), "nothing seen: the median of six"
    assert (running.start, running.end) == (ELEVEN, NOON)


def test_the_expected_mean() -> None:
    """Three seen and nine to come at f = (median of six + usual) / 2."""
    before = [0.02, 0.03, 0.04]
    seen = [0.05, 0.10, 0.06]
    points = [*row(ELEVEN - 3 * STEP, before), *row(ELEVEN, seen[:2])]
    series = feed(*points, newest(ELEVEN + 2 * STEP, seen[2]))
    now = ELEVEN + 13 * MINUTE

    running = expected_mean(series, lambda _: 0.08, now)

    assert running is not None
    f = (median(before + seen) + 0.08) / 2
    assert running.supply == pytest.approx((sum(seen) + 9 * f) / 12)
    assert_consistent([running])
    assert paid(series, now, lambda _: 0.08)[-1] == running
    assert billed(series, lambda _: 0.08, now).running(IMPORT, now) == running


def test_only_the_last_six_count_as_recent() -> None:
    points = [*row(TEN, [9.0] * 6 + [0.04] * 3 + [0.06] * 3)]

    (_, running) = paid(feed(*points, newest(ELEVEN, 0.06)), ELEVEN)

    # The six of 10:35 to 11:00: two of 0.04 and four of 0.06.
    assert running.supply == pytest.approx(0.06)


def test_the_last_six_may_lie_behind_a_gap_but_not_behind_an_hour() -> None:
    old = row(TEN - 3 * HOUR, [9.0] * 12)
    points = [*row(TEN, [0.02] * 3), newest(TEN + 8 * STEP, 0.08)]

    running = expected_mean(feed(*old, *points), nothing, TEN + 41 * MINUTE)

    assert running is not None
    f = median([0.02, 0.02, 0.02, 0.08])
    assert running.supply == pytest.approx((0.14 + 8 * f) / 12)


def test_the_usual_price_is_asked_for_the_hour() -> None:
    asked = []

    def usual(moment: datetime) -> float:
        asked.append(moment)
        return 0.0

    paid(feed(newest(TEN + 4 * STEP, 0.1)), TEN + 22 * MINUTE, usual)

    assert asked == [TEN]


def test_a_forecast_of_the_hour_stands_in_for_what_is_usual() -> None:
    ahead = hourly(TEN, [0.30])
    cut = replace(ahead[0], start=TEN + 20 * MINUTE)
    series = feed(newest(TEN, 0.10), cut)

    alone = expected_mean(series, nothing, TEN + MINUTE)
    both = expected_mean(series, lambda _: 0.10, TEN + MINUTE)

    assert alone is not None
    assert both is not None
    assert alone.supply == pytest.approx((0.10 + 11 * 0.20) / 12)
    assert both.supply == pytest.approx(0.10), "what is usual comes first"


def test_a_spike_raises_its_hour_by_a_twelfth() -> None:
    """Even though the next price is low again."""
    calm = [*row(TEN - 6 * STEP, [0.03] * 9), newest(TEN + 4 * STEP, 0.03)]
    now = TEN + 21 * MINUTE

    def expected(spike: float) -> float:
        points = [*calm, price(TEN + 3 * STEP, 0.03 + spike)]
        points.sort(key=lambda point: point.start)
        running = expected_mean(feed(*points), lambda _: 0.03, now)
        assert running is not None
        return running.price

    assert expected(1.0) - expected(0.0) == pytest.approx(1.0 / 12)


def test_a_complete_hour_is_no_longer_a_guess() -> None:
    supplies = [n / 100 for n in range(12)]
    points = [*row(TEN, supplies[:-1]), newest(ELEVEN - STEP, supplies[-1])]

    running = expected_mean(feed(*points), lambda _: 9.0, ELEVEN - MINUTE)

    assert running is not None
    assert running.supply == pytest.approx(fmean(supplies))


def test_a_settled_running_price_counts_as_long_as_it_holds() -> None:
    settled = price(TEN, 0.2, CURRENT, 30)

    running = expected_mean(feed(settled), lambda _: 0.2, TEN + MINUTE)
    half = hour_mean([settled], TEN, TEN + MINUTE)

    assert running is not None
    assert running.supply == pytest.approx(0.2)
    assert half is not None
    assert half.seen == 6


def test_what_is_forecast_of_later_hours_stays() -> None:
    ahead = hourly(ELEVEN, [0.03, 0.04])
    series = feed(newest(TEN, 0.02), *ahead)

    assert paid(series, TEN + MINUTE)[1:] == tuple(ahead)


def test_an_open_price_may_be_for_less_than_five_minutes() -> None:
    points = [price(TEN, 0.1, CURRENT, 2, estimate=True)]

    running = expected_mean(feed(*points), lambda _: 0.4, TEN)

    assert running is not None
    assert running.supply == pytest.approx((2 * 0.1 + 58 * 0.25) / 60)


def test_forecasts_that_the_newest_price_covers_stay_apart() -> None:
    fine = [price(ELEVEN + n * STEP, n / 10, FORECAST) for n in range(1, 4)]
    series = feed(newest(ELEVEN - STEP, 0.02), *fine)

    _, first, *later = paid(series, ELEVEN - MINUTE)

    assert (first.start, first.end) == (ELEVEN, fine[0].end)
    assert later == fine[1:]


def test_the_running_hour_takes_the_place_of_its_forecast() -> None:
    running_hour, ahead = hourly(TEN, [0.03, 0.04])
    rest = replace(running_hour, start=TEN + 20 * MINUTE)
    longer = replace(ahead, start=ELEVEN - 30 * MINUTE)

    assert paid(feed(newest(TEN, 0.02), rest, ahead), TEN)[1:] == (ahead,)
    assert paid(feed(newest(TEN, 0.02), longer), TEN)[1:] == (ahead,)


def test_no_hole_where_the_newest_price_reaches_into_the_next_hour() -> None:
    (ahead,) = hourly(ELEVEN, [0.04])
    late = replace(ahead, start=ELEVEN + 15 * MINUTE)
    series = feed(*row(TEN, [0.02] * 11), newest(ELEVEN - STEP, 0.02), late)

    assert paid(series, ELEVEN - 2 * MINUTE)[1:] == (ahead,)


def test_a_true_hole_stays_one() -> None:
    (ahead,) = hourly(NOON, [0.04])
    series = feed(newest(TEN, 0.02), ahead)

    assert paid(series, TEN + MINUTE)[1:] == (ahead,)


def test_an_hour_whose_price_is_not_known_any_more_is_not_known() -> None:
    (ahead,) = hourly(TEN, [0.04])
    rest = replace(ahead, start=TEN + 20 * MINUTE)
    series = feed(newest(TEN, 0.02), rest)

    past = billed(series, nothing, TEN + 21 * MINUTE)

    assert past.running(IMPORT, TEN + 21 * MINUTE) is None
    assert past.running(IMPORT, TEN + 19 * MINUTE) is not None, "for who waits a bit"
    assert past.imports[1:] == (rest,)
    assert expected_mean(series, nothing, TEN + 21 * MINUTE) is None
    assert expected_mean(series, nothing, TEN + 20 * MINUTE) is None


def test_an_hour_of_which_nothing_is_known_is_forecast() -> None:
    ahead = hourly(ELEVEN, [0.04, 0.05])
    series = feed(*row(TEN, [0.01] * 12), *ahead)

    assert paid(series, ELEVEN + 9 * MINUTE)[1:] == tuple(ahead)
    assert expected_mean(series, nothing, ELEVEN + 9 * MINUTE) is None


def test_series_without_a_settlement_are_returned_as_they_are() -> None:
    series = feed(*row(TEN, [0.1] * 12), settlement=None)

    assert billed(series, lambda _: 1.0, ELEVEN) is series
    assert expected_mean(series, lambda _: 1.0, ELEVEN) is None


def test_an_empty_series_stays_empty() -> None:
    assert paid(feed(), TEN, lambda _: 1.0) == ()


@pytest.mark.parametrize(
    ("minutes", "starts"),
    [
        (15, ["10:00", "10:15", "10:30", "10:45"]),
        (30, ["10:00", "10:30"]),
        (60, ["10:00"]),
        (120, ["10:00"]),
    ],
)
def test_other_lengths_of_settlement(minutes: int, starts: list[str]) -> None:
    supplies = [n / 10 for n in range(24)]
    series = feed(*row(TEN, supplies), settlement=minutes * MINUTE)

    hours = [p for p in paid(series, NOON) if p.start < ELEVEN]

    assert [f"{hour.start:%H:%M}" for hour in hours] == starts
    size = minutes // 5
    for index, hour in enumerate(hours):
        assert hour.duration == minutes * MINUTE
        expected = fmean(supplies[index * size : (index + 1) * size])
        assert hour.supply == pytest.approx(expected)


def test_prices_finer_than_five_minutes_weigh_by_their_length() -> None:
    points = [price(TEN + n * MINUTE, 0.1 * n, minutes=1) for n in range(7)]
    series = feed(*points, settlement=15 * MINUTE)

    mean = hour_mean(points, TEN, TEN + 7 * MINUTE, 15 * MINUTE)
    late = feed(*points, price(TEN + 7 * MINUTE, 0.3, CURRENT, 1), settlement=HOUR / 4)
    running = expected_mean(late, lambda _: 0.3, TEN + 7 * MINUTE)

    assert series.settlement == late.settlement
    assert mean is not None
    assert mean.supply == pytest.approx(0.3)
    assert running is not None
    # Eight of fifteen minutes are known; the medians of the rest are means of five.
    f = (median([fmean([0, 0.1, 0.2, 0.3, 0.4]), fmean([0.5, 0.6, 0.3])]) + 0.3) / 2
    assert running.supply == pytest.approx((8 * 0.3 + 7 * f) / 15)


def test_other_channels_are_settled_as_well() -> None:
    series = replace(
        feed(newest(TEN, 0.02)),
        exports=(*row(TEN - HOUR, [0.01] * 12), newest(TEN, 0.01)),
        controlled_load=(*row(TEN - HOUR, [0.04] * 12), newest(TEN, 0.1)),
    )

    result = billed(series, lambda _: 5.0, TEN + MINUTE)

    exports = result.channel(Channel.EXPORT)
    assert [point.supply for point in exports] == [pytest.approx(0.01)] * 2
    past, running = result.channel(Channel.CONTROLLED_LOAD)
    assert past.supply == pytest.approx(0.04)
    f = 0.04
    assert running.supply == pytest.approx((0.1 + 11 * f) / 12), "usual: imports only"
    assert replace(result, imports=(), exports=None, controlled_load=None) == replace(
        series, imports=(), exports=None, controlled_load=None
    )


def test_parts_that_some_prices_lack_are_not_made_up() -> None:
    bare = replace(price(TEN, 0.1), supply=None, spot=None)
    points = [bare, *row(TEN + STEP, [0.1] * 11), newest(ELEVEN, 0.1)]

    past, running = paid(feed(*points), ELEVEN, lambda _: 0.2)

    assert past.supply is None
    assert past.spot is None
    assert running.supply is None
    assert past.price == pytest.approx(0.1 + DELIVERY)
    # Without a supply price the usual one is the whole price.
    assert running.price == pytest.approx((0.175 + 11 * (0.175 + 0.2) / 2) / 12)


def test_without_supply_the_spot_price_keeps_its_distance() -> None:
    points = [replace(p, supply=None) for p in [newest(TEN, 0.1)]]

    running = expected_mean(feed(*points), lambda _: 0.275, TEN)

    assert running is not None
    assert running.price == pytest.approx((0.175 + 11 * 0.225) / 12)
    assert running.spot == pytest.approx(running.price - DELIVERY)


def test_the_average_so_far() -> None:
    points = [*row(TEN, [0.02, 0.04]), newest(TEN + 2 * STEP, 0.09)]

    mean = hour_mean(points, TEN, TEN + 11 * MINUTE)

    assert mean is not None
    assert mean.seen == 3
    assert mean.supply == mean.spot == pytest.approx(0.05)
    assert mean.mean == pytest.approx(0.05 + DELIVERY)
    assert mean.quoted == mean.supply
    assert replace(mean, supply=None).quoted == mean.mean
    assert hour_mean(points, ELEVEN, ELEVEN) is None
    assert hour_mean(points, TEN, TEN - MINUTE) is None, "nothing was known by then"


def test_forecasts_are_not_part_of_an_average_so_far() -> None:
    assert hour_mean(hourly(TEN, [0.1]), TEN, ELEVEN) is None


def test_a_settled_price_counts_before_a_running_one_of_the_same_time() -> None:
    """A series that was completed with earlier ones has both."""
    points = [newest(TEN, 0.9), *row(TEN, [0.1] * 12)]

    mean = hour_mean(points, TEN, ELEVEN)

    assert mean is not None
    assert mean.supply == pytest.approx(0.1)
    assert mean.seen == 12


@given(
    st.dictionaries(st.integers(0, 36), prices, min_size=1),
    st.integers(0, 14),
    prices | st.none(),
    prices | st.none(),
    st.integers(1, 3),
)
def test_the_expected_mean_lies_between_what_it_is_made_of(
    supplies: dict[int, float],
    minutes: int,
    usual: float | None,
    forecast: float | None,
    copies: int,
) -> None:
    *stamps, last = sorted(supplies)
    points = [price(TEN + n * STEP, supplies[n]) for n in stamps] * copies
    points.append(newest(TEN + last * STEP, supplies[last]))
    now = points[-1].start + minutes * MINUTE
    if forecast is not None:
        (ahead,) = hourly(now.replace(minute=0), [forecast])
        if points[-1].end < ahead.end:
            points.append(replace(ahead, start=points[-1].end))
    points.sort(key=lambda point: point.start)

    series = feed(*points, now=now)
    running = expected_mean(series, lambda _: usual, now)
    result = paid(series, now, lambda _: usual)

    assert running is not None
    inputs = [*supplies.values()]
    inputs += [] if usual is None else [usual]
    inputs += [] if forecast is None else [forecast]
    assert running.supply is not None
    assert min(inputs) - 1e-9 <= running.supply <= max(inputs) + 1e-9
    assert running in result
    assert_consistent(result)
    # The model: n seen, and one f for each that is not.
    hour = now.replace(minute=0)
    seen = [supplies[n] for n in supplies if TEN + n * STEP >= hour]
    recent = median(
        supplies[n] for n in sorted(supplies)[-6:] if n > last - HOUR // STEP
    )
    ahead_known = any(p.kind is FORECAST and p.start < hour + HOUR for p in points)
    typical = usual if usual is not None else forecast if ahead_known else None
    f = recent if typical is None else (recent + typical) / 2
    assert running.supply == pytest.approx((sum(seen) + (12 - len(seen)) * f) / 12)


@given(st.lists(st.tuples(st.integers(0, 71), prices), min_size=1), st.randoms())
def test_past_hours_are_means_of_what_is_there(
    pairs: list[tuple[int, float]], random: Random
) -> None:
    known = dict(pairs)
    points = [price(TEN + n * STEP, supply) for n, supply in known.items()]
    points += points[: len(points) // 2]
    random.shuffle(points)
    now = TEN + 72 * STEP

    result = paid(feed(*points), now)

    first = min(known)
    hours = {n // 12 for n in known}
    if first % 12:
        hours.discard(first // 12)
    assert [(p.start - TEN) // HOUR for p in result] == sorted(hours)
    for point in result:
        hour = (point.start - TEN) // HOUR
        values = [known[n] for n in known if n // 12 == hour]
        assert point.supply == pytest.approx(fmean(values))
        assert point.kind is ACTUAL
    assert_consistent(result)


@pytest.mark.parametrize(
    ("day", "fold"), [("2025-03-09 03:30", 0), ("2025-11-02 01:30", 0)]
)
def test_nights_on_which_clocks_change(day: str, fold: int) -> None:
    """Hours are those of UTC: there is no hour twice, and none is missing."""
    now = at(day, CHICAGO, fold)
    first = now.replace(minute=0) - 3 * HOUR
    stamps = (now - first) // STEP
    supplies = [n / 1_000 for n in range(stamps)]
    points = [*row(first, supplies), newest(now, stamps / 1_000)]

    result = paid(feed(*points, now=now), now + 3 * MINUTE)

    assert [p.start for p in result] == [first + n * HOUR for n in range(4)]
    for index, hour in enumerate(result[:3]):
        mean = fmean(supplies[12 * index : 12 * index + 12])
        assert hour.supply == pytest.approx(mean)


def test_the_tariff_of_the_running_half_hours_is_the_expected_mean() -> None:
    """What a Powerwall is told of the running hour is what will be paid for it."""
    now = TEN + 41 * MINUTE
    points = [*row(TEN, [0.02, 0.5] + [0.02] * 6), newest(TEN + 8 * STEP, 0.02)]
    series = feed(*points, *hourly(ELEVEN, [0.03] * 24), now=now)
    running = expected_mean(series, nothing, now)

    tariff = build(
        billed(series, nothing, now),
        PriceHistory(),
        ForecastChoice.PREDICTED,
        CHICAGO,
        now,
    )

    assert isinstance(tariff, DayTariff)
    assert running is not None
    assert running.price == pytest.approx(0.02 + DELIVERY + 0.48 / 12)
    label = tariff.slots[tariff.running]
    assert label.start == TEN + 30 * MINUTE
    assert label.import_price == pytest.approx(running.price)
