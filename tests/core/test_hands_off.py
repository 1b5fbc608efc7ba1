"""Times at which the Powerwall does not obey, and is left alone. Covers B-12."""

from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.power_sync.core.arbiter import resolve
from custom_components.power_sync.core.hands_off import (
    STILL_TRUE,
    hands_off,
    hands_off_wants,
)
from custom_components.power_sync.core.model.decisions import (
    KEEP,
    Feature,
    Lever,
    Reason,
    Want,
)
from custom_components.power_sync.core.model.powerwall import (
    GridStatus,
    LiveStatus,
    OperationMode,
)

from .support import MINUTE, utc

NOW = utc("2026-06-15 02:00")
FINE = LiveStatus(
    measured_at=NOW,
    solar_power=1.0,
    grid_power=2.0,
    battery_power=3.0,
    load_power=6.0,
    state_of_charge=50.0,
    energy_left=7.0,
    grid_status=GridStatus.ON_GRID,
    storm_mode_active=False,
    grid_services_active=False,
)
ISLAND = replace(FINE, grid_status=GridStatus.OFF_GRID)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (GridStatus.ON_GRID, None),
        (GridStatus.UNKNOWN, None),
        (GridStatus.OFF_GRID, Reason.OFF_GRID),
        (GridStatus.OFF_GRID_INTENTIONAL, Reason.OFF_GRID),
    ],
)
def test_without_a_grid_nothing_is_commanded(
    status: GridStatus, reason: Reason | None
) -> None:
    assert hands_off(replace(FINE, grid_status=status), NOW) is reason


def test_neither_before_a_storm_nor_for_the_utility() -> None:
    storm = replace(FINE, storm_mode_active=True)
    service = replace(FINE, grid_services_active=True)

    assert hands_off(storm, NOW) is Reason.STORM
    assert hands_off(service, NOW) is Reason.GRID_SERVICES
    assert hands_off(replace(storm, grid_services_active=True), NOW) is Reason.STORM
    island = replace(storm, grid_status=GridStatus.OFF_GRID)
    assert hands_off(island, NOW) is Reason.OFF_GRID


def test_an_old_status_says_nothing() -> None:
    """Covers the rule that missing or stale data change nothing."""
    assert timedelta(minutes=5) == STILL_TRUE
    assert hands_off(None, NOW) is None
    assert hands_off(ISLAND, NOW + 5 * MINUTE) is Reason.OFF_GRID
    assert hands_off(ISLAND, NOW + 5 * MINUTE + timedelta(seconds=1)) is None


def test_then_every_lever_is_left_as_it_is() -> None:
    assert hands_off_wants(FINE, NOW) == hands_off_wants(None, NOW) == ()
    wants = hands_off_wants(ISLAND, NOW)

    assert {want.lever for want in wants} == set(Lever)
    assert len(wants) == len(Lever)
    for want in wants:
        assert want.value is KEEP
        assert (want.feature, want.reason) == (Feature.SAFETY, Reason.OFF_GRID)
        assert want.expires is None


def test_only_the_user_comes_before_it() -> None:
    modes = [
        Want(
            lever=Lever.OPERATION_MODE,
            value=OperationMode.AUTONOMOUS,
            feature=feature,
            reason=Reason.REQUESTED,
        )
        for feature in Feature
        if feature is not Feature.SAFETY
    ]

    rulings = resolve([*modes[1:], *hands_off_wants(ISLAND, NOW)], NOW)
    assert all(ruling.want.value is KEEP for ruling in rulings.values())
    rulings = resolve([*modes, *hands_off_wants(ISLAND, NOW)], NOW)
    assert rulings[Lever.OPERATION_MODE].want == modes[0]
