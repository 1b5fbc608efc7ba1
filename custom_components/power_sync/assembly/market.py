"""Put together what watches the wholesale market for a home."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from ..clients.aemo import AemoPrices
from ..clients.failover import FailoverPrices
from ..clients.nemweb import NemwebPrices
from ..coordinator.market import MarketCoordinator
from ..runtime import PowerSyncConfigEntry
from .addresses import Addresses


async def watch_market(
    hass: HomeAssistant,
    entry: PowerSyncConfigEntry,
    addresses: Addresses,
    region: str,
    *,
    subentry_id: str,
) -> MarketCoordinator:
    """Ask for the price of a region once, and then regularly.

    A market that does not answer is asked again. ``subentry_id`` is the Powerwall that
    responds to it. Raises ValueError for a region that is none.
    """
    session = async_get_clientsession(hass)
    source = FailoverPrices(
        [
            AemoPrices(session, region, addresses.aemo),
            NemwebPrices(session, region, addresses.nemweb),
        ]
    )
    market = MarketCoordinator(hass, entry, source, subentry_id=subentry_id)
    await market.async_refresh()
    entry.async_on_unload(market.async_shutdown)
    # It polls only while somebody listens, and no entity need do that.
    entry.async_on_unload(market.async_add_listener(lambda: None))
    return market
