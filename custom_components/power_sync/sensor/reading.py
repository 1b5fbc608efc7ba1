"""A sensor over anything that a Powerwall reports."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.sensor import SensorEntity, SensorEntityDescription

from ..coordinator.base import ServiceCoordinator
from ..entity import PowerwallEntity


@dataclass(frozen=True, kw_only=True)
class ReadingDescription[DataT](SensorEntityDescription):
    """A sensor and where its value stands in what a coordinator keeps."""

    value_fn: Callable[[DataT], str | float | None]


class ReadingSensor[DataT](PowerwallEntity[ServiceCoordinator[DataT]], SensorEntity):
    """One value out of a report."""

    entity_description: ReadingDescription[DataT]

    @property
    @override
    def native_value(self) -> str | float | None:
        """Return the value."""
        return self.entity_description.value_fn(self.coordinator.data)
