"""The equipment of a site as Tesla's documents name it; every number is invented."""

from typing import Any

from .powerwall import Powerwall

GATEWAY = "1152100-14-J--CN000000000001"


def gateways(site: Powerwall) -> list[dict[str, Any]]:
    """Return the gateway that speaks for the site."""
    return [
        {
            "device_id": uuid(0xB1),
            "din": GATEWAY,
            "serial_number": "CN000000000001",
            "part_number": "1152100-14-J",
            "part_type": 10,
            "part_name": "Tesla Backup Gateway 2",
            "is_active": True,
            "site_id": uuid(0),
            "firmware_version": site.config.firmware,
            "updated_datetime": "2026-10-01T00:00:00.000Z",
        }
    ]


def batteries(site: Powerwall) -> list[dict[str, Any]]:
    """Return the Powerwalls."""
    unit = site.config.unit
    energy = (
        {"nameplate_energy": round(unit.battery.capacity_kwh * 1000)}
        if unit.names_energy
        else {}
    )
    return [
        {
            "device_id": uuid(0xC1 + number),
            "din": f"{unit.part_number}--TG{number + 1:012}",
            "serial_number": f"TG{number + 1:012}",
            "part_number": unit.part_number,
            "part_type": 2,
            "part_name": unit.part_name,
            "nameplate_max_charge_power": round(unit.battery.charge_w),
            "nameplate_max_discharge_power": round(unit.battery.discharge_w),
            **energy,
        }
        for number in range(site.config.powerwalls)
    ]


def wall_connectors(site: Powerwall) -> list[dict[str, Any]]:
    """Return the wall connectors, without what they do at the moment."""
    return [
        {
            "device_id": uuid(0xA1 + number),
            "din": f"1457768-{number + 1:02}-G--TGA{number + 1:011}",
            "is_active": True,
        }
        for number in range(site.config.wall_connectors)
    ]


def uuid(number: int) -> str:
    """Return the id of a thing of the home; 0 is the site itself."""
    return f"00000000-0000-4000-8000-{number or 1:012x}"
