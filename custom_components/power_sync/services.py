"""Services that act on a whole home."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_get_config_entry
import voluptuous as vol

from .actions import push_plan, push_tariff, refresh
from .const import DOMAIN, SUBENTRY_TARIFF_PLAN
from .core.model.tariff_plan import TariffPlan
from .runtime import PowerSyncConfigEntry
from .stored.plan import plan_from_stored

ATTR_PLAN = "plan"

_HOME: Mapping[vol.Marker, Any] = {vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a service does to a home, and what it must be told beside which home."""

    act: Callable[[PowerSyncConfigEntry, ServiceCall], Awaitable[dict[str, Any]]]
    fields: Mapping[vol.Marker, Any]


async def _push_plan(entry: PowerSyncConfigEntry, call: ServiceCall) -> dict[str, Any]:
    return await push_plan(entry.runtime_data, _find_plan(entry, call.data[ATTR_PLAN]))


SERVICES: Mapping[str, Service] = {
    "sync_tou_schedule": Service(
        act=lambda entry, _: push_tariff(entry.runtime_data), fields={}
    ),
    "sync_now": Service(act=lambda entry, _: refresh(entry.runtime_data), fields={}),
    "push_tariff_plan": Service(
        act=_push_plan, fields={vol.Required(ATTR_PLAN): cv.string}
    ),
}


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
            supports_response=SupportsResponse.OPTIONAL,
        )


def _find_plan(entry: PowerSyncConfigEntry, name: str) -> TariffPlan:
    """Return a home's plan by its name; raises ServiceValidationError without one."""
    plans = {
        subentry.title: subentry.data
        for subentry in entry.get_subentries_of_type(SUBENTRY_TARIFF_PLAN)
    }
    if name not in plans:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="unknown_plan",
            translation_placeholders={"plan": name, "plans": ", ".join(plans) or "-"},
        )
    return plan_from_stored(name, plans[name])
