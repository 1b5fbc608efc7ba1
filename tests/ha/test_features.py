"""What PowerSync does on its own beside the sync: spikes, curtailment, a new look."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import custom_components.power_sync as integration
from custom_components.power_sync.assembly.addresses import Addresses
from custom_components.power_sync.core.model.decisions import Action, Feature, Lever
from custom_components.power_sync.core.model.powerwall import ExportRule, OperationMode
from custom_components.power_sync.core.model.switches import Switch
from custom_components.power_sync.sim.faults import FaultKind, Service

from .house import House, Steady
from .test_force import controller, settings


async def done(house: House, order: Any) -> Any:
    task = house.hass.async_create_task(order)
    await house.settle()
    return await task


@pytest.fixture
async def watching(
    make_house: Any, market: Steady, monkeypatch: pytest.MonkeyPatch
) -> House:
    """A home that watches the wholesale market and responds to spikes."""
    house: House = await make_house(
        prices=market,
        options={
            "spike_response": {"region": "NSW1", "threshold": 300, "sell_price": 10}
        },
    )

    async def find_addresses(_: Any) -> Addresses:
        return Addresses(aemo=house.server.aemo_url, nemweb=house.server.nemweb_url)

    monkeypatch.setattr(integration, "find_addresses", find_addresses)
    house.home.powerwall.settings.export_rule = ExportRule.PV_ONLY
    await house.set_up()
    await done(house, controller(house).turn(Switch.SPIKE_RESPONSE, True))
    return house


# covers B-07
async def test_spike_and_calm(watching: House, market: Steady) -> None:
    house = watching
    before = settings(house)
    assert before["tariff"] == "PowerSync"
    market.price = 5000.0
    await house.live(6)
    assert settings(house) == before | {
        "export_rule": ExportRule.BATTERY_OK,
        "grid_charging": False,
        "tariff": "PowerSync price spike",
    }
    tariff = house.stored_tariff
    assert tariff.sell is not None
    sells = dict(tariff.sell.energy_rates[-1].rates)
    buys = dict(tariff.buy.energy_rates[-1].rates)
    assert max(sells.values()) == 10
    dear = [label for label, price in sells.items() if price > 9]
    assert min(buys[label] for label in dear) > 10, "never a price to buy at"
    assert "before spike" in controller(house).profiles.all
    assert controller(house).profiles.all["before PowerSync"].tariff.buy.name == (
        "Example TOU"
    )
    await house.live(5)
    assert house.home.powerwall.flow.battery_w > 3000

    market.price = 100.0
    await house.live(6)
    assert house.tariff_name == "PowerSync price spike", "one calm interval is none"
    await house.live(6)
    assert settings(house) == before
    assert {"grid_charging", "export_rule"} & set(house.journal) == set()


async def test_rehearsal(watching: House) -> None:
    house = watching
    await done(house, controller(house).turn(Switch.SPIKE_RESPONSE, False))
    before = settings(house)
    records = await done(house, controller(house).simulate_spike(1.0, 5))
    assert records[Lever.TARIFF].feature is Feature.SPIKE_RESPONSE
    assert house.tariff_name == "PowerSync price spike"
    assert controller(house).in_charge is Feature.SPIKE_RESPONSE
    await house.live(6, stride=5)
    assert settings(house) == before


async def test_the_market_falls_silent(watching: House, market: Steady) -> None:
    house = watching
    market.price = 5000.0
    await house.live(6)
    assert house.tariff_name == "PowerSync price spike"
    house.break_(Service.AEMO, FaultKind.STATUS_503)
    house.break_(Service.NEMWEB, FaultKind.STATUS_503)
    await house.live(45)
    assert house.tariff_name == "PowerSync"


async def test_a_spike_without_price_sync_gives_back_the_owners_tariff(
    watching: House, market: Steady
) -> None:
    house = watching
    await done(house, controller(house).turn(Switch.AUTO_SYNC, False))
    await house.settle()
    assert house.tariff_name == "Example TOU"
    market.price = 5000.0
    await house.live(6)
    assert house.tariff_name == "PowerSync price spike"
    market.price = 50.0
    await house.live(12)
    assert house.tariff_name == "Example TOU"


async def test_prices_away_when_a_spike_ends(watching: House, market: Steady) -> None:
    """Covers B-07: what comes back is never the tariff of the spike."""
    house = watching
    market.price = 5000.0
    await house.live(6)
    house.break_(Service.AMBER, FaultKind.STATUS_503)
    market.price = 50.0
    await house.live(15)
    assert house.tariff_name == "Example TOU"
    house.repair()
    await house.live(8)
    assert house.tariff_name == "PowerSync"


# covers B-08
@pytest.mark.parametrize("rule", [ExportRule.PV_ONLY, ExportRule.BATTERY_OK])
async def test_curtailment(steady: House, market: Steady, rule: ExportRule) -> None:
    house = steady
    house.home.powerwall.settings.export_rule = rule
    await house.tick(60)
    await done(house, controller(house).turn(Switch.CURTAILMENT, True))
    assert house.home.powerwall.settings.export_rule is rule
    market.price = -100.0
    await house.live(6)
    assert house.home.powerwall.settings.export_rule is ExportRule.NEVER
    market.price = 100.0
    await house.live(5)
    assert house.home.powerwall.settings.export_rule is ExportRule.NEVER
    await house.live(6)
    assert house.home.powerwall.settings.export_rule is rule
    assert "export_rule" not in house.journal


async def test_an_owners_never_stays(steady: House, market: Steady) -> None:
    house = steady
    house.home.powerwall.settings.export_rule = ExportRule.NEVER
    await house.tick(60)
    await done(house, controller(house).turn(Switch.CURTAILMENT, True))
    market.price = -100.0
    await house.live(6)
    market.price = 100.0
    await house.live(15)
    assert house.home.powerwall.settings.export_rule is ExportRule.NEVER
    assert "grid_import_export" not in house.sent


# covers B-10
async def test_a_settled_price_is_looked_at_at_once(
    steady: House, market: Steady
) -> None:
    house = steady
    await done(house, controller(house).turn(Switch.REPLAN, True))
    await house.live(1, stride=5)
    assert house.sent[1:] == ["operation", "operation"], "what was sent just before"
    house.home.tesla.commands.clear()
    market.price = 220.0
    await house.tick(140)
    assert house.sent == ["time_of_use_settings"], "it is only an estimate"
    await house.live(1, stride=2.5)
    assert house.sent == ["time_of_use_settings", "operation", "operation"]
    first, second = list(house.home.tesla.commands)[1:]
    assert first.body["default_real_mode"] == "self_consumption"
    assert second.body["default_real_mode"] == "autonomous"
    pause = second.received_at - first.received_at
    assert timedelta(seconds=4) < pause < timedelta(seconds=9)
    assert house.home.powerwall.settings.mode is OperationMode.AUTONOMOUS
    assert set(house.journal) == {"tariff"}


async def test_no_look_where_the_owner_does_not_use_prices(
    steady: House, market: Steady
) -> None:
    house = steady
    house.home.powerwall.set_mode(OperationMode.SELF_CONSUMPTION, house.home.advance())
    await house.tick(60)
    await done(house, controller(house).turn(Switch.REPLAN, True))
    market.price = 220.0
    await house.live(6, stride=5)
    assert "operation" not in house.sent


# covers B-16
@pytest.mark.parametrize(
    ("lever", "value", "name"),
    [
        (Lever.BACKUP_RESERVE, 55.0, "reserve"),
        (Lever.OPERATION_MODE, OperationMode.SELF_CONSUMPTION, "mode"),
        (Lever.EXPORT_RULE, ExportRule.NEVER, "export_rule"),
        (Lever.GRID_CHARGING, False, "grid_charging"),
        (Lever.STORM_WATCH, True, "storm_watch"),
    ],
)
async def test_the_owners_own_settings(
    steady: House, lever: Lever, value: Any, name: str
) -> None:
    house = steady
    before = settings(house)
    record = await done(house, controller(house).set_lever(lever, value))
    assert (record.action, record.feature) == (Action.SENT, Feature.MANUAL)
    assert settings(house) == before | {name: value}
    assert lever.value not in house.journal
    await house.live(3)
    assert settings(house) == before | {name: value}
    again = await done(house, controller(house).set_lever(lever, value))
    assert again.action is Action.UNCHANGED
    assert len(house.sent) == 2


async def test_a_setting_that_is_refused_changes_nothing(steady: House) -> None:
    house = steady
    house.break_(Service.TESLA, FaultKind.STATUS_400, match="/backup")
    record = await done(house, controller(house).set_lever(Lever.BACKUP_RESERVE, 55.0))
    assert (record.action, record.error) == (Action.FAILED, "rejected")
    assert "backup_reserve" not in house.journal
    house.repair()
    await house.live(3)
    assert house.home.powerwall.settings.reserve_percent == 20


async def test_a_setting_whose_fate_is_unknown_is_pursued(steady: House) -> None:
    house = steady
    house.break_(Service.TESLA, FaultKind.NOT_APPLIED, match="/backup", count=1)
    record = await done(house, controller(house).set_lever(Lever.BACKUP_RESERVE, 55.0))
    assert record.action is Action.NOT_APPLIED
    assert house.journal["backup_reserve"]["owner"] == 55.0
    await house.live(3)
    assert house.home.powerwall.settings.reserve_percent == 55
    assert "backup_reserve" not in house.journal


async def test_a_command_that_comes_late_is_undone(steady: House) -> None:
    """Covers B-12: long after it was given up, and after the owner's own is back."""
    house = steady
    late = 20 * 60.0
    house.break_(
        Service.TESLA, FaultKind.LATE, match="/grid_import", count=1, seconds=late
    )
    task = house.hass.async_create_task(controller(house).simulate_spike(1.0, 1))
    await house.settle()
    await task
    assert house.home.powerwall.settings.grid_charging is True
    await house.live(3, stride=15)
    assert house.home.powerwall.settings.grid_charging is True
    assert "grid_charging" not in house.journal
    await house.live(19)
    assert house.home.powerwall.settings.grid_charging is True, "it was put back"
    names = [command.name for command in house.home.tesla.commands]
    assert names.count("grid_import_export") >= 2


async def test_hands_off(steady: House, market: Steady) -> None:
    """Covers B-12: a programme of the utility is not fought."""
    house = steady
    site = house.home.powerwall
    house.home.tesla.set_situation(
        site.config.site_id, replace(site.situation, grid_services=True)
    )
    await house.live(1)
    house.home.tesla.commands.clear()
    market.price = 250.0
    await house.live(10)
    assert house.sent == []
    assert house.result == ("blocked", "grid_services")
