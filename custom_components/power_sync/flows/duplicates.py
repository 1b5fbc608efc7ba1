"""Refuse to set up the same thing twice."""

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant, callback

from ..const import DOMAIN


@callback
def used_elsewhere(hass: HomeAssistant, subentry: ConfigSubentryData) -> bool:
    """Return whether any home already has this site.

    Two homes with one Powerwall would fight over its settings.
    """
    return any(
        other.unique_id == subentry["unique_id"]
        for entry in hass.config_entries.async_entries(DOMAIN)
        for other in entry.subentries.values()
    )
