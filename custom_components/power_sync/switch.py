"""Switches: what PowerSync may do on its own."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator.powerwall import SiteCoordinator
from .entity import PowerwallEntity
from .runtime import PowerSyncConfigEntry, Powerwall

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PowerSyncConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the switches of the home's Powerwall."""
    if (powerwall := entry.runtime_data.powerwall) is not None:
        async_add_entities(
            [AutoSyncSwitch(powerwall)], config_subentry_id=powerwall.subentry_id
        )


class AutoSyncSwitch(PowerwallEntity[SiteCoordinator], SwitchEntity):
    """Whether every change of price is sent to the Powerwall.

    Turned off, the owner's own tariff is put back.
    """

    def __init__(self, powerwall: Powerwall) -> None:
        """Describe the switch."""
        super().__init__(
            powerwall,
            powerwall.site,
            SwitchEntityDescription(
                key="auto_sync_tou_schedule", translation_key="auto_sync_tou_schedule"
            ),
        )

    @property
    @override
    def available(self) -> bool:
        """Return True: the choice can be made while the service is away."""
        return True

    @property
    @override
    def is_on(self) -> bool:
        """Return whether the sync is on."""
        return self.powerwall.controller.sync_enabled

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Follow the prices from now on."""
        await self.powerwall.controller.set_sync(True)
        self.async_write_ha_state()

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Give the tariff back to its owner."""
        await self.powerwall.controller.set_sync(False)
        self.async_write_ha_state()
