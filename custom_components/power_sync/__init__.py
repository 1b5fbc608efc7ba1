"""PowerSync: keep a Powerwall on real electricity prices."""

import asyncio
from contextlib import suppress
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_STOP, Platform
from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

from .assembly.addresses import find_addresses
from .assembly.powerwall import find_zone, set_up_powerwall, watch_powerwall
from .assembly.prices import set_up_alerts, set_up_prices
from .assembly.removal import give_back, give_back_removed, put_back
from .const import DOMAIN
from .control.debts import async_setup_debts
from .control.profiles import Profiles
from .control.store import StateStore
from .coordinator.base import ServiceCoordinator
from .coordinator.keeper import remove_kept
from .migration import async_migrate_entry as async_migrate_entry
from .reload import reload_on_change
from .runtime import Home, PowerSyncConfigEntry, Powerwall
from .services import async_setup_services
from .web import async_setup_dashboard
from .websocket_api import async_setup_websocket

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
]
CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up what exists once, whatever number of homes there is."""
    async_setup_services(hass)
    async_setup_websocket(hass)
    await async_setup_debts(hass, put_back)
    await async_setup_dashboard(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: PowerSyncConfigEntry) -> bool:
    """Set up one home; one service that is away does not stop the other.

    Raises ConfigEntryNotReady if none of the home's services answers.
    """
    addresses = await find_addresses(entry)
    watched = await watch_powerwall(hass, entry, addresses)
    zone = await find_zone(hass, entry, watched.site if watched else None)
    prices = await set_up_prices(
        hass, entry, addresses, zone, watched.live if watched else None
    )
    alerts = await set_up_alerts(hass, prices) if prices else None
    powerwall = (
        await set_up_powerwall(hass, entry, watched, prices) if watched else None
    )
    home = entry.runtime_data = Home(prices=prices, alerts=alerts, powerwall=powerwall)
    if not _anything_answers(home):
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN, translation_key="nothing_answers"
        )

    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    if prices is not None:
        prices.start()
        entry.async_on_unload(prices.stop)
    if alerts is not None:
        entry.async_on_unload(alerts.start())
    if powerwall is not None:
        if powerwall.demand is not None:
            entry.async_on_unload(powerwall.demand.start())
        powerwall.controller.start()
        entry.async_on_unload(powerwall.controller.stop)
    reload_on_change(entry)

    async def on_stop(_: Event) -> None:
        await _write_down(home)

    # Home Assistant unloads nothing when it stops.
    entry.async_on_unload(hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, on_stop))
    return True


async def async_unload_entry(hass: HomeAssistant, entry: PowerSyncConfigEntry) -> bool:
    """Stop one home; give its Powerwall back if that is for good."""
    if not await hass.config_entries.async_unload_platforms(entry, PLATFORMS):
        return False
    home = entry.runtime_data
    if home.prices is not None:
        home.prices.stop()
    if (powerwall := home.powerwall) is not None:
        await _stop_control(powerwall)
        if entry.disabled_by or powerwall.subentry_id not in entry.subentries:
            await give_back(hass, entry, powerwall)
    await _write_down(home)
    for part in (home.prices, powerwall):
        if part is not None and part.subentry_id not in entry.subentries:
            await remove_kept(hass, part.subentry_id)
    return True


async def async_remove_entry(hass: HomeAssistant, entry: PowerSyncConfigEntry) -> None:
    """Give the Powerwall back and forget the home."""
    # Nothing may have been set up since the start: a disabled home can be removed.
    await async_setup_debts(hass, put_back)
    await give_back_removed(hass, entry)
    await Profiles(hass, entry.entry_id).remove()
    await StateStore(hass, entry.entry_id).remove()
    for subentry_id in entry.subentries:
        await remove_kept(hass, subentry_id)


async def _write_down(home: Home) -> None:
    """Write what a crash may lose but an orderly end must not."""
    if home.prices is not None:
        await home.prices.flush()
    if home.powerwall is not None:
        if home.powerwall.demand is not None:
            await home.powerwall.demand.flush()
        await home.powerwall.controller.flush()


async def _stop_control(powerwall: Powerwall) -> None:
    """End the control task, so that nothing else commands the Powerwall."""
    powerwall.controller.stop()
    for task in powerwall.tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _anything_answers(home: Home) -> bool:
    """Return whether at least one service is there; an empty home needs none."""
    coordinators: list[ServiceCoordinator[Any]] = []
    if home.prices is not None:
        coordinators.append(home.prices)
    if home.powerwall is not None:
        coordinators += [home.powerwall.site, home.powerwall.live]
    return not coordinators or any(item.last_update_success for item in coordinators)
