"""What all entities have in common."""

from typing import Any

from homeassistant.const import UnitOfEnergy
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator.base import ServiceCoordinator
from .coordinator.prices import PriceCoordinator
from .runtime import Powerwall


def price_unit(hass: HomeAssistant) -> str:
    """Return the unit of prices, in the currency that Home Assistant is set to."""
    return f"{hass.config.currency}/{UnitOfEnergy.KILO_WATT_HOUR}"


class PriceSourceEntity(CoordinatorEntity[PriceCoordinator]):
    """An entity of a price source."""

    _attr_has_entity_name = True

    def __init__(
        self, coordinator: PriceCoordinator, description: EntityDescription
    ) -> None:
        """Show what the coordinator knows."""
        super().__init__(coordinator)
        self.entity_description = description
        self._attr_unique_id = f"{coordinator.subentry_id}_{description.key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, coordinator.subentry_id)},
            name=coordinator.service,
            manufacturer=coordinator.service,
            entry_type=DeviceEntryType.SERVICE,
        )


class PowerwallEntity[CoordinatorT: ServiceCoordinator[Any]](
    CoordinatorEntity[CoordinatorT]
):
    """An entity of a Powerwall site."""

    _attr_has_entity_name = True

    def __init__(
        self,
        powerwall: Powerwall,
        coordinator: CoordinatorT,
        description: EntityDescription,
    ) -> None:
        """Show what the coordinator knows of the site."""
        super().__init__(coordinator)
        self.entity_description = description
        self.powerwall = powerwall
        self._attr_unique_id = f"{powerwall.subentry_id}_{description.key}"
        site = powerwall.site.known
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, powerwall.subentry_id)},
            name="Powerwall",
            manufacturer="Tesla",
            model="Powerwall",
            sw_version=site.firmware if site else None,
        )
