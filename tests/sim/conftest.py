"""A home on a clock that the test moves, and clients of its services."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
import json
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
import pytest

from custom_components.power_sync.sim.config import (
    AMBER_TOKEN,
    FLEET_TOKEN,
    TESLEMETRY_TOKEN,
    TESSIE_TOKEN,
    HomeConfig,
)
from custom_components.power_sync.sim.home import SimulatedHome
from custom_components.power_sync.sim.server import SimulatorServer

SAMPLES = Path(__file__).resolve().parent / "samples"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: float = 0, **more: float) -> None:
        self.now += timedelta(seconds=seconds, **more)

    def set(self, text: str) -> None:
        """Set to a time in market time (UTC+10)."""
        self.now = datetime.fromisoformat(text + "+10:00").astimezone(UTC)


@pytest.fixture
def clock() -> Clock:
    """Noon of a spring day in Sydney's standard time: 13:00 on the wall."""
    return Clock(datetime(2026, 11, 20, 2, 0, tzinfo=UTC))


@pytest.fixture
def make_home(clock: Clock) -> Callable[..., SimulatedHome]:
    """Build a home that has not lived yet; keywords as in HomeConfig."""

    def make(**config: Any) -> SimulatedHome:
        return SimulatedHome(HomeConfig(**({"lived_in": timedelta()} | config)), clock)

    return make


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Any]]:
    """Serve an application; returns a client that sends a token."""
    async with AsyncExitStack() as stack:

        async def start(app: web.Application, token: str | None) -> TestClient:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            server = TestServer(app, shutdown_timeout=0.1)
            client = TestClient(server, headers=headers)
            return await stack.enter_async_context(client)

        yield start


@pytest.fixture
def amber(serve: Callable[..., Any]) -> Callable[..., Any]:
    """Return a client of a home's Amber service."""
    return lambda home, token=AMBER_TOKEN: serve(home.amber_app(), token)


@pytest.fixture
def tesla(serve: Callable[..., Any]) -> Callable[..., Any]:
    """Return a client of a home's Teslemetry."""
    return lambda home, token=TESLEMETRY_TOKEN: serve(home.tesla_app(), token)


@pytest.fixture
def fleet(serve: Callable[..., Any]) -> Callable[..., Any]:
    """Return a client of a home's Fleet API."""
    return lambda home, token=FLEET_TOKEN: serve(home.fleet_app(), token)


@pytest.fixture
def tessie(serve: Callable[..., Any]) -> Callable[..., Any]:
    """Return a client of a home's Tessie."""
    return lambda home, token=TESSIE_TOKEN: serve(home.tessie_app(), token)


@pytest.fixture
async def start_server() -> AsyncIterator[Callable[..., Any]]:
    """Serve all of a home's services behind one port."""
    async with AsyncExitStack() as stack:

        async def start(home: SimulatedHome) -> SimulatorServer:
            server = SimulatorServer(home)
            await server.start()
            stack.push_async_callback(server.stop)
            return server

        yield start


@pytest.fixture
def browser(serve: Callable[..., Any]) -> Callable[..., Any]:
    """Serve an application; returns a client with a name of its own."""

    async def start(app: web.Application) -> TestClient:
        client = await serve(app, None)
        client.session.headers["User-Agent"] = "Mozilla/5.0 (test)"
        return client

    return start


@pytest.fixture
def sample() -> Callable[[str], Any]:
    """Read a captured document."""
    return lambda name: json.loads((SAMPLES / name).read_text())
