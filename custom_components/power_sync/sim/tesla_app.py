"""What Tesla's own app sends when the owner changes something in it."""

from typing import Any

from .tesla_commands import RefusedError

_COMMANDS = {
    "mode": ("operation", "default_real_mode"),
    "reserve": ("backup", "backup_reserve_percent"),
    "export_rule": ("grid_import_export", "customer_preferred_export_rule"),
    "storm_watch": ("storm_mode", "enabled"),
}


def as_command(setting: str, value: Any) -> tuple[str, dict[str, Any]]:
    """Return name and body of the command that sets a setting to a value.

    Raises:
        RefusedError: there is no such setting, or the value is of the wrong kind.
    """
    match setting:
        case "tariff":
            return "time_of_use_settings", {
                "tou_settings": {"tariff_content_v2": value}
            }
        case "grid_charging":
            if not isinstance(value, bool):
                raise RefusedError("grid_charging must be true or false")
            return "grid_import_export", {
                "disallow_charge_from_grid_with_solar_installed": not value
            }
        case name if name in _COMMANDS:
            command, field = _COMMANDS[name]
            return command, {field: value}
        case _:
            known = ", ".join(sorted([*_COMMANDS, "grid_charging", "tariff"]))
            raise RefusedError(f"settings of the app are {known}")
