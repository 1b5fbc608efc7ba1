"""Letting things happen over HTTP, and seeing what they did."""

from datetime import timedelta

import pytest

from custom_components.power_sync.sim import admin_service
from custom_components.power_sync.sim.config import TeslaSite
from custom_components.power_sync.sim.owners_tariff import OWNERS_TARIFF

SHED = TeslaSite(site_id=8, name="Shed", storm_watch=True)


@pytest.fixture
def home(make_home):
    return make_home(tesla_sites=(TeslaSite(), SHED))


@pytest.fixture
async def admin(home, serve):
    return await serve(admin_service.app(home), None)


async def post(client, path, body):
    answer = await client.post(path, json=body)
    return answer.status, await answer.json()


async def state(client):
    return await (await client.get("/state")).json()


async def test_the_owner_uses_the_app(home, admin, clock):
    body = {"mode": "backup", "tariff": OWNERS_TARIFF}

    status, told = await post(admin, "/app", body)

    assert status == 200
    assert told["sites"][0]["mode"] == "backup"
    assert told["sites"][0]["commands"] == 0
    assert [change["setting"] for change in told["app_changes"]] == ["mode", "tariff"]
    assert told["app_changes"][0] == {
        "changed_at": clock.now.isoformat(),
        "site_id": TeslaSite().site_id,
        "setting": "mode",
        "value": "backup",
    }
    assert (await post(admin, "/app", {"site_id": 8, "reserve": 66}))[0] == 200
    sites = (await state(admin))["sites"]
    assert [site["reserve_percent"] for site in sites] == [20, 66]


async def test_a_situation_begins_and_ends(home, admin):
    status, told = await post(admin, "/situation", {"site_id": 8, "storm": True})

    assert status == 200
    assert told == {
        "storm": True,
        "grid_services": False,
        "off_grid": False,
        "storm_mode_active": True,
        "grid_services_active": False,
    }
    await post(admin, "/situation", {"site_id": 8, "off_grid": True})
    first, second = (await state(admin))["sites"]
    assert not any(first["situation"].values())
    assert second["situation"]["storm"] is second["situation"]["off_grid"] is True
    assert second["grid_w"] == 0
    await post(admin, "/situation", {"site_id": 8, "storm": False, "off_grid": False})
    assert not any((await state(admin))["sites"][1]["situation"].values())


async def test_a_spike_comes_and_goes(home, admin, clock):
    status, told = await post(admin, "/spike", {"price": 15_000, "minutes": 30})

    assert status == 200
    assert told == [
        {
            "region": "NSW1",
            "start": clock.now.isoformat(),
            "end": (clock.now + timedelta(minutes=30)).isoformat(),
            "price": 15_000,
        }
    ]
    assert (await state(admin))["import_price"] > 16
    clock.tick(minutes=7)
    assert len(await (await admin.delete("/spike")).json()) == 2
    clock.tick(minutes=3)
    assert (await state(admin))["import_price"] < 5
    spikes = (
        await post(admin, "/spike", {"price": -90, "minutes": 4, "region": "SA1"})
    )[1]
    assert (spikes[-1]["region"], spikes[-1]["price"]) == ("SA1", -90)


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("/app", {"mode": "turbo"}, "default_real_mode"),
        ("/app", {"colour": 1}, "settings of the app"),
        ("/app", {"site_id": 5, "mode": "backup"}, "no site 5"),
        ("/app", {"site_id": [], "mode": "backup"}, "no site"),
        ("/app", [], "not an object"),
        ("/situation", {"storm": True}, "Storm Watch is off"),
        ("/situation", {"storm": 1}, "true or false"),
        ("/situation", {"flood": True}, "unknown key 'flood'"),
        ("/spike", {"price": 1}, "minutes must be a number"),
        ("/spike", {"price": True, "minutes": 5}, "price must be a number"),
        ("/spike", {"price": 1e9, "minutes": 5}, "-1000 to 23200"),
        ("/spike", {"price": 1, "minutes": 5, "region": "WA1"}, "region must be"),
        ("/spike", {"price": 1, "minutes": 5, "region": 5}, "region is a text"),
        ("/spike", {"price": 1, "minutes": 5, "until": 5}, "unknown key 'until'"),
    ],
)
async def test_what_is_not_understood_is_explained(home, admin, path, body, text):
    before = await state(admin)

    status, answer = await post(admin, path, body)

    assert status == 400
    assert text in answer["message"]
    assert await state(admin) == before


async def test_no_json_is_explained_too(admin):
    answer = await admin.post("/spike", data="{")

    assert answer.status == 400
    assert (await answer.json())["message"] == "the body is not JSON"


async def test_commands_and_who_brought_them(home, admin, fleet, tessie, clock):
    path = "/api/1/energy_sites/8/backup"
    await (await fleet(home)).post(path, json={"backup_reserve_percent": 30})
    clock.tick(5)
    await (await tessie(home)).post(path, json={"backup_reserve_percent": 40})

    commands = await (await admin.get("/commands")).json()

    assert [command["via"] for command in commands] == ["fleet", "tessie"]
    assert commands[1] == {
        "received_at": clock.now.isoformat(),
        "via": "tessie",
        "site_id": 8,
        "name": "backup",
        "body": {"backup_reserve_percent": 40},
        "stored": True,
        "delay": 0.0,
    }
    told = await state(admin)
    assert (
        told["tesla_requests"],
        told["fleet_requests"],
        told["tessie_requests"],
    ) == ((0, 1, 1))
    assert [site["commands"] for site in told["sites"]] == [0, 2]
    assert [site["name"] for site in told["sites"]] == ["Home", "Shed"]
    assert {site["unit"] for site in told["sites"]} == {"Powerwall 2"}


async def test_what_is_pending_shows(make_home, serve, tesla):
    home = make_home(tesla_sites=(TeslaSite(late_share=1),))
    await (await tesla(home)).post(
        f"/api/1/energy_sites/{TeslaSite().site_id}/storm_mode", json={"enabled": True}
    )

    told = await state(await serve(admin_service.app(home), None))

    assert told["sites"][0]["pending"] == 1
    assert told["sites"][0]["storm_watch"] is False
