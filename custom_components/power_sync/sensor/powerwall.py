"""Sensors of a Powerwall: power flows and equipment."""

from collections.abc import Callable

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorStateClass,
)
from homeassistant.const import (
    PERCENTAGE,
    EntityCategory,
    UnitOfEnergy,
    UnitOfPower,
)

from ..core.model.powerwall import GridStatus, LiveStatus, SiteInfo
from .reading import ReadingDescription


def _power(
    key: str, value_fn: Callable[[LiveStatus], float | None]
) -> ReadingDescription[LiveStatus]:
    """Describe a power flow."""
    return ReadingDescription(
        key=key,
        translation_key=key,
        value_fn=value_fn,
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    )


LIVE: tuple[ReadingDescription[LiveStatus], ...] = (
    _power("solar_power", lambda live: live.solar_power),
    _power("grid_power", lambda live: live.grid_power),
    _power("battery_power", lambda live: live.battery_power),
    _power("home_load", lambda live: live.load_power),
    ReadingDescription(
        key="battery_level",
        translation_key="battery_level",
        value_fn=lambda live: live.state_of_charge,
        device_class=SensorDeviceClass.BATTERY,
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    ),
    ReadingDescription(
        key="energy_left",
        translation_key="energy_left",
        value_fn=lambda live: live.energy_left,
        device_class=SensorDeviceClass.ENERGY_STORAGE,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
    ),
    ReadingDescription(
        key="grid_status",
        translation_key="grid_status",
        value_fn=lambda live: live.grid_status.value,
        device_class=SensorDeviceClass.ENUM,
        options=[status.value for status in GridStatus],
    ),
)


SITE: tuple[ReadingDescription[SiteInfo], ...] = (
    ReadingDescription(
        key="capacity",
        translation_key="capacity",
        value_fn=lambda site: site.nameplate_energy,
        device_class=SensorDeviceClass.ENERGY_STORAGE,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=1,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    ReadingDescription(
        key="firmware",
        translation_key="firmware",
        value_fn=lambda site: site.firmware,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
)
