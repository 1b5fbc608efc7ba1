"""Sensors of what prices have been over the last weeks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.sensor import (
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import PERCENTAGE, EntityCategory, UnitOfTime
from homeassistant.util import dt as dt_util

from ..coordinator.prices import PriceCoordinator
from ..core.model.statistics import PriceSummary
from ..entity import PriceSourceEntity, price_unit


@dataclass(frozen=True, kw_only=True)
class SummaryDescription(SensorEntityDescription):
    """A sensor over the statistics of the prices."""

    value_fn: Callable[[PriceSummary], float | None]
    is_price: bool = False


def _price(
    key: str, value_fn: Callable[[PriceSummary], float], *, enabled: bool = False
) -> SummaryDescription:
    """Describe a statistic that is a price; most people need but a few."""
    return SummaryDescription(
        key=key,
        translation_key=key,
        value_fn=value_fn,
        is_price=True,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=4,
        entity_registry_enabled_default=enabled,
    )


SUMMARY = (
    _price("price_mean", lambda summary: summary.mean, enabled=True),
    _price("price_median", lambda summary: summary.median),
    _price("price_deviation", lambda summary: summary.deviation),
    _price("price_minimum", lambda summary: summary.minimum),
    _price("price_maximum", lambda summary: summary.maximum),
    _price("price_p10", lambda summary: summary.p10),
    _price("price_p25", lambda summary: summary.p25, enabled=True),
    _price("price_p75", lambda summary: summary.p75),
    _price("price_p90", lambda summary: summary.p90, enabled=True),
    _price("price_p95", lambda summary: summary.p95),
    SummaryDescription(
        key="price_count",
        translation_key="price_count",
        value_fn=lambda summary: summary.count,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
    ),
    SummaryDescription(
        key="price_days",
        translation_key="price_days",
        value_fn=lambda summary: summary.days,
        native_unit_of_measurement=UnitOfTime.DAYS,
        suggested_display_precision=1,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
)


class SummarySensor(PriceSourceEntity, SensorEntity):
    """A statistic over the last weeks."""

    entity_description: SummaryDescription

    def __init__(
        self, coordinator: PriceCoordinator, description: SummaryDescription
    ) -> None:
        """Use the home's currency."""
        super().__init__(coordinator, description)
        if description.is_price:
            self._attr_native_unit_of_measurement = price_unit(coordinator.hass)

    @property
    def _summary(self) -> PriceSummary | None:
        """Return the statistics, None as long as no price is known."""
        known = self.coordinator.known
        return known.summary if known else None

    @property
    @override
    def available(self) -> bool:
        """Return whether there are any prices; one that is missing changes nothing."""
        return self._summary is not None

    @property
    @override
    def native_value(self) -> float | None:
        """Return the statistic."""
        summary = self._summary
        return self.entity_description.value_fn(summary) if summary else None


class PercentileSensor(PriceSourceEntity, SensorEntity):
    """Where the running price stands among those of the last weeks."""

    def __init__(self, coordinator: PriceCoordinator) -> None:
        """Describe the sensor."""
        super().__init__(
            coordinator,
            SensorEntityDescription(
                key="price_percentile",
                translation_key="price_percentile",
                native_unit_of_measurement=PERCENTAGE,
                state_class=SensorStateClass.MEASUREMENT,
                suggested_display_precision=0,
            ),
        )

    @property
    @override
    def available(self) -> bool:
        """Return whether there is a running price to place."""
        return self.native_value is not None

    @property
    @override
    def native_value(self) -> float | None:
        """Return the share of lower prices and half of the equal ones."""
        return self.coordinator.percentile(dt_util.utcnow())


def statistics_sensors(prices: PriceCoordinator) -> list[SensorEntity]:
    """Return the sensors of one price source."""
    return [
        *(SummarySensor(prices, description) for description in SUMMARY),
        PercentileSensor(prices),
    ]
