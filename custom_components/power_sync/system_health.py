"""Say in the system information whether the services can be reached."""

from typing import Any

from homeassistant.components import system_health
from homeassistant.core import HomeAssistant, callback

from .const import AEMO_URL, AMBER_URL, COMED_URL, NEMWEB_URL, TESLEMETRY_URL

_SERVICES = {
    "aemo": AEMO_URL,
    "amber": AMBER_URL,
    "comed": COMED_URL,
    "nemweb": NEMWEB_URL,
    "teslemetry": TESLEMETRY_URL,
}


@callback
def async_register(
    hass: HomeAssistant, register: system_health.SystemHealthRegistration
) -> None:
    """Register what to ask."""
    register.async_register_info(_info)


async def _info(hass: HomeAssistant) -> dict[str, Any]:
    """Ask the services; any answer at all means that they are there."""
    return {
        name: system_health.async_check_can_reach_url(hass, url)
        for name, url in _SERVICES.items()
    }
