"""What is news about a price, told once."""

from dataclasses import replace
from datetime import timedelta
import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.core.alerts import (
    AlertInputs,
    AlertMemory,
    step,
)
from custom_components.power_sync.core.model.alerts import (
    AlertEvent,
    AlertKind,
    Thresholds,
)
from custom_components.power_sync.core.model.prices import SpikeStatus
from custom_components.power_sync.core.model.statistics import PriceSummary

from .support import utc

T = utc("2026-06-15 02:00")
INTERVAL = timedelta(minutes=5)
SUMMARY = PriceSummary(
    mean=0.10,
    median=0.10,
    deviation=0.05,
    minimum=0.01,
    maximum=1.0,
    p10=0.02,
    p25=0.05,
    p75=0.15,
    p90=0.18,
    p95=0.25,
    count=8640,
    days=30.0,
    ready=True,
)
QUIET = AlertInputs(
    interval=T,
    price=0.06,
    export_price=None,
    spike=None,
    trusted=True,
    summary=None,
    thresholds=Thresholds(low=0.03, high=0.08),
)
LOW, HIGH = AlertKind.LOW, AlertKind.HIGH
SPIKE, OPTIMAL = AlertKind.SPIKE, AlertKind.OPTIMAL
NEGATIVE = AlertKind.NEGATIVE_FEED_IN


def told(*steps: AlertInputs, memory: AlertMemory | None = None) -> list[list[Any]]:
    """Return the kinds told at each step, one interval after another."""
    memory = memory or AlertMemory()
    kinds = []
    for index, inputs in enumerate(steps):
        moment = T + index * INTERVAL
        events, memory = step(memory, replace(inputs, interval=moment), moment)
        kinds.append([event.kind for event in events])
    return kinds


def at_prices(*prices: float, **changes: Any) -> list[list[Any]]:
    inputs = replace(QUIET, **changes)
    return told(*(replace(inputs, price=price) for price in prices))


# covers P-12
def test_low_and_high_are_told_when_they_begin() -> None:
    assert at_prices(0.06, 0.029, 0.02, 0.06, 0.081, 0.2) == [
        [],
        [LOW],
        [],
        [],
        [HIGH],
        [],
    ]


def test_a_threshold_itself_is_no_news() -> None:
    assert at_prices(0.03, 0.08) == [[], []]


def test_an_event_says_what_was_crossed() -> None:
    events, _ = step(AlertMemory(), replace(QUIET, price=0.02), T)

    assert events == (AlertEvent(kind=LOW, price=0.02, limit=0.03, at=T),)


def test_an_alert_is_over_after_a_whole_interval_clear_of_the_limit() -> None:
    assert at_prices(0.02, 0.032, 0.02) == [[LOW], [], [LOW]]
    assert at_prices(0.02, 0.0319, 0.02) == [[LOW], [], []]  # not clear enough
    assert at_prices(0.09, 0.076, 0.09) == [[HIGH], [], [HIGH]]  # 5 % of 8 c
    assert at_prices(0.09, 0.0761, 0.09) == [[HIGH], [], []]


def test_the_margin_grows_with_the_limit() -> None:
    changes = {"thresholds": Thresholds(low=0.03, high=1.0)}

    assert at_prices(1.1, 0.951, 1.1, **changes) == [[HIGH], [], []]
    assert at_prices(1.1, 0.95, 1.1, **changes) == [[HIGH], [], [HIGH]]


def test_several_prices_of_one_interval_count_once() -> None:
    memory = AlertMemory()
    kinds = []
    for price in (0.02, 0.06, 0.02, 0.06, 0.02):
        events, memory = step(memory, replace(QUIET, price=price), T)
        kinds += [event.kind for event in events]

    assert kinds == [LOW]


def test_a_last_price_that_is_not_clear_keeps_the_alert() -> None:
    """The interval was not clear as a whole."""
    memory = AlertMemory()
    kinds = []
    for number, price in ((0, 0.02), (1, 0.06), (1, 0.031), (2, 0.02)):
        inputs = replace(QUIET, price=price, interval=T + number * INTERVAL)
        events, memory = step(memory, inputs, T)
        kinds += [event.kind for event in events]

    assert kinds == [LOW]


@given(st.lists(st.floats(0.0282, 0.0319), max_size=50))
def test_a_price_that_swings_around_a_limit_is_told_once(prices: list[float]) -> None:
    kinds = [kind for kinds in at_prices(*prices) for kind in kinds]

    assert kinds == ([LOW] if any(price < 0.03 for price in prices) else [])


def test_a_price_that_may_change_is_no_news_and_leaves_no_trace() -> None:
    events, memory = step(AlertMemory(), replace(QUIET, price=0.01, trusted=False), T)

    assert events == ()
    assert memory == AlertMemory()


def test_what_held_before_a_restart_is_no_news() -> None:
    _, memory = step(AlertMemory(), replace(QUIET, price=0.02), T)

    again = AlertMemory.from_stored(json.loads(json.dumps(memory.to_stored())))

    assert again == memory
    assert told(replace(QUIET, price=0.02), memory=again) == [[]]


def test_the_interval_since_which_a_price_is_clear_survives_a_restart() -> None:
    _, memory = step(AlertMemory(), replace(QUIET, price=0.02), T)
    _, memory = step(memory, replace(QUIET, interval=T + INTERVAL), T + INTERVAL)

    again = AlertMemory.from_stored(json.loads(json.dumps(memory.to_stored())))

    assert again == memory
    for later, kinds in ((1, []), (2, [LOW])):
        inputs = replace(QUIET, price=0.02, interval=T + later * INTERVAL)
        assert [event.kind for event in step(again, inputs, T)[0]] == kinds


def test_another_threshold_is_looked_at_with_the_same_price() -> None:
    raised = replace(QUIET, thresholds=Thresholds(low=0.07, high=0.08))

    assert told(QUIET, raised) == [[], [LOW]]


# --- spikes


def test_a_source_that_flags_spikes_decides() -> None:
    spike = replace(QUIET, price=5.0, spike=SpikeStatus.SPIKE, summary=SUMMARY)
    potential = replace(spike, spike=SpikeStatus.POTENTIAL)
    none = replace(spike, spike=SpikeStatus.NONE)

    kinds = told(none, potential, spike, spike, none, spike)

    assert [SPIKE in found for found in kinds] == [
        False,
        False,
        True,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("price", "changes", "spike"),
    [
        (0.251, {}, True),
        (0.25, {}, False),  # not above the 95th percentile
        (0.26, {"median": 0.13}, False),  # not above twice the median
        (0.27, {"median": 0.13}, True),
        (0.26, {"ready": False}, False),
    ],
)
def test_without_flags_a_spike_is_far_above_the_usual(
    price: float, changes: dict[str, Any], spike: bool
) -> None:
    inputs = replace(QUIET, price=price, summary=replace(SUMMARY, **changes))

    assert (SPIKE in told(inputs)[0]) is spike


def test_a_spike_is_above_the_high_threshold() -> None:
    inputs = replace(
        QUIET, price=0.3, summary=SUMMARY, thresholds=Thresholds(low=0.03, high=0.4)
    )

    assert told(inputs) == [[]]


# --- feed-in and the cheapest quarter


def test_negative_feed_in_is_told_when_exporting_costs() -> None:
    steps = [
        replace(QUIET, export_price=price)
        for price in (0.05, 0.0, -0.001, -0.1, 0.001, -0.1, 0.002, -0.1)
    ]

    kinds = told(*steps)

    assert [bool(found) for found in kinds] == [
        False,
        False,
        True,
        False,
        False,
        False,
        False,
        True,
    ]
    assert kinds[2] == [NEGATIVE]


def test_the_event_of_negative_feed_in_has_the_export_price() -> None:
    events, _ = step(AlertMemory(), replace(QUIET, export_price=-0.1), T)

    assert events == (AlertEvent(kind=NEGATIVE, price=-0.1, limit=0.0, at=T),)


def test_back_to_optimal_needs_a_price_that_was_not() -> None:
    assert at_prices(0.04, 0.04, summary=SUMMARY) == [[], []]
    assert at_prices(0.06, 0.049, summary=SUMMARY) == [[], [OPTIMAL]]
    assert at_prices(0.06, 0.05, summary=SUMMARY) == [[], []]  # not strictly below
    assert at_prices(0.04, 0.06, 0.04, summary=SUMMARY) == [[], [], [OPTIMAL]]


def test_nothing_is_optimal_before_enough_is_known() -> None:
    early = replace(SUMMARY, ready=False)

    assert at_prices(0.06, 0.04, summary=early) == [[], []]


# --- storage


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        {"unheard_of": {"active": True, "clear_since": None}},
        {"low": None},
        {"low": {"active": 1}},
        {"low": {"active": True, "clear_since": 5}},
        {"low": {"active": True, "clear_since": "soon"}},
        {"low": {"active": True, "clear_since": "2026-06-15T02:00:00"}},
    ],
)
def test_damaged_alerts_are_refused(stored: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever is said of the damage
        AlertMemory.from_stored(stored)
