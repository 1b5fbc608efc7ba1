"""Check a way in to Tesla against the live service."""

from collections.abc import Mapping

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from ..clients.errors import ClientError
from ..clients.tesla.teslemetry import TeslemetryAccount
from ..const import (
    CONF_ACCESS_TOKEN,
    CONF_BASE_URL,
    CONF_ENERGY_SITE_ID,
    CONF_WAY,
    SUBENTRY_POWERWALL,
    TESLEMETRY_URL,
    WAY_TESLEMETRY,
)
from ..core.model.powerwall import EnergySite
from .errors import form_error
from .service import FormError, Service

UNNAMED = "Powerwall"
"""What a site is called that its owner gave no name."""


async def find_sites(
    hass: HomeAssistant, token: str, base_url: str
) -> tuple[EnergySite, ...]:
    """Return the sites of an account that have a battery.

    Raises FormError if the token is refused, nothing answers, or there is none.
    """
    account = TeslemetryAccount(async_get_clientsession(hass), token, base_url)
    try:
        sites = await account.energy_sites()
    except ClientError as error:
        raise form_error(error, CONF_ACCESS_TOKEN) from error
    sites = tuple(site for site in sites if site.has_battery)
    if not sites:
        raise FormError("base", "no_powerwall")
    return sites


async def check_site(
    hass: HomeAssistant, token: str, base_url: str, site: EnergySite
) -> None:
    """Raise FormError unless the site answers right now."""
    account = TeslemetryAccount(async_get_clientsession(hass), token, base_url)
    try:
        await account.site(site.site_id).site_info()
    except ClientError as error:
        raise form_error(error, CONF_ACCESS_TOKEN) from error


def subentry(
    token: str, addresses: Mapping[str, str], site: EnergySite
) -> ConfigSubentryData:
    """Return what is stored for a site; no address means the simulated one."""
    data = {
        CONF_WAY: WAY_TESLEMETRY,
        CONF_ACCESS_TOKEN: token,
        CONF_ENERGY_SITE_ID: site.site_id,
        **addresses,
    }
    return ConfigSubentryData(
        data=data,
        subentry_type=SUBENTRY_POWERWALL,
        title=site.name or UNNAMED,
        unique_id=f"{SUBENTRY_POWERWALL}_{site.site_id}",
    )


TESLEMETRY: Service[EnergySite] = Service(
    account_step="tesla",
    site_step="powerwall",
    reauth_step="reauth_tesla",
    token_field=CONF_ACCESS_TOKEN,
    site_field=CONF_ENERGY_SITE_ID,
    addresses={CONF_BASE_URL: TESLEMETRY_URL},
    find_sites=find_sites,
    check_site=check_site,
    subentry=subentry,
    site_key=lambda site: str(site.site_id),
    site_label=lambda site: site.name or UNNAMED,
)
