"""Tesla's ``calendar_history`` of energy into totals.

The flows are reported by origin in Wh per bucket of time; fields that are zero may
be left out, and some sites add totals of their own.
"""

from collections.abc import Iterable
from typing import Any

from ...core.model.powerwall import EnergyTotals
from ..errors import InvalidDataError
from ..json_fields import JsonObject, json_list, json_object, number, optional

_ORIGINS = ("grid", "solar", "battery", "generator")


def _from(prefix: str) -> tuple[str, ...]:
    """Return the names of a flow's parts by origin."""
    return tuple(f"{prefix}_from_{origin}" for origin in _ORIGINS)


_FLOWS: dict[str, tuple[tuple[str, ...], str | None]] = {
    "solar": (("solar_energy_exported",), "total_solar_generation"),
    "home": (_from("consumer_energy_imported"), "total_home_usage"),
    "grid_import": (("grid_energy_imported",), None),
    "grid_export": (_from("grid_energy_exported"), "total_grid_energy_exported"),
    "battery_charge": (_from("battery_energy_imported"), "total_battery_charge"),
    "battery_discharge": (("battery_energy_exported",), "total_battery_discharge"),
}
"""By field of EnergyTotals: the parts, and Tesla's own sum where there is one."""


def parse_energy(answer: object, *, may_be_empty: bool) -> EnergyTotals:
    """Return the sums over a history, in kWh.

    A day that has just begun has no buckets yet (``may_be_empty``); a lifetime
    without any would make every counter start again. Raises InvalidDataError naming
    the field.
    """
    envelope = json_object(answer, "the answer")
    history = json_object(envelope.get("response"), "calendar_history")
    buckets = [
        json_object(bucket, f"bucket {index}")
        for index, bucket in enumerate(
            json_list(history.get("time_series"), "time_series")
        )
    ]
    if not buckets and not may_be_empty:
        raise InvalidDataError("time_series is empty")
    return EnergyTotals(
        **{
            flow: _kilowatt_hours(buckets, flow, parts, total)
            for flow, (parts, total) in _FLOWS.items()
        }
    )


def _kilowatt_hours(
    buckets: Iterable[JsonObject], flow: str, parts: tuple[str, ...], total: str | None
) -> float:
    """Add up one flow; Tesla's own sum only counts where it gives no parts."""
    watt_hours = 0.0
    for index, bucket in enumerate(buckets):
        given: list[Any] = [part for part in parts if bucket.get(part) is not None]
        if not given and total is not None:
            given = [total]
        for name in given:
            value = optional(number, bucket.get(name), f"bucket {index} {name}")
            watt_hours += value or 0.0
    return number(watt_hours / 1000, flow)
