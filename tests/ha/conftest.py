"""Home Assistant with this integration and a simulated home behind it.

Time stands still until a test moves it (``House.tick``), and the simulated home has
the same clock, so everything that happens is a matter of the test alone. Services are
real ones on a loopback port.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
import logging
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState, ConfigSubentryDataWithId
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

# Before the first hass: the test plugin has a package of the same name.
import custom_components.power_sync  # noqa: F401
from custom_components.power_sync.const import DOMAIN
from custom_components.power_sync.control import actuator
from custom_components.power_sync.coordinator import prices
from custom_components.power_sync.sim.config import HomeConfig
from custom_components.power_sync.sim.home import SimulatedHome
from custom_components.power_sync.sim.server import SimulatorServer

from .house import ALL_PARTS, ENTRY_ID, House, Steady, subentries

NOW = datetime(2026, 11, 20, 2, 2, tzinfo=UTC)
"""13:02 in Sydney; the price of the running interval has settled."""


@pytest.fixture(autouse=True)
def _custom_integrations(
    enable_custom_integrations: None, socket_enabled: None
) -> None:
    """Load this integration, and let it talk to services on this machine."""


@pytest.fixture(autouse=True)
def enable_event_loop_debug() -> None:
    """Replace the plugin's: noting where each callback came from takes half the time."""


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read back at once; tests about the waiting set their own times.

    And let every home poll at the same moments.
    """
    monkeypatch.setattr(actuator, "READ_BACK_AT", (0.0, 0.0, 0.0))
    monkeypatch.setattr(prices.random, "uniform", lambda least, most: least)


@pytest.fixture(autouse=True)
def _clean_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail on anything this integration should not have done."""
    # Every state change as a line of log would take longer than the tests.
    for name in ("homeassistant.core", "asyncio", "tesla_fleet_api"):
        logging.getLogger(name).setLevel(logging.WARNING)
    yield
    text = "\n".join(
        record.getMessage()
        for record in (*caplog.get_records("setup"), *caplog.get_records("call"))
    )
    assert "Detected that custom integration" not in text
    assert "A control step failed" not in text
    assert "Task exception was never retrieved" not in text


@pytest.fixture
async def serve(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> AsyncIterator[Callable[..., Awaitable[SimulatorServer]]]:
    """Start a simulated home's services; keywords as in HomeConfig."""
    freezer.move_to(NOW)
    async with AsyncExitStack() as stack:

        async def start(**config: Any) -> SimulatorServer:
            home = SimulatedHome(
                # Prices are pushed in running time, which stands still here: tests
                # of that push on their own.
                HomeConfig(
                    **(
                        {"seed": 7, "lived_in": timedelta(), "amber_socket": False}
                        | config
                    )
                ),
                dt_util.utcnow,
            )
            server = SimulatorServer(home)
            await server.start()
            stack.push_async_callback(server.stop)
            return server

        yield start
        # Requests that hang on purpose end now.
        freezer.tick(timedelta(hours=1))
        await asyncio.sleep(0)


@pytest.fixture
async def make_house(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    freezer: FrozenDateTimeFactory,
    serve: Callable[..., Awaitable[SimulatorServer]],
) -> AsyncIterator[Callable[..., Awaitable[House]]]:
    """Build a house; whatever is loaded at the end is unloaded."""
    hass.config.currency = "AUD"
    houses: list[House] = []

    async def make(
        *,
        options: dict[str, Any] | None = None,
        parts: tuple[str, ...] = ALL_PARTS,
        channels: tuple[str, ...] = ("export", "import"),
        entry_id: str = ENTRY_ID,
        source: Callable[[SimulatorServer], dict[str, Any]] | None = None,
        plans: tuple[ConfigSubentryDataWithId, ...] = (),
        **config: Any,
    ) -> House:
        server = await serve(**config)
        entry = MockConfigEntry(
            domain=DOMAIN,
            entry_id=entry_id,
            title="Home",
            unique_id=f"powerwall_{server.home.config.tesla_sites[0].site_id}",
            options=options or {},
            subentries_data=[
                *subentries(server, parts, channels, source and source(server)),
                *plans,
            ],
        )
        house = House(hass, freezer, hass_storage, server, entry)
        houses.append(house)
        return house

    yield make
    for house in houses:
        if house.entry.state is ConfigEntryState.LOADED:
            await house.unload()


@pytest.fixture
def market() -> Steady:
    """Prices that the test sets."""
    return Steady()


@pytest.fixture
async def steady(make_house: Callable[..., Awaitable[House]], market: Steady) -> House:
    """A home whose prices only change when the test says so, set up."""
    house = await make_house(prices=market)
    await house.set_up()
    assert house.tariff_name == "PowerSync"
    return house


@pytest.fixture
async def house(make_house: Callable[..., Awaitable[House]]) -> House:
    """An ordinary home, set up; its first tariff has arrived."""
    house: House = await make_house()
    await house.set_up()
    assert house.entry.state is ConfigEntryState.LOADED
    return house
