"""The home as a whole: time, determinism, truth, servers."""

import asyncio
from datetime import UTC, datetime, timedelta
import json
from pathlib import Path
import re
import subprocess
import sys
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from yarl import URL

from custom_components.power_sync.core.model.powerwall import OperationMode
from custom_components.power_sync.sim.config import (
    AMBER_TOKEN,
    TESLEMETRY_TOKEN,
    AmberSite,
    HomeConfig,
    TeslaSite,
)
from custom_components.power_sync.sim.home import SimulatedHome
from custom_components.power_sync.sim.server import SimulatorServer
from harness.simulated_services import Addresses

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def lived(seconds_between, *, total=86_400, **config):
    """A home that was looked at every so often."""
    now = START
    home = SimulatedHome(HomeConfig(**config), lambda: now)
    looks = [home.powerwall.flow]
    while now < START + timedelta(seconds=total):
        now = min(
            now + timedelta(seconds=seconds_between), START + timedelta(seconds=total)
        )
        home.advance()
        looks.append(home.powerwall.flow)
    return home, looks


def test_the_same_seed_gives_the_same_life():
    first, looks = lived(600, seed=4)
    second, same = lived(600, seed=4)
    _, other = lived(600, seed=5)

    assert looks == same
    assert first.account == second.account
    assert looks != other


def test_looking_more_often_changes_nothing():
    often, _ = lived(17)
    seldom, _ = lived(5_000)

    # To within what a full battery loses while it stands by for a minute.
    assert often.powerwall.stored_kwh == pytest.approx(
        seldom.powerwall.stored_kwh, abs=1e-3
    )
    assert often.account.cost == pytest.approx(seldom.account.cost, abs=1e-3)
    assert often.powerwall.plans == seldom.powerwall.plans


def test_a_long_gap_is_caught_up_in_coarse_steps_with_nearly_the_same_result():
    fine, _ = lived(600, total=3 * 86_400)
    coarse, looks = lived(3 * 86_400, total=3 * 86_400)

    assert len(looks) == 2
    assert coarse.powerwall.stored_kwh == (
        pytest.approx(fine.powerwall.stored_kwh, abs=0.5)
    )
    assert coarse.account.cost == pytest.approx(fine.account.cost, rel=0.03, abs=0.1)


def test_energy_is_conserved_over_days():
    home, _ = lived(601, total=2 * 86_400, lived_in=timedelta())
    way = home.powerwall.history.totals()
    battery = home.powerwall.battery
    charged = (way.solar_to_battery + way.grid_to_battery) / 1_000
    drawn = (way.battery_to_load + way.battery_to_grid) / 1_000
    standby = battery.standby_w * 48 / 1_000

    before = battery.capacity_kwh * home.powerwall.config.charge_percent / 100
    assert home.powerwall.stored_kwh - before == pytest.approx(
        charged * battery.one_way_efficiency
        - drawn / battery.one_way_efficiency
        - standby,
        abs=1e-6,
    )
    load = way.solar_to_load + way.battery_to_load + way.grid_to_load
    assert 8_000 < load / 2 < 40_000  # Wh a day


@pytest.mark.parametrize("minutes", [5, 30])
def test_the_account_is_what_the_grid_cost_at_settled_prices(minutes):
    now = START
    site = AmberSite(interval_minutes=minutes)
    home = SimulatedHome(
        HomeConfig(amber_sites=(site,), lived_in=timedelta()), lambda: now
    )
    retail, zone = home.config.retail, home.config.time_zone
    expected = 0.0
    while now < START + timedelta(hours=20):
        block = now - timedelta(seconds=now.timestamp() % (minutes * 60))
        rrps = [
            home.prices.spot(block + timedelta(minutes=5 * i))
            for i in range(minutes // 5)
        ]
        rrp = sum(rrps) / len(rrps)
        now += timedelta(minutes=1)
        home.advance()
        kwh = home.powerwall.flow.grid_w / 60_000
        price = (
            retail.import_price(rrp, block.astimezone(zone))
            if kwh > 0
            else retail.export_price(rrp)
        )
        expected += kwh * price / 100

    assert home.account.cost == pytest.approx(expected)
    assert home.account.import_cost > 0
    assert home.account.export_income > 0


def test_a_clock_set_back_stops_the_home(make_home, clock):
    home = make_home()
    clock.tick(hours=1)
    home.advance()
    stored = home.powerwall.stored_kwh
    clock.tick(minutes=-30)
    home.advance()
    assert home.powerwall.stored_kwh == stored
    clock.tick(minutes=31)
    home.advance()
    assert home.powerwall.stored_kwh != stored


def test_a_new_home_shows_its_powers_at_once(make_home):
    flow = make_home().powerwall.flow

    assert flow.load_w > 0
    assert flow.solar_w + flow.battery_w + flow.grid_w == pytest.approx(flow.load_w)


def test_a_home_may_have_been_lived_in(make_home, clock):
    home = make_home(lived_in=timedelta(days=2))

    assert len(home.powerwall.history._buckets) == 576
    assert home.account.cost != 0


@pytest.mark.parametrize("zone", ["Australia/Adelaide", "America/Chicago", "UTC"])
def test_the_sun_is_up_at_noon_in_every_zone(make_home, clock, zone):
    home = make_home(time_zone=ZoneInfo(zone), seed=3)
    local = clock.now.astimezone(ZoneInfo(zone))
    noon = (local.replace(hour=12, minute=30) + timedelta(days=1)).timestamp()
    midnight = local.replace(hour=0, minute=30).timestamp()

    assert home.premises.power(noon)[0] > 500
    assert home.premises.power(midnight)[0] == 0


def test_habits_follow_daylight_saving():
    premises = SimulatedHome(HomeConfig(), lambda: START).premises
    zone = ZoneInfo("Australia/Sydney")

    def busiest_hour(month):
        loads = [0.0] * 24
        for day in range(1, 28):
            for hour in range(24):
                at = datetime(2026, month, day, hour, tzinfo=zone).timestamp()
                loads[hour] += premises.mean_power(int(at), 60)[1]
        return loads.index(max(loads))

    assert busiest_hour(1) == busiest_hour(7)


def test_usual_power_is_the_mean_of_the_five_days_before(make_home):
    premises = make_home().premises
    half_hour = int(START.timestamp()) // 1_800
    before = [
        premises.mean_power((half_hour - 48 * back) * 1_800, 30) for back in range(1, 6)
    ]

    solar, load = premises.usual_power(half_hour)

    assert solar == pytest.approx(sum(day[0] for day in before) / 5)
    assert load == pytest.approx(sum(day[1] for day in before) / 5)


async def test_one_port_for_all_services_and_state_that_outlives_them(make_home):
    home = make_home()
    server = SimulatorServer(home)
    await server.start()
    async with aiohttp.ClientSession() as session:
        amber = {"Authorization": f"Bearer {AMBER_TOKEN}"}
        tesla = {"Authorization": f"Bearer {TESLEMETRY_TOKEN}"}
        async with session.get(f"{server.amber_url}/sites", headers=amber) as answer:
            site = (await answer.json())[0]["id"]
        path = f"{server.amber_url}/sites/{site}/prices/current?next=2"
        async with session.get(path, headers=amber) as answer:
            rows = await answer.json()
        path = f"{server.teslemetry_url}/api/1/energy_sites/{TeslaSite().site_id}"
        async with session.post(
            f"{path}/operation", json={"default_real_mode": "backup"}, headers=tesla
        ) as answer:
            assert answer.status == 200
        async with session.get(f"{server.admin_url}/served?last=1") as answer:
            served = await answer.json()
        async with session.get(f"{server.admin_url}/state") as answer:
            state = await answer.json()
        async with session.get(f"{server.admin_url}/uploads") as answer:
            assert await answer.json() == []
        async with session.get(f"{server.admin_url}/served?last=0") as answer:
            assert answer.status == 400
    await server.stop()
    await server.stop()

    assert [item["rows"] for item in served] == [rows]
    assert served[0]["path"] == f"/v1/sites/{site}/prices/current"
    assert state["sites"][0]["mode"] == "backup"
    assert datetime.fromisoformat(state["now"]) == home.now
    await server.start()
    assert home.powerwall.settings.mode is OperationMode.BACKUP
    await server.stop()


async def test_all_price_services_behind_that_port(make_home):
    home = make_home(comed_zone=ZoneInfo("America/Chicago"))
    server = SimulatorServer(home)
    await server.start()
    agent = {"User-Agent": "PowerSync/1.0"}
    async with aiohttp.ClientSession(headers=agent) as session:
        async with session.post(
            f"{server.aemo_url}/5MIN", json={"timeScale": ["30MIN"]}
        ) as answer:
            assert len((await answer.json())["5MIN"]) > 288 * 5
        async with session.get(f"{server.nemweb_url}/DispatchIS_Reports/") as answer:
            link = re.findall(r'HREF="([^"]+)"', await answer.text())[-1]
        # The links are paths on the host.
        async with session.get(answer.url.join(URL(link))) as answer:
            assert (await answer.read())[:2] == b"PK"
        async with session.get(f"{server.comed_url}/api?type=5minutefeed") as answer:
            assert len(json.loads(await answer.text())) > 200
        path = "/rrtp/ServletFeed?type=daynexttoday"
        async with session.get(f"{server.comed_url}{path}") as answer:
            assert (await answer.text()).startswith("[[Date.UTC(2026,10,")
        headers = {"Authorization": f"Bearer {AMBER_TOKEN}"}
        async with session.ws_connect(server.amber_ws_url, headers=headers) as socket:
            data = {"siteId": home.config.amber_sites[0].site_id}
            await socket.send_json(
                {"service": "live-prices", "action": "subscribe", "data": data}
            )
            assert (await socket.receive_json(timeout=5))["status"] == 200
            async with session.get(f"{server.admin_url}/state") as answer:
                assert (await answer.json())["amber_subscribers"] == 1
            await server.stop()
            message = await socket.receive(timeout=5)
            assert message.data == aiohttp.WSCloseCode.GOING_AWAY
    assert server.amber_ws_url.startswith("ws://127.0.0.1:")


async def test_a_taken_port_is_an_error_and_leaves_nothing_open(make_home):
    first, second = SimulatorServer(make_home()), SimulatorServer(make_home())
    await first.start()
    port = int(first.amber_url.split(":")[2].split("/")[0])

    with pytest.raises(OSError, match="address already in use"):
        await second.start(port=port)

    await second.stop()
    await first.stop()


async def command(*arguments):
    """Start the stand-alone simulator."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "harness.simulator", *arguments),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


async def test_the_stand_alone_simulator_serves_until_it_is_told_to_stop():
    process = await command(
        *("--seed", "9", "--speed", "60", "--interval", "30", "--region", "SA1")
    )
    printed = json.loads(await process.stdout.readline())
    Addresses(**printed)
    async with aiohttp.ClientSession() as session:
        for path in ("products", "products"):
            async with session.get(
                f"{printed['teslemetry_url']}/api/1/{path}",
                headers={"Authorization": f"Bearer {printed['teslemetry_token']}"},
            ) as answer:
                assert answer.status == 200
        async with session.get(
            f"{printed['amber_url']}/sites",
            headers={"Authorization": f"Bearer {printed['amber_token']}"},
        ) as answer:
            assert (await answer.json())[0]["intervalLength"] == 30
        async with session.get(
            f"{printed['aemo_url']}/ELEC_NEM_SUMMARY", headers={"User-Agent": "Test"}
        ) as answer:
            summary = (await answer.json())["ELEC_NEM_SUMMARY"]
        async with session.get(f"{printed['comed_url']}/api") as answer:
            assert answer.status == 200
        async with session.get(f"{printed['admin_url']}/state") as answer:
            state = await answer.json()
        assert state["tesla_requests"] == 2
        assert (state["aemo_requests"], state["comed_requests"]) == (1, 1)
        # The truth belongs to the region that was named: whole cents, as it is drawn.
        whole = [
            row["REGIONID"] for row in summary if row["PRICE"] == round(row["PRICE"], 2)
        ]
        assert whole == ["SA1"]
    process.terminate()

    assert await process.wait() == 0
    assert await process.stderr.read() == b""


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--prices", "absent.csv"], 2, "absent.csv: cannot be read"),
        (["--time-zone", "Sydney"], 2, "no time zone 'Sydney'"),
        (["--speed", "0"], 2, "must be above 0"),
    ],
)
async def test_the_stand_alone_simulator_explains_what_it_cannot_do(
    arguments, status, message
):
    process = await command(*arguments)
    _, errors = await process.communicate()

    assert process.returncode == status
    assert message in errors.decode()
