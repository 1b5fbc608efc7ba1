"""A home whose Home Assistant can be stopped and started again.

The simulated services and what is on disk outlive each of its lives.
"""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component

from custom_components.power_sync import const
from custom_components.power_sync.control.controller import Controller
from custom_components.power_sync.runtime import PowerSyncConfigEntry
from custom_components.power_sync.sim.config import HomeConfig
from custom_components.power_sync.sim.home import SimulatedHome
from harness.virtual.home_assistant import add_entry, home_assistant
from harness.virtual.loop import VirtualLoop
from harness.virtual.network import MemoryNetwork

from .stage import (
    AMBER_HOST,
    LATENCY,
    STREAM_HOST,
    TESLA_HOST,
    powerwall,
    price_source,
)

AEMO_HOST = urlsplit(const.AEMO_URL).hostname or ""
NEMWEB_HOST = urlsplit(const.NEMWEB_URL).hostname or ""


@dataclass(slots=True, kw_only=True)
class House:
    """The simulated home, and the Home Assistant of the moment.

    ``options`` are those of the entry, ``folder`` is where everything is kept.
    """

    loop: VirtualLoop
    config: HomeConfig
    folder: Path
    options: dict[str, Any] = field(default_factory=dict)
    home: SimulatedHome = field(init=False)
    network: MemoryNetwork = field(init=False)
    lives: int = field(default=0, init=False)
    """How often Home Assistant has been started."""
    _hass: HomeAssistant | None = field(default=None, init=False)
    _life: AsyncExitStack = field(default_factory=AsyncExitStack, init=False)

    async def open(self) -> None:
        """Put the services on the network."""
        # The oracle reads the answers of Amber's REST service, so nothing is pushed.
        self.config = replace(self.config, amber_socket=False)
        self.home = SimulatedHome(self.config, self.loop.now)
        self.network = MemoryNetwork(LATENCY)
        for host, app in (
            (AMBER_HOST, self.home.amber_app()),
            (STREAM_HOST, self.home.amber_socket_app()),
            (TESLA_HOST, self.home.tesla_app()),
            (AEMO_HOST, self.home.aemo_app()),
            (NEMWEB_HOST, self.home.nemweb_app()),
        ):
            await self.network.serve(host, app)

    async def close(self) -> None:
        """Stop what runs."""
        await self.stop()
        await self.network.close()

    async def start(self) -> None:
        """Start Home Assistant; the first time, add the home to it.

        Raises RuntimeError if the integration does not load.
        """
        zone = self.config.time_zone.key
        self._life = AsyncExitStack()
        hass = self._hass = await self._life.enter_async_context(
            home_assistant(self.folder, self.network, zone)
        )
        self.lives += 1
        if self.lives == 1:
            await add_entry(
                hass,
                const.DOMAIN,
                title="Home",
                data={},
                minor_version=2,
                subentries=[price_source(self.config), powerwall(self.config)],
                options=self.options,
            )
        else:
            await async_setup_component(hass, const.DOMAIN, {})
        if self.entry.state is not ConfigEntryState.LOADED:
            raise RuntimeError(f"not loaded: {self.entry.state}, {self.entry.reason}")

    async def stop(self) -> None:
        """Stop Home Assistant in an orderly way."""
        parts = self.entry.runtime_data if self.is_up else None
        self._hass = None
        await self._life.aclose()
        # Timers that would have ended with the process.
        if parts is not None and parts.prices is not None:
            parts.prices.stop()
        if parts is not None and parts.powerwall is not None:
            parts.powerwall.controller.stop()

    @property
    def is_up(self) -> bool:
        """Whether Home Assistant runs, and the home in it."""
        return (
            self._hass is not None
            and bool(self._hass.config_entries.async_entries(const.DOMAIN))
            and self.entry.state is ConfigEntryState.LOADED
        )

    @property
    def hass(self) -> HomeAssistant:
        """The Home Assistant that runs; raises RuntimeError if none does."""
        if self._hass is None:
            raise RuntimeError("Home Assistant is stopped")
        return self._hass

    @property
    def entry(self) -> PowerSyncConfigEntry:
        """The home's entry."""
        entry: PowerSyncConfigEntry = self.hass.config_entries.async_entries(
            const.DOMAIN
        )[0]
        return entry

    @property
    def controller(self) -> Controller:
        """The controller of the home's Powerwall."""
        powerwall = self.entry.runtime_data.powerwall
        assert powerwall is not None
        return powerwall.controller

    def entity_id(self, key: str) -> str:
        """Return the entity that has a key; raises LookupError without one."""
        registry = er.async_get(self.hass)
        for entity in er.async_entries_for_config_entry(registry, self.entry.entry_id):
            if entity.unique_id.partition("_")[2] == key:
                return entity.entity_id
        raise LookupError(f"there is no entity {key}")
