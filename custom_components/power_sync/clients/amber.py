"""Ask Amber Electric for sites and prices (REST API version 1).

Source: Amber's OpenAPI 2.0.0; which status means what, and the rate limit of 50
requests per 300 s and key, from captured answers.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

import aiohttp

from ..core.model.prices import Channel, PriceSeries
from .amber_sites import AmberSite, parse_sites
from .amber_wire import parse_history, parse_prices
from .errors import AuthError, RateLimitedError, RejectedError, UnavailableError
from .json_fields import decode_json
from .rate_limit import RateBudget, budget, wait_time

BASE_URL = "https://api.amber.com.au/v1"
REQUEST_TIMEOUT = 10.0
"""Seconds until an answer must be complete."""

_NEM_TIME = timezone(timedelta(hours=10))
"""The market's time: no daylight saving anywhere."""
_PREVIOUS = 12
"""Enough 5-minute intervals to settle the running half hour, and some to spare."""
_NEXT = 2048 - _PREVIOUS
"""Amber refuses more than 2048 rows in all and cuts off at its own horizon."""
_DAYS = 7
"""Amber refuses longer histories."""


class AmberClient:
    """What one API key may ask; everything that shares a key shares its budget."""

    def __init__(
        self, session: aiohttp.ClientSession, token: str, base_url: str = BASE_URL
    ) -> None:
        """Keep how to ask; nothing is sent yet."""
        self._session = session
        self._token = token.strip()
        self._base_url = base_url.rstrip("/")
        self._budget: RateBudget | None = None
        self._budget_until = 0.0

    @property
    def budget(self) -> RateBudget | None:
        """Return what the last answer said is left, None if that is over or unknown.

        To be called within the event loop, whose time counts down the window.
        """
        left = self._budget_until - asyncio.get_running_loop().time()
        if self._budget is None or left <= 0:
            return None
        return RateBudget(
            limit=self._budget.limit,
            remaining=self._budget.remaining,
            resets_in=timedelta(seconds=left),
        )

    async def sites(self) -> tuple[AmberSite, ...]:
        """Return all sites of the key, closed and pending ones included.

        Raises one of ``clients.errors``.
        """
        return parse_sites(await self.get("sites"))

    async def get(self, *path: str, **query: str | int) -> object:
        """Return the decoded answer to one GET request.

        ``path`` holds the segments below the base URL. Raises AuthError for a key
        that Amber does not accept, RateLimitedError, RejectedError (unknown site,
        bad parameter), UnavailableError (no answer, or Amber in trouble) or
        InvalidDataError (no JSON).
        """
        # Such a key would break the header, and its text would be in the error.
        if not self._token or not self._token.isprintable():
            raise AuthError("the Amber API key contains characters no key has")
        url = "/".join((self._base_url, *(quote(part, safe="") for part in path)))
        try:
            async with (
                asyncio.timeout(REQUEST_TIMEOUT),
                self._session.get(
                    url,
                    params=query,
                    headers={
                        "Authorization": f"Bearer {self._token}",
                        "Accept": "application/json",
                    },
                    # The service never redirects; whoever does is somebody else.
                    allow_redirects=False,
                ) as response,
            ):
                self._keep_budget(response.headers)
                _raise_for_status(response)
                body = await response.read()
        except TimeoutError:
            raise UnavailableError("Amber did not answer in time") from None
        # The original error's text contains the URL and with it the site.
        except (aiohttp.ClientError, OSError) as err:
            raise UnavailableError(
                f"Amber cannot be reached ({type(err).__name__})"
            ) from None
        return decode_json(body, "Amber's answer")

    def _keep_budget(self, headers: Mapping[str, str]) -> None:
        """Remember what an answer says about the key's budget, if it does."""
        found = budget(
            headers.get("RateLimit-Limit"),
            headers.get("RateLimit-Remaining"),
            headers.get("RateLimit-Reset"),
        )
        if found is not None:
            self._budget = found
            now = asyncio.get_running_loop().time()
            self._budget_until = now + found.resets_in.total_seconds()


class AmberPrices:
    """The prices of one Amber site.

    ``channels`` are those of the site's record (``AmberSite.channels``): an answer
    that lacks one is refused, a channel that is not among them is ignored.
    """

    def __init__(
        self, client: AmberClient, site_id: str, channels: frozenset[Channel]
    ) -> None:
        """Keep which site to ask for; nothing is sent yet."""
        self._client = client
        self._site_id = site_id
        self._channels = channels | {Channel.IMPORT}

    async def fetch_prices(self, now: datetime) -> PriceSeries:
        """Return the running price, the last hour and all of the forecast.

        Intervals come as the site is billed, 5-minute sites with a half-hourly
        forecast. Raises one of ``clients.errors``.
        """
        body = await self._client.get(
            "sites",
            self._site_id,
            "prices",
            "current",
            next=_NEXT,
            previous=_PREVIOUS,
        )
        return parse_prices(body, self._channels, now)

    async def fetch_history(self, now: datetime) -> PriceSeries:
        """Return the settled half hours of today and the six days before.

        Channels are empty if Amber has none, as for a site that is new. Raises one
        of ``clients.errors``.
        """
        today = now.astimezone(_NEM_TIME).date()
        body = await self._client.get(
            "sites",
            self._site_id,
            "prices",
            # Both dates, always: without the first Amber fails before midnight.
            startDate=(today - timedelta(days=_DAYS - 1)).isoformat(),
            endDate=today.isoformat(),
            resolution=30,
        )
        return parse_history(body, self._channels, now)


def _raise_for_status(response: aiohttp.ClientResponse) -> None:
    """Raise what an answer's status means.

    A wrong or revoked key really gets 403; 401 is what is documented.
    """
    status = response.status
    if status in {401, 403}:
        raise AuthError(f"Amber does not accept the API key (HTTP {status})")
    if status == 429:
        wait = wait_time(
            response.headers.get("Retry-After"), response.headers.get("RateLimit-Reset")
        )
        raise RateLimitedError("Amber asks to wait (HTTP 429)", wait)
    if 400 <= status < 500:
        raise RejectedError(f"Amber refused the request (HTTP {status})")
    if not 200 <= status < 300:
        raise UnavailableError(f"Amber is in trouble (HTTP {status})")
