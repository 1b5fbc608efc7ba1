"""Sensors of what a home is charged for its peaks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import UnitOfPower

from ..coordinator.demand import DemandMeter
from ..coordinator.powerwall import LiveCoordinator
from ..entity import PowerwallEntity
from ..runtime import Powerwall


@dataclass(frozen=True, kw_only=True)
class DemandDescription(SensorEntityDescription):
    """A sensor over the demand of the billing period."""

    value_fn: Callable[[DemandMeter], float]
    at_fn: Callable[[DemandMeter], datetime | None] | None = None


DEMAND = (
    DemandDescription(
        key="peak_demand",
        translation_key="peak_demand",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.KILO_WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        value_fn=lambda demand: demand.peak_kw,
        at_fn=lambda demand: demand.peak_at,
    ),
    DemandDescription(
        key="demand_cost",
        translation_key="demand_cost",
        device_class=SensorDeviceClass.MONETARY,
        suggested_display_precision=2,
        value_fn=lambda demand: demand.cost,
    ),
)


class DemandSensor(PowerwallEntity[LiveCoordinator], SensorEntity):
    """A fact about the running billing period."""

    entity_description: DemandDescription

    def __init__(
        self, powerwall: Powerwall, demand: DemandMeter, description: DemandDescription
    ) -> None:
        """Use the home's currency for money."""
        super().__init__(powerwall, powerwall.live, description)
        self._demand = demand
        if description.device_class is SensorDeviceClass.MONETARY:
            self._attr_native_unit_of_measurement = powerwall.live.hass.config.currency

    @property
    @override
    def available(self) -> bool:
        """Return True: what was measured stays so while the service is away."""
        return True

    @property
    @override
    def native_value(self) -> float:
        """Return the fact."""
        return self.entity_description.value_fn(self._demand)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return when the peak was."""
        if (at_fn := self.entity_description.at_fn) is None:
            return None
        at = at_fn(self._demand)
        return {"at": at.isoformat() if at else None}
