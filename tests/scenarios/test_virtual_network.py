"""The network in memory: real HTTP and WebSockets without sockets."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import aiohttp
from aiohttp import web
import pytest

from harness.virtual.loop import VirtualLoop, run
from harness.virtual.network import MemoryNetwork, Request

START = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
HOST = "api.example.com"
URL = f"https://{HOST}"

type Body[T] = Callable[
    [VirtualLoop, MemoryNetwork, aiohttp.ClientSession], Awaitable[T]
]


def on_network[T](app: web.Application, body: Body[T], latency: float = 0.0) -> T:
    """Run a body with a client on a network that serves one app."""

    async def main(loop: VirtualLoop) -> T:
        network = MemoryNetwork(latency)
        await network.serve(HOST, app)
        try:
            async with aiohttp.ClientSession(connector=network.connector()) as session:
                return await body(loop, network, session)
        finally:
            await network.close()

    return run(main, start=START, seed=0)


def app_with(
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> web.Application:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    return app


async def echo(request: web.Request) -> web.Response:
    return web.json_response({"path": request.path, "size": len(await request.read())})


def test_requests_arrive_and_are_recorded() -> None:
    async def body(
        loop: VirtualLoop, network: MemoryNetwork, session: aiohttp.ClientSession
    ) -> tuple[object, object, list[Request]]:
        await asyncio.sleep(5)
        async with session.get(f"{URL}/a?x=1") as response:
            first = await response.json()
        async with session.post(f"{URL}/b", data=b"x" * 1_000_000) as response:
            second = await response.json()
        return first, second, network.requests

    first, second, requests = on_network(app_with(echo), body)

    assert first == {"path": "/a", "size": 0}
    assert second == {"path": "/b", "size": 1_000_000}
    assert [(r.method, r.host, r.path, r.query, r.status) for r in requests] == [
        ("GET", HOST, "/a", "x=1", 200),
        ("POST", HOST, "/b", "", 200),
    ]
    assert requests[0].at == START + timedelta(seconds=5)


def test_refusals_are_recorded_too() -> None:
    async def refuse(_request: web.Request) -> web.Response:
        raise web.HTTPForbidden

    async def body(
        loop: VirtualLoop, network: MemoryNetwork, session: aiohttp.ClientSession
    ) -> tuple[int, int | None]:
        async with session.get(URL) as response:
            return response.status, network.requests[0].status

    assert on_network(app_with(refuse), body) == (403, 403)


def test_an_unknown_host_does_not_resolve() -> None:
    async def body(
        loop: VirtualLoop, network: MemoryNetwork, session: aiohttp.ClientSession
    ) -> None:
        with pytest.raises(aiohttp.ClientConnectorDNSError, match=r"other\.example"):
            await session.get("https://other.example.com")

    on_network(app_with(echo), body)


def test_a_name_is_served_once() -> None:
    async def body(
        loop: VirtualLoop, network: MemoryNetwork, session: aiohttp.ClientSession
    ) -> None:
        with pytest.raises(ValueError, match="already served"):
            await network.serve(HOST, app_with(echo))

    on_network(app_with(echo), body)


def test_latency_takes_virtual_time_and_keeps_the_order() -> None:
    async def pieces(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for number in range(200):
            await response.write(b"%03d" % number)
        await response.write_eof()
        return response

    async def body(
        loop: VirtualLoop, network: MemoryNetwork, session: aiohttp.ClientSession
    ) -> tuple[bytes, float]:
        begin = loop.time()
        async with session.get(URL) as response:
            return await response.read(), loop.time() - begin

    text, seconds = on_network(app_with(pieces), body, latency=0.05)

    assert text == b"".join(b"%03d" % number for number in range(200))
    assert seconds == pytest.approx(0.1)


def test_a_silent_server_runs_into_the_clients_timeout() -> None:
    async def silent(_request: web.Request) -> web.Response:
        await asyncio.sleep(3600)
        return web.Response()

    async def body(
        loop: VirtualLoop, network: MemoryNetwork, session: aiohttp.ClientSession
    ) -> tuple[float, int | None]:
        begin = loop.time()
        with pytest.raises(TimeoutError):
            await session.get(URL, timeout=aiohttp.ClientTimeout(total=30))
        return loop.time() - begin, network.requests[0].status

    seconds, status = on_network(app_with(silent), body)

    assert seconds == pytest.approx(30)
    assert status is None


def test_a_dropped_connection_is_noticed() -> None:
    async def drop(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async def body(
        loop: VirtualLoop, network: MemoryNetwork, session: aiohttp.ClientSession
    ) -> None:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await session.post(URL)

    on_network(app_with(drop), body)


@pytest.mark.parametrize(
    ("pause", "connections"), [(10, 1), (60, 2)], ids=["kept alive", "too old"]
)
def test_connections_age_in_virtual_time(pause: float, connections: int) -> None:
    seen = set()

    async def note(request: web.Request) -> web.Response:
        seen.add(id(request.protocol))
        kept.append(request.protocol)  # or its id might be used again
        return web.Response()

    kept: list[object] = []

    async def body(
        loop: VirtualLoop, network: MemoryNetwork, session: aiohttp.ClientSession
    ) -> None:
        await session.get(URL)
        await asyncio.sleep(pause)
        await session.get(URL)

    on_network(app_with(note), body)

    assert len(seen) == connections


def test_a_websocket_lives_for_hours() -> None:
    async def push(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=30)
        await socket.prepare(request)
        reader = asyncio.create_task(socket.receive())  # answers pings and closes
        for number in range(24):
            await asyncio.sleep(300)
            await socket.send_json(number)
        await socket.close()
        await reader
        return socket

    async def body(
        loop: VirtualLoop, network: MemoryNetwork, session: aiohttp.ClientSession
    ) -> tuple[list[int], datetime]:
        async with session.ws_connect(URL, heartbeat=30) as socket:
            return [message.json() async for message in socket], loop.now()

    numbers, ended = on_network(app_with(push), body)

    assert numbers == list(range(24))
    assert timedelta(hours=2) <= ended - START < timedelta(hours=2, minutes=1)
