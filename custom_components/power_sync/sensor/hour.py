"""Sensors of the running hour, where energy is billed at the mean of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import override

from homeassistant.components.sensor import (
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.util import dt as dt_util

from ..coordinator.prices import PriceCoordinator
from ..coordinator.source import Fact
from ..entity import PriceSourceEntity, price_unit


@dataclass(frozen=True, kw_only=True)
class HourDescription(SensorEntityDescription):
    """A price of the running hour."""

    value_fn: Callable[[PriceCoordinator, datetime], float | None]


HOUR = (
    HourDescription(
        key="hour_average_price",
        translation_key="hour_average_price",
        value_fn=PriceCoordinator.hour_so_far,
    ),
    HourDescription(
        key="expected_hour_price",
        translation_key="expected_hour_price",
        value_fn=PriceCoordinator.hour_expected,
    ),
)


class HourSensor(PriceSourceEntity, SensorEntity):
    """What the running hour costs, as far as that is known."""

    entity_description: HourDescription
    _attr_state_class = SensorStateClass.MEASUREMENT
    _attr_suggested_display_precision = 4

    def __init__(
        self, coordinator: PriceCoordinator, description: HourDescription
    ) -> None:
        """Use the home's currency."""
        super().__init__(coordinator, description)
        self._attr_native_unit_of_measurement = price_unit(coordinator.hass)

    @property
    @override
    def available(self) -> bool:
        """Return whether anything is known of the running hour."""
        return self.native_value is not None

    @property
    @override
    def native_value(self) -> float | None:
        """Return the price without delivery, as the source announces prices."""
        return self.entity_description.value_fn(self.coordinator, dt_util.utcnow())


def hour_sensors(prices: PriceCoordinator) -> list[HourSensor]:
    """Return the sensors, none for a source that bills each interval alone."""
    if Fact.SUPPLY not in prices.source.facts:
        return []
    return [HourSensor(prices, description) for description in HOUR]
