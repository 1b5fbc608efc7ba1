"""Set up the simulated home by the same checks as a real one."""

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant

from ..sim.config import AMBER_TOKEN, TESLEMETRY_TOKEN
from ..simulated import start_simulated_home
from .amber import AMBER
from .service import Service
from .tesla import TESLEMETRY


async def simulated_subentries(
    hass: HomeAssistant, seed: int
) -> list[ConfigSubentryData]:
    """Return the price source and the Powerwall of a simulated home.

    They are stored without an address: the services get a new port at each
    start.
    """
    server = await start_simulated_home(seed)
    try:
        return [
            await _first_site(hass, AMBER, AMBER_TOKEN, server.amber_url),
            await _first_site(
                hass, TESLEMETRY, TESLEMETRY_TOKEN, server.teslemetry_url
            ),
        ]
    finally:
        await server.stop()


async def _first_site[SiteT](
    hass: HomeAssistant, service: Service[SiteT], token: str, url: str
) -> ConfigSubentryData:
    """Return the subentry of an account's first site."""
    sites = await service.find_sites(hass, token, url)
    await service.check_site(hass, token, url, sites[0])
    return service.subentry(token, {}, sites[0])
