"""A choice between the home's tariff plans."""

from typing import override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import CONF_ACTIVE_PLAN, SUBENTRY_TARIFF_PLAN
from .coordinator.prices import PriceCoordinator
from .entity import PriceSourceEntity
from .runtime import PowerSyncConfigEntry

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PowerSyncConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the choice where prices come from a plan."""
    prices = entry.runtime_data.prices
    if prices is not None and prices.source.plan is not None:
        async_add_entities(
            [ActivePlanSelect(entry, prices)], config_subentry_id=prices.subentry_id
        )


class ActivePlanSelect(PriceSourceEntity, SelectEntity):
    """Which of the plans is in force; another one makes the home start afresh."""

    def __init__(self, entry: PowerSyncConfigEntry, prices: PriceCoordinator) -> None:
        """Offer the plans that the home has."""
        super().__init__(
            prices,
            SelectEntityDescription(key="active_plan", translation_key="active_plan"),
        )
        self._entry = entry
        self._plans = {
            subentry.title: subentry.unique_id
            for subentry in entry.get_subentries_of_type(SUBENTRY_TARIFF_PLAN)
        }
        self._attr_options = list(self._plans)

    @property
    @override
    def available(self) -> bool:
        """Return True: there is nothing that could fail."""
        return True

    @property
    @override
    def current_option(self) -> str | None:
        """Return the plan in force."""
        plan = self.coordinator.source.plan
        return plan.name if plan else None

    @override
    async def async_select_option(self, option: str) -> None:
        """Put another plan in force."""
        subentry = self._entry.subentries[self.coordinator.subentry_id]
        self.hass.config_entries.async_update_subentry(
            self._entry,
            subentry,
            data={**subentry.data, CONF_ACTIVE_PLAN: self._plans[option]},
        )
