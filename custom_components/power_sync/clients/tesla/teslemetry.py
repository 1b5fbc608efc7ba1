"""Tesla energy sites through Teslemetry.

Teslemetry proxies Tesla's Fleet API under the same paths, so all but the account is
common to every way of reaching a site.
"""

import aiohttp
from tesla_fleet_api.teslemetry import Teslemetry

from ...core.model.powerwall import EnergySite
from ..errors import AuthError
from .errors import read
from .parse import parse_products
from .site import TeslaSite

BASE_URL = "https://api.teslemetry.com"


class TeslemetryAccount:
    """What one Teslemetry access token may reach.

    All requests stay on ``base_url``: the library's ways of finding a regional
    server, which would send the token elsewhere, are never used.
    """

    def __init__(
        self, session: aiohttp.ClientSession, token: str, base_url: str = BASE_URL
    ) -> None:
        """Keep how to ask; nothing is sent yet."""
        self._token = token.strip()
        self._api = Teslemetry(
            session=session,
            access_token=self._checked_token,
            server=base_url.rstrip("/"),
        )

    async def energy_sites(self) -> tuple[EnergySite, ...]:
        """Return the sites that have a battery, solar or wall connectors.

        Raises one of ``clients.errors``.
        """
        return parse_products(await read(self._api.products()))

    def site(self, site_id: int, time_zone: str | None = None) -> TeslaSite:
        """Return one site; nothing is sent yet, so it need not exist."""
        return TeslaSite(self._api.energySites.create(site_id), time_zone)

    async def _checked_token(self) -> str:
        """Return the token, or refuse one that would break the request's header."""
        if not self._token or not self._token.isprintable():
            raise AuthError("the Teslemetry token contains characters no token has")
        return self._token
