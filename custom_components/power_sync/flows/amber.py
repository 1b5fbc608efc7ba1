"""Check an Amber account against the live service."""

from collections.abc import Mapping

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util import dt as dt_util

from ..clients.amber import AmberClient, AmberPrices
from ..clients.amber_sites import AmberSite, offered_sites
from ..clients.errors import ClientError
from ..const import (
    AMBER_STREAM_URL,
    AMBER_URL,
    CONF_API_TOKEN,
    CONF_BASE_URL,
    CONF_CHANNELS,
    CONF_PROVIDER,
    CONF_SITE_ID,
    CONF_STREAM_URL,
    PROVIDER_AMBER,
    SUBENTRY_PRICE_SOURCE,
)
from ..sources import request_budget
from .errors import form_error
from .service import FormError, Service

TITLE = "Amber Electric"


def _client(hass: HomeAssistant, token: str, base_url: str) -> AmberClient:
    """Return a client that spends the same budget as a home with this token."""
    return AmberClient(
        async_get_clientsession(hass),
        token,
        base_url,
        budget=request_budget(hass, token),
    )


async def find_sites(
    hass: HomeAssistant, token: str, base_url: str
) -> tuple[AmberSite, ...]:
    """Return the sites that an account offers.

    Raises FormError if the token is refused, nothing answers, or there is no
    site that can have prices.
    """
    client = _client(hass, token, base_url)
    try:
        sites = await client.sites()
    except ClientError as error:
        raise form_error(error, CONF_API_TOKEN) from error
    if not sites:
        raise FormError("base", "no_sites")
    offered = offered_sites(sites)
    if not offered:
        raise FormError("base", "only_closed_sites")
    return offered


async def check_site(
    hass: HomeAssistant, token: str, base_url: str, site: AmberSite
) -> None:
    """Raise FormError unless the site has prices right now."""
    client = _client(hass, token, base_url)
    prices = AmberPrices(client, site.site_id, site.channels)
    try:
        await prices.fetch_prices(dt_util.utcnow())
    except ClientError as error:
        failed = form_error(error, CONF_API_TOKEN)
        if failed.key == "invalid_data":
            failed = FormError("base", "no_prices")
        raise failed from error


def subentry(
    token: str, addresses: Mapping[str, str], site: AmberSite
) -> ConfigSubentryData:
    """Return what is stored for a site; no address means the simulated one."""
    data = {
        CONF_PROVIDER: PROVIDER_AMBER,
        CONF_API_TOKEN: token,
        CONF_SITE_ID: site.site_id,
        CONF_CHANNELS: sorted(channel.value for channel in site.channels),
        **addresses,
    }
    return ConfigSubentryData(
        data=data,
        subentry_type=SUBENTRY_PRICE_SOURCE,
        title=TITLE,
        unique_id=f"{SUBENTRY_PRICE_SOURCE}_{site.site_id}",
    )


AMBER: Service[AmberSite] = Service(
    account_step="amber",
    site_step="amber_site",
    reauth_step="reauth_amber",
    token_field=CONF_API_TOKEN,
    site_field=CONF_SITE_ID,
    addresses={CONF_BASE_URL: AMBER_URL, CONF_STREAM_URL: AMBER_STREAM_URL},
    find_sites=find_sites,
    check_site=check_site,
    subentry=subentry,
    site_key=lambda site: site.site_id,
    site_label=lambda site: site.label,
)
