"""The tariff that charges or discharges now: when it is made, and when made anew."""

# covers B-07, B-09

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import cast

import pytest

from custom_components.power_sync.core.day_plan import (
    Plan,
    TariffTerms,
    make_plan,
)
from custom_components.power_sync.core.day_tariff import DayTariff, build
from custom_components.power_sync.core.force import begin, extend
from custom_components.power_sync.core.model.force import Direction
from custom_components.power_sync.core.model.market import MarketPrice
from custom_components.power_sync.core.model.prices import ForecastChoice
from custom_components.power_sync.core.model.spikes import SpikeTerms
from custom_components.power_sync.core.price_history import PriceHistory
from custom_components.power_sync.core.spike_response import (
    SpikeMemory,
    follow_market,
    overrule,
    rehearse,
)
from custom_components.power_sync.core.standing import Standing
from custom_components.power_sync.core.steered_tariff import steered_tariff
from custom_components.power_sync.core.steering import SPIKE_AHEAD, Steering, steer
from custom_components.power_sync.core.tesla_tariff import day_prices

from .support import HOUR, MINUTE, SYDNEY, at, day_ahead, series

NOON = at("2026-06-15 12:00", SYDNEY)
NOW = NOON + 7 * MINUTE
TODAY = date(2026, 6, 15)
TERMS = TariffTerms(utility="Amber", currency="AUD")
SPIKE_TERMS = SpikeTerms(sell_price=10.0)
CALM = SpikeMemory()
CHARGE, DISCHARGE = Direction.CHARGE, Direction.DISCHARGE


def prices_plan(price: float) -> Plan:
    prices = series(day_ahead(NOON, [price] * 59, first=price), fetched_at=NOW)
    day = build(prices, PriceHistory(), ForecastChoice.PREDICTED, SYDNEY, NOW)
    assert isinstance(day, DayTariff)
    return make_plan(day, prices, TERMS, SYDNEY)


PLAN = prices_plan(0.3)


def spiking(memory: SpikeMemory = CALM, now: datetime = NOW) -> SpikeMemory:
    return follow_market(
        memory,
        MarketPrice(start=now - 2 * MINUTE, end=now + 3 * MINUTE, price=1.0),
        SPIKE_TERMS,
        now,
    )


def made(
    standing: Standing,
    now: datetime = NOW,
    *,
    known: Steering | None = None,
    plan: Plan | None = PLAN,
    spike: SpikeTerms = SPIKE_TERMS,
) -> Steering | None:
    return steer(known, standing, plan, TERMS, spike, SYDNEY, now)


def certain(steering: Steering | None) -> Steering:
    assert steering is not None
    return steering


def sells(steering: Steering | None) -> tuple[float, ...]:
    """Return what the half hours of today pay."""
    sell = certain(steering).tariff.sell
    assert sell is not None
    return cast("tuple[float, ...]", day_prices(sell, TODAY))


def buys(steering: Steering | None) -> tuple[float, ...]:
    return cast("tuple[float, ...]", day_prices(certain(steering).tariff.buy, TODAY))


FORCED = Standing(force=begin(DISCHARGE, 60, NOW))
CHARGED = Standing(force=begin(CHARGE, 60, NOW))
SPIKED = Standing(spike=spiking())


def test_nothing_runs() -> None:
    assert made(Standing()) is None
    assert made(Standing(), known=made(FORCED)) is None
    assert made(FORCED, NOW + HOUR, known=made(FORCED)) is None
    assert made(Standing(spike=overrule(SPIKED.spike))) is None


@pytest.mark.parametrize(
    ("standing", "way", "name"),
    [
        (FORCED, Direction.DISCHARGE, "PowerSync force discharge"),
        (CHARGED, Direction.CHARGE, "PowerSync force charge"),
    ],
)
def test_a_force_steers_from_its_start_to_its_end(
    standing: Standing, way: Direction, name: str
) -> None:
    expected = steered_tariff(
        PLAN.mapped,
        way,
        (NOW, NOW + HOUR, SYDNEY),
        name=name,
        utility="Amber",
        currency="AUD",
    )

    assert certain(made(standing)).tariff == expected
    # Made again later, after a restart say, it is the same.
    assert certain(made(standing, NOW + 40 * MINUTE)).tariff == expected


def test_a_spike_sells_from_this_hour_for_two_more() -> None:
    assert timedelta(hours=2) == SPIKE_AHEAD
    expected = steered_tariff(
        PLAN.mapped,
        Direction.DISCHARGE,
        (NOON, NOON + 3 * HOUR, SYDNEY),
        dear=10.0,
        name="PowerSync price spike",
        utility="Amber",
        currency="AUD",
    )

    assert certain(made(SPIKED)).tariff == expected
    paid = sells(made(SPIKED))
    assert paid[24] == 10.0
    assert [label for label, price in enumerate(paid) if price > 9] == [*range(24, 30)]
    # Never for nothing: a Powerwall that buys for nothing charges from the grid.
    assert min(buys(made(SPIKED))[24:30]) > max(paid)


def test_what_a_spike_pays_is_a_setting() -> None:
    cheap = replace(SPIKE_TERMS, sell_price=4.0)
    first = made(SPIKED)

    assert max(sells(made(SPIKED, spike=cheap))) == 4.0
    changed = made(SPIKED, spike=cheap, known=first)
    assert max(sells(changed)) == 4.0
    # A force has nothing to do with it.
    forced = made(FORCED)
    assert max(sells(forced)) == 2.0
    assert made(FORCED, spike=cheap, known=forced) is forced


def test_it_stays_as_it_is_whatever_prices_do() -> None:
    """A new tariff is only noticed minutes later, again and again."""
    dearer = prices_plan(0.5)
    for standing in (FORCED, SPIKED):
        first = made(standing)
        for plan in (dearer, None):
            assert made(standing, NOW + 20 * MINUTE, known=first, plan=plan) is first
        assert made(standing, plan=dearer) != first


def test_it_is_made_without_prices_too() -> None:
    for standing in (FORCED, CHARGED, SPIKED):
        assert certain(made(standing, plan=None)).tariff.buy.utility == "Amber"


def test_a_force_of_another_length_or_direction_is_another() -> None:
    first = made(FORCED)
    assert FORCED.force is not None
    longer = replace(FORCED, force=extend(FORCED.force, 30, NOW))

    second = made(longer, known=first)
    assert second != first
    assert sum(price > 1 for price in sells(second)) == 4
    assert sum(price > 1 for price in sells(first)) == 3
    assert made(CHARGED, known=first) == made(CHARGED)
    later = Standing(force=begin(DISCHARGE, 53, NOW + 7 * MINUTE))
    assert certain(made(later, NOW + 7 * MINUTE, known=first)).cause != (
        certain(first).cause
    )


def test_a_spike_is_steered_through_hour_by_hour() -> None:
    first = made(SPIKED)
    almost, next_hour = NOON + 59 * MINUTE, NOON + 61 * MINUTE
    going_on = replace(SPIKED, spike=spiking(SPIKED.spike, next_hour))

    still = replace(SPIKED, spike=spiking(SPIKED.spike, almost))
    assert made(still, almost, known=first) is first
    second = made(going_on, next_hour, known=first)
    assert second is not first
    assert sells(second)[26] == 10.0


def test_a_force_comes_before_a_spike_and_the_spike_after_it() -> None:
    both = replace(SPIKED, force=CHARGED.force)
    spike = made(SPIKED)

    first = made(both, known=spike)
    assert first == made(CHARGED)
    # The other way round, the tariff of the force must not stay.
    assert made(SPIKED, known=first) == spike


def test_a_rehearsal_is_steered_like_a_spike() -> None:
    rehearsed = rehearse(
        SpikeMemory(), price=2.0, minutes=10, terms=SPIKE_TERMS, now=NOW
    )

    assert made(Standing(spike=rehearsed)) == made(SPIKED)
    assert made(Standing(spike=rehearsed), NOW + 10 * MINUTE) is None
    calm = rehearse(SPIKED.spike, price=0.1, minutes=10, terms=SPIKE_TERMS, now=NOW)
    assert made(Standing(spike=calm)) is None
