"""The regions of the market, and when it publishes what."""

from datetime import UTC, datetime, timedelta
from statistics import correlation, mean

import pytest

from custom_components.power_sync.sim.config import HomeConfig
from custom_components.power_sync.sim.nem_market import REGIONS
from custom_components.power_sync.sim.nem_timetable import (
    dashboard_at,
    dispatch_file_at,
    horizon_end,
    hour_file_at,
    last_dispatched,
    last_run,
    run_at,
)
from custom_components.power_sync.sim.prices import NEM

NOON = int(datetime(2026, 11, 20, 2, 0, tzinfo=UTC).timestamp())


def nem(text):
    """Unix seconds of a time in market time."""
    return int(datetime.fromisoformat(f"2026-11-{text}+10:00").timestamp())


@pytest.mark.parametrize("region", REGIONS)
def test_the_homes_region_costs_what_the_truth_says(make_home, region):
    home = make_home(region=region)
    for start in range(NOON, NOON + 86_400, 300):
        at = datetime.fromtimestamp(start, UTC)
        assert home.market.spot(region, start) == round(home.prices.spot(at), 5)
        known = NOON - 3_600
        assert home.market.forecast(region, start, 30, known) == round(
            home.prices.forecast(at, 30, datetime.fromtimestamp(known, UTC)), 5
        )


def test_other_regions_follow_it_in_their_own_manner(make_home):
    home, again = make_home(), make_home()
    starts = range(NOON, NOON + 20 * 86_400, 300)
    prices = {r: [home.market.spot(r, start) for start in starts] for r in REGIONS}

    assert prices["SA1"] == [again.market.spot("SA1", start) for start in starts]
    for region in set(REGIONS) - {"NSW1"}:
        assert correlation(prices[region], prices["NSW1"]) > 0.9
        same = [a == b for a, b in zip(prices[region], prices["NSW1"], strict=True)]
        assert sum(same) < len(same) / 100
    # The south-west has most wind and sun.
    assert mean(prices["SA1"]) < mean(prices["NSW1"]) < 200
    assert all(price >= -1_000 for row in prices.values() for price in row)


@pytest.mark.parametrize("price", [-1_000.0, 23_200.0])
def test_other_regions_keep_to_the_markets_limits(make_home, price):
    class Extreme:
        def spot(self, start):
            return price

    market = make_home(prices=Extreme(), tesla_sites=()).market
    for region in REGIONS:
        for start in range(NOON, NOON + 36_000, 300):
            assert -1_000 <= market.spot(region, start) <= 23_200


def test_demand_is_least_at_night(make_home):
    market = make_home().market
    for region in REGIONS:
        assert market.demand(region, nem("20T04:00")) < market.demand(
            region, nem("20T16:00")
        )


def test_a_region_that_does_not_exist():
    with pytest.raises(ValueError, match="NSW1, QLD1, SA1, TAS1, VIC1"):
        HomeConfig(region="NEM1")


@pytest.mark.parametrize(
    ("now", "end", "intervals"),
    [
        ("20T11:59", "21T04:00", None),
        ("20T12:00", "21T04:00", 32),
        ("20T12:30", "22T04:00", 79),
        ("21T03:30", "22T04:00", 49),
    ],
)
def test_the_horizon_jumps_at_half_past_twelve(now, end, intervals):
    assert horizon_end(nem(now)) == nem(end)
    if intervals:
        assert (nem(end) - nem(now)) // 1800 == intervals


def test_nothing_is_published_before_its_time():
    starts = range(NOON, NOON + 10 * 86_400, 300)
    dashboard = [dashboard_at(1, start) - start for start in starts]
    assert min(dashboard) >= 20
    assert 28 < max(dashboard) <= 40
    assert 23 < mean(dashboard) < 28
    files = [dispatch_file_at(1, start) - start for start in starts]
    assert min(files) >= 20
    assert max(files) <= 25
    assert all(0 < hour_file_at(1, start) - start < 30 for start in starts)
    runs = [run_at(1, start) - start for start in starts[::6]]
    assert min(runs) >= 30
    assert max(runs) <= 120


def test_the_newest_of_everything():
    shown = dashboard_at(1, NOON)
    assert last_dispatched(1, shown - 1) == NOON - 300
    assert last_dispatched(1, shown + 1) == NOON
    assert last_dispatched(1, NOON + 299) == NOON
    run = run_at(1, NOON)
    assert last_run(1, run - 1) == NOON - 1800
    assert last_run(1, run + 1) == NOON
    assert datetime.fromtimestamp(NOON, NEM).utcoffset() == timedelta(hours=10)
