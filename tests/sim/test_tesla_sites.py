"""Sites that differ: two of them, virtual power plants, kinds of Powerwall."""

import pytest

from custom_components.power_sync.core.household import Action
from custom_components.power_sync.core.model.powerwall import ExportRule, OperationMode
from custom_components.power_sync.sim.config import TeslaSite
from custom_components.power_sync.sim.powerwall_units import (
    POWERWALL_PLUS,
    POWERWALL_THREE,
    POWERWALL_TWO,
)

HOUSE = TeslaSite()
SHED = TeslaSite(
    site_id=2252000000000002,
    name="Shed",
    powerwalls=2,
    unit=POWERWALL_THREE,
    mode=OperationMode.SELF_CONSUMPTION,
    export_rule=None,
)
RULE = "customer_preferred_export_rule"
FLAG = "disallow_charge_from_grid_with_solar_installed"


def path(site, name):
    return f"/api/1/energy_sites/{site.site_id}/{name}"


async def read(client, site, name):
    answer = await client.get(path(site, name))
    assert answer.status == 200
    return (await answer.json())["response"]


async def send(client, site, name, **body):
    answer = await client.post(path(site, name), json=body)
    assert answer.status == 200


async def test_two_sites_live_and_are_told_apart(make_home, fleet, clock):
    clock.set("2026-11-20T01:00:00")
    home = make_home(tesla_sites=(HOUSE, SHED))
    client = await fleet(home)

    products = (await (await client.get("/api/1/products")).json())["response"]
    names = [p["site_name"] for p in products if "energy_site_id" in p]
    await send(client, SHED, "backup", backup_reserve_percent=70)
    await send(client, HOUSE, "operation", default_real_mode="backup")
    clock.tick(minutes=3)

    assert names == ["Home", "Shed"]
    house, shed = [await read(client, site, "live_status") for site in (HOUSE, SHED)]
    assert house["battery_power"] == -3_300
    assert shed["battery_power"] == -3_400
    infos = [await read(client, site, "site_info") for site in (HOUSE, SHED)]
    assert [info["site_name"] for info in infos] == names
    assert [info["default_real_mode"] for info in infos] == (
        ["backup", "self_consumption"]
    )
    assert [info["backup_reserve_percent"] for info in infos] == [20, 70]
    assert [command.site_id for command in home.tesla.commands] == (
        [SHED.site_id, HOUSE.site_id]
    )


async def test_a_rule_that_a_programme_decides_is_stored_and_not_shown(
    make_home, tesla
):
    home = make_home(tesla_sites=(SHED,))
    client = await tesla(home)

    async def shown():
        parts = (await read(client, SHED, "site_info"))["components"]
        return parts.get(RULE), parts.get("non_export_configured")

    assert await shown() == (None, None)
    assert home.powerwall.settings.export_rule is None
    for rule, flag in (("pv_only", None), ("never", True), ("battery_ok", None)):
        await send(client, SHED, "grid_import_export", **{RULE: rule})
        assert home.powerwall.settings.export_rule is ExportRule(rule)
        assert home.powerwall.rules.export is ExportRule(rule)
        assert await shown() == (None, flag)
    parts = (await read(client, SHED, "site_info"))["components"]
    assert parts["grid_services_enabled"] is True


async def test_a_programme_without_a_word_from_the_owner_lets_the_battery_sell(
    make_home,
):
    home = make_home(tesla_sites=(SHED,))

    assert home.powerwall.rules.export is ExportRule.BATTERY_OK


@pytest.mark.parametrize(
    ("unit", "name", "power", "energy"),
    [
        (POWERWALL_TWO, "Powerwall 2", 5_000, 13_500),
        (POWERWALL_PLUS, "Powerwall+", 7_000, 13_500),
        (POWERWALL_THREE, "Powerwall 3", 10_000, None),
    ],
)
async def test_kinds_of_powerwall(make_home, tesla, unit, name, power, energy):
    site = TeslaSite(unit=unit, powerwalls=3)
    home = make_home(tesla_sites=(site,))

    info = await read(await tesla(home), site, "site_info")

    batteries = info["components"]["batteries"]
    assert [battery["part_name"] for battery in batteries] == [name] * 3
    assert len({battery["serial_number"] for battery in batteries}) == 3
    assert batteries[0]["nameplate_max_discharge_power"] == power
    assert info["nameplate_power"] == 3 * power
    assert info.get("nameplate_energy") == (energy and 3 * energy)
    assert [battery.get("nameplate_energy") for battery in batteries] == [energy] * 3
    assert home.powerwall.battery.capacity_kwh == 40.5


async def test_powerwalls_differ_in_what_they_can_do(make_home, clock):
    most = {}
    for unit in (POWERWALL_TWO, POWERWALL_PLUS, POWERWALL_THREE):
        home = make_home(tesla_sites=(TeslaSite(unit=unit, charge_percent=90),))
        home.powerwall.action = Action.DISCHARGE
        home.powerwall.look(0, 400)
        most[unit.part_name] = home.powerwall.flow.battery_w

    assert most == {
        "Powerwall 2": 5_000,
        "Powerwall+": 7_000,
        "Powerwall 3": 10_000,
    }


@pytest.mark.parametrize("tells", [True, False])
async def test_stored_energy_may_not_be_told(make_home, tesla, tells):
    site = TeslaSite(unit=POWERWALL_THREE, tells_stored=tells)
    client = await tesla(make_home(tesla_sites=(site,)))

    live = await read(client, site, "live_status")
    products = (await (await client.get("/api/1/products")).json())["response"]

    for document in (live, products[-1]):
        assert ("energy_left" in document) is tells
        assert ("total_pack_energy" in document) is tells
        assert document["percentage_charged"] == 45


async def test_zeros_may_be_left_out(make_home, tesla):
    site = TeslaSite(omits_zeros=True, reserve_percent=0, storm_watch=False)
    home = make_home(tesla_sites=(site,))
    client = await tesla(home)

    info = await read(client, site, "site_info")

    assert "backup_reserve_percent" not in info
    assert "vpp_backup_reserve_percent" not in info
    assert "storm_mode_enabled" not in info["user_settings"]
    for fields in (info, info["user_settings"], info["components"]):
        assert all(
            value for value in fields.values() if isinstance(value, bool | int | float)
        )
    assert info["components"]["solar"] is True
    assert info["nameplate_energy"] == 13_500
    # Texts and lists stay, whatever is in them.
    assert info["components"]["batteries"]

    await send(client, site, "backup", backup_reserve_percent=15)
    await send(client, site, "storm_mode", enabled=True)
    info = await read(client, site, "site_info")
    assert info["backup_reserve_percent"] == 15
    assert info["user_settings"]["storm_mode_enabled"] is True


async def test_zeros_are_there_as_a_rule(make_home, tesla):
    site = TeslaSite(reserve_percent=0)
    info = await read(await tesla(make_home(tesla_sites=(site,))), site, "site_info")

    assert info["backup_reserve_percent"] == 0
    assert info["user_settings"]["storm_mode_enabled"] is False
    assert FLAG not in info["components"]
