"""Put together what watches and controls a home's Powerwall."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta, tzinfo

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from ..clients.protocols import PowerwallClient
from ..clients.tesla.teslemetry import TeslemetryAccount
from ..const import (
    CONF_ACCESS_TOKEN,
    CONF_BASE_URL,
    CONF_ENERGY_SITE_ID,
    CONF_SIMULATED,
    SUBENTRY_POWERWALL,
)
from ..control.controller import Controller
from ..control.store import StateStore
from ..coordinator.demand import DemandMeter
from ..coordinator.keeper import DEMAND, Keeper
from ..coordinator.powerwall import EnergyCoordinator, LiveCoordinator, SiteCoordinator
from ..coordinator.prices import PriceCoordinator
from ..coordinator.zone import home_zone
from ..core.demand import DemandMemory
from ..core.model.decisions import Reason
from ..preferences import Preferences
from ..runtime import PowerSyncConfigEntry, Powerwall
from ..stored.demand import memory_from_stored, memory_to_stored
from .addresses import Addresses
from .subentries import first_subentry

DEMAND_SAVED_EVERY = timedelta(minutes=5)
"""What a crash loses of a half hour makes that one incomplete, no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A Powerwall site that is watched but not controlled yet."""

    subentry: ConfigSubentry
    client: PowerwallClient
    live: LiveCoordinator
    site: SiteCoordinator
    energy: EnergyCoordinator


async def watch_powerwall(
    hass: HomeAssistant, entry: PowerSyncConfigEntry, addresses: Addresses
) -> Watched | None:
    """Ask the home's Powerwall for everything once, and then regularly.

    Whatever does not answer shows as unavailable and is asked again.
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
    return Watched(
        subentry=subentry, client=client, live=live, site=site, energy=energy
    )


async def find_zone(
    hass: HomeAssistant, entry: PowerSyncConfigEntry, site: SiteCoordinator | None
) -> tzinfo:
    """Return where the home has its hours.

    A site that does not answer now may say otherwise later, and prices that were
    laid out by the wrong clock are wrong: then the home starts afresh.
    """
    own = Preferences.from_options(entry.options).time_zone
    zone = await home_zone(hass, site.known if site else None, own)
    if site is not None and site.known is None:

        @callback
        def answered() -> None:
            if site.known and site.known.time_zone not in {None, str(zone)}:
                hass.config_entries.async_schedule_reload(entry.entry_id)

        entry.async_on_unload(site.async_add_listener(answered))
    return zone


async def set_up_powerwall(
    hass: HomeAssistant,
    entry: PowerSyncConfigEntry,
    watched: Watched,
    prices: PriceCoordinator | None,
) -> Powerwall:
    """Control a Powerwall that is watched."""
    subentry_id = watched.subentry.subentry_id
    preferences = Preferences.from_options(entry.options)
    controller = await _controller(hass, entry, watched.client, watched.site, prices)
    demand = None
    if preferences.demand is not None:
        demand = DemandMeter(
            watched.live,
            preferences.demand,
            controller,
            _demand_keeper(hass, subentry_id),
        )
        await demand.load()
    return Powerwall(
        subentry_id=subentry_id,
        live=watched.live,
        site=watched.site,
        energy=watched.energy,
        controller=controller,
        demand=demand,
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


def _demand_keeper(hass: HomeAssistant, subentry_id: str) -> Keeper[DemandMemory]:
    """Return what keeps the peak of a Powerwall's home over a restart."""
    return Keeper(
        hass,
        DEMAND,
        subentry_id,
        empty=DemandMemory(),
        encode=memory_to_stored,
        decode=memory_from_stored,
        save_every=DEMAND_SAVED_EVERY,
    )
