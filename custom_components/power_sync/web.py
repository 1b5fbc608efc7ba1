"""Offer the dashboard to Home Assistant's frontend."""

from pathlib import Path

from homeassistant.components.frontend import add_extra_js_url

# Documented there, though the module does not list it among its exports.
from homeassistant.components.http import StaticPathConfig  # type: ignore[attr-defined]
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration

from .const import DOMAIN

URL = f"/{DOMAIN}_static"


async def async_setup_dashboard(hass: HomeAssistant) -> None:
    """Serve the dashboard strategy and have every page load it.

    Without a frontend (or a web server, in tests) there is nobody to show it to.
    """
    if "frontend" not in hass.config.components:
        return
    integration = await async_get_integration(hass, DOMAIN)
    # Browsers keep these files for a month. The version is part of the path, because
    # the modules import each other by names beside them.
    url = f"{URL}/{integration.version}"
    await hass.http.async_register_static_paths(
        [StaticPathConfig(url, str(Path(__file__).parent / "www"), True)]
    )
    add_extra_js_url(hass, f"{url}/strategy.js")
