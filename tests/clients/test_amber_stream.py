"""Prices that Amber pushes, and everything that can happen to the connection."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
import json
import logging
from typing import Any

import aiohttp
from aiohttp import WSCloseCode, web
from aiohttp.test_utils import TestServer
from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.clients import amber_stream
from custom_components.power_sync.clients.amber_stream import AmberStream
from custom_components.power_sync.clients.amber_wire import parse_update
from custom_components.power_sync.clients.errors import AuthError, InvalidDataError
from custom_components.power_sync.clients.protocols import PriceUpdate, StreamState
from custom_components.power_sync.core.model.prices import Channel
from harness.virtual.loop import VirtualLoop, run
from harness.virtual.network import MemoryNetwork

from .support import ANY_JSON, SITE_ID, TOKEN, assert_discreet, parent_of, paths, stored

CHANNELS = frozenset({Channel.IMPORT, Channel.EXPORT})
CONNECTING, LIVE = StreamState.CONNECTING, StreamState.LIVE
NOT_OFFERED = StreamState.NOT_OFFERED
BEGIN = datetime(2026, 11, 22, 1, 20, tzinfo=UTC)
"""The beginning of the interval that the stored push speaks of."""
FOREVER = 10.0**6

type Script = Callable[[web.WebSocketResponse], Awaitable[None]]


def push(
    cents: float = 3.40489,
    *,
    second: float = 0,
    site_id: str = SITE_ID,
    interval: int = 0,
) -> dict[str, Any]:
    """Return a push of the import price, sent so long after the stored one."""
    message: dict[str, Any] = stored("amber_ws_message")["price_update"]
    sent = datetime.fromisoformat(message["timestamp"]) + timedelta(seconds=second)
    message["timestamp"] = sent.isoformat()
    message["data"]["siteId"] = site_id
    row, _ = message["data"]["prices"]
    end = datetime.fromisoformat(row["endTime"]) + timedelta(minutes=5 * interval)
    row |= {"perKwh": cents, "endTime": end.isoformat()}
    message["data"]["prices"] = [row]
    return message


def ack(status: Any = 200) -> dict[str, Any]:
    message: dict[str, Any] = stored("amber_ws_message")["subscribe_ack"]
    return {**message, "status": status}


async def stay(_: web.WebSocketResponse) -> None:
    """Say nothing and keep the connection until the client leaves."""
    await asyncio.sleep(FOREVER)


def say(*messages: Any, then: Script = stay) -> Script:
    """Return a script that sends messages and goes on with another one."""

    async def script(socket: web.WebSocketResponse) -> None:
        for message in messages:
            if isinstance(message, str):
                await socket.send_str(message)
            elif isinstance(message, bytes):
                await socket.send_bytes(message)
            else:
                await socket.send_json(message)
        await then(socket)

    return script


async def leave(socket: web.WebSocketResponse) -> None:
    """Close the connection properly."""
    await socket.close(code=WSCloseCode.GOING_AWAY)


@dataclass
class Pusher:
    """A service that treats each connection as the next of its scripts says.

    A number in place of a script is the status of a refused handshake. The last one
    counts for all that follow.
    """

    scripts: list[Script | int] = field(default_factory=lambda: [stay])
    requests: list[web.Request] = field(default_factory=list)
    at: list[datetime] = field(default_factory=list)
    subscriptions: list[Any] = field(default_factory=list)
    open: int = 0
    """How many connections there are now."""
    left: asyncio.Event = field(default_factory=asyncio.Event)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        script = self.scripts[min(len(self.requests), len(self.scripts) - 1)]
        self.requests.append(request)
        self.at.append(datetime.now(UTC))
        if isinstance(script, int):
            return web.Response(status=script, text=f"no stream for {SITE_ID}")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        try:
            self.subscriptions.append(await socket.receive_json())
        except TypeError:
            # Hung up already.
            return socket
        playing = asyncio.create_task(self._play(script, socket))
        self.open += 1
        try:
            # Answers pings, too, and sees the client leave.
            with suppress(ConnectionError):
                async for _ in socket:
                    pass
        finally:
            self.open -= 1
            playing.cancel()
            self.left.set()
        return socket

    async def _play(self, script: Script, socket: web.WebSocketResponse) -> None:
        with suppress(ConnectionError):
            await script(socket)


@dataclass
class Listener:
    """Runs a stream and keeps what it says."""

    stream: AmberStream
    updates: list[PriceUpdate] = field(default_factory=list)
    states: list[StreamState] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        await self.stream.run(self._on_update, self._on_state)

    def _on_update(self, update: PriceUpdate) -> None:
        self.updates.append(update)
        self._news.set()

    def _on_state(self, state: StreamState) -> None:
        self.states.append(state)
        self._news.set()

    async def until(self, condition: Callable[[], object]) -> None:
        while not condition():
            self._news.clear()
            await self._news.wait()

    @property
    def cents(self) -> list[float]:
        return [round(update[Channel.IMPORT].price * 100, 6) for update in self.updates]


@pytest.fixture
async def pusher() -> Pusher:
    return Pusher()


@pytest.fixture
async def listener(
    session: aiohttp.ClientSession, pusher: Pusher
) -> AsyncIterator[Listener]:
    server = TestServer(pusher.app())
    await server.start_server()
    yield Listener(
        AmberStream(session, TOKEN, SITE_ID, CHANNELS, str(server.make_url("/")))
    )
    await server.close()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no pause last."""
    monkeypatch.setattr(amber_stream, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(amber_stream, "LONGEST_PAUSE", 0.001)


@asynccontextmanager
async def listening(listener: Listener) -> AsyncIterator[asyncio.Task[None]]:
    """Run a stream meanwhile, and make sure that it can be stopped."""
    task = asyncio.create_task(listener.run())
    try:
        yield task
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def in_virtual_time(
    pusher: Pusher, test: Callable[[Listener, VirtualLoop], Coroutine[Any, Any, None]]
) -> Listener:
    """Run a stream and a test beside it, in which hours take no time."""

    async def main(loop: VirtualLoop) -> Listener:
        network = MemoryNetwork()
        await network.serve("api-ws.amber.com.au", pusher.app())
        async with aiohttp.ClientSession(connector=network.connector()) as session:
            listener = Listener(AmberStream(session, TOKEN, SITE_ID, CHANNELS))
            async with listening(listener):
                await test(listener, loop)
        await network.close()
        return listener

    return run(main, start=BEGIN, seed=0, longest=timedelta(days=20))


def seconds(moments: list[datetime]) -> list[int]:
    return [round((moment - BEGIN).total_seconds()) for moment in moments]


def waiting(duration: float) -> Callable[[Listener, VirtualLoop], Any]:
    """Return a test that only lets time pass."""

    async def test(listener: Listener, loop: VirtualLoop) -> None:
        await asyncio.sleep(duration)

    return test


# covers P-03
async def test_subscribes_and_delivers(pusher: Pusher, listener: Listener) -> None:
    message = stored("amber_ws_message")["price_update"]
    message["data"]["siteId"] = SITE_ID
    pusher.scripts = [say(ack(), message)]

    async with listening(listener):
        await listener.until(lambda: listener.updates)

    assert listener.updates == [parse_update(message["data"]["prices"], CHANNELS)]
    assert set(listener.updates[0]) == CHANNELS
    assert listener.states == [CONNECTING, LIVE]
    [request] = pusher.requests
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    expected = stored("amber_ws_message")["subscribe_request"]
    expected["data"]["siteId"] = SITE_ID
    assert pusher.subscriptions == [expected]


@pytest.mark.parametrize(
    "answer", [ack(), {"type": "subscription-success"}, push(), json.dumps(ack())]
)
async def test_any_sign_of_life_is_live(
    pusher: Pusher, listener: Listener, answer: Any
) -> None:
    pusher.scripts = [say(answer)]

    async with listening(listener):
        await listener.until(lambda: LIVE in listener.states)


async def test_bytes_are_read_like_text(pusher: Pusher, listener: Listener) -> None:
    pusher.scripts = [say(json.dumps(push(2)).encode())]

    async with listening(listener):
        await listener.until(lambda: listener.updates)

    assert listener.cents == [2]


async def test_import_is_always_billed(
    session: aiohttp.ClientSession, pusher: Pusher, listener: Listener
) -> None:
    pusher.scripts = [say(push(2))]
    listener.stream = AmberStream(
        session, TOKEN, SITE_ID, frozenset(), listener.stream._url
    )

    async with listening(listener):
        await listener.until(lambda: listener.updates)


async def test_account_without_pushes_is_left_alone(
    pusher: Pusher, listener: Listener
) -> None:
    pusher.scripts = [403]

    await listener.run()

    assert listener.states == [CONNECTING, NOT_OFFERED]
    assert len(pusher.requests) == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_subscription_that_is_forbidden_is_left_alone(
    pusher: Pusher, listener: Listener, status: int
) -> None:
    pusher.scripts = [say(ack(status))]

    await listener.run()

    assert listener.states == [CONNECTING, NOT_OFFERED]
    assert len(pusher.requests) == 1


async def test_wrong_key(pusher: Pusher, listener: Listener) -> None:
    pusher.scripts = [401]

    with pytest.raises(AuthError, match="401") as caught:
        await listener.run()
    assert_discreet(caught.value)
    assert len(pusher.requests) == 1


@pytest.mark.parametrize("token", ["", "  ", f"{TOKEN}\nX: y", f"{TOKEN}\0", "\ud800"])
async def test_key_that_cannot_be_one_is_not_sent(
    session: aiohttp.ClientSession, pusher: Pusher, listener: Listener, token: str
) -> None:
    listener.stream = AmberStream(
        session, token, SITE_ID, CHANNELS, listener.stream._url
    )

    with pytest.raises(AuthError) as caught:
        await listener.run()
    assert_discreet(caught.value)
    assert pusher.requests == []


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("status", [200, 304, 400, 404, 429, 500, 502])
async def test_other_refusals_of_the_handshake_are_survived(
    pusher: Pusher, listener: Listener, status: int
) -> None:
    pusher.scripts = [*[status] * 5, say(push())]

    async with listening(listener):
        await listener.until(lambda: listener.updates)

    assert listener.states == [CONNECTING, LIVE]


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    "answer",
    [
        ack(429),
        ack(500),
        ack(None),
        ack([200]),
        ack("200"),
        {"action": "subscribe"},
        {"type": "error", "message": SITE_ID},
    ],
)
async def test_subscription_that_fails_is_tried_again(
    pusher: Pusher, listener: Listener, answer: Any
) -> None:
    pusher.scripts = [say(answer), say(answer), say(push())]

    async with listening(listener):
        await listener.until(lambda: listener.updates)

    assert len(pusher.requests) == 3
    assert listener.states == [CONNECTING, LIVE]


@pytest.mark.parametrize(
    "noise",
    [
        {"type": "error", "message": "?"},
        {"type": "ping"},
        {"action": "unsubscribe", "status": 500},
        "ping",
        "[" * 100_000,
        "[]",
        "null",
        b"\xff",
        {},
        {"action": "price-update"},
        {"action": ["price-update"], "type": {}},
    ],
)
async def test_noise_is_ignored(pusher: Pusher, listener: Listener, noise: Any) -> None:
    pusher.scripts = [say(ack(), noise, push(7))]

    async with listening(listener):
        await listener.until(lambda: listener.updates)

    assert listener.cents == [7]
    assert listener.states == [CONNECTING, LIVE]
    assert len(pusher.requests) == 1


async def test_prices_without_an_answer_to_the_subscription_count_as_one(
    pusher: Pusher, listener: Listener
) -> None:
    pusher.scripts = [say(push(1), {"type": "error"}, push(2))]

    async with listening(listener):
        await listener.until(lambda: 2 in listener.cents)

    assert len(pusher.requests) == 1


async def test_other_sites_prices_are_ignored(
    pusher: Pusher, listener: Listener
) -> None:
    pusher.scripts = [say(push(1, site_id="01OTHER"), push(2))]

    async with listening(listener):
        await listener.until(lambda: listener.updates)

    assert listener.cents == [2]


async def test_another_sites_timestamp_does_not_count(
    pusher: Pusher, listener: Listener
) -> None:
    pusher.scripts = [say(push(1, site_id="01OTHER", second=100), push(2))]

    async with listening(listener):
        await listener.until(lambda: listener.updates)


async def test_only_the_newest_prices_count(pusher: Pusher, listener: Listener) -> None:
    pusher.scripts = [
        say(
            push(1, second=5),
            push(2, second=4.999),
            push(3, second=5),
            push(4, second=-300),
            push(5, second=6),
        )
    ]

    async with listening(listener):
        await listener.until(lambda: 5 in listener.cents)

    assert listener.cents == [1, 3, 5]


@pytest.mark.usefixtures("hasty")
async def test_senseless_timestamp_lasts_no_longer_than_its_connection(
    pusher: Pusher, listener: Listener
) -> None:
    far = push(1, second=10**9)
    pusher.scripts = [say(far, push(2), then=leave), say(push(3))]

    async with listening(listener):
        await listener.until(lambda: 3 in listener.cents)

    assert listener.cents == [1, 3]
    assert listener.states == [CONNECTING, LIVE, CONNECTING, LIVE]


async def test_push_without_a_price_of_ours_is_none(
    pusher: Pusher, listener: Listener
) -> None:
    empty = push(second=100)
    empty["data"]["prices"] = []
    pusher.scripts = [say(empty, push(2))]

    async with listening(listener):
        await listener.until(lambda: listener.updates)

    assert listener.cents == [2]


async def test_broken_push_is_dropped_and_mentioned_once(
    pusher: Pusher, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger=amber_stream.__name__)
    broken = push()
    broken["data"]["prices"][0]["perKwh"] = f"{TOKEN} {SITE_ID}"
    pusher.scripts = [say(broken, broken, push(2))]

    async with listening(listener):
        await listener.until(lambda: listener.updates)

    [record] = caplog.records
    assert "row 0 perKwh" in record.getMessage()
    assert TOKEN not in caplog.text
    assert SITE_ID not in caplog.text


@pytest.mark.usefixtures("hasty")
async def test_dropped_connection_is_replaced(
    pusher: Pusher, listener: Listener
) -> None:
    async def cut(socket: web.WebSocketResponse) -> None:
        assert socket._req is not None
        assert socket._req.transport is not None
        socket._req.transport.abort()

    async def babble(socket: web.WebSocketResponse) -> None:
        assert socket._req is not None
        assert socket._req.transport is not None
        socket._req.transport.write(b"\xff\xff\xff\xff no frame")

    pusher.scripts = [say(push(1), then=cut), say(push(2), then=babble), say(push(3))]

    async with listening(listener):
        await listener.until(lambda: 3 in listener.cents)

    assert listener.cents == [1, 2, 3]
    assert listener.states == [CONNECTING, LIVE] * 3


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("url", ["http://:port", "ws://127.0.0.1:1/"])
async def test_nobody_there_is_survived(
    session: aiohttp.ClientSession, url: str
) -> None:
    listener = Listener(AmberStream(session, TOKEN, SITE_ID, CHANNELS, url))

    async with listening(listener) as task:
        await asyncio.wait([task], timeout=0.05)
        assert not task.done()

    assert listener.states == [CONNECTING]


@pytest.mark.usefixtures("hasty")
async def test_connection_that_breaks_while_subscribing_is_replaced(
    pusher: Pusher, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = aiohttp.ClientWebSocketResponse.send_json
    errors = [aiohttp.ClientConnectionResetError("gone"), BrokenPipeError("gone")]

    async def break_first(socket: Any, data: Any) -> None:
        if errors:
            raise errors.pop()
        await send(socket, data)

    monkeypatch.setattr(aiohttp.ClientWebSocketResponse, "send_json", break_first)
    pusher.scripts = [stay, stay, say(push())]

    async with listening(listener):
        await listener.until(lambda: listener.updates)

    assert len(pusher.requests) == 3


async def test_leaving_says_goodbye(pusher: Pusher, listener: Listener) -> None:
    pusher.scripts = [say(push())]

    async with listening(listener):
        await listener.until(lambda: listener.updates)
    await pusher.left.wait()


async def test_repr_is_discreet(listener: Listener) -> None:
    for secret in (TOKEN, SITE_ID):
        assert secret not in repr(listener.stream)


# In virtual time


def test_stays_connected_while_prices_come() -> None:
    async def every_five_minutes(socket: web.WebSocketResponse) -> None:
        for number in range(300):
            await socket.send_json(push(number, second=300 * number))
            await asyncio.sleep(300)

    pusher = Pusher([say(ack(), then=every_five_minutes)])
    listener = in_virtual_time(pusher, waiting(86_000))

    assert len(pusher.requests) == 1
    assert len(listener.updates) == 287
    assert listener.states == [CONNECTING, LIVE]


@pytest.mark.parametrize(
    "chatter",
    [
        {"type": "keep-alive"},
        push(1, site_id="01OTHER"),
        # Older than the price before it.
        push(1, second=-1),
    ],
)
def test_silence_about_prices_is_no_good_connection(chatter: dict[str, Any]) -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        while True:
            await socket.send_json(chatter)
            await asyncio.sleep(100)

    pusher = Pusher([say(ack(), push(), then=talk)])

    async def test(listener: Listener, loop: VirtualLoop) -> None:
        await asyncio.sleep(362)
        assert pusher.open == 0
        await asyncio.sleep(840)
        assert pusher.open == 1

    listener = in_virtual_time(pusher, test)

    # 360 s of patience and a pause of 5 s that never grows.
    assert seconds(pusher.at) == [0, 365, 730, 1095]
    assert listener.states == [CONNECTING, LIVE] * 4


def test_connection_without_a_word_is_replaced() -> None:
    pusher = Pusher([stay])
    listener = in_virtual_time(pusher, waiting(1200))

    assert seconds(pusher.at) == [0, 365, 730, 1095]
    assert listener.states == [CONNECTING]


def test_peer_that_does_not_answer_pings_is_given_up() -> None:
    pusher = Pusher()

    async def deaf(request: web.Request) -> web.StreamResponse:
        pusher.at.append(datetime.now(UTC))
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        async for _ in socket:
            pass
        return socket

    pusher._handle = deaf  # type: ignore[method-assign]
    in_virtual_time(pusher, waiting(55))

    # Pinged after 30 s, given up 15 s later.
    assert seconds(pusher.at) == [0, 50]


def test_back_off_doubles_to_a_minute_and_begins_anew() -> None:
    async def two_minutes(socket: web.WebSocketResponse) -> None:
        await asyncio.sleep(120)
        await socket.close()

    pusher = Pusher([*[500] * 6, two_minutes, 500, 500, stay])
    in_virtual_time(pusher, waiting(700))

    tries = seconds(pusher.at)
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert pauses[:9] == [5, 10, 20, 40, 60, 60, 120 + 5, 10, 20]


def test_connection_that_ends_before_the_subscription_is_replaced() -> None:
    pusher = Pusher()

    async def rude(request: web.Request) -> web.StreamResponse:
        pusher.at.append(datetime.now(UTC))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        assert request.transport is not None
        request.transport.abort()
        return socket

    pusher._handle = rude  # type: ignore[method-assign]
    in_virtual_time(pusher, waiting(12))

    assert seconds(pusher.at) == [0, 5]


def test_handshake_that_hangs_is_given_up() -> None:
    pusher = Pusher()

    async def hang(request: web.Request) -> web.StreamResponse:
        pusher.at.append(datetime.now(UTC))
        await asyncio.sleep(FOREVER)
        return web.Response()

    pusher._handle = hang  # type: ignore[method-assign]
    in_virtual_time(pusher, waiting(50))

    assert seconds(pusher.at) == [0, 20, 45]


# covers P-03
def test_after_three_early_drops_it_looks_in_once_per_interval() -> None:
    pusher = Pusher()

    async def late(socket: web.WebSocketResponse) -> None:
        await asyncio.sleep(15)
        interval = len(pusher.at) - 3
        await socket.send_json(push(interval, second=300 * interval, interval=interval))
        await stay(socket)

    pusher.scripts = [
        leave,
        say(push(second=-9), then=leave),
        leave,
        say(ack(), then=late),
    ]

    async def test(listener: Listener, loop: VirtualLoop) -> None:
        await asyncio.sleep(320)
        assert pusher.open == 1
        await asyncio.sleep(10)
        assert pusher.open == 0
        await asyncio.sleep(1170)

    listener = in_virtual_time(pusher, test)

    # Three tries, 5 and 10 s apart; then 10 s into each interval.
    assert seconds(pusher.at) == [0, 5, 15, 310, 610, 910, 1210]
    assert listener.cents[1:] == [1, 2, 3, 4]
    # Between two looks it is not disconnected in any way that matters.
    assert listener.states == [CONNECTING, LIVE, CONNECTING, LIVE]


def test_a_look_is_over_after_a_minute() -> None:
    left: list[datetime] = []

    async def old_price(socket: web.WebSocketResponse) -> None:
        try:
            # Of the interval before: something, but not what is waited for.
            await socket.send_json(push(second=-100, interval=-1))
            await asyncio.sleep(50)
            await socket.send_json(push(second=-99, interval=-1))
            await stay(socket)
        finally:
            left.append(datetime.now(UTC))

    pusher = Pusher([leave, leave, leave, old_price])
    listener = in_virtual_time(pusher, waiting(700))

    assert seconds(pusher.at) == [0, 5, 15, 310, 610]
    assert seconds(left) == [370, 670]
    assert listener.states == [CONNECTING, LIVE, CONNECTING, LIVE, CONNECTING]


def test_looks_go_on_whatever_happens() -> None:
    async def cut(socket: web.WebSocketResponse) -> None:
        assert socket._req is not None
        assert socket._req.transport is not None
        socket._req.transport.abort()

    def price(interval: int) -> Script:
        return say(push(interval, second=300 * interval, interval=interval))

    pusher = Pusher(
        [
            *[leave] * 3,
            *(price(1), 500, price(3), cut, price(5), say(ack(429)), price(7)),
        ]
    )
    listener = in_virtual_time(pusher, waiting(2200))

    assert seconds(pusher.at)[3:] == [310, 610, 910, 1210, 1510, 1810, 2110]
    assert listener.cents == [1, 3, 5, 7]
    assert listener.states == [*[CONNECTING, LIVE] * 4]


def test_looks_end_where_the_account_has_no_pushes_any_more() -> None:
    pusher = Pusher([leave, leave, leave, 403])

    async def main(loop: VirtualLoop) -> Listener:
        network = MemoryNetwork()
        await network.serve("api-ws.amber.com.au", pusher.app())
        async with aiohttp.ClientSession(connector=network.connector()) as session:
            listener = Listener(AmberStream(session, TOKEN, SITE_ID, CHANNELS))
            await listener.run()
        await network.close()
        return listener

    listener = run(main, start=BEGIN, seed=0)

    assert listener.states == [CONNECTING, NOT_OFFERED]


def test_drops_that_are_not_early_or_not_in_a_row_do_not_count() -> None:
    async def a_minute(socket: web.WebSocketResponse) -> None:
        await asyncio.sleep(60)
        await socket.close()

    pusher = Pusher([leave, leave, a_minute, leave, 500, leave, a_minute, stay])
    in_virtual_time(pusher, waiting(400))

    tries = seconds(pusher.at)
    # 5 and 10 s, then each minute sets the pause back to 5 s.
    assert tries == [0, 5, 15, 80, 85 + 5, 110, 150, 215]


@pytest.mark.parametrize("moment", [0, 3, 20, 200, 311, 340])
@pytest.mark.parametrize("steps", range(12))
def test_it_can_be_stopped_at_any_moment(moment: float, steps: int) -> None:
    pusher = Pusher([leave, 500, leave, leave, stay])

    async def test(listener: Listener, loop: VirtualLoop) -> None:
        await asyncio.sleep(moment)
        for _ in range(steps):
            await asyncio.sleep(0)

    # Stopped by what surrounds it, which also checks that it is.
    in_virtual_time(pusher, test)


# Bad input

MESSAGE = stored("amber_ws_message")["price_update"]
MESSAGE["data"]["siteId"] = SITE_ID
EXPECTED = parse_update(MESSAGE["data"]["prices"], CHANNELS)


def hear(message: Any) -> PriceUpdate | None:
    """Return what becomes of one message; nothing may be raised."""
    heard: list[PriceUpdate] = []
    ear = amber_stream._Ear(SITE_ID, CHANNELS, heard.append, lambda _: None)
    said = ear.hear(json.dumps(message).encode())
    assert heard == ([] if said is None else [said])
    return said


@given(st.sampled_from(paths(MESSAGE)), st.none() | ANY_JSON, st.booleans())
def test_any_value_in_any_place(path: tuple[Any, ...], value: Any, gone: bool) -> None:
    message = deepcopy(MESSAGE)
    parent = parent_of(message, path)
    if gone:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value

    update = hear(message)

    if update is None:
        return
    # What is delivered is the true price, unless the price itself is another number.
    for channel, point in update.items():
        expected = EXPECTED[channel]
        assert (point.start, point.end) == (expected.start, expected.end)
        if path[-1] == "perKwh" and point.price != expected.price:
            assert abs(point.price) == pytest.approx(abs(value) / 100)
        elif not gone and path[-1] in {"siteId", "action", "service", "timestamp"}:
            assert point == expected


@given(ANY_JSON)
def test_any_message(message: Any) -> None:
    with suppress(amber_stream._RefusedError):
        assert hear(message) is None


@pytest.mark.parametrize("path", [("timestamp",), ("data",), ("data", "siteId")])
def test_what_a_push_cannot_do_without(path: tuple[str, ...]) -> None:
    message = deepcopy(MESSAGE)
    del parent_of(message, path)[path[-1]]

    assert hear(message) is None


def test_order_of_rows_does_not_matter() -> None:
    message = deepcopy(MESSAGE)
    message["data"]["prices"].reverse()

    assert hear(message) == EXPECTED
    with pytest.raises(InvalidDataError):
        parse_update(message["data"], CHANNELS)
