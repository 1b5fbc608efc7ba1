"""Amber's WebSocket: handshake, subscription, pushes at their moments."""

import asyncio
from datetime import UTC, datetime, timedelta
import json

import aiohttp
from aiohttp import WSMsgType
import pytest

from custom_components.power_sync.sim.amber_prices import (
    estimate_pushed_at,
    settles_at,
)
from custom_components.power_sync.sim.config import AMBER_TOKEN, AmberSite, HomeConfig
from custom_components.power_sync.sim.faults import Fault, FaultKind, Service
from custom_components.power_sync.sim.home import SimulatedHome
from harness.virtual.loop import run
from harness.virtual.network import MemoryNetwork

SITE = AmberSite()
START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
BEARER = {"Authorization": f"Bearer {AMBER_TOKEN}"}


@pytest.fixture
def home(make_home):
    return make_home(amber_sites=(SITE,))


@pytest.fixture
async def client(home, serve):
    return await serve(home.amber_socket_app(), AMBER_TOKEN)


def subscription(site_id=SITE.site_id):
    return {
        "service": "live-prices",
        "action": "subscribe",
        "data": {"siteId": site_id},
    }


async def subscribed(client, site_id=SITE.site_id):
    socket = await client.ws_connect("/")
    await socket.send_json(subscription(site_id))
    ack = await socket.receive_json(timeout=5)
    assert ack["status"] == 200
    return socket


def fault(home, kind, **more):
    home.faults.add(Fault(service=Service.AMBER_SOCKET, kind=FaultKind(kind), **more))


async def test_messages_have_the_shape_of_captured_ones(home, client, clock, sample):
    captured = sample("amber_ws_message.json")
    assert subscription() == captured["subscribe_request"]
    socket = await client.ws_connect("/")
    await socket.send_json(captured["subscribe_request"])
    assert await socket.receive_json(timeout=5) == captured["subscribe_ack"]

    clock.tick(3.25)
    assert await home.amber_socket.push_prices() == 1

    push = await socket.receive_json(timeout=5)
    like = captured["price_update"]
    assert list(push) == list(like)
    assert push["timestamp"] == "2026-11-20T02:00:03.250Z"
    assert (push["service"], push["action"]) == (like["service"], like["action"])
    assert list(push["data"]) == list(like["data"])
    for row, other in zip(push["data"]["prices"], like["data"]["prices"], strict=True):
        assert list(row) == list(other)
        assert row["channelType"] == other["channelType"]
        assert row["type"] == "CurrentInterval"


async def test_a_push_says_what_the_rest_service_says(home, client, clock, amber):
    rest = await amber(home)
    socket = await subscribed(client)
    for _ in range(4):
        clock.tick(20)
        await home.amber_socket.push_prices()
        pushed = (await socket.receive_json(timeout=5))["data"]["prices"]
        path = f"/v1/sites/{SITE.site_id}/prices/current"
        assert pushed == await (await rest.get(path)).json()
    assert [row["estimate"] for row in pushed] == [False, False]


@pytest.mark.parametrize("token", [None, "another", ""])
async def test_only_with_the_token(home, serve, token):
    client = await serve(home.amber_socket_app(), token)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await client.ws_connect("/")
    assert refused.value.status == 401
    assert home.amber_socket.handshakes == 1


async def test_a_token_that_is_not_accepted_any_more(home, client):
    home.amber.token = None
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await client.ws_connect("/")
    assert refused.value.status == 401


async def test_an_account_that_is_not_enabled(make_home, serve):
    home = make_home(amber_socket=False)
    client = await serve(home.amber_socket_app(), AMBER_TOKEN)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await client.ws_connect("/")
    assert refused.value.status == 403
    home.amber_socket.enabled = True
    await (await client.ws_connect("/")).close()


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("status_403", 403),
        ("status_503", 503),
        ("status_429", 429),
        ("status_429_retry", 429),
        ("wrong_token", 401),
        ("html", 200),
    ],
)
async def test_refused_handshakes(home, client, amber, kind, status):
    fault(home, kind, count=1)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await client.ws_connect("/")
    assert refused.value.status == status
    await (await client.ws_connect("/")).close()
    # The REST service is another.
    fault(home, kind)
    assert (await (await amber(home)).get("/v1/sites")).status == 200


async def test_a_dropped_handshake(home, client):
    fault(home, "drop", count=1)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client.ws_connect("/")


@pytest.mark.parametrize("site_id", ["01J9QK3V6E2ZB8W4S1T0XN7XXX", "P"])
async def test_sites_without_prices(make_home, serve, site_id):
    home = make_home(amber_sites=(SITE, AmberSite(site_id="P", status="pending")))
    client = await serve(home.amber_socket_app(), AMBER_TOKEN)
    socket = await client.ws_connect("/")
    await socket.send_json(subscription(site_id))
    assert (await socket.receive_json(timeout=5))["status"] == 404
    assert await home.amber_socket.push_prices() == 0
    assert home.amber_socket.subscribers == 0


@pytest.mark.parametrize(
    "message",
    ["", "{", "[]", "{}", '{"service":"live-prices","action":"shout","data":{}}'],
)
async def test_other_messages(client, message):
    socket = await client.ws_connect("/")
    await socket.send_str(message)
    answer = await socket.receive_json(timeout=5)
    assert answer == {"type": "error", "message": "Message not understood"}
    await socket.ping()
    await socket.send_json(subscription())
    assert (await socket.receive_json(timeout=5))["status"] == 200


async def test_several_subscribers_and_sites(make_home, serve):
    other = AmberSite(site_id="B", feed_in=False)
    home = make_home(amber_sites=(SITE, other))
    client = await serve(home.amber_socket_app(), AMBER_TOKEN)
    both, one = await subscribed(client), await subscribed(client)
    await both.send_json(subscription("B"))
    await both.receive_json(timeout=5)
    assert home.amber_socket.subscribers == 2

    assert await home.amber_socket.push_prices() == 3
    pushes = [await both.receive_json(timeout=5) for _ in range(2)]
    assert {push["data"]["siteId"] for push in pushes} == {SITE.site_id, "B"}
    assert [len(push["data"]["prices"]) for push in pushes] == [2, 1]
    await one.receive_json(timeout=5)
    await one.close()
    await both.close()
    assert await home.amber_socket.push_prices() == 0


async def test_a_silent_connection(home, client):
    socket = await subscribed(client)
    fault(home, "socket_silent", count=1)
    assert await home.amber_socket.push_prices() == 0
    assert await home.amber_socket.push_prices() == 1
    await socket.receive_json(timeout=5)
    assert len(home.amber_socket.pushed) == 1


async def test_a_connection_that_breaks(home, client):
    socket = await subscribed(client)
    fault(home, "socket_breaks", count=1)
    assert await home.amber_socket.push_prices() == 0
    message = await socket.receive(timeout=5)
    assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.ERROR)
    socket = await subscribed(client)
    assert await home.amber_socket.push_prices() == 1


async def test_answers_go_wrong_at_the_handshake_only(home, client):
    socket = await subscribed(client)
    fault(home, "status_503")
    fault(home, "word_prices", count=1)
    assert await home.amber_socket.push_prices() == 1
    rows = (await socket.receive_json(timeout=5))["data"]["prices"]
    assert [row["perKwh"] for row in rows] == ["n/a", "n/a"]
    fault(home, "no_feed_in", count=1)
    await home.amber_socket.push_prices()
    rows = (await socket.receive_json(timeout=5))["data"]["prices"]
    assert [row["channelType"] for row in rows] == ["general"]


# On a clock that runs


def listened(length, *, minutes=5, speed=1.0, faults=(), after=0):
    """Everything pushed to one subscriber, with the home's time of its arrival.

    The subscriber comes ``after`` so many seconds.
    """
    heard = []

    async def main(loop):
        def clock():
            return START + (loop.now() - START) * speed

        home = SimulatedHome(
            HomeConfig(
                amber_sites=(
                    AmberSite(interval_minutes=minutes),
                    AmberSite(site_id="B"),
                ),
                tesla_sites=(),
                lived_in=timedelta(),
                speed=speed,
                faults=faults,
            ),
            clock,
        )
        network = MemoryNetwork()
        await asyncio.sleep(after)
        await network.serve("api-ws.amber.com.au", home.amber_socket_app())
        async with (
            aiohttp.ClientSession(connector=network.connector()) as session,
            session.ws_connect("wss://api-ws.amber.com.au", headers=BEARER) as socket,
        ):
            await socket.send_json(subscription())
            await socket.receive_json()
            while clock() < START + length:
                wait = (START + length - clock()).total_seconds() / speed
                try:
                    message = await socket.receive(timeout=wait + 0.001)
                except TimeoutError:
                    break
                if message.type is not WSMsgType.TEXT:
                    heard.append((clock(), message.type))
                    break
                heard.append((clock(), json.loads(message.data)["data"]["prices"][0]))
        await network.close()

    run(main, start=START, seed=1)
    return heard


def starts(length):
    return [
        int(START.timestamp()) + 300 * n
        for n in range(int(length.total_seconds() // 300))
    ]


def test_an_estimate_and_a_final_price_for_every_interval():
    length = timedelta(hours=1)
    heard = listened(length)

    due = []
    for start in starts(length):
        due.append((estimate_pushed_at(1, start), True))
        due.append((settles_at(1, start + 300, 5), False))
    due.sort()
    assert [row["estimate"] for _, row in heard] == [estimate for _, estimate in due]
    for (at, row), (moment, _) in zip(heard, due, strict=True):
        assert 0 <= at.timestamp() - moment < 0.2
        end = datetime.fromisoformat(row["endTime"])
        assert end - timedelta(minutes=5) <= at < end


def assert_heard(heard, expected):
    """The same at the same time, but for how long it takes to hear of it."""
    assert [row for _, row in heard] == [row for _, row in expected]
    for (at, _), (moment, _) in zip(heard, expected, strict=True):
        assert abs(at - moment) < timedelta(seconds=0.1)


def test_who_comes_late_waits_for_the_next_price():
    everything = listened(timedelta(minutes=10))
    assert_heard(listened(timedelta(minutes=10), after=200), everything[2:])
    assert_heard(listened(timedelta(minutes=10), after=13), everything[1:])
    # Not even a price that another site has in between makes a difference.
    halves = listened(timedelta(minutes=10), minutes=30)
    assert_heard(listened(timedelta(minutes=10), minutes=30, after=13), halves[1:])


def test_a_site_of_half_hours_has_its_final_price_in_the_last_five_minutes():
    length = timedelta(hours=1)
    heard = listened(length, minutes=30)

    assert len(heard) == 14
    assert [row["estimate"] for _, row in heard] == 2 * [*[True] * 6, False]
    assert {row["duration"] for _, row in heard} == {30}
    assert [at.minute for at, row in heard if not row["estimate"]] == [25, 55]


def test_a_fast_home_pushes_fast():
    ordinary = listened(timedelta(hours=1))
    fast = listened(timedelta(hours=1), speed=60.0)

    assert [row for _, row in fast] == [row for _, row in ordinary]
    for (at, _), (moment, _) in zip(fast, ordinary, strict=True):
        assert abs((at - moment).total_seconds()) < 5


def test_a_connection_that_breaks_when_a_price_is_due():
    breaks = Fault(service=Service.AMBER_SOCKET, kind=FaultKind.SOCKET_BREAKS)
    ((at, kind),) = listened(timedelta(hours=1), faults=(breaks,))
    assert at < START + timedelta(seconds=12)
    assert kind in (WSMsgType.CLOSED, WSMsgType.CLOSE, WSMsgType.ERROR)


def test_a_silent_connection_stays_open():
    silent = Fault(service=Service.AMBER_SOCKET, kind=FaultKind.SOCKET_SILENT, count=3)
    heard = listened(timedelta(minutes=10), faults=(silent,))
    assert [row["estimate"] for _, row in heard] == [False]
