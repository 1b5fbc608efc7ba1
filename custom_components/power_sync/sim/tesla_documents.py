"""Tesla's read-only documents about a site."""

from datetime import datetime
from typing import Any

from ..core.model.powerwall import ExportRule
from .config import VEHICLE_VIN
from .powerwall import Powerwall
from .tariff_readback import as_version_1

_GATEWAY = "1152100-14-J--CN000000000001"
_UNPLUGGED = 2
"""The cloud's code of a wall connector without a car."""
_USUAL_FAULT_STATE = 2
_UNLIMITED = 1_000_000_000


def vehicle() -> dict[str, Any]:
    """Return the car as ``products`` lists it: asleep, away from the plug."""
    return {
        "id": 1000000000000001,
        "user_id": 1000001,
        "vehicle_id": 2000001,
        "vin": VEHICLE_VIN,
        "color": None,
        "access_type": "OWNER",
        "display_name": "Blue",
        "option_codes": None,
        "cached_data": None,
        "granular_access": {"hide_private": False},
        "tokens": ["aaaa", "bbbb"],
        "state": "asleep",
        "in_service": False,
        "id_s": "1000000000000001",
        "calendar_enabled": True,
        "api_version": 84,
        "backseat_token": None,
        "backseat_token_updated_at": None,
        "ble_autopair_enrolled": False,
        "command_signing": "required",
        "release_notes_supported": True,
    }


def product(site: Powerwall) -> dict[str, Any]:
    """Return a site as ``products`` lists it."""
    config = site.config
    if not config.powerwalls:
        return {
            "energy_site_id": config.site_id,
            "components": {
                "battery": False,
                "solar": False,
                "grid": False,
                "load_meter": False,
                "market_type": "residential",
            },
        }
    return {
        "energy_site_id": config.site_id,
        "device_type": "energy",
        "resource_type": "battery",
        "site_name": config.name,
        "id": f"STE20230101-{config.site_id % 100_000:05}",
        "gateway_id": _GATEWAY,
        "asset_site_id": _uuid(0),
        "warp_site_number": f"STE20230101-{config.site_id % 100_000:05}",
        "energy_left": _wh(site.stored_kwh),
        "total_pack_energy": round(site.battery.capacity_kwh * 1000),
        "percentage_charged": round(site.charge_percent, 4),
        "battery_type": "ac_powerwall",
        "backup_capable": True,
        "battery_power": round(site.flow.battery_w),
        "go_off_grid_test_banner_enabled": None,
        "storm_mode_enabled": site.settings.storm_watch,
        "powerwall_onboarding_settings_set": True,
        "powerwall_tesla_electric_interested_in": None,
        "vpp_tour_enabled": None,
        "sync_grid_alert_enabled": True,
        "breaker_alert_enabled": True,
        "components": {
            "battery": True,
            "battery_type": "ac_powerwall",
            "solar": True,
            "solar_type": "pv_panel",
            "grid": True,
            "load_meter": True,
            "market_type": "residential",
            "wall_connectors": _wall_connectors(site),
        },
        "features": {"rate_plan_manager_no_pricing_constraint": True},
    }


def live_status(site: Powerwall, local: datetime) -> dict[str, Any]:
    """Return the powers of this moment; they balance to the watt."""
    flow = site.flow
    solar, battery, grid = (
        round(power) for power in (flow.solar_w, flow.battery_w, flow.grid_w)
    )
    return {
        "solar_power": solar,
        "energy_left": _wh(site.stored_kwh),
        "total_pack_energy": round(site.battery.capacity_kwh * 1000),
        "percentage_charged": round(site.charge_percent, 4),
        "backup_capable": True,
        "battery_power": battery,
        "load_power": solar + battery + grid,
        "grid_status": "Active",
        "grid_services_active": False,
        "grid_power": grid,
        "grid_services_power": 0,
        "generator_power": 0,
        "island_status": "on_grid",
        "storm_mode_active": False,
        "timestamp": local.isoformat(timespec="seconds"),
        "wall_connectors": [
            {
                "din": connector["din"],
                "wall_connector_state": _UNPLUGGED,
                "wall_connector_fault_state": _USUAL_FAULT_STATE,
                "wall_connector_power": 0,
                "ocpp_status": 1,
                "powershare_session_state": 1,
            }
            for connector in _wall_connectors(site)
        ],
    }


def site_info(site: Powerwall, time_zone: str) -> dict[str, Any]:
    """Return settings and equipment of a site."""
    config, settings = site.config, site.settings
    info: dict[str, Any] = {
        "id": _GATEWAY,
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
    return info | {
        "off_grid_vehicle_charging_reserve_percent": 0,
        "nameplate_power": round(site.battery.discharge_w),
        "nameplate_energy": round(site.battery.capacity_kwh * 1000),
        "installation_time_zone": time_zone,
        "max_site_meter_power_ac": _UNLIMITED,
        "min_site_meter_power_ac": -_UNLIMITED,
        "vpp_backup_reserve_percent": 0,
    }


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
        "battery_type": "ac_powerwall",
        "configurable": True,
        "grid_services_enabled": False,
        "gateways": [
            {
                "device_id": _uuid(0xB1),
                "din": _GATEWAY,
                "serial_number": "CN000000000001",
                "part_number": "1152100-14-J",
                "part_type": 10,
                "part_name": "Tesla Backup Gateway 2",
                "is_active": True,
                "site_id": _uuid(0),
                "firmware_version": config.firmware,
                "updated_datetime": "2026-10-01T00:00:00.000Z",
            }
        ],
        "batteries": [
            {
                "device_id": _uuid(0xC1 + unit),
                "din": f"3012170-10-B--TG{unit + 1:012}",
                "serial_number": f"TG{unit + 1:012}",
                "part_number": "3012170-10-B",
                "part_type": 2,
                "part_name": "Powerwall 2",
                "nameplate_max_charge_power": round(config.unit.charge_w),
                "nameplate_max_discharge_power": round(config.unit.discharge_w),
                "nameplate_energy": round(config.unit.capacity_kwh * 1000),
            }
            for unit in range(config.powerwalls)
        ],
        "wall_connectors": [
            connector | {"part_name": "Gen 3 Wall Connector"}
            for connector in _wall_connectors(site)
        ],
        "customer_preferred_export_rule": settings.export_rule.value,
        "net_meter_mode": "battery_ok",
        "system_alerts_enabled": True,
    }
    # Both are absent unless true.
    if not settings.grid_charging:
        components["disallow_charge_from_grid_with_solar_installed"] = True
    if settings.export_rule is ExportRule.NEVER:
        components["non_export_configured"] = True
    return components


def _wall_connectors(site: Powerwall) -> list[dict[str, Any]]:
    return [
        {
            "device_id": _uuid(0xA1 + number),
            "din": f"1457768-{number + 1:02}-G--TGA{number + 1:011}",
            "is_active": True,
        }
        for number in range(site.config.wall_connectors)
    ]


def _uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number or 1:012x}"


def _wh(kwh: float) -> float:
    return round(kwh * 1000, 1)
