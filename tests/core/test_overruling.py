"""What becomes of features whose levers the user has moved. Covers B-12."""

from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.power_sync.core import curtailment, spike_response
from custom_components.power_sync.core.curtailment import (
    CurtailmentMemory,
    CurtailmentTerms,
    follow_feed_in,
)
from custom_components.power_sync.core.force import begin
from custom_components.power_sync.core.journal import Journal
from custom_components.power_sync.core.model.decisions import Feature, Lever
from custom_components.power_sync.core.model.force import Direction
from custom_components.power_sync.core.model.market import MarketPrice
from custom_components.power_sync.core.model.powerwall import OperationMode
from custom_components.power_sync.core.model.spikes import SpikeTerms
from custom_components.power_sync.core.model.switches import Switch
from custom_components.power_sync.core.overruling import (
    OWNER_TARIFF_HOLDS,
    called_off,
    overruled,
    reinstated,
)
from custom_components.power_sync.core.spike_response import (
    SpikeMemory,
    follow_market,
    rehearse,
)
from custom_components.power_sync.core.standing import Pushed, Standing
from custom_components.power_sync.core.tesla_tariff import daily_tariff

from .support import CURRENT, HOUR, MINUTE, point, utc

NOW = utc("2026-06-15 02:00")
TARIFF = daily_tariff([0.3] * 48, [0.1] * 48, name="n", utility="u", currency="AUD")
SPIKE = follow_market(
    SpikeMemory(),
    MarketPrice(start=NOW, end=NOW + 5 * MINUTE, price=1.0),
    SpikeTerms(),
    NOW,
)
CURTAILED = follow_feed_in(
    CurtailmentMemory(),
    point(NOW, -0.1, minutes=5, kind=CURRENT),
    CurtailmentTerms(),
    NOW,
)
BUSY = Standing(
    journal=Journal().begun(
        Lever.OPERATION_MODE,
        OperationMode.BACKUP,
        OperationMode.AUTONOMOUS,
        Feature.FORCE,
        NOW,
    ),
    switches=frozenset(Switch),
    force=begin(Direction.CHARGE, 60, NOW),
    spike=SPIKE,
    curtailment=CURTAILED,
    pushed=Pushed(tariff=TARIFF, until=NOW + 24 * HOUR),
    last_good_at=NOW,
    last_sync_at=NOW,
)


def test_everything_is_on_to_begin_with() -> None:
    assert spike_response.is_active(BUSY.spike, NOW)
    assert curtailment.is_active(BUSY.curtailment, NOW)


@pytest.mark.parametrize("lever", Lever)
@pytest.mark.parametrize("feature", Feature)
def test_what_the_feature_did_is_over_and_nothing_else(
    lever: Lever, feature: Feature
) -> None:
    expected = {
        Feature.FORCE: replace(BUSY, force=None),
        Feature.SPIKE_RESPONSE: replace(BUSY, spike=spike_response.overrule(SPIKE)),
        Feature.CURTAILMENT: replace(BUSY, curtailment=curtailment.overrule(CURTAILED)),
        Feature.SAFETY: replace(BUSY, mode_yielded=True),
        Feature.PLAN: replace(BUSY, pushed=None),
    }.get(feature, BUSY)
    if lever is Lever.TARIFF:
        expected = replace(expected, owner_tariff_until=NOW + timedelta(hours=4))

    after = overruled(BUSY, lever, feature, NOW)

    assert after == expected
    assert spike_response.is_active(after.spike, NOW) is (
        feature is not Feature.SPIKE_RESPONSE
    )
    assert curtailment.is_active(after.curtailment, NOW) is (
        feature is not Feature.CURTAILMENT
    )


def test_a_chosen_tariff_holds_for_hours_from_the_last_choice() -> None:
    first = overruled(BUSY, Lever.TARIFF, Feature.PRICE_SYNC, NOW)

    again = overruled(first, Lever.TARIFF, Feature.PRICE_SYNC, NOW + HOUR)

    assert again.owner_tariff_until == NOW + HOUR + OWNER_TARIFF_HOLDS


@pytest.mark.parametrize("lever", Lever)
@pytest.mark.parametrize("feature", Feature)
def test_a_change_that_was_impossible_changes_nothing(
    lever: Lever, feature: Feature
) -> None:
    before = replace(BUSY, owner_tariff_until=NOW + HOUR)
    value = BUSY.journal.taken_back(Lever.OPERATION_MODE, OperationMode.BACKUP)
    after = overruled(replace(before, journal=value), lever, feature, NOW + HOUR)

    assert reinstated(after, before, given=after) == before
    # What has gone on meanwhile has nothing to do with it.
    moved_on = replace(
        after, last_sync_at=NOW + HOUR, last_good_at=NOW + HOUR, switches=frozenset()
    )
    assert reinstated(moved_on, before, given=after) == replace(
        before, last_sync_at=NOW + HOUR, last_good_at=NOW + HOUR, switches=frozenset()
    )


def test_a_change_that_was_impossible_takes_back_nothing_newer() -> None:
    """Covers B-12: what the user has begun since goes on."""
    after = overruled(BUSY, Lever.OPERATION_MODE, Feature.FORCE, NOW)
    assert BUSY.force is not None
    newer = replace(BUSY.force, until=BUSY.force.until + HOUR)
    begun = replace(after, force=newer, owner_tariff_until=NOW + HOUR)
    again = reinstated(begun, BUSY, given=after)
    assert (again.force, again.owner_tariff_until) == (newer, NOW + HOUR)


def test_calling_off_ends_everything_temporary() -> None:
    """Covers B-13: restore."""
    busy = replace(
        BUSY,
        spike=rehearse(SPIKE, price=5.0, minutes=10, terms=SpikeTerms(), now=NOW),
        owner_tariff_until=NOW + HOUR,
    )

    after = called_off(busy, NOW)

    assert (after.force, after.pushed, after.owner_tariff_until) == (None,) * 3
    assert after.spike.rehearsal is None
    assert not spike_response.is_active(after.spike, NOW)
    assert not curtailment.is_active(after.curtailment, NOW)
    # What is owed and what is switched on is not temporary.
    assert after == replace(
        BUSY,
        force=None,
        pushed=None,
        spike=after.spike,
        curtailment=after.curtailment,
    )


def test_calling_off_nothing_changes_nothing() -> None:
    assert called_off(Standing(), NOW) == Standing()
