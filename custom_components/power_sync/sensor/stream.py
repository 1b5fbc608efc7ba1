"""A sensor that tells whether prices are pushed."""

from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.const import EntityCategory

from ..coordinator.prices import PriceCoordinator
from ..entity import PriceSourceEntity

STATES = ["connecting", "live", "not_offered"]


class StreamSensor(PriceSourceEntity, SensorEntity):
    """What has become of the connection over which prices are pushed."""

    def __init__(self, coordinator: PriceCoordinator) -> None:
        """Describe the sensor."""
        super().__init__(
            coordinator,
            SensorEntityDescription(
                key="live_prices",
                translation_key="live_prices",
                device_class=SensorDeviceClass.ENUM,
                options=STATES,
                entity_category=EntityCategory.DIAGNOSTIC,
            ),
        )

    @property
    @override
    def available(self) -> bool:
        """Return True: the connection has nothing to do with the polls."""
        return True

    @property
    @override
    def native_value(self) -> str | None:
        """Return the state of the connection."""
        state = self.coordinator.stream_state
        return state.value if state else None
