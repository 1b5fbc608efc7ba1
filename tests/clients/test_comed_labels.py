"""Whether a label is the beginning or the end of its hour."""

from datetime import datetime, timedelta
from statistics import fmean

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.clients.comed_labels import (
    LabelMeans,
    better_fit,
    by_hour_start,
)

from .comed_support import HOUR, STEP, utc

MIDNIGHT = utc("2026-09-15 05:00")

levels = st.lists(st.integers(-100, 400), min_size=26, max_size=26)


def five_minutes(hourly: list[int]) -> dict[datetime, float]:
    """Return prices whose hourly means are given, from an hour before midnight."""
    return {
        MIDNIGHT - HOUR + index * HOUR + n * STEP: (cents + n - 5.5) / 100
        for index, cents in enumerate(hourly)
        for n in range(12)
    }


def labelled(
    prices: dict[datetime, float], meaning: LabelMeans
) -> dict[datetime, float]:
    """Return the rounded means of a day's hours as pages have them."""
    labels = [MIDNIGHT + index * HOUR for index in range(24)]
    return {
        label: round(
            fmean(prices[label - meaning.value + n * STEP] for n in range(12)), 3
        )
        for label in labels
    }


@pytest.mark.parametrize("meaning", LabelMeans)
def test_a_lively_day_tells(meaning: LabelMeans) -> None:
    prices = five_minutes([n * n % 17 for n in range(26)])
    assert better_fit(labelled(prices, meaning), prices) is meaning


@given(levels, st.sampled_from(LabelMeans))
def test_no_day_tells_the_contrary(hourly: list[int], meaning: LabelMeans) -> None:
    prices = five_minutes(hourly)
    assert better_fit(labelled(prices, meaning), prices) in {meaning, None}


def test_a_flat_day_tells_nothing() -> None:
    prices = five_minutes([25] * 26)
    for meaning in LabelMeans:
        assert better_fit(labelled(prices, meaning), prices) is None


def test_hours_that_fit_neither_way_tell_nothing() -> None:
    prices = five_minutes([n * n % 17 for n in range(26)])
    other = labelled(five_minutes([n * 5 % 13 for n in range(26)]), LabelMeans.END)
    assert better_fit(other, prices) is None


def test_too_few_hours_tell_nothing() -> None:
    prices = five_minutes([n * n % 17 for n in range(26)])
    hours = list(labelled(prices, LabelMeans.END).items())
    assert better_fit(dict(hours[:8]), prices) is LabelMeans.END
    assert better_fit(dict(hours[:7]), prices) is None
    assert better_fit({}, prices) is None
    assert better_fit(dict(hours), {}) is None


def test_hours_of_which_little_is_known_do_not_count() -> None:
    prices = five_minutes([n * n % 17 for n in range(26)])
    hours = labelled(prices, LabelMeans.END)
    ten = {at: p for at, p in prices.items() if at.minute not in {0, 5}}
    nine = {at: p for at, p in prices.items() if at.minute not in {0, 5, 55}}
    assert better_fit(hours, ten) is LabelMeans.END
    assert better_fit(hours, nine) is None


def test_an_hour_must_be_comparable_both_ways() -> None:
    """Else one meaning would be judged by other hours than the other."""
    prices = five_minutes([n * n % 17 for n in range(26)])
    hours = labelled(prices, LabelMeans.END)
    start = MIDNIGHT - HOUR + timedelta(hours=9)
    eight = {at: price for at, price in prices.items() if at < start}
    assert better_fit(hours, eight) is LabelMeans.END
    seven = {at: price for at, price in eight.items() if at < start - HOUR}
    assert better_fit(hours, seven) is None


def test_hours_by_their_start() -> None:
    prices = {MIDNIGHT: 0.1, MIDNIGHT + HOUR: 0.2}
    assert by_hour_start(prices, LabelMeans.START) == prices
    assert by_hour_start(prices, LabelMeans.END) == {
        MIDNIGHT - HOUR: 0.1,
        MIDNIGHT: 0.2,
    }
