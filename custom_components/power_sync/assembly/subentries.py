"""Find the parts of a home among its entry's subentries."""

from homeassistant.config_entries import ConfigSubentry

from ..const import LOGGER, SUBENTRY_TARIFF_PLAN
from ..core.model.tariff_plan import TariffPlan
from ..runtime import PowerSyncConfigEntry
from ..stored.plan import StoredPlanError, plan_from_stored


def first_subentry(entry: PowerSyncConfigEntry, kind: str) -> ConfigSubentry | None:
    """Return the home's subentry of a kind of which there is at most one."""
    return next(iter(entry.get_subentries_of_type(kind)), None)


def tariff_plans(entry: PowerSyncConfigEntry) -> dict[str, TariffPlan]:
    """Return the home's tariff plans by their unique id.

    One that is damaged is left out, and that is said: the rest of the home goes on.
    """
    plans: dict[str, TariffPlan] = {}
    for subentry in entry.get_subentries_of_type(SUBENTRY_TARIFF_PLAN):
        if subentry.unique_id is None:
            continue
        try:
            plan = plan_from_stored(subentry.title, subentry.data)
        except StoredPlanError as error:
            LOGGER.error("The tariff plan %s cannot be read: %s", subentry.title, error)
            continue
        plans[subentry.unique_id] = plan
    return plans
