"""Tesla energy sites through any server that answers as Tesla's Fleet API does."""

from typing import override

import aiohttp
from tesla_fleet_api.tesla import TeslaFleetApi

from .account import Account


class ProxyAccount(Account):
    """What one access token may reach through a server of the user's choice."""

    @override
    def _open(
        self, session: aiohttp.ClientSession, token: str, server: str
    ) -> TeslaFleetApi:
        """Return the library's object for this service."""
        return TeslaFleetApi(session, token, server=server)
