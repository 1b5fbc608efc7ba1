"""Bring what an earlier version stored into today's form.

Minor version 2 stores several ways in to a Powerwall where version 1 had one, and has
entities that can be changed where version 1 had sensors.
"""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .const import (
    CONF_ACCESS_TOKEN,
    CONF_BASE_URL,
    CONF_ENERGY_SITE_ID,
    CONF_WAY,
    CONF_WAYS,
    DOMAIN,
    SUBENTRY_POWERWALL,
)
from .runtime import PowerSyncConfigEntry

MINOR_VERSION = 2

_OF_A_WAY = (CONF_WAY, CONF_ACCESS_TOKEN, CONF_BASE_URL)
_REPLACED = {
    Platform.SENSOR: ("operation_mode", "backup_reserve", "export_rule"),
    Platform.BINARY_SENSOR: ("grid_charging", "storm_watch"),
}
"""Keys of entities that have become ones of another platform."""


async def async_migrate_entry(hass: HomeAssistant, entry: PowerSyncConfigEntry) -> bool:
    """Return True once an entry has today's form; a newer minor version has it too.

    Home Assistant itself refuses entries of a newer major version.
    """
    if entry.minor_version < MINOR_VERSION:
        for powerwall in entry.get_subentries_of_type(SUBENTRY_POWERWALL):
            _remove_replaced(hass, powerwall.subentry_id)
            if CONF_WAYS in powerwall.data:
                # Home Assistant stopped in the midst of this the last time.
                continue
            way = {
                key: powerwall.data[key] for key in _OF_A_WAY if key in powerwall.data
            }
            hass.config_entries.async_update_subentry(
                entry,
                powerwall,
                data={
                    CONF_ENERGY_SITE_ID: powerwall.data[CONF_ENERGY_SITE_ID],
                    CONF_WAYS: [way],
                },
            )
        hass.config_entries.async_update_entry(entry, minor_version=MINOR_VERSION)
    return True


@callback
def _remove_replaced(hass: HomeAssistant, subentry_id: str) -> None:
    """Remove what would stay as entities that nobody provides any more."""
    registry = er.async_get(hass)
    for platform, keys in _REPLACED.items():
        for key in keys:
            entity_id = registry.async_get_entity_id(
                platform, DOMAIN, f"{subentry_id}_{key}"
            )
            if entity_id is not None:
                registry.async_remove(entity_id)
