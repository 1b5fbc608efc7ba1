"""Sensors of a price source: the running interval and what comes after it."""

from collections.abc import Callable
from dataclasses import dataclass
import re
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import PERCENTAGE
from homeassistant.util import dt as dt_util

from ..coordinator.prices import PriceCoordinator
from ..coordinator.source import Fact
from ..core.model.prices import Channel, ForecastChoice, PricePoint, SpikeStatus
from ..entity import PriceSourceEntity, price_unit


@dataclass(frozen=True, kw_only=True)
class PriceDescription(SensorEntityDescription):
    """A sensor over the running interval of one channel."""

    channel: Channel = Channel.IMPORT
    fact: Fact | None = None
    """What the source must tell for this to make sense."""
    value_fn: Callable[[PricePoint], str | float | None]
    has_forecast: bool = False
    is_price: bool = False


def _price_sensor(key: str, channel: Channel) -> PriceDescription:
    """Describe the running price of a channel, with its forecast."""
    return PriceDescription(
        key=key,
        translation_key=key,
        channel=channel,
        value_fn=lambda point: point.price,
        has_forecast=True,
        is_price=True,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=4,
    )


def _part_sensor(
    key: str,
    fact: Fact,
    value_fn: Callable[[PricePoint], float | None],
    *,
    enabled: bool = True,
) -> PriceDescription:
    """Describe another price that the source tells of the running interval."""
    return PriceDescription(
        key=key,
        translation_key=key,
        fact=fact,
        entity_registry_enabled_default=enabled,
        value_fn=value_fn,
        is_price=True,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=4,
    )


def _snake_case(word: str | None) -> str | None:
    """Return a word such as ``veryLow`` as states are written and translated."""
    return word and re.sub("([A-Z])", r"_\1", word).lower()


PRICES = (
    _price_sensor("current_electricity_price", Channel.IMPORT),
    _price_sensor("feed_in_price", Channel.EXPORT),
    _price_sensor("controlled_load_price", Channel.CONTROLLED_LOAD),
    _part_sensor(
        "low_price",
        Fact.OUTLOOK,
        lambda point: point.band.low if point.band else None,
    ),
    _part_sensor(
        "predicted_price",
        Fact.OUTLOOK,
        lambda point: point.band.predicted if point.band else None,
    ),
    _part_sensor(
        "high_price",
        Fact.OUTLOOK,
        lambda point: point.band.high if point.band else None,
    ),
    _part_sensor("supply_price", Fact.SUPPLY, lambda point: point.supply),
    _part_sensor(
        "wholesale_price", Fact.WHOLESALE, lambda point: point.spot, enabled=False
    ),
    PriceDescription(
        key="price_spike",
        translation_key="price_spike",
        fact=Fact.OUTLOOK,
        value_fn=lambda point: point.spike.value,
        device_class=SensorDeviceClass.ENUM,
        options=[status.value for status in SpikeStatus],
    ),
    PriceDescription(
        key="price_descriptor",
        translation_key="price_descriptor",
        fact=Fact.OUTLOOK,
        value_fn=lambda point: _snake_case(point.descriptor),
    ),
    PriceDescription(
        key="renewables",
        translation_key="renewables",
        fact=Fact.OUTLOOK,
        value_fn=lambda point: point.renewables,
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    ),
)


class PriceSensor(PriceSourceEntity, SensorEntity):
    """A fact about the running interval."""

    entity_description: PriceDescription
    _unrecorded_attributes = frozenset({"forecast"})

    def __init__(
        self, coordinator: PriceCoordinator, description: PriceDescription
    ) -> None:
        """Use the home's currency."""
        super().__init__(coordinator, description)
        if description.is_price:
            self._attr_native_unit_of_measurement = price_unit(coordinator.hass)

    @property
    def _running(self) -> PricePoint | None:
        """Return the interval that is running, if its price is known."""
        if (known := self.coordinator.known) is None:
            return None
        return known.series.running(self.entity_description.channel, dt_util.utcnow())

    @property
    @override
    def available(self) -> bool:
        """Return whether the running interval has a price.

        A failed poll in the middle of an interval takes nothing away from it.
        """
        return self._running is not None

    @property
    @override
    def native_value(self) -> str | float | None:
        """Return the fact."""
        running = self._running
        return None if running is None else self.entity_description.value_fn(running)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return when the interval is, and what comes after it."""
        if (
            not self.entity_description.has_forecast
            or (running := self._running) is None
        ):
            return None
        series = self.coordinator.data.series
        return {
            "start": running.start.isoformat(),
            "end": running.end.isoformat(),
            "estimate": running.estimate,
            "origin": series.origin,
            "forecast": [
                {
                    "start": point.start.isoformat(),
                    "end": point.end.isoformat(),
                    "price": round(point.planning_price(ForecastChoice.PREDICTED), 5),
                }
                for point in series.channel(self.entity_description.channel)
                if point.end > running.start
            ],
        }
