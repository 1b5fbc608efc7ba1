"""What Teslemetry pushes, and everything that can happen to the connection."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
import json
import logging
from typing import Any, cast

import aiohttp
from aiohttp import web
from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.clients.errors import AuthError
from custom_components.power_sync.clients.protocols import StreamState
from custom_components.power_sync.clients.tesla.parse import (
    parse_live_status,
    parse_site_info,
)
from custom_components.power_sync.clients.tesla.stream import (
    PushedSettings,
    PushedTariff,
    TeslemetrySiteStream,
    site_stream,
)
from custom_components.power_sync.clients.tesla.teslemetry import BASE_URL
from custom_components.power_sync.core.model.powerwall import LiveStatus
from harness.virtual.loop import VirtualLoop, run
from harness.virtual.network import MemoryNetwork

from .support import ANY_JSON, ENERGY_SITE_ID, TOKEN, assert_discreet, stored

CONNECTING, LIVE = StreamState.CONNECTING, StreamState.LIVE
BEGIN = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
CREATED = datetime(2026, 11, 20, 0, 15, 30, 250_000, tzinfo=UTC)
SILENCE = 30
"""Seconds without a byte after which a connection counts as dead."""
FOREVER = 10.0**6

type Script = Callable[[web.StreamResponse], Coroutine[Any, Any, None]]


def event(**document: Any) -> dict[str, Any]:
    """Return an event as the service sends it."""
    return {
        "createdAt": "2026-11-20T00:15:30.250Z",
        "site_id": str(ENERGY_SITE_ID),
        **document,
    }


def live(power: float = 4200.0, **envelope: Any) -> dict[str, Any]:
    document = stored("tesla_live_status")["response"] | {"solar_power": power}
    return event(live_status=document, **envelope)


def site_document() -> dict[str, Any]:
    """Return a site_info as it is pushed: without any tariff."""
    document: dict[str, Any] = stored("tesla_site_info")["response"]
    del document["tariff_content_v2"]
    document.pop("tariff_content", None)
    return document


def tariff_document() -> Any:
    return stored("tesla_site_info")["response"]["tariff_content_v2"]


async def stay(_: web.StreamResponse) -> None:
    """Say nothing and keep the connection until the client leaves."""
    await asyncio.sleep(FOREVER)


async def leave(_: web.StreamResponse) -> None:
    """End the answer properly."""


async def keep_alive(response: web.StreamResponse) -> None:
    """Keep the connection alive without saying anything."""
    while True:
        await asyncio.sleep(20)
        await response.write(b": ping\n\n")


def say(*messages: Any, then: Script = stay) -> Script:
    """Return a script that sends events or bytes and goes on with another one."""

    async def script(response: web.StreamResponse) -> None:
        for message in messages:
            data = (
                message
                if isinstance(message, bytes)
                else b"event: x\ndata: " + json.dumps(message).encode() + b"\n\n"
            )
            await response.write(data)
        await then(response)

    return script


@dataclass
class Pusher:
    """A service that treats each connection as the next of its scripts says.

    A number in place of a script is the status of a refusal. The last one counts for
    all that follow.
    """

    scripts: list[Script | int]
    requests: list[web.Request] = field(default_factory=list)
    at: list[datetime] = field(default_factory=list)
    open: int = 0
    """How many connections there are now."""

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        script = self.scripts[min(len(self.requests), len(self.scripts) - 1)]
        self.requests.append(request)
        self.at.append(datetime.now(UTC))
        if isinstance(script, int):
            return web.Response(status=script, text=f"no stream for {TOKEN}")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        self.open += 1
        leaving = asyncio.create_task(script(response))
        try:
            with suppress(ConnectionError):
                while not leaving.done() and request.transport is not None:
                    await asyncio.wait({leaving}, timeout=1)
        finally:
            self.open -= 1
            leaving.cancel()
        return response

    @property
    def pauses(self) -> list[int]:
        """Return the whole seconds between connections."""
        return [round((b - a).total_seconds()) for a, b in pairwise(self.at)]


class Door:
    """A session that asks without an odd habit of the library.

    It ends its questions with an empty chunk, which the simulated server takes for
    the next question and refuses.
    """

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def get(
        self, url: str, *, chunked: bool, **options: Any
    ) -> aiohttp.ClientResponse:
        return await self._session.get(url, **options)


def through(session: aiohttp.ClientSession) -> aiohttp.ClientSession:
    return cast("aiohttp.ClientSession", Door(session))


@dataclass
class Listener:
    """Keeps what a stream says."""

    updates: list[Any] = field(default_factory=list)
    states: list[StreamState] = field(default_factory=list)
    error: AuthError | None = None

    @property
    def powers(self) -> list[float | None]:
        return [u.solar_power for u in self.updates if isinstance(u, LiveStatus)]


def listen(pusher: Pusher, seconds: float, token: str = TOKEN) -> Listener:
    """Run a stream for a while, in which hours take no time."""

    async def main(loop: VirtualLoop) -> Listener:
        network = MemoryNetwork()
        await network.serve("api.teslemetry.com", pusher.app())
        listener = Listener()
        async with aiohttp.ClientSession(connector=network.connector()) as session:
            stream = site_stream(through(session), token, ENERGY_SITE_ID, BASE_URL)
            assert stream is not None
            task = asyncio.create_task(
                stream.run(listener.updates.append, listener.states.append)
            )
            await asyncio.wait({task}, timeout=seconds)
            if task.done():
                with pytest.raises(AuthError) as caught:
                    await task
                listener.error = caught.value
            else:
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            await asyncio.sleep(5)
            assert pusher.open == 0, "a connection is left open"
        await network.close()
        return listener

    return run(main, start=BEGIN, seed=0, longest=timedelta(days=20))


# What is asked and understood


# covers B-01
def test_asks_for_what_it_understands() -> None:
    pusher = Pusher([stay])
    listener = listen(pusher, 10)
    (request,) = pusher.requests
    assert request.path == "/sse"
    assert request.query == {"topics": "live_status,site_info,tariff_content_v2"}
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert listener.states == [CONNECTING], "nothing has come yet"


# covers B-02
def test_live_documents_become_what_polls_give() -> None:
    listener = listen(Pusher([say(live())]), 10)
    assert listener.updates == [parse_live_status(stored("tesla_live_status"))]
    assert listener.states == [CONNECTING, LIVE]


def test_settings_come_with_their_time_and_without_a_tariff() -> None:
    listener = listen(Pusher([say(event(site_info=site_document()))]), 10)
    whole = parse_site_info(stored("tesla_site_info"))
    assert whole.tariff is not None
    assert listener.updates == [
        PushedSettings(at=CREATED, info=replace(whole, tariff=None))
    ]


def test_a_tariff_comes_apart() -> None:
    listener = listen(Pusher([say(event(tariff_content_v2=tariff_document()))]), 10)
    whole = parse_site_info(stored("tesla_site_info"))
    assert listener.updates == [PushedTariff(at=CREATED, tariff=whole.tariff)]


@pytest.mark.parametrize("nothing", [None, {}])
def test_a_cleared_tariff(nothing: Any) -> None:
    listener = listen(Pusher([say(event(tariff_content_v2=nothing))]), 10)
    assert listener.updates == [PushedTariff(at=CREATED, tariff=None)]


def test_what_was_cached_comes_with_its_own_time() -> None:
    old = event(site_info=site_document()) | {
        "createdAt": "2026-11-19T12:00:00.000Z",
        "isCache": True,
    }
    listener = listen(Pusher([say(old, live(isCache=True), live(10.0))]), 10)
    settings, *_ = listener.updates
    assert settings.at == datetime(2026, 11, 19, 12, tzinfo=UTC)
    assert listener.powers == [4200, 10]


def test_a_site_may_be_a_number() -> None:
    listener = listen(Pusher([say(live(site_id=ENERGY_SITE_ID))]), 10)
    assert listener.powers == [4200]


def test_other_sites_are_none_of_our_business() -> None:
    other = live(site_id=str(ENERGY_SITE_ID + 1))
    listener = listen(Pusher([say(other, live(vin="5YJ", site_id=None))]), 10)
    assert listener.updates == []
    assert listener.states == [CONNECTING]


def test_events_of_no_document_are_no_sign_of_life() -> None:
    listener = listen(Pusher([say(event(credits={"balance": 3}))]), 10)
    assert listener.states == [CONNECTING]


BAD: list[Any] = [
    event(live_status=None),
    event(live_status={}),
    live() | {"live_status": {"timestamp": "soon"}},
    event(site_info=[]),
    event(site_info=site_document()) | {"createdAt": None},
    event(site_info=site_document()) | {"createdAt": "2026-11-20T00:15:30"},
    event(tariff_content_v2="none"),
    event(tariff_content_v2={"seasons": 3}),
    [],
    "text",
    3,
    None,
]


@pytest.mark.parametrize("bad", BAD)
def test_bad_documents_are_left_out(bad: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "custom_components.power_sync")
    pusher = Pusher([say(bad, live())])
    listener = listen(pusher, 10)
    assert listener.powers == [4200]
    assert len(listener.updates) == 1
    assert len(pusher.requests) == 1, "the connection is kept"
    (record,) = caplog.records
    assert record.levelno == logging.DEBUG
    assert "cannot be understood" in record.message
    assert str(ENERGY_SITE_ID) not in caplog.text


@given(
    st.lists(
        ANY_JSON
        | st.dictionaries(
            st.sampled_from(["live_status", "site_info", "tariff_content_v2"]),
            ANY_JSON,
        ).map(lambda documents: event(**documents))
    )
)
def test_no_document_ends_it(events: list[Any]) -> None:
    pusher = Pusher([say(*events, live(1.5))])
    assert listen(pusher, 10).powers[-1:] == [1.5]
    assert len(pusher.requests) == 1


# Connections that fail


GARBAGE = {
    "broken": b"data: {\n\n",
    "empty": b"data: \n\n",
    "no text": b"data: \xff\xfe\n\n",
    "deep": b"data: " + b"[" * 100_000 + b"\n\n",
    "endless": b"data: " + b"x" * 10**6 + b"\n\n",
    "a page": b"<html>Please log in</html>",
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_survived(garbage: bytes) -> None:
    pusher = Pusher([say(garbage, then=leave), say(live())])
    listener = listen(pusher, 20)
    assert listener.powers == [4200]
    assert listener.states == [CONNECTING, LIVE]


def test_connects_again_after_a_proper_end() -> None:
    pusher = Pusher([say(live(1.0), then=leave), say(live(2.0))])
    listener = listen(pusher, 20)
    assert listener.powers == [1, 2]
    assert listener.states == [CONNECTING, LIVE, CONNECTING, LIVE]


async def hang_up(response: web.StreamResponse) -> None:
    """Let the connection break in the middle of the answer."""
    await asyncio.sleep(1)
    request = response._req
    assert request is not None
    assert request.transport is not None
    request.transport.close()


def test_connects_again_after_a_break() -> None:
    pusher = Pusher([say(live(1.0), then=hang_up), say(live(2.0))])
    listener = listen(pusher, 20)
    assert listener.powers == [1, 2]
    assert listener.states == [CONNECTING, LIVE, CONNECTING, LIVE]


@pytest.mark.parametrize("trouble", [402, 404, 429, 500, 503, leave])
def test_waits_longer_and_longer(trouble: Script | int) -> None:
    """A service that always ends a connection at once is not hammered."""
    pusher = Pusher([trouble])
    listener = listen(pusher, 4000)
    assert pusher.pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600, 600]
    assert listener.states == [CONNECTING]


def test_a_connection_that_lasted_is_made_again_soon() -> None:
    async def for_a_while(response: web.StreamResponse) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(90):
                await keep_alive(response)

    pusher = Pusher([500, 500, 500, 500, for_a_while, 500, stay])
    listen(pusher, 140)
    assert pusher.pauses[:4] == [1, 2, 4, 8]
    assert 90 <= pusher.pauses[4] <= 92
    assert pusher.pauses[5] == 2


def test_silence_is_no_connection() -> None:
    pusher = Pusher([say(live(1.0)), say(live(2.0), then=keep_alive)])
    listener = listen(pusher, 4 * 3600)
    assert listener.powers == [1, 2]
    assert listener.states == [CONNECTING, LIVE, CONNECTING, LIVE]
    (pause,) = pusher.pauses
    assert SILENCE < pause < SILENCE + 5


def test_a_service_that_is_not_there_is_survived() -> None:
    async def main(loop: VirtualLoop) -> Listener:
        network, listener = MemoryNetwork(), Listener()
        async with aiohttp.ClientSession(connector=network.connector()) as session:
            stream = TeslemetrySiteStream(through(session), TOKEN, ENERGY_SITE_ID)
            task = asyncio.create_task(
                stream.run(listener.updates.append, listener.states.append)
            )
            await asyncio.sleep(5)
            await network.serve("api.teslemetry.com", Pusher([say(live())]).app())
            await asyncio.sleep(10)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await network.close()
        return listener

    listener = run(main, start=BEGIN, seed=0)
    assert listener.states == [CONNECTING, LIVE]


# Tokens


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_ends_it(status: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    pusher = Pusher([status])
    listener = listen(pusher, 4000)
    assert listener.error is not None
    assert_discreet(listener.error)
    assert len(pusher.requests) == 1
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("status", [401, 500])
def test_a_token_is_in_no_log_when_the_service_turns_away(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    pusher = Pusher([say(live(), then=hang_up), status])
    listener = listen(pusher, 100)
    assert (listener.error is not None) is (status == 401)
    assert listener.states == [CONNECTING, LIVE, CONNECTING]
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("token", ["", "  ", "se\ncret", "se\x00cret"])
def test_what_is_no_token_is_never_sent(token: str) -> None:
    pusher = Pusher([stay])
    listener = listen(pusher, 10, token)
    assert listener.error is not None
    assert "se" + "cret" not in repr(listener.error)
    assert pusher.requests == []


async def test_only_teslemetry_itself_pushes(session: aiohttp.ClientSession) -> None:
    for url in (BASE_URL, f"{BASE_URL}/"):
        assert site_stream(session, TOKEN, 1, url) is not None
    for url in ("http://127.0.0.1:1", "https://api.tessie.com", f"{BASE_URL}.example"):
        assert site_stream(session, TOKEN, 1, url) is None
