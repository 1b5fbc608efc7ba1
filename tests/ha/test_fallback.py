"""When prices stay away: alarm, fallback, and back."""

from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.power_sync.core.model.powerwall import OperationMode
from custom_components.power_sync.sim.config import TeslaSite
from custom_components.power_sync.sim.faults import FaultKind, Service

from .house import ALL_PARTS, House, Steady

FALLBACK = ("operation_mode", "sent", "prices_missing")


async def without_prices(house: House, minutes: float) -> None:
    """Let time pass while Amber is away."""
    house.break_(Service.AMBER, FaultKind.STATUS_503)
    await house.live(minutes, stride=300)


def mode(house: House) -> OperationMode:
    return house.home.powerwall.settings.mode


async def test_alarm_after_half_an_hour(steady: House) -> None:
    before = steady.stored_tariff
    await without_prices(steady, 25)
    assert not steady.issues
    assert steady.state("current_electricity_price").state == "unavailable"
    await steady.live(10, stride=300)
    assert steady.issues == {"prices_missing"}
    issue = next(iter(ir.async_get(steady.hass).issues.values()))
    assert issue.translation_placeholders == {"since": "2026-11-20T02:02+00:00"}
    assert steady.stored_tariff == before
    assert len(steady.sent) == 1

    steady.repair()
    await steady.live(6)
    assert not steady.issues
    assert steady.result == ("unchanged", "prices_changed")


async def test_fallback_after_two_hours_and_back(steady: House) -> None:
    await without_prices(steady, 115)
    assert mode(steady) is OperationMode.AUTONOMOUS
    await steady.live(10, stride=300)
    assert mode(steady) is OperationMode.SELF_CONSUMPTION
    assert steady.issues == {"fallback_active"}
    assert FALLBACK in steady.decisions
    assert steady.journal["operation_mode"]["owner"] == "autonomous"
    assert steady.state("operation_mode").state == "self_consumption"

    steady.repair()
    await steady.live(6)
    assert mode(steady) is OperationMode.AUTONOMOUS
    assert steady.decisions[-1] == ("operation_mode", "restored", "prices_back")
    assert set(steady.journal) == {"tariff"}
    assert not steady.issues


async def test_fallback_survives_a_restart(steady: House) -> None:
    await without_prices(steady, 125)
    assert mode(steady) is OperationMode.SELF_CONSUMPTION
    await steady.hass.config_entries.async_reload(steady.entry.entry_id)
    await steady.settle()
    assert mode(steady) is OperationMode.SELF_CONSUMPTION
    assert steady.sent.count("operation") == 1
    steady.repair()
    await steady.live(6)
    assert mode(steady) is OperationMode.AUTONOMOUS


async def test_outage_goes_on_over_a_restart(steady: House) -> None:
    await without_prices(steady, 110)
    await steady.hass.config_entries.async_reload(steady.entry.entry_id)
    await steady.settle()
    await steady.live(15, stride=300)
    assert mode(steady) is OperationMode.SELF_CONSUMPTION


async def test_keeping_the_tariff(make_house: Any, market: Steady) -> None:
    house: House = await make_house(options={"fallback": "keep"}, prices=market)
    await house.set_up()
    await without_prices(house, 125)
    assert mode(house) is OperationMode.AUTONOMOUS
    assert house.tariff_name == "PowerSync"
    assert house.issues == {"prices_missing"}


@pytest.mark.parametrize(
    "owners", [OperationMode.SELF_CONSUMPTION, OperationMode.BACKUP]
)
async def test_another_mode_is_left_alone(
    make_house: Any, market: Steady, owners: OperationMode
) -> None:
    house: House = await make_house(
        prices=market, tesla_sites=(TeslaSite(mode=owners),)
    )
    await house.set_up()
    await without_prices(house, 125)
    assert mode(house) is owners
    assert "operation" not in house.sent


async def test_the_owners_choice_of_mode_wins(steady: House) -> None:
    await without_prices(steady, 125)
    steady.home.powerwall.set_mode(OperationMode.BACKUP, steady.home.advance())
    await steady.live(10, stride=300)
    changed = ("operation_mode", "owner_changed", "changed_elsewhere")
    assert changed in steady.decisions
    assert "operation_mode" not in steady.journal
    assert steady.stored["mode_yielded"], "also if Home Assistant is killed now"

    # Back to what the fallback would change again: it does not.
    steady.home.powerwall.set_mode(OperationMode.AUTONOMOUS, steady.home.advance())
    await steady.live(10, stride=300)
    assert mode(steady) is OperationMode.AUTONOMOUS
    await steady.hass.config_entries.async_reload(steady.entry.entry_id)
    await steady.settle()
    assert mode(steady) is OperationMode.AUTONOMOUS
    steady.repair()
    await steady.live(6)
    assert mode(steady) is OperationMode.AUTONOMOUS
    assert steady.sent.count("operation") == 1


async def test_sync_off_ends_the_fallback(steady: House) -> None:
    await without_prices(steady, 125)
    await steady.act("switch", "turn_off", "auto_sync_tou_schedule")
    assert mode(steady) is OperationMode.AUTONOMOUS
    assert steady.tariff_name == "Example TOU"
    assert steady.journal == {}
    assert "fallback_active" not in steady.issues


async def test_a_blocked_forecast_counts_as_missing(steady: House) -> None:
    steady.break_(Service.AMBER, FaultKind.PARTIAL_FORECAST)
    await steady.live(125, stride=300)
    assert mode(steady) is OperationMode.SELF_CONSUMPTION
    assert steady.issues == {"fallback_active"}
    assert steady.state("current_electricity_price").state != "unavailable"


async def test_fallback_not_taken(steady: House) -> None:
    await without_prices(steady, 115)
    steady.break_(Service.TESLA, FaultKind.NOT_APPLIED, match="operation")
    await steady.live(10, stride=300)
    assert ("operation_mode", "not_applied", "prices_missing") in steady.decisions
    steady.repair()
    await steady.live(6)
    assert mode(steady) is OperationMode.AUTONOMOUS
    assert "operation_mode" not in steady.journal


async def test_a_new_installation_waits_two_hours(make_house: Any) -> None:
    house: House = await make_house(parts=ALL_PARTS)
    house.break_(Service.AMBER, FaultKind.STATUS_503)
    await house.set_up()
    await house.live(115, stride=300)
    assert "operation" not in house.sent
    await house.live(10, stride=300)
    assert mode(house) is OperationMode.SELF_CONSUMPTION


async def test_a_home_that_was_disabled_for_days_waits_as_well(steady: House) -> None:
    entries = steady.hass.config_entries
    await entries.async_set_disabled_by(steady.entry.entry_id, ConfigEntryDisabler.USER)
    await steady.tick(3 * 86_400)
    steady.break_(Service.AMBER, FaultKind.STATUS_503)
    await entries.async_set_disabled_by(steady.entry.entry_id, None)
    await steady.settle()
    assert mode(steady) is OperationMode.AUTONOMOUS
    assert not steady.issues
