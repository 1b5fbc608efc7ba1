"""What a login to Tesla may reach, whatever the service it is for."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import aiohttp
from tesla_fleet_api.tesla import TeslaFleetApi

from ...core.model.powerwall import EnergySite
from ..errors import AuthError, RejectedError
from .errors import read
from .parse import parse_products
from .site import Guard, TeslaSite, unguarded

type Token = str | Callable[[], str]
"""An access token, or what returns the one that holds now."""


class ProductsApi(Protocol):
    """What is used of the library's account."""

    def products(self) -> Awaitable[Any]:
        """Ask for everything that the login may reach."""
        ...


async def energy_sites_of(
    find_api: Callable[[], ProductsApi], *, guard: Guard = unguarded
) -> tuple[EnergySite, ...]:
    """Return the sites that have a battery, solar or wall connectors.

    Raises one of ``clients.errors``, and what ``find_api`` raises unchanged.
    """
    api = find_api()
    try:
        request = api.products()
    except AttributeError:
        raise RejectedError("this way in does not list what it reaches") from None
    return parse_products(await read(guard(request)))


class Account(ABC):
    """What one access token may reach at one service.

    All requests stay on ``base_url``: the library's ways of finding a regional
    server, which would send the token elsewhere, are never used.
    """

    def __init__(
        self, session: aiohttp.ClientSession, token: Token, base_url: str
    ) -> None:
        """Keep how to ask; nothing is sent yet.

        A token that is a function is asked for at each request; what it raises is
        passed on unchanged.
        """
        self._session = session
        self._token = token
        self._base_url = base_url.rstrip("/")

    @abstractmethod
    def _open(
        self, session: aiohttp.ClientSession, token: str, server: str
    ) -> TeslaFleetApi:
        """Return the library's object for this service."""

    async def energy_sites(self) -> tuple[EnergySite, ...]:
        """Return the sites that have a battery, solar or wall connectors.

        Raises one of ``clients.errors``.
        """
        return await energy_sites_of(self._api)

    def site(self, site_id: int, time_zone: str | None = None) -> TeslaSite:
        """Return one site; nothing is sent yet, so it need not exist."""
        return TeslaSite(lambda: self._api().energySites.create(site_id), time_zone)

    def _api(self) -> TeslaFleetApi:
        """Return the library's object with the token that holds now."""
        return self._open(self._session, self._checked_token(), self._base_url)

    def _checked_token(self) -> str:
        """Return the token, or refuse one that would break the request's header."""
        token = self._token if isinstance(self._token, str) else self._token()
        token = token.strip()
        if not token or not token.isprintable():
            raise AuthError("the access token contains characters no token has")
        return token
