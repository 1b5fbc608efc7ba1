"""Numbers: from which prices on the user wants to be told, and the backup reserve."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import override

from homeassistant.components.number import (
    ATTR_VALUE,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import PERCENTAGE, EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .control_entity import LeverEntity
from .coordinator.alerts import PriceAlerts
from .core.model.alerts import Thresholds
from .core.model.decisions import Lever
from .core.model.force import HIGHEST_RESERVE
from .entity import PriceSourceEntity, price_unit
from .runtime import PowerSyncConfigEntry, Powerwall

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class ThresholdDescription(NumberEntityDescription):
    """A threshold, and how it is changed."""

    value_fn: Callable[[Thresholds], float]
    set_fn: Callable[[Thresholds, float], Thresholds]


THRESHOLDS = (
    ThresholdDescription(
        key="low_price_alert",
        translation_key="low_price_alert",
        value_fn=lambda thresholds: thresholds.low,
        set_fn=lambda thresholds, value: replace(thresholds, low=value),
    ),
    ThresholdDescription(
        key="high_price_alert",
        translation_key="high_price_alert",
        value_fn=lambda thresholds: thresholds.high,
        set_fn=lambda thresholds, value: replace(thresholds, high=value),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PowerSyncConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the thresholds of the home's price alerts and its Powerwall's reserve."""
    if (alerts := entry.runtime_data.alerts) is not None:
        async_add_entities(
            [AlertThreshold(alerts, description) for description in THRESHOLDS],
            config_subentry_id=alerts.prices.subentry_id,
        )
    if (powerwall := entry.runtime_data.powerwall) is not None:
        async_add_entities(
            [BackupReserve(powerwall)], config_subentry_id=powerwall.subentry_id
        )


class AlertThreshold(PriceSourceEntity, NumberEntity):
    """A price that is news once it is crossed."""

    entity_description: ThresholdDescription
    _attr_entity_category = EntityCategory.CONFIG
    _attr_mode = NumberMode.BOX
    _attr_native_min_value = -1.0
    _attr_native_max_value = 25.0
    _attr_native_step = 0.001

    def __init__(self, alerts: PriceAlerts, description: ThresholdDescription) -> None:
        """Use the home's currency."""
        super().__init__(alerts.prices, description)
        self._alerts = alerts
        self._attr_native_unit_of_measurement = price_unit(alerts.prices.hass)

    @property
    @override
    def available(self) -> bool:
        """Return True: it can be set while the service is away."""
        return True

    @property
    @override
    def native_value(self) -> float:
        """Return the threshold."""
        return self.entity_description.value_fn(self._alerts.thresholds)

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Keep another threshold."""
        await self._alerts.set_thresholds(
            self.entity_description.set_fn(self._alerts.thresholds, value)
        )
        self.async_write_ha_state()


class BackupReserve(LeverEntity, NumberEntity):
    """How much of the battery the owner keeps for a power cut, in %."""

    def __init__(self, powerwall: Powerwall) -> None:
        """Offer what the Tesla app does."""
        super().__init__(
            powerwall,
            Lever.BACKUP_RESERVE,
            NumberEntityDescription(
                key=Lever.BACKUP_RESERVE.value,
                translation_key=Lever.BACKUP_RESERVE.value,
                native_min_value=0,
                native_max_value=100,
                native_step=1,
                native_unit_of_measurement=PERCENTAGE,
            ),
        )

    @property
    @override
    def native_value(self) -> float | None:
        """Return the reserve."""
        setting = self.setting
        return setting if isinstance(setting, float) else None

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Keep another reserve; raises ServiceValidationError where Tesla would not."""
        percent = round(value)
        if HIGHEST_RESERVE < percent < 100:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="bad_reserve",
                translation_placeholders={
                    "problem": f"{ATTR_VALUE} must be 0 to {HIGHEST_RESERVE} or 100,"
                    f" not {percent}"
                },
            )
        await self.change(float(percent))
