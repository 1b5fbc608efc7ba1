"""The owner acts in Tesla's app, and no service is told."""

import copy

import pytest

from custom_components.power_sync.core.model.powerwall import ExportRule, OperationMode
from custom_components.power_sync.sim.config import TeslaSite
from custom_components.power_sync.sim.faults import Fault, FaultKind, Service
from custom_components.power_sync.sim.owners_tariff import OWNERS_TARIFF
from custom_components.power_sync.sim.tesla_commands import RefusedError

SITE = TeslaSite()
PATH = f"/api/1/energy_sites/{SITE.site_id}/"
CHEAPER = copy.deepcopy(OWNERS_TARIFF)
CHEAPER["energy_charges"]["AllYear"]["rates"]["ON_PEAK"] = 0.31


@pytest.fixture
def home(make_home):
    return make_home()


async def info(client):
    return (await (await client.get(PATH + "site_info")).json())["response"]


@pytest.mark.parametrize(
    ("setting", "value", "stored"),
    [
        ("mode", "self_consumption", OperationMode.SELF_CONSUMPTION),
        ("mode", OperationMode.BACKUP, OperationMode.BACKUP),
        ("reserve", 55, 55),
        ("export_rule", "pv_only", ExportRule.PV_ONLY),
        ("grid_charging", False, False),
        ("storm_watch", True, True),
    ],
)
async def test_every_setting(home, clock, setting, value, stored):
    home.tesla.use_app(SITE.site_id, **{setting: value})

    name = {"reserve": "reserve_percent"}.get(setting, setting)
    assert getattr(home.powerwall.settings, name) == stored
    assert not home.tesla.commands
    (change,) = home.tesla.app_changes
    assert (change.changed_at, change.site_id) == (clock.now, SITE.site_id)
    assert (change.setting, change.value) == (setting, value)


async def test_a_tariff_is_read_back_like_any_other(home, tesla):
    home.tesla.use_app(SITE.site_id, tariff=CHEAPER)

    read = (await info(await tesla(home)))["tariff_content_v2"]
    assert read["energy_charges"]["AllYear"]["rates"]["ON_PEAK"] == 0.31
    assert not home.tesla.uploads


async def test_several_at_once(home):
    home.tesla.use_app(SITE.site_id, mode="backup", reserve=70)

    assert [c.setting for c in home.tesla.app_changes] == ["mode", "reserve"]
    assert home.powerwall.settings.reserve_percent == 70


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"mode": "turbo"}, "default_real_mode"),
        ({"reserve": 101}, "0 to 100"),
        ({"grid_charging": "yes"}, "true or false"),
        ({"tariff": {}}, "seasons"),
        ({"colour": "blue"}, "export_rule, grid_charging, mode"),
    ],
)
async def test_what_the_app_cannot_do_changes_nothing(home, settings, text):
    before = copy.copy(home.powerwall.settings)

    with pytest.raises(RefusedError, match=text):
        home.tesla.use_app(SITE.site_id, storm_watch=True, **settings)

    assert home.powerwall.settings == before
    assert not home.tesla.app_changes


async def test_the_app_works_while_the_services_are_away(home, tesla):
    for service in (Service.TESLA, Service.FLEET, Service.TESSIE):
        home.faults.add(Fault(service=service, kind=FaultKind.STATUS_503))

    home.tesla.use_app(SITE.site_id, mode="backup")

    assert home.powerwall.settings.mode is OperationMode.BACKUP


async def test_the_owner_overtakes_a_late_command(make_home, tesla, clock):
    home = make_home(tesla_sites=(TeslaSite(late_share=1),))
    client = await tesla(home)
    await client.post(PATH + "backup", json={"backup_reserve_percent": 70})
    assert home.powerwall.pending == 1

    home.tesla.use_app(SITE.site_id, reserve=33)
    clock.tick(hours=1)

    assert (await info(client))["backup_reserve_percent"] == 33


async def test_the_battery_obeys_the_app(home, clock):
    clock.set("2026-11-21T01:00:00")
    home.tesla.use_app(SITE.site_id, mode="backup")
    clock.tick(minutes=2)
    home.advance()

    assert home.powerwall.flow.battery_w == -3_300


async def test_an_unknown_site(home):
    with pytest.raises(KeyError):
        home.tesla.use_app(1, mode="backup")
