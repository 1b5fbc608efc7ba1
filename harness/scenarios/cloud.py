"""What Tesla's cloud stores for a site, and what a command wants of it.

In Tesla's own words and documents; nothing of the integration is used here.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from custom_components.power_sync.sim.powerwall import Powerwall
from custom_components.power_sync.sim.tesla_account import Command
from harness.tariff_slots import Document, Slots, read_slots

LEVERS = (
    "export_rule",
    "grid_charging",
    "backup_reserve",
    "storm_watch",
    "tariff",
    "operation_mode",
)
TARIFF = "tariff"
APP_SETTINGS = {
    "mode": "operation_mode",
    "reserve": "backup_reserve",
    "export_rule": "export_rule",
    "grid_charging": "grid_charging",
    "storm_watch": "storm_watch",
    "tariff": TARIFF,
}
"""Levers by the names that Tesla's app has for them in the simulator."""
WORTH_TELLING = 0.0005
"""$/kWh: tariffs that differ by less are the same."""

_NOISE = 1e-9

type Value = str | bool | float | Document | None


def stored(site: Powerwall) -> dict[str, Value]:
    """Return what the cloud stores, by lever."""
    settings = site.settings
    return {
        "export_rule": settings.export_rule.value if settings.export_rule else None,
        "grid_charging": settings.grid_charging,
        "backup_reserve": settings.reserve_percent,
        "storm_watch": settings.storm_watch,
        "tariff": settings.tariff.document if settings.tariff else None,
        "operation_mode": settings.mode.value,
    }


def asked(command: Command) -> dict[str, Value]:
    """Return what a command wants, by lever."""
    body: Mapping[str, Any] = command.body
    match command.name:
        case "time_of_use_settings":
            return {"tariff": body["tou_settings"]["tariff_content_v2"]}
        case "operation":
            return {"operation_mode": body["default_real_mode"]}
        case "backup":
            return {"backup_reserve": body["backup_reserve_percent"]}
        case "storm_mode":
            return {"storm_watch": body["enabled"]}
        case "grid_import_export":
            wanted: dict[str, Value] = {}
            if "customer_preferred_export_rule" in body:
                wanted["export_rule"] = body["customer_preferred_export_rule"]
            if "disallow_charge_from_grid_with_solar_installed" in body:
                disallow = body["disallow_charge_from_grid_with_solar_installed"]
                wanted["grid_charging"] = not disallow
            return wanted
    raise ValueError(f"{command.name} is no command for a lever")


def is_same(lever: str, first: Value, second: Value, today: date) -> bool:
    """Return whether two values of a lever mean the same on these days."""
    if lever != TARIFF:
        return first == second
    if first is second or first is None or second is None:
        return first is second
    assert isinstance(first, Mapping)
    assert isinstance(second, Mapping)
    if first.get("name") != second.get("name"):
        return False
    return all(
        max(abs(a - b) for a, b in zip(one, other, strict=True))
        < WORTH_TELLING - _NOISE
        for one, other in zip(_slots(first, today), _slots(second, today), strict=True)
    )


def is_named(lever: str, value: Value, name: str | bool | float) -> bool:
    """Return whether a value is what a name says; a tariff goes by its own."""
    if lever == TARIFF:
        return isinstance(value, Mapping) and value.get("name") == name
    return value == name


def text(lever: str, value: Value) -> str:
    """Return a value as the integration's decisions name it."""
    if isinstance(value, Mapping):
        return str(value.get("name"))
    if isinstance(value, bool):
        return "on" if value else "off"
    if lever == "backup_reserve" and isinstance(value, int | float):
        return f"{value:.0f} %"
    return str(value)


def week(tariff: Document, today: date) -> Slots:
    """Return the (buy, sell) prices of all half hours of the week that begins today."""
    return [
        slot
        for ahead in range(7)
        for slot in read_slots(tariff, today + timedelta(days=ahead))
    ]


def _slots(tariff: Document, today: date) -> Slots:
    """Return the prices of today and tomorrow: what time-based control looks at."""
    return read_slots(tariff, today) + read_slots(tariff, today + timedelta(days=1))
