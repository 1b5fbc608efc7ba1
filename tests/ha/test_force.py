"""Force charge and discharge: started, extended, cancelled, over, interrupted."""

from datetime import timedelta
from typing import Any

import pytest

from custom_components.power_sync.control.controller import Controller
from custom_components.power_sync.core.model.decisions import Action, Feature, Lever
from custom_components.power_sync.core.model.force import Direction, ForceError
from custom_components.power_sync.core.model.powerwall import ExportRule, OperationMode
from custom_components.power_sync.sim.faults import FaultKind, Service

from .house import House, Steady


def controller(house: House) -> Controller:
    found: Controller = house.entry.runtime_data.powerwall.controller
    return found


def settings(house: House) -> dict[str, Any]:
    stored = house.home.powerwall.settings
    return {
        "mode": stored.mode,
        "reserve": stored.reserve_percent,
        "export_rule": stored.export_rule,
        "grid_charging": stored.grid_charging,
        "storm_watch": stored.storm_watch,
        "tariff": house.tariff_name,
    }


async def force(house: House, direction: Direction, minutes: int, **more: Any) -> Any:
    task = house.hass.async_create_task(
        controller(house).start_force(direction, minutes, **more)
    )
    await house.settle()
    return await task


# covers B-09
async def test_discharge_and_back(steady: House, market: Steady) -> None:
    house = steady
    house.home.powerwall.settings.export_rule = ExportRule.PV_ONLY
    house.home.powerwall.set_mode(OperationMode.SELF_CONSUMPTION, house.home.advance())
    await house.tick(60)
    before = settings(house)

    records = await force(house, Direction.DISCHARGE, 30)

    assert {lever: record.action for lever, record in records.items()} == {
        Lever.EXPORT_RULE: Action.SENT,
        Lever.GRID_CHARGING: Action.SENT,
        Lever.TARIFF: Action.SENT,
        Lever.OPERATION_MODE: Action.SENT,
    }
    assert settings(house) == before | {
        "mode": OperationMode.AUTONOMOUS,
        "export_rule": ExportRule.BATTERY_OK,
        "grid_charging": False,
        "tariff": "PowerSync force discharge",
    }
    assert controller(house).in_charge is Feature.FORCE
    await house.live(10)
    assert house.home.powerwall.flow.battery_w > 3000, "it discharges"
    assert settings(house)["tariff"] == "PowerSync force discharge"

    await house.live(22)
    assert controller(house).force is None
    assert settings(house) == before
    assert set(house.journal) == {"tariff"}, "of the prices"
    await house.act("switch", "turn_off", "auto_sync_tou_schedule")
    assert house.tariff_name == "Example TOU"


async def test_charge_with_a_reserve_while_time_based_control_is_on(
    steady: House,
) -> None:
    """The Powerwall is made to look at the tariff at once, and at the end again."""
    house = steady
    house.home.powerwall.set_reserve(10, house.home.advance())
    house.home.powerwall.settings.grid_charging = False
    await house.tick(60)
    before = settings(house)
    house.home.tesla.commands.clear()

    await force(house, Direction.CHARGE, 15, reserve=50.0)
    await house.live(1, stride=5)

    assert house.sent == [
        "grid_import_export",
        "backup",
        "time_of_use_settings",
        "operation",
        "operation",
    ]
    assert settings(house) == before | {
        "reserve": 50,
        "grid_charging": True,
        "tariff": "PowerSync force charge",
    }
    await house.live(1)
    assert house.home.powerwall.flow.battery_w < -3000, "it charges"
    house.home.tesla.commands.clear()
    await house.live(15, stride=5)
    assert settings(house) == before
    assert house.sent[-2:] == ["operation", "operation"]


async def test_extend_and_cancel(steady: House) -> None:
    house = steady
    await force(house, Direction.DISCHARGE, 15)
    running = controller(house).force
    assert running is not None
    task = house.hass.async_create_task(controller(house).extend_force(30))
    await house.settle()
    await task
    longer = controller(house).force
    assert longer is not None
    assert longer.until - running.until == timedelta(minutes=30)
    await house.live(20)
    assert house.tariff_name == "PowerSync force discharge"

    task = house.hass.async_create_task(controller(house).restore())
    await house.settle()
    records = await task
    assert controller(house).force is None
    assert house.tariff_name == "PowerSync"
    assert records[Lever.TARIFF].action is Action.SENT
    with pytest.raises(ForceError):
        await controller(house).extend_force(30)


async def test_nothing_is_claimed_that_was_not_sent(steady: House) -> None:
    """Covers B-13: an answer says what became of every lever."""
    house = steady
    house.break_(Service.TESLA, FaultKind.STATUS_503)
    records = await force(house, Direction.DISCHARGE, 15)
    assert records[Lever.GRID_CHARGING].action is Action.FAILED
    assert not {record.action for record in records.values()} & {Action.SENT}
    house.repair()
    await house.live(2)
    assert house.tariff_name == "PowerSync force discharge", "it is tried again"


async def test_the_owner_ends_it_in_the_app(steady: House) -> None:
    """Covers B-12: what the owner does wins, and all of the force is over."""
    house = steady
    house.home.powerwall.settings.export_rule = ExportRule.PV_ONLY
    await house.tick(60)
    await force(house, Direction.DISCHARGE, 120)
    await house.live(1, stride=5)

    house.home.powerwall.set_mode(OperationMode.BACKUP, house.home.advance())
    await house.live(2)

    assert ("operation_mode", "owner_changed", "changed_elsewhere") in house.decisions
    assert controller(house).force is None
    assert settings(house) | {"tariff": ""} == {
        "mode": OperationMode.BACKUP,
        "reserve": 20,
        "export_rule": ExportRule.PV_ONLY,
        "grid_charging": True,
        "storm_watch": False,
        "tariff": "",
    }
    assert house.tariff_name == "PowerSync"


async def test_a_restart_in_the_middle(steady: House) -> None:
    house = steady
    await force(house, Direction.DISCHARGE, 60)
    await house.unload()
    assert house.tariff_name == "PowerSync force discharge"
    await house.tick(600)
    await house.set_up()
    await house.settle()
    assert controller(house).force is not None
    assert house.tariff_name == "PowerSync force discharge"
    await house.unload()
    await house.tick(3600)
    await house.set_up()
    await house.live(1)
    assert house.tariff_name == "PowerSync"
    assert settings(house)["grid_charging"] is True


async def test_dry_run(make_house: Any) -> None:
    # covers B-15
    house: House = await make_house(options={"dry_run": True})
    await house.set_up()
    records = await force(house, Direction.DISCHARGE, 15)
    assert {record.action for record in records.values()} <= {
        Action.DRY_RUN,
        Action.UNCHANGED,
    }
    await house.live(20)
    assert house.sent == []
    assert ("grid_charging", "dry_run", "forced") in house.decisions
    assert ("grid_charging", "dry_run", "sync_off") in house.decisions
