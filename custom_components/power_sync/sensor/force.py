"""Sensors of a force: how long the battery is still charged or discharged."""

from datetime import datetime
import math
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.const import UnitOfTime
from homeassistant.util import dt as dt_util

from ..control_entity import ControlEntity
from ..core.model.force import remaining
from ..runtime import Powerwall


class ForceRemainingSensor(ControlEntity, SensorEntity):
    """How many minutes are left, 0 while nothing is forced."""

    def __init__(self, powerwall: Powerwall) -> None:
        """Describe the sensor."""
        super().__init__(
            powerwall,
            SensorEntityDescription(
                key="force_remaining",
                translation_key="force_remaining",
                device_class=SensorDeviceClass.DURATION,
                native_unit_of_measurement=UnitOfTime.MINUTES,
            ),
        )

    @property
    @override
    def native_value(self) -> int:
        """Return the minutes, the one that has begun included."""
        if (force := self.controller.force) is None:
            return 0
        return math.ceil(remaining(force, dt_util.utcnow()).total_seconds() / 60)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        """Return what is forced, and until when."""
        force = self.controller.force
        return {
            "direction": force.direction.value if force else None,
            "until": force.until.isoformat() if force else None,
        }


class ForceUntilSensor(ControlEntity, SensorEntity):
    """When the force ends; unknown while there is none."""

    def __init__(self, powerwall: Powerwall) -> None:
        """Describe the sensor."""
        super().__init__(
            powerwall,
            SensorEntityDescription(
                key="force_until",
                translation_key="force_until",
                device_class=SensorDeviceClass.TIMESTAMP,
            ),
        )

    @property
    @override
    def native_value(self) -> datetime | None:
        """Return the moment."""
        force = self.controller.force
        return force.until if force else None
