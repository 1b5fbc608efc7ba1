"""Tesla's document about a site's settings and equipment."""

from collections.abc import Mapping
from typing import Any

from ..core.model.powerwall import ExportRule
from .powerwall import Powerwall
from .tariff_readback import as_version_1
from .tesla_equipment import GATEWAY, batteries, gateways, wall_connectors

_UNLIMITED = 1_000_000_000


def site_info(site: Powerwall, time_zone: str) -> dict[str, Any]:
    """Return settings and equipment of a site.

    Of a site in a virtual power plant only ``never`` can be told, by a flag.
    """
    config, settings = site.config, site.settings
    info: dict[str, Any] = {
        "id": GATEWAY,
        "site_name": config.name,
        "backup_reserve_percent": settings.reserve_percent,
        "default_real_mode": settings.mode.value,
        "installation_date": "2023-01-15T10:00:00+10:00",
        "user_settings": {
            "go_off_grid_test_banner_enabled": False,
            "storm_mode_enabled": settings.storm_watch,
            "powerwall_onboarding_settings_set": True,
            "powerwall_tesla_electric_interested_in": False,
            "vpp_tour_enabled": True,
            "sync_grid_alert_enabled": True,
            "breaker_alert_enabled": False,
        },
        "components": _components(site),
        "version": config.firmware,
        "battery_count": config.powerwalls,
    }
    if settings.tariff is not None:
        stored = settings.tariff.document
        info["tariff_content"] = as_version_1(stored)
        info["tariff_id"] = stored.get("code", "")
        info["tariff_content_v2"] = stored
    info |= {
        "off_grid_vehicle_charging_reserve_percent": 0,
        "nameplate_power": round(site.battery.discharge_w),
    }
    if config.unit.names_energy:
        info["nameplate_energy"] = round(site.battery.capacity_kwh * 1000)
    info |= {
        "installation_time_zone": time_zone,
        "max_site_meter_power_ac": _UNLIMITED,
        "min_site_meter_power_ac": -_UNLIMITED,
        "vpp_backup_reserve_percent": 0,
    }
    if config.omits_zeros:
        info = _without_zeros(info)
        for name in ("user_settings", "components"):
            info[name] = _without_zeros(info[name])
    return info


def _components(site: Powerwall) -> dict[str, Any]:
    config, settings = site.config, site.settings
    components: dict[str, Any] = {
        "solar": True,
        "solar_type": "pv_panel",
        "battery": True,
        "grid": True,
        "backup": True,
        "gateway": "teg",
        "load_meter": True,
        "tou_capable": True,
        "storm_mode_capable": True,
        "flex_energy_request_capable": False,
        "car_charging_data_supported": False,
        "off_grid_vehicle_charging_reserve_supported": True,
        "vehicle_charging_performance_view_enabled": False,
        "vehicle_charging_solar_offset_view_enabled": False,
        "battery_solar_offset_view_enabled": True,
        "solar_value_enabled": True,
        "energy_value_header": "Energy Value",
        "energy_value_subheader": "Estimated Value",
        "energy_service_self_scheduling_enabled": True,
        "show_grid_import_battery_source_cards": True,
        "set_islanding_mode_enabled": True,
        "wifi_commissioning_enabled": True,
        "backup_time_remaining_enabled": True,
        "battery_type": config.unit.battery_type,
        "configurable": True,
        "grid_services_enabled": config.export_rule is None,
        "gateways": gateways(site),
        "batteries": batteries(site),
        "wall_connectors": [
            connector | {"part_name": "Gen 3 Wall Connector"}
            for connector in wall_connectors(site)
        ],
    }
    if config.export_rule is not None and settings.export_rule is not None:
        components["customer_preferred_export_rule"] = settings.export_rule.value
    components |= {"net_meter_mode": "battery_ok", "system_alerts_enabled": True}
    # Both are absent unless true.
    if not settings.grid_charging:
        components["disallow_charge_from_grid_with_solar_installed"] = True
    if settings.export_rule is ExportRule.NEVER:
        components["non_export_configured"] = True
    return components


def _without_zeros(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields without those that say 0 or false."""
    return {
        name: value
        for name, value in fields.items()
        if not (isinstance(value, bool | int | float) and not value)
    }
