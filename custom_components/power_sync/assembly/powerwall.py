"""Put together what watches and controls a home's Powerwall."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import Any

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util import dt as dt_util

from ..clients.errors import AuthError
from ..clients.tesla.failover import FailoverPowerwall, WayChange
from ..clients.tesla.stream import SiteStream, site_stream
from ..const import (
    CONF_ENERGY_SITE_ID,
    CONF_SUBENTRY_ID,
    CONF_WAY,
    SUBENTRY_POWERWALL,
)
from ..control.controller import Controller
from ..control.log import DecisionLog
from ..control.outlook import Outlook
from ..control.profiles import Profiles
from ..control.store import StateStore
from ..coordinator.base import ServiceCoordinator
from ..coordinator.demand import DemandMeter
from ..coordinator.keeper import DECISIONS, DEMAND, Keeper
from ..coordinator.market import MarketCoordinator
from ..coordinator.powerwall import EnergyCoordinator, LiveCoordinator, SiteCoordinator
from ..coordinator.prices import PriceCoordinator
from ..coordinator.site_stream import SitePushes
from ..coordinator.zone import home_zone
from ..core.demand import DemandMemory
from ..core.model.decisions import Record
from ..preferences import Preferences
from ..runtime import PowerSyncConfigEntry, Powerwall
from ..stored.demand import memory_from_stored, memory_to_stored
from ..stored.records import records_from_stored, records_to_stored
from ..stored.ways import TokenService, TokenWay, ways_from_stored
from ..tesla_ways import WayAddresses, build_ways, watch_logins
from .addresses import Addresses
from .market import watch_market
from .removal import take_over_debts
from .subentries import first_subentry

DEMAND_SAVED_EVERY = timedelta(minutes=5)
"""What a crash loses of a half hour makes that one incomplete, no more."""

DECISIONS_SAVED_EVERY = timedelta(minutes=10)
"""The recorder has them as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A Powerwall site that is watched but not controlled yet."""

    subentry: ConfigSubentry
    client: FailoverPowerwall
    live: LiveCoordinator
    site: SiteCoordinator
    energy: EnergyCoordinator
    market: MarketCoordinator | None
    stream: SiteStream | None


async def watch_powerwall(
    hass: HomeAssistant, entry: PowerSyncConfigEntry, addresses: Addresses
) -> Watched | None:
    """Ask the home's Powerwall for everything once, and then regularly.

    Whatever does not answer shows as unavailable and is asked again.
    """
    subentry = first_subentry(entry, SUBENTRY_POWERWALL)
    if subentry is None:
        return None
    client = powerwall_client(hass, entry, subentry, addresses)
    entry.async_on_unload(
        watch_logins(hass, subentry.subentry_id, entry.title, subentry.data)
    )
    names = {"subentry_id": subentry.subentry_id, "service": "Tesla"}
    live = LiveCoordinator(hass, entry, client, **names)
    site = SiteCoordinator(hass, entry, client, **names)
    energy = EnergyCoordinator(hass, entry, client, **names)
    coordinators = (live, site, energy)
    await _ask_once(client, coordinators)
    for item in coordinators:
        entry.async_on_unload(item.async_shutdown)
        # A coordinator polls only while somebody listens, and the controller
        # needs its data even where every entity is disabled.
        entry.async_on_unload(item.async_add_listener(lambda: None))
    market = None
    if region := Preferences.from_options(entry.options).market_region:
        market = await watch_market(
            hass, entry, addresses, region, subentry_id=subentry.subentry_id
        )
    return Watched(
        subentry=subentry,
        client=client,
        live=live,
        site=site,
        energy=energy,
        market=market,
        stream=_stream(hass, subentry, addresses),
    )


async def _ask_once(
    client: FailoverPowerwall, coordinators: tuple[ServiceCoordinator[Any], ...]
) -> None:
    """Fetch everything; what was lost on a way that was given up, by the next one."""
    asked = None
    while client.current != asked:
        asked = client.current
        lost = [item for item in coordinators if not item.last_success_at]
        await asyncio.gather(*(item.async_refresh() for item in lost))


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
    subentry = watched.subentry
    preferences = Preferences.from_options(entry.options)
    store = StateStore(hass, entry.entry_id)
    await store.load()
    await take_over_debts(hass, subentry, store)
    profiles = Profiles(hass, entry.entry_id)
    await profiles.load()
    decisions = _decision_keeper(hass, subentry.subentry_id)
    await decisions.load()
    controller = Controller(
        hass,
        entry_id=entry.entry_id,
        client=watched.client,
        outlook=Outlook(
            hass,
            preferences,
            site=watched.site,
            live=watched.live,
            prices=prices,
            market=watched.market,
        ),
        store=store,
        profiles=profiles,
        log=DecisionLog(hass, entry.entry_id, decisions),
    )
    demand = None
    if preferences.demand is not None:
        demand = DemandMeter(
            watched.live,
            preferences.demand,
            controller,
            _demand_keeper(hass, subentry.subentry_id),
        )
        await demand.load()
    pushes = SitePushes(watched.live, watched.site) if watched.stream else None
    work = [controller.run()]
    if pushes is not None and watched.stream is not None:
        work.append(pushes.run(watched.stream))
    return Powerwall(
        subentry=subentry,
        client=watched.client,
        live=watched.live,
        site=watched.site,
        energy=watched.energy,
        market=watched.market,
        pushes=pushes,
        controller=controller,
        demand=demand,
        tasks=tuple(
            entry.async_create_background_task(hass, each, f"{entry.title} Powerwall")
            for each in work
        ),
    )


def powerwall_client(
    hass: HomeAssistant,
    entry: PowerSyncConfigEntry,
    subentry: ConfigSubentry,
    addresses: Addresses,
) -> FailoverPowerwall:
    """Return the ways in to a subentry's Powerwall as one client."""

    # The way that is used instead hides from everybody else that a token is refused.

    def refused(name: str) -> None:
        # A removed home has nobody to ask.
        if hass.config_entries.async_get_entry(entry.entry_id) is not None:
            entry.async_start_reauth(
                hass, data={CONF_SUBENTRY_ID: subentry.subentry_id, CONF_WAY: name}
            )

    def another_way(change: WayChange) -> None:
        if isinstance(change.error, AuthError):
            refused(change.before)

    ways = build_ways(
        hass,
        subentry.data,
        WayAddresses(teslemetry=addresses.teslemetry, tessie=addresses.tessie),
    )
    return FailoverPowerwall(
        ways, now=dt_util.utcnow, on_change=another_way, on_refused=refused
    )


def _stream(
    hass: HomeAssistant, subentry: ConfigSubentry, addresses: Addresses
) -> SiteStream | None:
    """Return what pushes the site's documents, None if nothing does.

    Teslemetry does, to a token of the user's own and from its own address only.
    """
    for way in ways_from_stored(subentry.data):
        if isinstance(way, TokenWay) and way.service is TokenService.TESLEMETRY:
            return site_stream(
                async_get_clientsession(hass),
                way.token,
                subentry.data[CONF_ENERGY_SITE_ID],
                way.base_url or addresses.teslemetry,
            )
    return None


def _decision_keeper(
    hass: HomeAssistant, subentry_id: str
) -> Keeper[tuple[Record, ...]]:
    """Return what keeps a Powerwall's last decisions over a restart."""
    return Keeper(
        hass,
        DECISIONS,
        subentry_id,
        empty=(),
        encode=records_to_stored,
        decode=records_from_stored,
        save_every=DECISIONS_SAVED_EVERY,
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
