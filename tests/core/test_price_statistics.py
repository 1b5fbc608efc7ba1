"""Statistics over a rolling month of prices."""

from datetime import datetime, timedelta
import math
import statistics

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.power_sync.core.price_statistics import STAMP, RollingPrices

from .support import DAY, HOUR, utc

T = utc("2026-06-15 02:00")
PRICES = st.integers(-100_000_000, 25_000_000).map(lambda value: value / 1_000_000)


def held(prices: list[float], first: datetime = T) -> RollingPrices:
    rolling = RollingPrices()
    for index, price in enumerate(prices):
        rolling.put(first + index * STAMP, price)
    return rolling


def test_nothing_is_known_at_first() -> None:
    rolling = RollingPrices()

    assert rolling.summary(T) is None
    assert rolling.rank(0.1) is None
    assert not rolling.ready(T)


# covers P-09
def test_summary_of_a_few_prices() -> None:
    summary = held([0.1, 0.2, 0.3, 0.4, 1.0]).summary(T + HOUR)

    assert summary is not None
    assert summary.mean == 0.4
    assert summary.median == 0.3
    assert summary.deviation == pytest.approx(math.sqrt(0.1))
    assert (summary.minimum, summary.maximum) == (0.1, 1.0)
    assert summary.p10 == pytest.approx(0.14)
    assert summary.p25 == 0.2
    assert summary.p75 == 0.4
    assert summary.p90 == pytest.approx(0.76)
    assert summary.p95 == pytest.approx(0.88)
    assert summary.count == 5
    assert summary.days == 0.0
    assert not summary.ready


def test_days_are_the_stamps_covered() -> None:
    summary = held([0.1] * 360).summary(T + 2 * DAY)

    assert summary is not None
    assert summary.days == 1.2


@given(st.lists(PRICES, min_size=1, max_size=60))
def test_summary_is_that_of_the_library(prices: list[float]) -> None:
    summary = held(prices).summary(T + DAY)

    assert summary is not None
    assert summary.mean == pytest.approx(statistics.fmean(prices))
    assert summary.median == pytest.approx(statistics.median(prices))
    assert summary.deviation == pytest.approx(statistics.pstdev(prices), abs=1e-7)
    if len(prices) > 1:
        cuts = statistics.quantiles(prices, n=100, method="inclusive")
        found = [
            summary.p10,
            summary.p25,
            summary.p75,
            summary.p90,
            summary.p95,
        ]
        assert found == pytest.approx([cuts[i - 1] for i in (10, 25, 75, 90, 95)])


@given(
    st.lists(st.tuples(st.integers(0, 40), PRICES), max_size=80),
    st.integers(0, 60),
)
@settings(max_examples=200)
def test_updates_in_any_order_are_the_same_as_the_final_state(
    puts: list[tuple[int, float]], expired: int
) -> None:
    """Replaced and expired prices leave no trace, however many there were."""
    rolling = RollingPrices(timedelta(hours=1))
    final: dict[int, float] = {}
    for stamp, price in puts:
        rolling.put(T + stamp * STAMP, price)
        final[stamp] = price
    now = T + HOUR + expired * STAMP

    summary = rolling.summary(now)

    fresh = RollingPrices(timedelta(hours=1))
    for stamp, price in final.items():
        if stamp >= expired:
            fresh.put(T + stamp * STAMP, price)
    assert len(rolling) == len(fresh)
    assert summary == fresh.summary(now)
    assert rolling.rank(0.0) == fresh.rank(0.0)


def test_a_price_expires_when_it_began_longer_ago_than_the_window() -> None:
    rolling = held([0.1, 0.2])

    rolling.expire(T + 30 * DAY)
    assert len(rolling) == 2
    rolling.expire(T + 30 * DAY + timedelta(seconds=1))
    assert len(rolling) == 1


def test_sums_do_not_drift() -> None:
    """A month of updates with amounts that floats cannot hold."""
    rolling = RollingPrices(timedelta(hours=1))
    for index in range(5000):
        rolling.put(T + index * STAMP, 1e6 if index % 2 else 0.1)
        rolling.expire(T + index * STAMP)
    last = T + 5000 * STAMP
    for index in range(12):
        rolling.put(last + index * STAMP, 0.1)

    summary = rolling.summary(last + 12 * STAMP)

    assert summary is not None
    assert (summary.mean, summary.deviation) == (0.1, 0.0)


# covers P-09
def test_rank_is_the_middle_of_equal_prices() -> None:
    rolling = held([0.1, 0.2, 0.2, 0.3])

    assert rolling.rank(0.05) == 0
    assert rolling.rank(0.1) == 12.5
    assert rolling.rank(0.2) == 50
    assert rolling.rank(0.25) == 75
    assert rolling.rank(0.3) == 87.5
    assert rolling.rank(9.0) == 100


@pytest.mark.parametrize(
    ("count", "missing", "ready"),
    [
        (7 * 288, 0, True),
        (7 * 288 - 1, 0, False),  # known for less than a week
        (7 * 288, 403, True),
        (7 * 288, 404, False),  # less than 80 % of the week
        (20 * 288, 404, False),  # what came before does not make up for it
    ],
)
def test_ready_after_a_week_of_which_most_is_known(
    count: int, missing: int, ready: bool
) -> None:
    now = T + 20 * DAY
    rolling = RollingPrices()
    for index in range(count):
        stamp = now - (index + 1) * STAMP
        if not 0 < index <= missing:
            rolling.put(stamp, 0.1)

    assert rolling.ready(now) is ready
    summary = rolling.summary(now)
    assert summary is not None
    assert summary.ready is ready
