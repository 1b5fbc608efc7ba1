"""The integration and the simulated home, together on the virtual clock.

Product code keeps the real addresses of the services; the network in memory leads
them to the simulator.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from homeassistant.config_entries import ConfigEntryState, ConfigSubentryData
from homeassistant.core import HomeAssistant

from custom_components.power_sync import const
from custom_components.power_sync.runtime import PowerSyncConfigEntry
from custom_components.power_sync.sim.config import (
    AMBER_TOKEN,
    TESLEMETRY_TOKEN,
    HomeConfig,
)
from custom_components.power_sync.sim.home import SimulatedHome
from harness.virtual.home_assistant import add_entry, home_assistant
from harness.virtual.loop import VirtualLoop
from harness.virtual.network import MemoryNetwork

AMBER_HOST = urlsplit(const.AMBER_URL).hostname or ""
STREAM_HOST = urlsplit(const.AMBER_STREAM_URL).hostname or ""
TESLA_HOST = urlsplit(const.TESLEMETRY_URL).hostname or ""
LATENCY = 0.025
"""Seconds one way, so that a request and its answer take a twentieth of a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything that takes part in a scenario."""

    loop: VirtualLoop
    network: MemoryNetwork
    home: SimulatedHome
    hass: HomeAssistant
    entry: PowerSyncConfigEntry


@asynccontextmanager
async def staged(
    loop: VirtualLoop, config: HomeConfig, folder: Path
) -> AsyncIterator[Stage]:
    """Set everything up as the config flow leaves it, and stop it in the end.

    Home Assistant keeps its files in ``folder``. Raises RuntimeError if the
    integration does not load.
    """
    # The oracle reads the answers of Amber's REST service, so nothing is pushed.
    home = SimulatedHome(replace(config, amber_socket=False), loop.now)
    network = MemoryNetwork(LATENCY)
    await network.serve(AMBER_HOST, home.amber_app())
    await network.serve(STREAM_HOST, home.amber_socket_app())
    await network.serve(TESLA_HOST, home.tesla_app())
    try:
        async with home_assistant(folder, network, config.time_zone.key) as hass:
            entry: PowerSyncConfigEntry = await add_entry(
                hass,
                const.DOMAIN,
                title="Home",
                data={},
                minor_version=2,
                subentries=[price_source(config), powerwall(config)],
            )
            if entry.state is not ConfigEntryState.LOADED:
                raise RuntimeError(f"not loaded: {entry.state}, {entry.reason}")
            yield Stage(loop=loop, network=network, home=home, hass=hass, entry=entry)
    finally:
        await network.close()


def price_source(config: HomeConfig) -> ConfigSubentryData:
    """Return the subentry of the first Amber site."""
    site = config.amber_sites[0]
    channels = ["import"]
    if site.feed_in:
        channels.append("export")
    if site.controlled_load:
        channels.append("controlled_load")
    return ConfigSubentryData(
        subentry_type=const.SUBENTRY_PRICE_SOURCE,
        title="Amber Electric",
        unique_id=f"{const.SUBENTRY_PRICE_SOURCE}_{site.site_id}",
        data={
            const.CONF_PROVIDER: const.PROVIDER_AMBER,
            const.CONF_API_TOKEN: AMBER_TOKEN,
            const.CONF_SITE_ID: site.site_id,
            const.CONF_CHANNELS: sorted(channels),
            const.CONF_BASE_URL: const.AMBER_URL,
        },
    )


def powerwall(config: HomeConfig) -> ConfigSubentryData:
    """Return the subentry of the first Tesla site."""
    site = config.tesla_sites[0]
    return ConfigSubentryData(
        subentry_type=const.SUBENTRY_POWERWALL,
        title=site.name,
        unique_id=f"{const.SUBENTRY_POWERWALL}_{site.site_id}",
        data={
            const.CONF_ENERGY_SITE_ID: site.site_id,
            const.CONF_WAYS: [
                {
                    const.CONF_WAY: const.WAY_TESLEMETRY,
                    const.CONF_ACCESS_TOKEN: TESLEMETRY_TOKEN,
                    const.CONF_BASE_URL: const.TESLEMETRY_URL,
                }
            ],
        },
    )
