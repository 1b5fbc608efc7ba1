"""Selects: the tariff plan in force, settings of the Powerwall, length of a force."""

from typing import override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import RestoreEntity

from .const import CONF_ACTIVE_PLAN, DOMAIN, SUBENTRY_TARIFF_PLAN
from .control_entity import LeverEntity
from .coordinator.powerwall import SiteCoordinator
from .coordinator.prices import PriceCoordinator
from .core.model.decisions import Lever
from .core.model.force import DURATIONS
from .core.model.powerwall import ExportRule, OperationMode
from .entity import PowerwallEntity, PriceSourceEntity
from .runtime import PowerSyncConfigEntry, Powerwall

PARALLEL_UPDATES = 1

LEVERS: dict[Lever, type[OperationMode | ExportRule]] = {
    Lever.OPERATION_MODE: OperationMode,
    Lever.EXPORT_RULE: ExportRule,
}
DURATION = SelectEntityDescription(
    key="force_duration",
    translation_key="force_duration",
    options=[str(minutes) for minutes in DURATIONS],
)
USUAL_MINUTES = 60


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PowerSyncConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the choices of the home's price source and Powerwall."""
    prices = entry.runtime_data.prices
    if prices is not None and prices.source.plan is not None:
        async_add_entities(
            [ActivePlanSelect(entry, prices)], config_subentry_id=prices.subentry_id
        )
    if (powerwall := entry.runtime_data.powerwall) is not None:
        async_add_entities(
            [
                *(LeverSelect(powerwall, lever) for lever in LEVERS),
                ForceDurationSelect(powerwall),
            ],
            config_subentry_id=powerwall.subentry_id,
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


class LeverSelect(LeverEntity, SelectEntity):
    """A setting of the Powerwall that is one of several."""

    def __init__(self, powerwall: Powerwall, lever: Lever) -> None:
        """Offer what the setting can be."""
        self._kind = LEVERS[lever]
        super().__init__(
            powerwall,
            lever,
            SelectEntityDescription(
                key=lever.value,
                translation_key=lever.value,
                options=[option.value for option in self._kind],
            ),
        )

    @property
    @override
    def current_option(self) -> str | None:
        """Return how it is set."""
        setting = self.setting
        return setting.value if isinstance(setting, self._kind) else None

    @override
    async def async_select_option(self, option: str) -> None:
        """Set it to something else."""
        await self.change(self._kind(option))


class ForceDurationSelect(
    PowerwallEntity[SiteCoordinator], SelectEntity, RestoreEntity
):
    """How many minutes the buttons charge or discharge for."""

    def __init__(self, powerwall: Powerwall) -> None:
        """Begin with the usual."""
        super().__init__(powerwall, powerwall.site, DURATION)
        self._attr_current_option = str(USUAL_MINUTES)

    @override
    async def async_added_to_hass(self) -> None:
        """Take up the choice of before."""
        await super().async_added_to_hass()
        before = await self.async_get_last_state()
        if before is not None and before.state in self.options:
            self._attr_current_option = before.state

    @property
    @override
    def available(self) -> bool:
        """Return True: the choice can be made while the service is away."""
        return True

    @override
    async def async_select_option(self, option: str) -> None:
        """Keep the choice."""
        self._attr_current_option = option
        self.async_write_ha_state()


def chosen_minutes(hass: HomeAssistant, powerwall: Powerwall) -> int:
    """Return for how long the user wants a force; the usual if that entity is off."""
    entity_id = er.async_get(hass).async_get_entity_id(
        "select", DOMAIN, f"{powerwall.subentry_id}_{DURATION.key}"
    )
    state = hass.states.get(entity_id) if entity_id else None
    if state is None or state.state not in (DURATION.options or ()):
        return USUAL_MINUTES
    return int(state.state)
