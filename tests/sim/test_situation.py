"""Storm, dispatch and outage: what goes before the owner's settings."""

from datetime import timedelta

import pytest

from custom_components.power_sync.core.model.powerwall import ExportRule, OperationMode
from custom_components.power_sync.sim.config import TeslaSite
from custom_components.power_sync.sim.situation import Situation, SituationError

NIGHT, NOON = "2026-11-20T01:00:00", "2026-11-20T12:00:00"
STORM = Situation(storm=True)
DISPATCH = Situation(grid_services=True)
OUTAGE = Situation(off_grid=True)


@pytest.fixture
def living(make_home, clock, tesla):
    """Build a home at a time of day; returns it and a reader of its live status."""

    async def build(at, **site):
        clock.set(at)
        site = TeslaSite(**site)
        home = make_home(tesla_sites=(site,))
        client = await tesla(home)

        async def live():
            path = f"/api/1/energy_sites/{site.site_id}/live_status"
            return (await (await client.get(path)).json())["response"]

        return home, live

    return build


def happen(home, situation):
    home.tesla.set_situation(home.powerwall.config.site_id, situation)


async def test_a_quiet_day(living):
    _, live = await living(NOON)

    status = await live()

    assert status["island_status"] == "on_grid"
    assert status["grid_status"] == "Active"
    assert status["storm_mode_active"] is status["grid_services_active"] is False
    assert status["grid_services_power"] == 0


@pytest.mark.parametrize("mode", OperationMode)
async def test_a_storm_fills_the_battery_in_every_mode(living, clock, mode):
    home, live = await living(
        NIGHT, mode=mode, storm_watch=True, grid_charging=False, powerwalls=2
    )

    happen(home, STORM)

    status = await live()
    assert status["storm_mode_active"] is True
    assert status["battery_power"] == -6_600
    clock.tick(hours=8)
    home.advance()
    assert home.powerwall.charge_percent > 99
    # Nothing of it is stored.
    assert home.powerwall.settings.mode is mode
    assert home.powerwall.settings.grid_charging is False
    happen(home, Situation())
    assert (await live())["storm_mode_active"] is False


async def test_a_storm_outlasts_a_command_but_not_storm_watch(living, clock, tesla):
    home, live = await living(NIGHT, storm_watch=True)
    happen(home, STORM)
    client = await tesla(home)
    path = f"/api/1/energy_sites/{home.powerwall.config.site_id}/"

    await client.post(path + "operation", json={"default_real_mode": "autonomous"})
    clock.tick(minutes=2)
    assert (await live())["battery_power"] == -3_300

    await client.post(path + "storm_mode", json={"enabled": False})
    clock.tick(minutes=2)
    status = await live()
    assert status["storm_mode_active"] is False
    assert status["battery_power"] != -3_300


async def test_a_storm_needs_storm_watch(living, make_home):
    home, live = await living(NIGHT, storm_watch=False)

    with pytest.raises(SituationError, match="Storm Watch is off"):
        happen(home, STORM)
    with pytest.raises(SituationError, match="Storm Watch is off"):
        make_home(tesla_sites=(TeslaSite(situation=STORM),))

    assert (await live())["storm_mode_active"] is False


@pytest.mark.parametrize(
    "site",
    [
        {"mode": OperationMode.BACKUP},
        {"mode": OperationMode.SELF_CONSUMPTION, "export_rule": ExportRule.NEVER},
        {"export_rule": None},
    ],
)
async def test_a_dispatch_sells_down_to_the_reserve_whatever_is_set(
    living, clock, site
):
    home, live = await living(NIGHT, reserve_percent=30, **site)

    happen(home, DISPATCH)

    status = await live()
    assert status["grid_services_active"] is True
    assert status["battery_power"] == status["grid_services_power"] == 5_000
    assert status["grid_power"] < 0
    clock.tick(hours=2)
    home.advance()
    assert home.powerwall.charge_percent == pytest.approx(30, abs=0.5)
    assert home.powerwall.settings.mode is home.powerwall.config.mode


@pytest.mark.parametrize("hour", [NIGHT, NOON])
async def test_an_outage_cuts_the_grid_off(living, clock, hour):
    home, live = await living(hour, reserve_percent=80, mode=OperationMode.BACKUP)

    happen(home, OUTAGE)

    status = await live()
    assert status["island_status"] == "off_grid_unintentional"
    assert status["grid_status"] != "Active"
    for _ in range(60):
        status = await live()
        assert status["grid_power"] == 0
        total = status["solar_power"] + status["battery_power"]
        assert status["load_power"] == total > 0
        clock.tick(minutes=1)
    assert home.account.cost == 0
    if hour == NIGHT:
        # The reserve is there for this.
        assert home.powerwall.charge_percent < 45


async def test_an_empty_battery_leaves_the_house_dark(living, clock):
    home, live = await living(NIGHT, charge_percent=5)
    happen(home, OUTAGE)
    assert (await live())["battery_power"] > 0
    clock.tick(hours=4)
    home.advance()
    assert home.powerwall.charge_percent == pytest.approx(0, abs=0.1)

    status = await live()

    assert status["load_power"] == status["battery_power"] == 0
    happen(home, Situation())
    assert (await live())["load_power"] > 0


async def test_a_full_battery_curtails_the_sun(living):
    home, live = await living(NOON, charge_percent=100)
    solar = (await live())["solar_power"]

    happen(home, OUTAGE)

    status = await live()
    assert status["solar_power"] == status["load_power"] < solar
    assert home.powerwall.flow.curtailed_w > 0


async def test_what_goes_before_what(living):
    home, live = await living(NIGHT, storm_watch=True)

    async def seen(**situation):
        happen(home, Situation(**situation))
        status = await live()
        return (
            status["island_status"] != "on_grid",
            status["storm_mode_active"],
            status["grid_services_active"],
            status["battery_power"] > 0,
        )

    everything = {"storm": True, "grid_services": True}
    assert await seen(**everything, off_grid=True) == (True, True, False, True)
    assert await seen(**everything) == (False, True, False, False)
    assert await seen(grid_services=True) == (False, False, True, True)


async def test_a_situation_from_the_start(make_home):
    home = make_home(
        tesla_sites=(TeslaSite(situation=OUTAGE),), lived_in=timedelta(hours=3)
    )

    assert home.account.cost == 0
    assert home.powerwall.flow.grid_w == 0


async def test_backup_slows_down_when_nearly_full(make_home, clock):
    clock.set(NIGHT)
    powers = []
    for percent in (45, 80, 90, 99):
        site = TeslaSite(mode=OperationMode.BACKUP, charge_percent=percent)
        home = make_home(tesla_sites=(site,))
        powers.append(-round(home.powerwall.flow.battery_w))

    assert powers[:2] == [3_300, 3_300]
    assert 3_300 > powers[2] > powers[3] > 900
