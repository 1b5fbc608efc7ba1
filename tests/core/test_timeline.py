"""The step function, and the half hours that the wall clock makes of a day."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
import random
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.core.model.moments import floor_to
from custom_components.power_sync.core.model.prices import (
    ForecastChoice,
    PriceBand,
    PricePoint,
)
from custom_components.power_sync.core.timeline import (
    QUARTER,
    Mean,
    StepFunction,
    half_hour_start,
    label_of,
    quarters_of,
    rolling_day,
)

from .support import (
    ACTUAL,
    BRISBANE,
    CURRENT,
    DAY,
    FORECAST,
    HOUR,
    LORD_HOWE,
    MINUTE,
    SYDNEY,
    ZONES,
    at,
    point,
    row,
    utc,
)

T = utc("2026-06-15 02:00")


def minutes(*spans: tuple[int, int]) -> list[tuple[datetime, datetime]]:
    return [(T + start * MINUTE, T + end * MINUTE) for start, end in spans]


def price_at(steps: StepFunction, minute: int) -> float | None:
    mean = steps.mean(minutes((minute, minute + 1)))
    return mean.price if mean else None


# --- what counts where prices overlap


def test_a_settled_price_counts_more_than_a_running_one_than_a_forecast() -> None:
    for points in (
        [point(T, 1, kind=ACTUAL), point(T, 2, kind=CURRENT), point(T, 3)],
        [point(T, 3), point(T, 2, kind=CURRENT), point(T, 1, kind=ACTUAL)],
    ):
        assert price_at(StepFunction(points), 10) == 1
        assert price_at(StepFunction(p for p in points if p.kind is not ACTUAL), 0) == 2


def test_a_surer_price_counts_even_if_it_is_longer() -> None:
    steps = StepFunction([point(T, 1, kind=ACTUAL), point(T, 2, minutes=5)])

    assert price_at(steps, 0) == 1


def test_a_shorter_price_counts_within_a_longer_one() -> None:
    steps = StepFunction([*row(T + 10 * MINUTE, [7, 8], minutes=5), point(T, 1)])

    assert [price_at(steps, minute) for minute in (0, 9, 10, 14, 15, 19, 20, 29)] == [
        *(1, 1, 7, 7, 8, 8, 1, 1)
    ]
    assert price_at(steps, 30) is None


def test_of_equals_the_later_counts() -> None:
    assert price_at(StepFunction([point(T, 1), point(T, 2)]), 0) == 2
    overlapping = [point(T, 1), point(T + 15 * MINUTE, 2)]
    assert price_at(StepFunction(overlapping), 20) == 2
    assert price_at(StepFunction(reversed(overlapping)), 20) == 1


def test_duplicates_and_disorder_change_nothing() -> None:
    points = row(T, [1, 2, 3, 4])
    steps = StepFunction([*points[::-1], *points])

    assert steps.mean(minutes((0, 120))) == Mean(2.5, 7200)
    assert steps.end == T + 2 * HOUR


def test_a_long_price_shows_on_both_sides_and_between_shorter_ones() -> None:
    short = [point(T + offset * MINUTE, 9, minutes=5) for offset in (10, 20)]
    steps = StepFunction([point(T, 1), *short])

    assert [price_at(steps, minute) for minute in (0, 10, 15, 20, 25)] == [
        1,
        9,
        1,
        9,
        1,
    ]


def test_the_forecast_is_the_one_chosen_and_only_for_forecasts() -> None:
    band = PriceBand(low=1, predicted=2, high=3)
    points = [
        point(T, 5, kind=CURRENT, band=band),
        point(T + 30 * MINUTE, 5, band=band),
        point(T + 60 * MINUTE, 5),
    ]

    def prices(choice: ForecastChoice) -> list[float | None]:
        steps = StepFunction(points, choice)
        return [price_at(steps, minute) for minute in (0, 30, 60)]

    assert prices(ForecastChoice.LOW) == [5, 1, 5]
    assert prices(ForecastChoice.PREDICTED) == [5, 2, 5]
    assert prices(ForecastChoice.HIGH) == [5, 3, 5]
    assert prices(ForecastChoice.RAW) == [5, 5, 5]


any_points = st.lists(
    st.builds(
        lambda start, length, price, kind: point(
            T + start * MINUTE, price, minutes=length, kind=kind
        ),
        st.integers(0, 120),
        st.integers(1, 60),
        st.floats(-1.2, 25),
        st.sampled_from([ACTUAL, CURRENT, FORECAST]),
    ),
    max_size=12,
)


def plain_price(points: list[PricePoint], minute: int) -> float | None:
    """The rules of precedence in the plainest words."""
    moment = T + minute * MINUTE
    best: tuple[tuple[int, timedelta, int], float] | None = None
    for index, item in enumerate(points):
        if item.start <= moment < item.end:
            sure = [ACTUAL, CURRENT, FORECAST].index(item.kind)
            rank = (sure, item.end - item.start, -index)
            if best is None or rank < best[0]:
                best = (rank, item.price)
    return best[1] if best else None


@given(any_points)
def test_every_minute_has_the_price_that_the_rules_give_it(
    points: list[PricePoint],
) -> None:
    steps = StepFunction(points)

    for minute in range(-1, 182):
        expected = plain_price(points, minute)
        if expected is None:
            assert price_at(steps, minute) is None
        else:
            assert price_at(steps, minute) == pytest.approx(expected, abs=1e-9)
    assert steps.end == max((item.end for item in points), default=None)


# --- means and gaps


def test_a_mean_weighs_by_duration() -> None:
    # 10 minutes at 50 c and 20 at 30 c: 36.7 c. Rows that count alike give 42 c.
    steps = StepFunction(
        [*row(T, [0.5, 0.5], minutes=5), point(T + 10 * MINUTE, 0.3, minutes=20)]
    )

    mean = steps.mean(minutes((0, 30)))

    assert mean is not None
    assert round(mean.price, 3) == 0.367
    assert mean.seconds == 1800


def test_a_stretch_without_a_price_carries_no_weight() -> None:
    steps = StepFunction([point(T, 1, minutes=5), point(T + 25 * MINUTE, 3, minutes=5)])

    assert steps.mean(minutes((0, 30))) == Mean(2, 600)
    assert steps.mean(minutes((-60, 90))) == Mean(2, 600)
    assert steps.mean(minutes((5, 25))) is None
    assert StepFunction([]).mean(minutes((0, 30))) is None
    assert StepFunction([]).end is None


@given(any_points, st.lists(st.integers(0, 180), max_size=20))
def test_cutting_time_into_pieces_conserves_what_it_costs(
    points: list[PricePoint], cuts: list[int]
) -> None:
    steps = StepFunction(points)
    edges = sorted({0, *cuts, 180})
    pieces = [steps.mean(minutes(span)) for span in pairwise(edges)]
    known = [piece for piece in pieces if piece is not None]

    whole = steps.mean(minutes((0, 180)))

    assert (whole is None) == (not known)
    if whole is not None:
        assert sum(piece.seconds for piece in known) == pytest.approx(whole.seconds)
        assert sum(piece.price * piece.seconds for piece in known) == pytest.approx(
            whole.price * whole.seconds, abs=1e-6
        )
        low, high = min(p.price for p in known), max(p.price for p in known)
        assert low - 1e-9 <= whole.price <= high + 1e-9
        # Several intervals at once are the same as one after the other.
        together = steps.mean(minutes(*pairwise(edges)))
        assert together is not None
        assert together.price == pytest.approx(whole.price, abs=1e-9)


@pytest.mark.parametrize(
    ("start", "end", "gap"),
    [
        (0, 60, None),
        (0, 70, (60, 70)),
        (-5, 60, (-5, 0)),
        (60, 90, (60, 80)),
        (65, 120, (65, 80)),
        (65, 70, (65, 70)),
        (80, 85, None),
        (85, 90, (85, 90)),
        (30, 30, None),
        (200, 210, (200, 210)),
    ],
)
def test_the_first_gap(start: int, end: int, gap: tuple[int, int] | None) -> None:
    steps = StepFunction([*row(T, [1, 2]), point(T + 80 * MINUTE, 3, minutes=5)])

    found = steps.first_gap(T + start * MINUTE, T + end * MINUTE)

    assert found == (minutes(gap)[0] if gap else None)


def test_without_prices_everything_is_a_gap() -> None:
    assert StepFunction([]).first_gap(T, T + HOUR) == (T, T + HOUR)


@given(any_points, st.integers(0, 180), st.integers(0, 180))
def test_the_first_gap_is_the_first_minute_without_a_price(
    points: list[PricePoint], start: int, end: int
) -> None:
    bare = [m for m in range(start, end) if plain_price(points, m) is None]

    found = StepFunction(points).first_gap(T + start * MINUTE, T + end * MINUTE)

    if not bare:
        assert found is None
    else:
        last = next(m for m in range(bare[0], end + 1) if m == end or m not in bare)
        assert found == minutes((bare[0], last))[0]


# --- half hours on the wall clock


def test_floor() -> None:
    now = utc("2026-06-15 02:14:59.999")
    assert floor_to(now, QUARTER) == T
    assert floor_to(T, QUARTER) == T
    assert floor_to(now, 5 * MINUTE) == T + 10 * MINUTE


@pytest.mark.parametrize(
    ("local", "zone", "label"),
    [
        ("2026-06-15 00:00", SYDNEY, 0),
        ("2026-06-15 17:29:59", SYDNEY, 34),
        ("2026-06-15 17:30", SYDNEY, 35),
        ("2026-06-15 23:59", ZoneInfo("Asia/Kathmandu"), 47),
        ("2026-06-15 12:30", ZoneInfo("Pacific/Chatham"), 25),
    ],
)
def test_labels(local: str, zone: ZoneInfo, label: int) -> None:
    assert label_of(at(local, zone), zone) == label


@pytest.mark.parametrize(
    ("now", "zone", "start"),
    [
        # Ordinary times, and offsets that are not whole half hours.
        ("2026-06-15 02:00", SYDNEY, "2026-06-15 02:00"),
        ("2026-06-15 02:29:59", SYDNEY, "2026-06-15 02:00"),
        ("2026-06-15 02:44", ZoneInfo("Asia/Kathmandu"), "2026-06-15 02:15"),
        ("2026-06-15 02:46", ZoneInfo("Asia/Kathmandu"), "2026-06-15 02:45"),
        # Lord Howe repeats 01:30 to 02:00: each pass is a half hour of its own.
        ("2026-04-04 14:59", LORD_HOWE, "2026-04-04 14:30"),
        ("2026-04-04 15:00", LORD_HOWE, "2026-04-04 15:00"),
        ("2026-04-04 15:29", LORD_HOWE, "2026-04-04 15:00"),
        # Chatham springs from 02:45 to 03:45, in the middle of half hours.
        ("2026-09-26 13:59", ZoneInfo("Pacific/Chatham"), "2026-09-26 13:45"),
        ("2026-09-26 14:05", ZoneInfo("Pacific/Chatham"), "2026-09-26 14:00"),
    ],
)
def test_the_running_half_hour(now: str, zone: ZoneInfo, start: str) -> None:
    assert half_hour_start(utc(now), zone) == utc(start)


def changes(zone: ZoneInfo, begin: date, days: int) -> list[datetime]:
    """Every quarter hour at which the offset of a zone changes."""
    found = []
    for day in range(days):
        midnight = datetime.combine(begin + timedelta(days=day), time(), tzinfo=UTC)
        if midnight.astimezone(zone).utcoffset() == (
            (midnight + DAY).astimezone(zone).utcoffset()
        ):
            continue
        for quarter in range(96):
            moment = midnight + quarter * QUARTER
            before = (moment - timedelta(seconds=1)).astimezone(zone)
            if moment.astimezone(zone).utcoffset() != before.utcoffset():
                found.append(moment)
    return found


@pytest.mark.parametrize("zone", ZONES, ids=lambda zone: zone.key)
def test_the_rolling_day_over_two_years(zone: ZoneInfo) -> None:
    """Covers P-10: every kind of day, with each change from all sides."""
    chance = random.Random(zone.key)
    instants = [
        utc("2025-01-01 00:00") + timedelta(minutes=chance.randrange(730 * 1440))
        for _ in range(400)
    ]
    nights = changes(zone, date(2025, 1, 1), 730)
    # Two days before to one day after, in odd steps that meet every quarter.
    for night in nights:
        instants += [night + step * 14 * MINUTE for step in range(-210, 105)]
    lengths = set()
    for now in instants:
        quarters = list(rolling_day(now, zone))
        lengths.add(len(quarters))

        first = quarters[0]
        assert first <= now < first + 30 * MINUTE
        assert label_of(first, zone) == label_of(now, zone)
        before = first - timedelta(seconds=1)
        assert (
            label_of(before, zone) != label_of(first, zone)
            or before.astimezone(zone).utcoffset() != first.astimezone(zone).utcoffset()
        )
        assert all(after - before == QUARTER for before, after in pairwise(quarters))
        # Until the same time tomorrow, as the clock on the wall has it.
        end = quarters[-1] + QUARTER
        began, returned = first.astimezone(zone), end.astimezone(zone)
        skipped = returned.time() != began.time()
        if not skipped:
            assert returned.date() == began.date() + DAY
        shift = {moment.astimezone(zone).utcoffset() for moment in (first, end)}
        if len(shift) == 1 or skipped:
            assert len(quarters) == 96
        # All that exist today, none twice but those that the night repeats.
        labels = {label_of(quarter, zone) for quarter in quarters}
        assert len(labels) >= 46
        if not nights:
            assert len(labels) == 48
            assert len(quarters) == 96
    change = {94, 98} if zone.key == "Australia/Lord_Howe" else {92, 100}
    assert lengths == ({96, *change} if nights else {96})
    assert len(nights) == (4 if change <= lengths else 0)


@pytest.mark.parametrize("zone", ZONES, ids=lambda zone: zone.key)
def test_the_quarters_of_a_label_are_those_that_show_it(zone: ZoneInfo) -> None:
    nights = changes(zone, date(2025, 1, 1), 730) or [utc("2025-04-05 16:00")]
    for night in nights:
        begin = floor_to(night - 2 * DAY, QUARTER)
        shown: dict[tuple[date, int], list[datetime]] = {}
        for step in range(4 * 96):
            quarter = begin + step * QUARTER
            day = quarter.astimezone(zone).date()
            shown.setdefault((day, label_of(quarter, zone)), []).append(quarter)
        complete = sorted({day for day, _ in shown})[1:-1]
        for day in complete:
            for label in range(48):
                assert sorted(quarters_of(label, day, zone)) == shown.get(
                    (day, label), []
                )


def test_a_repeated_half_hour_has_four_quarters_and_a_skipped_one_none() -> None:
    assert len(list(quarters_of(4, date(2026, 4, 5), SYDNEY))) == 4
    assert not list(quarters_of(4, date(2026, 10, 4), SYDNEY))
    assert len(list(quarters_of(4, date(2026, 10, 4), BRISBANE))) == 2
