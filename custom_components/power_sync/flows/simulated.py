"""Set up the simulated home by the same checks as a real one."""

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant

from ..sim.config import AMBER_TOKEN, TESLEMETRY_TOKEN, TESSIE_TOKEN
from ..simulated import start_simulated_home
from ..stored.ways import TokenService, TokenWay
from ..tesla_ways import WayAddresses
from .amber import AMBER
from .tesla import check_site, find_sites, powerwall_subentry


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
            await _amber(hass, server.amber_url),
            await _powerwall(
                hass,
                WayAddresses(
                    teslemetry=server.teslemetry_url, tessie=server.tessie_url
                ),
            ),
        ]
    finally:
        await server.stop()


async def _amber(hass: HomeAssistant, url: str) -> ConfigSubentryData:
    """Return the first site of the Amber account."""
    site, *_ = await AMBER.find_sites(hass, AMBER_TOKEN, url)
    await AMBER.check_site(hass, AMBER_TOKEN, url, site)
    return AMBER.subentry(AMBER_TOKEN, {}, site)


async def _powerwall(
    hass: HomeAssistant, addresses: WayAddresses
) -> ConfigSubentryData:
    """Return the first site of the Tesla account, which two services reach."""
    ways = (
        TokenWay(service=TokenService.TESLEMETRY, token=TESLEMETRY_TOKEN),
        TokenWay(service=TokenService.TESSIE, token=TESSIE_TOKEN),
    )
    for way in ways:
        site, *_ = await find_sites(hass, way, addresses=addresses)
        await check_site(hass, way, site.site_id, addresses)
    return powerwall_subentry(site, *ways)
