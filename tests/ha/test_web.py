"""The dashboard's script is served and announced, where there is a frontend."""

from typing import Any
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from custom_components.power_sync import web


async def test_script(hass: HomeAssistant, hass_client_no_auth: Any) -> None:
    assert await async_setup_component(hass, "http", {})
    hass.config.components.add("frontend")
    with patch.object(web, "add_extra_js_url") as announce:
        await web.async_setup_dashboard(hass)
    announce.assert_called_once()
    url = announce.call_args.args[1]
    client = await hass_client_no_auth()
    answer = await client.get(url)
    assert answer.status == 200
    assert "customStrategies" in await answer.text()


async def test_without_a_frontend(hass: HomeAssistant) -> None:
    with patch.object(web, "add_extra_js_url") as announce:
        await web.async_setup_dashboard(hass)
    announce.assert_not_called()
