"""Tesla energy sites through Teslemetry.

Teslemetry proxies Tesla's Fleet API under the same paths, so all but the account is
common to every way of reaching a site.
"""

from typing import override

import aiohttp
from tesla_fleet_api.tesla import TeslaFleetApi
from tesla_fleet_api.teslemetry import Teslemetry

from .account import Account, Token

BASE_URL = "https://api.teslemetry.com"


class TeslemetryAccount(Account):
    """What one Teslemetry access token may reach."""

    def __init__(
        self, session: aiohttp.ClientSession, token: Token, base_url: str = BASE_URL
    ) -> None:
        """Keep how to ask; nothing is sent yet."""
        super().__init__(session, token, base_url)

    @override
    def _open(
        self, session: aiohttp.ClientSession, token: str, server: str
    ) -> TeslaFleetApi:
        """Return the library's object for this service."""
        return Teslemetry(session=session, access_token=token, server=server)
