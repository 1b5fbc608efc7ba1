"""Services that send tariffs of prices or plans, or fetch everything anew."""

from collections.abc import Mapping
from typing import Any

from homeassistant.core import ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from ..actions import push_plan, push_tariff, refresh
from ..const import DOMAIN, SUBENTRY_TARIFF_PLAN
from ..core.model.tariff_plan import TariffPlan
from ..runtime import PowerSyncConfigEntry
from ..stored.plan import plan_from_stored
from .service import Service

ATTR_PLAN = "plan"


async def _sync_tou_schedule(
    entry: PowerSyncConfigEntry, _: ServiceCall
) -> dict[str, Any]:
    return await push_tariff(entry.runtime_data)


async def _sync_now(entry: PowerSyncConfigEntry, _: ServiceCall) -> dict[str, Any]:
    return await refresh(entry.runtime_data)


async def _push_plan(entry: PowerSyncConfigEntry, call: ServiceCall) -> dict[str, Any]:
    return await push_plan(entry.runtime_data, _find_plan(entry, call.data[ATTR_PLAN]))


SERVICES: Mapping[str, Service] = {
    "sync_tou_schedule": Service(act=_sync_tou_schedule),
    "sync_now": Service(act=_sync_now),
    "push_tariff_plan": Service(
        act=_push_plan, fields={vol.Required(ATTR_PLAN): cv.string}
    ),
}


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
