"""What a Tesla energy site reports about itself.

Power in W, energy in kWh, percentages 0 to 100.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from .tesla_tariff import TeslaTariff


class OperationMode(StrEnum):
    """How the Powerwall runs, in Tesla's words."""

    SELF_CONSUMPTION = "self_consumption"
    AUTONOMOUS = "autonomous"
    """Time-based control: the only mode in which a tariff is acted on."""
    BACKUP = "backup"


class GridStatus(StrEnum):
    """Whether the home is connected to the grid."""

    ON_GRID = "on_grid"
    OFF_GRID = "off_grid"
    OFF_GRID_INTENTIONAL = "off_grid_intentional"
    UNKNOWN = "unknown"


class ExportRule(StrEnum):
    """What the Powerwall may send to the grid."""

    NEVER = "never"
    PV_ONLY = "pv_only"
    BATTERY_OK = "battery_ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergySite:
    """One energy site of a Tesla account that has something to control."""

    site_id: int = field(repr=False)
    name: str
    has_battery: bool
    has_solar: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveStatus:
    """Power flows of this moment.

    Grid power is positive while importing, battery power positive while
    discharging. Any field a site does not report is None.
    """

    measured_at: datetime
    solar_power: float | None
    grid_power: float | None
    battery_power: float | None
    load_power: float | None
    state_of_charge: float | None
    energy_left: float | None
    grid_status: GridStatus
    storm_mode_active: bool
    grid_services_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteInfo:
    """Settings and equipment of a site.

    ``time_zone`` is the IANA name of the installation or None; ``tariff`` is
    None where none was ever stored.
    """

    name: str
    firmware: str | None
    operation_mode: OperationMode | None
    backup_reserve: float | None
    export_rule: ExportRule | None
    grid_charging: bool
    storm_watch: bool | None
    time_zone: str | None
    battery_count: int | None
    nameplate_energy: float | None
    nameplate_power: float | None
    has_solar: bool
    has_battery: bool
    tariff: TeslaTariff | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyTotals:
    """Energy that went each way over a period."""

    solar: float
    home: float
    grid_import: float
    grid_export: float
    battery_charge: float
    battery_discharge: float
