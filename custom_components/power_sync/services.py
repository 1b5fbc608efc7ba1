"""Services that act on a whole home."""

from collections.abc import Awaitable, Callable
from typing import Any

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_get_config_entry
import voluptuous as vol

from .actions import push_tariff, refresh
from .const import DOMAIN
from .runtime import Home, PowerSyncConfigEntry

SCHEMA = vol.Schema({vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string})

SERVICES: dict[str, Callable[[Home], Awaitable[dict[str, Any]]]] = {
    "sync_tou_schedule": push_tariff,
    "sync_now": refresh,
}


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the services; they find the home when they are called."""

    async def handle(call: ServiceCall) -> ServiceResponse:
        entry: PowerSyncConfigEntry = async_get_config_entry(
            hass, DOMAIN, call.data.get(ATTR_CONFIG_ENTRY_ID)
        )
        result = await SERVICES[call.service](entry.runtime_data)
        return result if call.return_response else None

    for name in SERVICES:
        hass.services.async_register(
            DOMAIN,
            name,
            handle,
            schema=SCHEMA,
            supports_response=SupportsResponse.OPTIONAL,
        )
