"""PowerSync: keep a Powerwall on real electricity prices."""

import asyncio
from contextlib import suppress
from typing import Any

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

from .assembly import (
    find_addresses,
    price_coordinator,
    restore_after_removal,
    set_up_powerwall,
)
from .const import DOMAIN, SUBENTRY_POWERWALL
from .control.issues import report_not_restored, withdraw_not_restored
from .control.store import StateStore
from .coordinator.base import ServiceCoordinator
from .core.model.decisions import Reason
from .reload import reload_on_change
from .runtime import Home, PowerSyncConfigEntry, Powerwall
from .services import async_setup_services
from .web import async_setup_dashboard

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.SENSOR,
    Platform.SWITCH,
]
CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up what exists once, whatever number of homes there is."""
    async_setup_services(hass)
    await async_setup_dashboard(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: PowerSyncConfigEntry) -> bool:
    """Set up one home; one service that is away does not stop the other.

    Raises ConfigEntryNotReady if none of the home's services answers.
    """
    addresses = await find_addresses(entry)
    if (prices := price_coordinator(hass, entry, addresses)) is not None:
        await prices.async_refresh()
        entry.async_on_unload(prices.async_shutdown)
    powerwall = await set_up_powerwall(hass, entry, addresses, prices)
    home = entry.runtime_data = Home(prices=prices, powerwall=powerwall)
    if not _anything_answers(home):
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN, translation_key="nothing_answers"
        )

    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    if prices is not None:
        prices.start()
        entry.async_on_unload(prices.stop)
    if powerwall is not None:
        powerwall.controller.start()
        entry.async_on_unload(powerwall.controller.stop)
        withdraw_not_restored(hass, powerwall.subentry_id)
    reload_on_change(entry)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: PowerSyncConfigEntry) -> bool:
    """Stop one home; give its Powerwall back if that is for good."""
    if not await hass.config_entries.async_unload_platforms(entry, PLATFORMS):
        return False
    if (powerwall := entry.runtime_data.powerwall) is not None:
        await _stop_control(powerwall)
        gone = powerwall.subentry_id not in entry.subentries
        if gone or entry.disabled_by:
            if not await powerwall.controller.release(Reason.REMOVED):
                report_not_restored(hass, powerwall.subentry_id, entry.title)
            if gone:
                await powerwall.controller.forget()
        await powerwall.controller.flush()
    return True


async def async_remove_entry(hass: HomeAssistant, entry: PowerSyncConfigEntry) -> None:
    """Give the Powerwall back and forget the home."""
    for powerwall in entry.get_subentries_of_type(SUBENTRY_POWERWALL):
        if not await restore_after_removal(hass, entry, powerwall):
            report_not_restored(hass, powerwall.subentry_id, entry.title)
    await StateStore(hass, entry.entry_id).remove()


async def _stop_control(powerwall: Powerwall) -> None:
    """End the control task, so that nothing else commands the Powerwall."""
    powerwall.controller.stop()
    powerwall.task.cancel()
    with suppress(asyncio.CancelledError):
        await powerwall.task


def _anything_answers(home: Home) -> bool:
    """Return whether at least one service is there; an empty home needs none."""
    coordinators: list[ServiceCoordinator[Any]] = []
    if home.prices is not None:
        coordinators.append(home.prices)
    if home.powerwall is not None:
        coordinators += [home.powerwall.site, home.powerwall.live]
    return not coordinators or any(item.last_update_success for item in coordinators)
