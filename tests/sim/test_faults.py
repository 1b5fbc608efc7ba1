"""Everything that can go wrong on demand, seen from outside."""

from contextlib import suppress
import json
import math

import aiohttp
from aiohttp.test_utils import TestClient, TestServer
import pytest

from custom_components.power_sync.core.model.powerwall import OperationMode
from custom_components.power_sync.sim import admin_service
from custom_components.power_sync.sim.config import AmberSite, TeslaSite
from custom_components.power_sync.sim.faults import (
    Fault,
    FaultError,
    FaultKind,
    Faults,
    Service,
    fault_from_json,
)
from custom_components.power_sync.sim.owners_tariff import OWNERS_TARIFF

PRICES = f"/v1/sites/{AmberSite().site_id}/prices/current"
SITE = f"/api/1/energy_sites/{TeslaSite().site_id}/"
LIVE = SITE + "live_status"
NO_PATIENCE = aiohttp.ClientTimeout(total=0.2)


@pytest.fixture
def home(make_home):
    return make_home()


def fault(home, service, kind, **more):
    home.faults.add(Fault(service=Service(service), kind=FaultKind(kind), **more))


async def client_of(service, amber, tesla, home):
    """A client of a service and the path of a harmless request."""
    if service == "amber":
        return await amber(home), PRICES
    return await tesla(home), LIVE


@pytest.mark.parametrize("service", ["amber", "tesla"])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 502, 503])
async def test_statuses(home, amber, tesla, service, status):
    client, path = await client_of(service, amber, tesla, home)
    fault(home, service, f"status_{status}", count=2)

    answers = [await client.get(path) for _ in range(3)]

    assert [answer.status for answer in answers] == [status, status, 200]
    assert "Retry-After" not in answers[0].headers


@pytest.mark.parametrize("service", ["amber", "tesla"])
async def test_too_many_requests_with_a_time_to_wait(home, amber, tesla, service):
    client, path = await client_of(service, amber, tesla, home)
    fault(home, service, "status_429_retry", seconds=37)

    answer = await client.get(path)

    assert answer.status == 429
    assert answer.headers["Retry-After"] == answer.headers["RateLimit-Reset"] == "37"


@pytest.mark.parametrize("service", ["amber", "tesla"])
async def test_bodies_that_are_no_answer(home, amber, tesla, service):
    client, path = await client_of(service, amber, tesla, home)
    for kind in ("html", "garbage", "empty", "null"):
        fault(home, service, kind, count=1)

    html, garbage, empty, null = [await client.get(path) for _ in range(4)]

    assert {answer.status for answer in (html, garbage, empty, null)} == {200}
    assert html.content_type == "text/html"
    assert garbage.content_type == "application/json"
    with pytest.raises(json.JSONDecodeError):
        await garbage.json()
    assert await empty.text() == ""
    assert await null.json() is None


@pytest.mark.parametrize("service", ["amber", "tesla"])
async def test_no_answer_at_all(home, amber, tesla, service):
    client, path = await client_of(service, amber, tesla, home)

    fault(home, service, "timeout", count=1)
    with pytest.raises(TimeoutError):
        await client.get(path, timeout=NO_PATIENCE)
    # On a fresh connection; on a used one aiohttp repeats a GET by itself.
    fault(home, service, "drop", count=1)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client.get(path)
    assert (await client.get(path)).status == 200


@pytest.mark.parametrize("service", ["amber", "tesla"])
async def test_a_slow_answer_is_right(home, amber, tesla, service):
    client, path = await client_of(service, amber, tesla, home)
    fault(home, service, "slow", count=1, seconds=0.3)

    with pytest.raises(TimeoutError):
        await client.get(path, timeout=NO_PATIENCE)
    fault(home, service, "slow", count=1, seconds=0.01)
    assert (await client.get(path)).status == 200


@pytest.mark.parametrize(("service", "status"), [("amber", 403), ("tesla", 401)])
async def test_a_token_that_is_not_known_any_more(home, amber, tesla, service, status):
    client, path = await client_of(service, amber, tesla, home)
    fault(home, service, "wrong_token", count=1)

    assert (await client.get(path)).status == status
    assert (await client.get(path)).status == 200
    getattr(home, service).token = None
    assert (await client.get(path)).status == status
    getattr(home, service).token = "another"
    assert (await client.get(path)).status == status
    good = await client.get(path, headers={"Authorization": "Bearer another"})
    assert good.status == 200


async def post_mode(client):
    response = await client.post(
        SITE + "operation", json={"default_real_mode": "self_consumption"}
    )
    return response.status


async def test_a_command_that_is_not_applied(home, tesla):
    client = await tesla(home)
    fault(home, "tesla", "not_applied", count=1)

    assert await post_mode(client) == 200
    assert home.powerwall.settings.mode is OperationMode.AUTONOMOUS
    assert [command.stored for command in home.tesla.commands] == [False]


async def test_a_tariff_that_is_not_applied_is_listed_as_such(home, tesla):
    client = await tesla(home)
    before = home.powerwall.settings.tariff
    fault(home, "tesla", "not_applied", count=1)

    response = await client.post(
        SITE + "time_of_use_settings",
        json={"tou_settings": {"tariff_content_v2": OWNERS_TARIFF}},
    )

    assert response.status == 200
    assert home.powerwall.settings.tariff is before
    assert [upload.stored for upload in home.tesla.uploads] == [False]


async def test_a_command_that_is_applied_late(home, tesla, clock):
    client = await tesla(home)
    fault(home, "tesla", "late", count=1, seconds=12)

    assert await post_mode(client) == 200
    clock.tick(11)
    home.advance()
    assert home.powerwall.settings.mode is OperationMode.AUTONOMOUS
    clock.tick(1)
    home.advance()
    assert home.powerwall.settings.mode is OperationMode.SELF_CONSUMPTION


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("lost_command", OperationMode.AUTONOMOUS),
        ("applied_but_no_answer", OperationMode.SELF_CONSUMPTION),
    ],
)
async def test_unknown_outcomes(home, tesla, kind, mode):
    client = await tesla(home)
    fault(home, "tesla", kind)

    assert (await client.get(LIVE)).status == 200  # commands only
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await post_mode(client)
    assert home.powerwall.settings.mode is mode


@pytest.mark.parametrize("kind", ["timeout", "drop", "status_500", "html"])
async def test_other_faults_carry_no_command_out(home, tesla, kind):
    client = await tesla(home)
    fault(home, "tesla", kind)

    with suppress(TimeoutError, aiohttp.ServerDisconnectedError):
        await client.post(
            SITE + "operation",
            json={"default_real_mode": "backup"},
            timeout=NO_PATIENCE,
        )

    assert home.powerwall.settings.mode is OperationMode.AUTONOMOUS


async def prices(client, **query):
    response = await client.get(PRICES, params={"next": 80, "previous": 2} | query)
    assert response.status == 200
    return await response.json()


async def test_damaged_prices(home, amber):
    client = await amber(home)
    sound = await prices(client)

    async def damaged(kind):
        fault(home, "amber", kind, count=1)
        return await prices(client)

    assert await damaged("empty_list") == []
    assert {row["type"] for row in await damaged("empty_forecast")} == (
        {"ActualInterval", "CurrentInterval"}
    )
    assert await damaged("duplicated_rows") == [row for row in sound for _ in "ab"]
    shuffled = await damaged("unsorted_rows")
    assert shuffled != sound
    assert sorted(map(str, shuffled)) == sorted(map(str, sound))
    nans = [row for row in await damaged("nan_prices") if math.isnan(row["perKwh"])]
    assert len(nans) == len(range(2, len(sound), 10))
    texts = await damaged("text_prices")
    assert [float(row["perKwh"]) for row in texts] == [row["perKwh"] for row in sound]
    assert {type(row["perKwh"]) for row in texts} == {str}
    assert "n/a" in [row["perKwh"] for row in await damaged("word_prices")]
    assert {row["channelType"] for row in await damaged("no_feed_in")} == {"general"}
    assert await prices(client) == sound


async def test_a_forecast_with_a_hole(home, amber):
    client = await amber(home)
    sound = await prices(client)
    fault(home, "amber", "partial_forecast", count=1)

    holed = await prices(client)

    missing = [row for row in sound if row not in holed]
    assert {row["channelType"] for row in missing} == {"general", "feedIn"}
    ends = sorted({row["endTime"] for row in missing})
    assert len(ends) == 4
    assert holed[-1] == sound[-1]
    assert min(row["endTime"] for row in holed) < ends[0]


async def test_a_stale_forecast(home, amber, clock):
    client = await amber(home)
    clock.tick(40)
    old = await prices(client)
    clock.tick(300)
    fault(home, "amber", "stale_forecast", count=1)

    assert await prices(client) == old
    assert await prices(client) != old


async def test_price_faults_spare_the_sites(home, amber):
    client = await amber(home)
    fault(home, "amber", "empty_list")

    assert len(await (await client.get("/v1/sites")).json()) == 1
    assert await prices(client) == []


def test_faults_strike_in_order_where_they_match():
    faults = Faults()
    first = Fault(service=Service.TESLA, kind=FaultKind.HTML, match="live", count=2)
    second = Fault(service=Service.TESLA, kind=FaultKind.EMPTY)
    faults.add(first)
    faults.add(second)

    assert faults.strike(Service.AMBER, "/live_status") is None
    assert faults.strike(Service.TESLA, "/site_info") is second
    assert faults.strike(Service.TESLA, "/live_status") is first
    assert [item["count"] for item in faults.as_json()] == [1, None]
    assert faults.strike(Service.TESLA, "/live_status") is first
    assert faults.strike(Service.TESLA, "/live_status") is second
    faults.clear()
    assert faults.strike(Service.TESLA, "/live_status") is None


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ([], "JSON object"),
        ({"service": "amber", "kind": "plague"}, "status_500"),
        ({"service": "griddy", "kind": "html"}, "nemweb, tesla"),
        ({"service": "amber", "kind": "not_applied"}, "tesla commands"),
        ({"service": "tesla", "kind": "nan_prices"}, "comed, nemweb prices"),
        ({"service": "comed", "kind": "partial_forecast"}, "amber, aemo, nemweb"),
        ({"service": "amber", "kind": "socket_silent"}, "amber_socket prices"),
        ({"service": "aemo", "kind": "wrong_token"}, "has no tokens"),
        ({"service": "amber", "kind": "html", "count": 0}, "at least 1"),
        ({"service": "amber", "kind": "html", "count": "twice"}, "whole number"),
        ({"service": "amber", "kind": "slow", "seconds": -1}, "at least 0"),
        ({"service": "amber", "kind": "html", "matches": "x"}, "matches"),
    ],
)
def test_impossible_faults_are_explained(data, text):
    with pytest.raises(FaultError, match=text):
        fault_from_json(data)


async def test_faults_over_http(home, amber, serve):
    admin = await serve(admin_service.app(home), None)
    client = await amber(home)
    wanted = {"service": "amber", "kind": "html", "count": "until cleared"}

    response = await admin.post("/faults", json=wanted)

    assert response.status == 200
    assert [item["kind"] for item in await (await admin.get("/faults")).json()] == (
        ["html"]
    )
    assert (await client.get(PRICES)).content_type == "text/html"
    await admin.delete("/faults")
    assert (await client.get(PRICES)).content_type == "application/json"
    refused = await admin.post("/faults", json={"service": "amber", "kind": "plague"})
    assert refused.status == 400
    assert "status_500" in (await refused.json())["message"]
    assert (await admin.post("/faults", data="{")).status == 400


async def test_tokens_over_http(home, amber, tesla, serve):
    admin = await serve(admin_service.app(home), None)
    client = await tesla(home)

    await admin.post("/tokens", json={"service": "tesla", "token": None})
    assert (await client.get(LIVE)).status == 401
    await admin.post("/tokens", json={"service": "tesla", "token": "new"})
    good = await client.get(LIVE, headers={"Authorization": "Bearer new"})
    assert good.status == 200
    assert (await (await amber(home)).get(PRICES)).status == 200
    await admin.delete("/tokens")
    assert (await client.get(LIVE)).status == 200
    for body in (
        {"service": "comed", "token": "x"},
        {},
        [],
        {"service": []},
        {"service": "tesla", "token": 1},
    ):
        assert (await admin.post("/tokens", json=body)).status == 400


async def test_a_hanging_request_does_not_hold_the_server(home):
    fault(home, "tesla", "timeout")
    server = TestServer(home.tesla_app(), shutdown_timeout=0.1)
    async with TestClient(server) as client:
        with pytest.raises(TimeoutError):
            await client.get(LIVE, timeout=NO_PATIENCE)
