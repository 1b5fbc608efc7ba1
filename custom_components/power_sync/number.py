"""Numbers: from which prices on the user wants to be told."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import override

from homeassistant.components.number import (
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator.alerts import PriceAlerts
from .core.model.alerts import Thresholds
from .entity import PriceSourceEntity, price_unit
from .runtime import PowerSyncConfigEntry

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
    """Add the thresholds of the home's price alerts."""
    if (alerts := entry.runtime_data.alerts) is not None:
        async_add_entities(
            [AlertThreshold(alerts, description) for description in THRESHOLDS],
            config_subentry_id=alerts.prices.subentry_id,
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
