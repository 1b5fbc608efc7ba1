"""How a house, its solar panels and its battery share power.

The one battery and load model of the project: the simulated home, savings, what-if
figures and benchmarks all step through this module, so that they agree.

Signs follow the Powerwall: battery power is positive while discharging, grid power
is positive while importing, and ``solar + battery + grid = load`` holds at all times.
Powers are W, energies kWh, durations hours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from .model.powerwall import ExportRule


class Action(StrEnum):
    """What a battery is told to do until it is told something else."""

    SELF_USE = "self_use"
    """Store surplus solar and cover the house."""
    HOLD = "hold"
    """Stand still: surplus solar is sold and the grid covers the house."""
    CHARGE = "charge"
    """Charge as fast as allowed, from solar and grid."""
    DISCHARGE = "discharge"
    """Discharge as fast as allowed, into the house and the grid."""


@dataclass(frozen=True, slots=True)
class Battery:
    """What a battery (all units of a site together) can do.

    ``capacity_kwh`` is what can be stored; the round-trip loss is shared evenly by
    charging and discharging. ``standby_w`` is drawn from the store at all times.
    """

    capacity_kwh: float
    charge_w: float
    discharge_w: float
    round_trip_efficiency: float = 0.9
    standby_w: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what no battery can be.

        Raises:
            ValueError: a size or power is not positive, or efficiency is not in (0, 1].
        """
        if min(self.capacity_kwh, self.charge_w, self.discharge_w) <= 0:
            raise ValueError("A battery needs a positive capacity and positive powers")
        if not 0 < self.round_trip_efficiency <= 1:
            raise ValueError("Round-trip efficiency must be above 0 and at most 1")

    @property
    def one_way_efficiency(self) -> float:
        """Share of the energy that survives one direction."""
        return sqrt(self.round_trip_efficiency)

    def times(self, count: int) -> Battery:
        """Return ``count`` of these batteries working as one."""
        return Battery(
            self.capacity_kwh * count,
            self.charge_w * count,
            self.discharge_w * count,
            self.round_trip_efficiency,
            self.standby_w * count,
        )


POWERWALL_2 = Battery(13.5, 5_000, 5_000)
POWERWALL_3 = Battery(13.5, 5_000, 10_000)
POWERWALL_2_MEASURED = Battery(13.5, 5_000, 5_000, 0.914, 580 / 24)
"""As measured on real units: 91.4 % round trip and 0.58 kWh a day of standby use."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the owner and the grid allow at the moment."""

    reserve_kwh: float = 0.0
    export: ExportRule = ExportRule.BATTERY_OK
    grid_charging: bool = True
    export_cap_w: float = 10_000


@dataclass(frozen=True, slots=True)
class Flow:
    """The powers of one step, and what is stored at its end."""

    solar_w: float
    load_w: float
    battery_w: float
    grid_w: float
    curtailed_w: float
    stored_kwh: float


@dataclass(frozen=True, slots=True)
class Routes:
    """Which source fed which sink, W (or, multiplied by a duration, energy)."""

    solar_to_load: float
    solar_to_battery: float
    solar_to_grid: float
    battery_to_load: float
    battery_to_grid: float
    grid_to_load: float
    grid_to_battery: float


def share_power(
    battery: Battery,
    rules: Rules,
    action: Action,
    stored_kwh: float,
    solar_w: float,
    load_w: float,
    hours: float,
    charge_limit_w: float | None = None,
) -> Flow:
    """Run one step of constant solar and load power.

    The battery follows ``action`` as far as its power, its content and the rules
    allow. Solar power that may not leave the house charges the battery, and what
    then finds no place is curtailed. ``charge_limit_w`` lowers the power of
    ``Action.CHARGE`` where a device charges more slowly than it could.
    """
    efficiency = battery.one_way_efficiency
    per_hour = 1000.0 / hours
    surplus = solar_w - load_w
    may_export = 0.0 if rules.export is ExportRule.NEVER else rules.export_cap_w

    match action:
        case Action.SELF_USE:
            wanted = -surplus
        case Action.HOLD:
            wanted = 0.0
        case Action.CHARGE:
            wanted = -(battery.charge_w if charge_limit_w is None else charge_limit_w)
            wanted = min(wanted, -surplus)
        case Action.DISCHARGE:
            wanted = battery.discharge_w
    wanted = min(wanted, may_export - surplus)

    most_charge = min(
        battery.charge_w,
        max(0.0, battery.capacity_kwh - stored_kwh) / efficiency * per_hour,
    )
    if not rules.grid_charging:
        most_charge = min(most_charge, max(0.0, surplus))
    most_discharge = min(
        battery.discharge_w,
        max(0.0, stored_kwh - rules.reserve_kwh) * efficiency * per_hour,
    )
    if rules.export is not ExportRule.BATTERY_OK:
        # With solar only, the battery may carry the house while the sun is sold.
        own_use = load_w if rules.export is ExportRule.PV_ONLY else max(0.0, -surplus)
        most_discharge = min(most_discharge, own_use)

    battery_w = max(-most_charge, min(wanted, most_discharge))
    curtailed_w = max(0.0, surplus + battery_w - may_export)
    solar_w -= curtailed_w

    if battery_w > 0:
        stored_kwh -= battery_w / per_hour / efficiency
    else:
        stored_kwh -= battery_w / per_hour * efficiency
    stored_kwh -= battery.standby_w / per_hour
    return Flow(
        solar_w,
        load_w,
        battery_w,
        load_w - solar_w - battery_w,
        curtailed_w,
        min(battery.capacity_kwh, max(0.0, stored_kwh)),
    )


def routes(flow: Flow) -> Routes:
    """Say which source fed which sink.

    A discharging battery serves the house first and the sun is sold first, which is
    also how ``pv_only`` export is meant. All results are >= 0.
    """
    discharge = max(0.0, flow.battery_w)
    charge = max(0.0, -flow.battery_w)
    battery_to_load = min(discharge, flow.load_w)
    solar_to_load = min(flow.solar_w, flow.load_w - battery_to_load)
    solar_to_battery = min(flow.solar_w - solar_to_load, charge)
    return Routes(
        solar_to_load=solar_to_load,
        solar_to_battery=solar_to_battery,
        solar_to_grid=flow.solar_w - solar_to_load - solar_to_battery,
        battery_to_load=battery_to_load,
        battery_to_grid=discharge - battery_to_load,
        grid_to_load=flow.load_w - battery_to_load - solar_to_load,
        grid_to_battery=charge - solar_to_battery,
    )


def usual_day(days: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """Return the mean of some days, slot by slot: the plainest forecast there is.

    Raises:
        ValueError: there is no day, or the days differ in length.
    """
    if not days:
        raise ValueError("A usual day needs at least one day")
    return tuple(sum(slot) / len(days) for slot in zip(*days, strict=True))
