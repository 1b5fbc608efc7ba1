"""Where a home has its hours."""

from datetime import tzinfo

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..core.model.powerwall import SiteInfo


async def home_zone(
    hass: HomeAssistant, site: SiteInfo | None, own: str | None
) -> tzinfo:
    """Return the site's own time zone, else the user's, else Home Assistant's."""
    for name in (site.time_zone if site else None, own):
        if name and (zone := await dt_util.async_get_time_zone(name)):
            return zone
    return dt_util.get_default_time_zone()
