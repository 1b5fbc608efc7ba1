"""Services for saved tariffs."""

from collections.abc import Mapping
from typing import Any

from homeassistant.const import CONF_NAME
from homeassistant.core import ServiceCall, SupportsResponse
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from ..actions import (
    delete_profile,
    export_profile,
    import_profile,
    list_profiles,
    restore_profile,
    save_profile,
)
from ..runtime import PowerSyncConfigEntry
from .service import Service

ATTR_REPLACE = "replace"
ATTR_YAML = "yaml"


async def _save(entry: PowerSyncConfigEntry, call: ServiceCall) -> dict[str, Any]:
    return await save_profile(
        entry.runtime_data, call.data[CONF_NAME], replace=call.data[ATTR_REPLACE]
    )


async def _list(entry: PowerSyncConfigEntry, _: ServiceCall) -> dict[str, Any]:
    return await list_profiles(entry.runtime_data)


async def _restore(entry: PowerSyncConfigEntry, call: ServiceCall) -> dict[str, Any]:
    return await restore_profile(entry.runtime_data, call.data[CONF_NAME])


async def _delete(entry: PowerSyncConfigEntry, call: ServiceCall) -> dict[str, Any]:
    return await delete_profile(entry.runtime_data, call.data[CONF_NAME])


async def _export(entry: PowerSyncConfigEntry, call: ServiceCall) -> dict[str, Any]:
    return await export_profile(entry.runtime_data, call.data[CONF_NAME])


async def _import(entry: PowerSyncConfigEntry, call: ServiceCall) -> dict[str, Any]:
    return await import_profile(
        call.hass,
        entry.runtime_data,
        call.data[CONF_NAME],
        call.data[ATTR_YAML],
        replace=call.data[ATTR_REPLACE],
    )


_NAME = {vol.Required(CONF_NAME): cv.string}
_REPLACE = {vol.Optional(ATTR_REPLACE, default=False): cv.boolean}

SERVICES: Mapping[str, Service] = {
    "save_profile": Service(act=_save, fields={**_NAME, **_REPLACE}),
    "list_profiles": Service(act=_list, response=SupportsResponse.ONLY),
    "restore_profile": Service(act=_restore, fields=_NAME),
    "delete_profile": Service(act=_delete, fields=_NAME),
    "export_profile": Service(
        act=_export, fields=_NAME, response=SupportsResponse.ONLY
    ),
    "import_profile": Service(
        act=_import, fields={**_NAME, vol.Required(ATTR_YAML): cv.string, **_REPLACE}
    ),
}
