"""Put the parts of one home together from what its entry stores."""

import asyncio
from dataclasses import dataclass

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from .clients.amber import AmberClient, AmberPrices
from .clients.protocols import PowerwallClient
from .clients.tesla.teslemetry import TeslemetryAccount
from .const import (
    AMBER_URL,
    CONF_ACCESS_TOKEN,
    CONF_API_TOKEN,
    CONF_BASE_URL,
    CONF_CHANNELS,
    CONF_ENERGY_SITE_ID,
    CONF_SEED,
    CONF_SIMULATED,
    CONF_SITE_ID,
    SUBENTRY_POWERWALL,
    SUBENTRY_PRICE_SOURCE,
    TESLEMETRY_URL,
)
from .control.controller import Controller
from .control.store import StateStore
from .coordinator.powerwall import EnergyCoordinator, LiveCoordinator, SiteCoordinator
from .coordinator.prices import PriceCoordinator
from .core.model.decisions import Reason
from .core.model.prices import Channel
from .preferences import Preferences
from .runtime import PowerSyncConfigEntry, Powerwall
from .simulated import start_simulated_home


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the services are that have no address of their own in a subentry."""

    amber: str = AMBER_URL
    teslemetry: str = TESLEMETRY_URL


async def find_addresses(entry: PowerSyncConfigEntry) -> Addresses:
    """Return the services' addresses; a simulated home's are started for it."""
    if not entry.data.get(CONF_SIMULATED):
        return Addresses()
    server = await start_simulated_home(entry.data[CONF_SEED])
    # First on the list, last to go: also when the set-up fails half-way.
    entry.async_on_unload(server.stop)
    return Addresses(amber=server.amber_url, teslemetry=server.teslemetry_url)


def first_subentry(entry: PowerSyncConfigEntry, kind: str) -> ConfigSubentry | None:
    """Return the home's subentry of a kind; there is at most one."""
    return next(iter(entry.get_subentries_of_type(kind)), None)


def price_coordinator(
    hass: HomeAssistant, entry: PowerSyncConfigEntry, addresses: Addresses
) -> PriceCoordinator | None:
    """Return the coordinator of the home's price source, if it has one."""
    subentry = first_subentry(entry, SUBENTRY_PRICE_SOURCE)
    if subentry is None:
        return None
    client = AmberClient(
        async_get_clientsession(hass),
        subentry.data[CONF_API_TOKEN],
        subentry.data.get(CONF_BASE_URL, addresses.amber),
    )
    channels = frozenset(Channel(name) for name in subentry.data[CONF_CHANNELS])
    return PriceCoordinator(
        hass,
        entry,
        subentry_id=subentry.subentry_id,
        service=subentry.title,
        source=AmberPrices(client, subentry.data[CONF_SITE_ID], channels),
        channels=channels,
    )


def powerwall_client(
    hass: HomeAssistant, subentry: ConfigSubentry, addresses: Addresses
) -> PowerwallClient:
    """Return the way in to a subentry's Powerwall."""
    account = TeslemetryAccount(
        async_get_clientsession(hass),
        subentry.data[CONF_ACCESS_TOKEN],
        subentry.data.get(CONF_BASE_URL, addresses.teslemetry),
    )
    return account.site(subentry.data[CONF_ENERGY_SITE_ID])


async def set_up_powerwall(
    hass: HomeAssistant,
    entry: PowerSyncConfigEntry,
    addresses: Addresses,
    prices: PriceCoordinator | None,
) -> Powerwall | None:
    """Watch and control the home's Powerwall, if it has one.

    Everything has been asked for once when this returns; whatever did not
    answer shows as unavailable and is asked again.
    """
    subentry = first_subentry(entry, SUBENTRY_POWERWALL)
    if subentry is None:
        return None
    client = powerwall_client(hass, subentry, addresses)
    names = {"subentry_id": subentry.subentry_id, "service": "Tesla"}
    live = LiveCoordinator(hass, entry, client, **names)
    site = SiteCoordinator(hass, entry, client, **names)
    energy = EnergyCoordinator(hass, entry, client, **names)
    coordinators = (live, site, energy)
    await asyncio.gather(*(item.async_refresh() for item in coordinators))
    for item in coordinators:
        entry.async_on_unload(item.async_shutdown)
        # A coordinator polls only while somebody listens, and the controller
        # needs its data even where every entity is disabled.
        entry.async_on_unload(item.async_add_listener(lambda: None))

    controller = await _controller(hass, entry, client, site, prices)
    return Powerwall(
        subentry_id=subentry.subentry_id,
        live=live,
        site=site,
        energy=energy,
        controller=controller,
        task=entry.async_create_background_task(
            hass, controller.run(), f"{entry.title} control"
        ),
    )


async def restore_after_removal(
    hass: HomeAssistant, entry: PowerSyncConfigEntry, subentry: ConfigSubentry
) -> bool:
    """Put back the owner's settings of a home that is gone; True if nothing is owed."""
    if entry.data.get(CONF_SIMULATED):
        return True
    client = powerwall_client(hass, subentry, Addresses())
    site = SiteCoordinator(
        hass, entry, client, subentry_id=subentry.subentry_id, service="Tesla"
    )
    await site.async_refresh()
    controller = await _controller(hass, entry, client, site, None)
    return await controller.release(Reason.REMOVED)


async def _controller(
    hass: HomeAssistant,
    entry: PowerSyncConfigEntry,
    client: PowerwallClient,
    site: SiteCoordinator,
    prices: PriceCoordinator | None,
) -> Controller:
    """Return a controller that knows what is owed from before."""
    store = StateStore(hass, entry.entry_id)
    await store.load()
    return Controller(
        hass,
        entry_id=entry.entry_id,
        client=client,
        site=site,
        prices=prices,
        store=store,
        preferences=Preferences.from_options(entry.options),
    )
