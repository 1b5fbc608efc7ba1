"""Tesla's documents about what there is and what it does at the moment."""

from datetime import datetime
from typing import Any

from .config import VEHICLE_VIN
from .powerwall import Powerwall
from .tesla_equipment import GATEWAY, uuid, wall_connectors

_UNPLUGGED = 2
"""The cloud's code of a wall connector without a car."""
_USUAL_FAULT_STATE = 2


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
        "gateway_id": GATEWAY,
        "asset_site_id": uuid(0),
        "warp_site_number": f"STE20230101-{config.site_id % 100_000:05}",
        **_stored(site),
        "percentage_charged": round(site.charge_percent, 4),
        "battery_type": config.unit.battery_type,
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
            "battery_type": config.unit.battery_type,
            "solar": True,
            "solar_type": "pv_panel",
            "grid": True,
            "load_meter": True,
            "market_type": "residential",
            "wall_connectors": wall_connectors(site),
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
        **_stored(site),
        "percentage_charged": round(site.charge_percent, 4),
        "backup_capable": True,
        "battery_power": battery,
        "load_power": solar + battery + grid,
        # Nobody has told what stands here in an outage.
        "grid_status": "Inactive" if site.situation.off_grid else "Active",
        "grid_services_active": site.grid_services_active,
        "grid_power": grid,
        "grid_services_power": battery if site.grid_services_active else 0,
        "generator_power": 0,
        "island_status": (
            "off_grid_unintentional" if site.situation.off_grid else "on_grid"
        ),
        "storm_mode_active": site.storm_mode_active,
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
            for connector in wall_connectors(site)
        ],
    }


def _stored(site: Powerwall) -> dict[str, float]:
    """Return the energy fields, which some Powerwalls do not have."""
    if not site.config.tells_stored:
        return {}
    return {
        "energy_left": round(site.stored_kwh * 1000, 1),
        "total_pack_energy": round(site.battery.capacity_kwh * 1000),
    }
