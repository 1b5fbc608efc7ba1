"""Services that act on a whole home."""

from collections.abc import Mapping
from typing import Any

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_get_config_entry
import voluptuous as vol

from ..const import DOMAIN
from ..runtime import PowerSyncConfigEntry
from . import force, profiles, sync
from .service import Service

__all__ = ["SERVICES", "async_setup_services"]

SERVICES: Mapping[str, Service] = {
    **sync.SERVICES,
    **force.SERVICES,
    **profiles.SERVICES,
}

_HOME: Mapping[vol.Marker, Any] = {vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string}


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the services; they find the home when they are called."""

    async def handle(call: ServiceCall) -> ServiceResponse:
        entry: PowerSyncConfigEntry = async_get_config_entry(
            hass, DOMAIN, call.data.get(ATTR_CONFIG_ENTRY_ID)
        )
        result = await SERVICES[call.service].act(entry, call)
        return result if call.return_response else None

    for name, service in SERVICES.items():
        hass.services.async_register(
            DOMAIN,
            name,
            handle,
            schema=vol.Schema({**_HOME, **service.fields}),
            supports_response=service.response,
        )
