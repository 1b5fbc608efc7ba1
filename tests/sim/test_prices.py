"""The synthetic market and its forecasts."""

from datetime import UTC, datetime, timedelta
from statistics import correlation, mean, median

import pytest

from custom_components.power_sync.sim.nem_prices import DuckCurve
from custom_components.power_sync.sim.prices import Market
from custom_components.power_sync.sim.weather import Weather

START = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = int(START.timestamp()) // 300


def curve(seed=1):
    return DuckCurve(seed, Weather(seed, -33.9).sunniness)


def by_hour(values):
    """Mean by hour of the market's day (UTC+10)."""
    hours = [[] for _ in range(24)]
    for index, value in enumerate(values):
        hours[(index // 12 + 10) % 24].append(value)
    return [median(hour) for hour in hours]


def test_a_year_looks_like_the_market():
    source = curve()
    prices = [source.at(FIRST + index) for index in range(288 * 365)]

    hours = by_hour(prices)
    assert hours[12] < hours[3] < hours[18]
    assert hours[7] > hours[4]
    assert 0.05 < sum(price < 0 for price in prices) / len(prices) < 0.3
    assert 50 < mean(prices) < 160
    spikes = [price for price in prices if price > 1_000]
    assert 20 < len(spikes) < 2_000
    assert max(spikes) > 5_000
    assert min(prices) >= -1_000


def test_sunny_days_are_cheap_at_noon():
    source, weather = curve(), Weather(1, -33.9)
    days = range(20_500, 20_600)
    # Noon in market time is 02:00 UTC.
    noon = [source.at(day * 288 + 24) for day in days]

    assert correlation([weather.sunniness(day) for day in days], noon) < -0.5


def test_prices_depend_on_the_seed_alone():
    forwards = curve()
    backwards = curve()
    indexes = range(FIRST, FIRST + 3_000, 7)

    first = [forwards.at(index) for index in indexes]
    second = [backwards.at(index) for index in reversed(indexes)]

    assert first == second[::-1]
    other = curve(2)
    assert first != [other.at(index) for index in indexes]


def forecast_error(market, lead):
    """Mean error of half-hour forecasts in $/MWh, spikes cut off."""
    errors = []
    for number in range(300):
        known = START + timedelta(hours=7 * number)
        start = known + lead
        truth = mean(market.spot(start + timedelta(minutes=5 * i)) for i in range(6))
        guess = market.forecast(start, 30, known)
        errors.append(abs(min(guess, 400) - min(truth, 400)))
    return mean(errors)


def test_forecasts_get_worse_with_their_lead():
    market = Market(curve(), 1)

    errors = [
        forecast_error(market, timedelta(hours=hours)) for hours in (0.5, 2, 6, 24)
    ]

    assert errors == sorted(errors)
    assert errors[0] < 8
    assert errors[-1] > 20


def test_forecasts_do_not_depend_on_what_was_asked_before():
    asked, fresh = Market(curve(), 1), Market(curve(), 1)
    for hour in range(200):
        asked.forecast(START + timedelta(hours=hour), 30, START)
    when = START + timedelta(hours=20)

    assert asked.forecast(when, 30, START) == fresh.forecast(when, 30, START)
    assert asked.forecast(when, 30, START) != Market(curve(), 2).forecast(
        when, 30, START
    )


class Spiky:
    """100 $/MWh, except for one half hour a day."""

    def at(self, interval):
        return 9_000.0 if 100 <= interval % 288 < 106 else 100.0


def test_spikes_are_often_not_foreseen_and_some_foreseen_ones_do_not_come():
    market = Market(Spiky(), 3)
    early, late, false = [], [], 0
    for day in range(120):
        start = START + timedelta(days=day, minutes=500)
        early.append(market.forecast(start, 30, start - timedelta(hours=8)))
        late.append(market.forecast(start, 30, start - timedelta(minutes=15)))
        evening = START + timedelta(days=day, hours=7)
        if market.forecast(evening, 30, evening - timedelta(hours=8)) > 400:
            false += 1
            assert market.forecast(evening, 30, evening - timedelta(hours=1)) < 400

    assert min(late) > 1_000
    assert 30 < sum(guess > 1_000 for guess in early) < 90
    assert 3 <= false <= 25


def test_earlier_days_are_taken_only_as_far_as_they_are_over():
    class Growing:
        def at(self, interval):
            return float(interval - FIRST)

    market = Market(Growing(), 1)
    asked = []
    source = market._source
    market._source = type(
        "Spy", (), {"at": lambda _, index: asked.append(index) or source.at(index)}
    )()
    known = START + timedelta(days=3)
    target = known + timedelta(hours=30)

    market.forecast(target, 30, known)

    index = int(target.timestamp()) // 300
    others = [other for other in asked if not index <= other < index + 6]
    assert others
    assert max(others) < int(known.timestamp()) // 300


@pytest.mark.parametrize("latitude", [-33.9, 47.6])
def test_the_sun_rises_and_sets(latitude):
    weather = Weather(1, latitude)
    summer, winter = (20_454, 20_635) if latitude < 0 else (20_635, 20_454)

    def energy(day):
        days = [sum(weather.irradiance(day + i)) / 60 for i in range(20)]
        return max(days)

    sky = weather.irradiance(summer)
    assert sky[0] == sky[-1] == 0
    assert max(sky) <= 1.05
    assert energy(summer) > 1.4 * energy(winter)
    assert weather.irradiance(summer) == Weather(1, latitude).irradiance(summer)
