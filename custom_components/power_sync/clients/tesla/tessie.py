"""Tesla energy sites through Tessie, which proxies Tesla's Fleet API for them."""

from typing import override

import aiohttp
from tesla_fleet_api.tesla import TeslaFleetApi
from tesla_fleet_api.tessie import Tessie

from .account import Account, Token

BASE_URL = "https://api.tessie.com"


class TessieAccount(Account):
    """What one Tessie access token may reach."""

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
        api = Tessie(session, token)
        api.server = server  # its constructor takes none
        return api
