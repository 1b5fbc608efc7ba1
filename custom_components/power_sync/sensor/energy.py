"""Sensors of a Powerwall's energy sums, usable in the energy dashboard."""

from collections.abc import Callable, Mapping

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorStateClass,
)
from homeassistant.const import UnitOfEnergy

from ..coordinator.powerwall import Energy
from ..core.model.powerwall import EnergyTotals
from .reading import ReadingDescription

ENERGY_PARTS: Mapping[str, Callable[[EnergyTotals], float]] = {
    "solar_energy": lambda totals: totals.solar,
    "home_energy": lambda totals: totals.home,
    "grid_import_energy": lambda totals: totals.grid_import,
    "grid_export_energy": lambda totals: totals.grid_export,
    "battery_charge_energy": lambda totals: totals.battery_charge,
    "battery_discharge_energy": lambda totals: totals.battery_discharge,
}


def _energy(
    period: str,
    part: str,
    totals_fn: Callable[[Energy], EnergyTotals | None],
    value_fn: Callable[[EnergyTotals], float],
) -> ReadingDescription[Energy]:
    """Describe one sum of one period."""

    def value(energy: Energy) -> float | None:
        totals = totals_fn(energy)
        return None if totals is None else value_fn(totals)

    return ReadingDescription(
        key=f"{period}_{part}",
        translation_key=f"{period}_{part}",
        value_fn=value,
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=2,
    )


ENERGY: tuple[ReadingDescription[Energy], ...] = (
    *(
        _energy("daily", part, lambda energy: energy.today, value_fn)
        for part, value_fn in ENERGY_PARTS.items()
    ),
    *(
        _energy("lifetime", part, lambda energy: energy.lifetime, value_fn)
        for part, value_fn in ENERGY_PARTS.items()
    ),
)
