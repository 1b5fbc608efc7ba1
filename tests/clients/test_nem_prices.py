"""What all wholesale sources have in common: times, limits, and one line of prices."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.clients.errors import InvalidDataError
from custom_components.power_sync.clients.nem_prices import (
    DISPATCH,
    HALF_HOUR,
    add,
    assemble,
    dollars,
    interval_start,
)
from custom_components.power_sync.core.model.prices import PriceKind

from .nem_support import assert_points_well_formed, nem

NOW = nem("2026-11-20T16:02:00")
AT = nem("2026-11-20T16:00:00")

PRICES = st.floats(-1.1, 25)


def starts(length: timedelta) -> st.SearchStrategy[dict[datetime, float]]:
    """Prices of intervals around now, with gaps."""
    steps = st.integers(-12, 12).map(lambda step: AT + step * length)
    return st.dictionaries(steps, PRICES, max_size=12)


# covers P-04
@pytest.mark.parametrize(
    "stamp",
    ["2026-11-20T16:05:00", "2026-11-20 16:05:00", "2026/11/20 16:05:00"],
)
def test_stamp_is_the_end_in_market_time(stamp: str) -> None:
    start = interval_start(stamp, DISPATCH, "row 1")

    assert start == datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
    assert start.tzinfo is UTC


def test_market_time_knows_no_daylight_saving() -> None:
    summer = interval_start("2026/01/10 12:30:00", HALF_HOUR, "")
    winter = interval_start("2026/07/10 12:30:00", HALF_HOUR, "")

    assert (summer.hour, winter.hour) == (2, 2)


@pytest.mark.parametrize(
    "stamp",
    [
        "",
        "2026-11-20",
        "2026-11-20T16:05",
        "2026-11-20T16:05:00Z",
        "2026-11-20T16:05:00+10:00",
        "2026-11-20T16:05:00.5",
        "2026-11/20 16:05:00",
        "2026-13-20T16:05:00",
        "2026-11-20T25:05:00",
        "0000-11-20T16:05:00",
        "0001-01-01T00:05:00",
        "\uff12026-11-20T16:05:00",
        "2026-11-20T16:05:00\n",
        "now",
    ],
)
def test_what_is_no_stamp_is_refused(stamp: str) -> None:
    with pytest.raises(InvalidDataError, match="row 1 is not a time"):
        interval_start(stamp, DISPATCH, "row 1")


@pytest.mark.parametrize(
    ("stamp", "length"),
    [
        ("2026-11-20T16:04:00", DISPATCH),
        ("2026-11-20T16:05:01", DISPATCH),
        ("2026-11-20T16:05:00", HALF_HOUR),
    ],
)
def test_stamp_between_intervals_is_refused(stamp: str, length: timedelta) -> None:
    with pytest.raises(InvalidDataError, match="not the end of an interval"):
        interval_start(stamp, length, "row 1")


@pytest.mark.parametrize(
    ("rrp", "price"),
    [(96.76914, 0.09676914), (-1000, -1.0), (23200, 23.2), (-1100, -1.1), (25000, 25)],
)
def test_dollars(rrp: float, price: float) -> None:
    assert dollars(rrp, "") == pytest.approx(price)


def test_zero_has_no_sign() -> None:
    assert str(dollars(-0.0, "")) == "0.0"


@pytest.mark.parametrize("rrp", [-1100.01, 25000.01, 1e9, float("nan"), float("inf")])
def test_price_beyond_the_limits_is_refused(rrp: float) -> None:
    with pytest.raises(InvalidDataError, match="row 1 is beyond"):
        dollars(rrp, "row 1")


def test_repeated_price_counts_once_and_a_second_one_is_refused() -> None:
    prices = {AT: 0.1}
    add(prices, AT, 0.1)

    assert prices == {AT: 0.1}
    with pytest.raises(InvalidDataError, match="two prices"):
        add(prices, AT, 0.2)


def test_forecasts_begin_where_surer_prices_end() -> None:
    points = assemble(
        {AT - DISPATCH: 1.0, AT: 2.0},
        {AT: 3.0, AT + DISPATCH: 4.0, AT + 2 * DISPATCH: 5.0},
        {AT: 6.0, AT + HALF_HOUR: 7.0},
        now=NOW,
    )

    assert [(p.start - AT, p.end - AT, p.price, p.kind) for p in points] == [
        (-DISPATCH, timedelta(0), 1.0, PriceKind.ACTUAL),
        (timedelta(0), DISPATCH, 2.0, PriceKind.CURRENT),
        (DISPATCH, 2 * DISPATCH, 4.0, PriceKind.FORECAST),
        (2 * DISPATCH, 3 * DISPATCH, 5.0, PriceKind.FORECAST),
        # The rest of a half hour that the surer forecast ends within.
        (3 * DISPATCH, HALF_HOUR, 6.0, PriceKind.FORECAST),
        (HALF_HOUR, 2 * HALF_HOUR, 7.0, PriceKind.FORECAST),
    ]


def test_no_forecast_fills_a_hole_in_what_is_settled() -> None:
    points = assemble(
        {AT - 2 * DISPATCH: 1.0, AT: 2.0}, {}, {AT - HALF_HOUR: 9.0}, now=NOW
    )

    assert [p.start for p in points] == [AT - 2 * DISPATCH, AT]


def test_hole_in_a_forecast_stays() -> None:
    points = assemble(
        {AT: 1.0}, {AT + 2 * DISPATCH: 2.0}, {AT + 2 * HALF_HOUR: 3.0}, now=NOW
    )

    assert [(p.start - AT, p.end - AT) for p in points] == [
        (timedelta(0), DISPATCH),
        (2 * DISPATCH, 3 * DISPATCH),
        (2 * HALF_HOUR, 3 * HALF_HOUR),
    ]


def test_price_may_still_change_only_while_its_interval_runs() -> None:
    both = {AT - DISPATCH, AT}
    points = assemble(dict.fromkeys(both, 1.0), {}, {}, now=NOW, open_=both)

    assert [p.estimate for p in points] == [False, True]


def test_interval_runs_from_its_start_to_just_before_its_end() -> None:
    points = assemble({AT - DISPATCH: 1.0, AT: 2.0}, {}, {}, now=AT)

    assert [p.kind for p in points] == [PriceKind.ACTUAL, PriceKind.CURRENT]


def test_slow_clock_is_no_reason_to_call_a_price_running() -> None:
    [before, ahead] = assemble({AT: 1.0, AT + DISPATCH: 2.0}, {}, {AT: 3.0}, now=NOW)[
        :2
    ]

    assert (before.kind, ahead.kind) == (PriceKind.CURRENT, PriceKind.FORECAST)


def test_settled_price_of_later_is_refused() -> None:
    with pytest.raises(InvalidDataError, match="ahead"):
        assemble({AT: 1.0, AT + 2 * DISPATCH: 2.0}, {}, {}, now=NOW)


def test_nothing_settled_is_refused() -> None:
    with pytest.raises(InvalidDataError, match="no settled price"):
        assemble({}, {}, {AT: 1.0}, now=NOW)


@given(starts(DISPATCH), starts(DISPATCH), starts(HALF_HOUR))
def test_any_prices_become_one_line(
    settled: dict[datetime, float],
    hour: dict[datetime, float],
    half_hours: dict[datetime, float],
) -> None:
    try:
        points = assemble(settled, hour, half_hours, now=NOW)
    except InvalidDataError:
        assert not settled or max(settled) > NOW + DISPATCH
        return
    assert_points_well_formed(points, NOW)
    known = {p.start: p.price for p in points if p.end <= max(settled) + DISPATCH}
    assert known == settled
    for point in points[len(settled) :]:
        # Surer forecasts first, and nothing that no source has said.
        inside = [half for half in half_hours if half <= point.start < half + HALF_HOUR]
        if point.start in hour and point.duration == DISPATCH and not inside:
            assert point.price == hour[point.start]
        else:
            assert point.price in {
                *(half_hours[half] for half in inside),
                hour.get(point.start),
            }
