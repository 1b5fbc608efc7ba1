"""Decisions at the wrong moment: clocks set back, what has not arrived yet."""

# covers B-10, B-12

from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.power_sync.core.journal import Journal
from custom_components.power_sync.core.model.decisions import Feature, Lever
from custom_components.power_sync.core.overruling import OWNER_TARIFF_HOLDS, overruled
from custom_components.power_sync.core.replan import Replan, with_replan
from custom_components.power_sync.core.steering import STEERING_NAMES, is_steering
from custom_components.power_sync.core.tesla_tariff import daily_tariff

from .test_engine import FRESH, NOON, SECOND, SITE, decided, owners, winners


def test_a_new_look_does_not_become_an_hour_when_the_clock_is_set_back() -> None:
    replan = Replan().begun(NOON)
    assert with_replan((), replan, NOON)
    assert with_replan((), replan, NOON - SECOND) == ()
    assert with_replan((), replan, NOON - timedelta(hours=1)) == ()


def test_a_tariff_that_was_chosen_is_not_remembered_for_ever() -> None:
    """So that nobody is told of an end that is long past."""
    chosen = overruled(FRESH, Lever.TARIFF, Feature.PRICE_SYNC, NOON)
    end = NOON + OWNER_TARIFF_HOLDS
    kept = decided(standing=chosen, now=end - SECOND).standing
    assert kept.owner_tariff_until == end
    assert decided(standing=chosen, now=end).standing.owner_tariff_until is None


def test_the_owners_own_tariff_is_pursued_while_there_are_no_prices() -> None:
    ours = daily_tariff(
        [0.3] * 48, [0.1] * 48, name="PowerSync", utility="u", currency="AUD"
    )
    journal = Journal().commissioned(Lever.TARIFF, ours, owners(0.9), NOON)
    site = replace(SITE, tariff=ours)
    decision = decided(standing=replace(FRESH, journal=journal), site=site)
    assert Lever.TARIFF not in winners(decision)


@pytest.mark.parametrize("name", sorted(STEERING_NAMES))
def test_only_a_tariff_of_ours_steers(name: str) -> None:
    ours = daily_tariff([0.3] * 48, [0.1] * 48, name=name, utility="u", currency="AUD")
    theirs = replace(ours, buy=replace(ours.buy, code="X"))
    plain = replace(ours, buy=replace(ours.buy, name="PowerSync"))
    assert is_steering(ours)
    assert not any(is_steering(tariff) for tariff in (theirs, plain, None))
