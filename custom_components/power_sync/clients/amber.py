"""Ask Amber Electric for sites and prices (REST API version 1).

Source: Amber's OpenAPI 2.0.0; which status means what, from captured answers.
"""

import asyncio
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

import aiohttp

from ..core.model.prices import Channel, PriceSeries
from .amber_sites import AmberSite, parse_sites
from .amber_wire import parse_history, parse_prices
from .errors import AuthError, RateLimitedError, RejectedError, UnavailableError
from .json_fields import decode_json
from .protocols import Reach
from .request_budget import RequestBudget

BASE_URL = "https://api.amber.com.au/v1"
REQUEST_TIMEOUT = 10.0
"""Seconds until an answer must be complete."""

_NEM_TIME = timezone(timedelta(hours=10))
"""The market's time: no daylight saving anywhere."""
_PREVIOUS = 12
"""Enough 5-minute intervals to settle the running half hour, and some to spare."""
_NEXT = 2048 - _PREVIOUS
"""Amber refuses more than 2048 rows in all and cuts off at its own horizon."""
_REACH = Reach(back=timedelta(days=30), at_once=timedelta(days=6))
"""Amber refuses more than seven dates, and six days may begin in the midst of one."""
_SPARE = 20
"""Requests left to the running prices, which questions about the past can wait for."""


class AmberClient:
    """What one API key may ask.

    ``budget`` is that of the key, for everything that uses it to share.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        token: str,
        base_url: str = BASE_URL,
        *,
        budget: RequestBudget | None = None,
    ) -> None:
        """Keep how to ask; nothing is sent yet."""
        self._session = session
        self._token = token.strip()
        self._base_url = base_url.rstrip("/")
        self._budget = budget or RequestBudget()

    async def sites(self) -> tuple[AmberSite, ...]:
        """Return all sites of the key, closed and pending ones included.

        Raises one of ``clients.errors``.
        """
        return parse_sites(await self.get("sites"))

    async def get(self, *path: str, spare: int = 0, **query: str | int) -> object:
        """Return the decoded answer to one GET request.

        ``path`` holds the segments below the base URL; with ``spare`` it is only sent
        while the key has so many requests left. Raises AuthError for a key that Amber
        does not accept, RateLimitedError (from the budget, without sending, or from
        Amber), RejectedError (unknown site, bad parameter), UnavailableError (no
        answer, or Amber in trouble) or InvalidDataError (no JSON).
        """
        # Such a key would break the header, and its text would be in the error.
        if not self._token or not self._token.isprintable():
            raise AuthError("the Amber API key contains characters no key has")
        self._budget.take(spare)
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
                self._raise_for_status(response)
                body = await response.read()
        except TimeoutError:
            raise UnavailableError("Amber did not answer in time") from None
        # The original error's text contains the URL and with it the site.
        except (aiohttp.ClientError, OSError) as err:
            raise UnavailableError(
                f"Amber cannot be reached ({type(err).__name__})"
            ) from None
        return decode_json(body, "Amber's answer")

    def _raise_for_status(self, response: aiohttp.ClientResponse) -> None:
        """Raise what an answer's status means, and keep what it says of the budget.

        A wrong or revoked key really gets 403; 401 is what is documented.
        """
        status = response.status
        if status == 429:
            wait = self._budget.refused(response.headers)
            raise RateLimitedError("Amber asks to wait (HTTP 429)", wait)
        self._budget.answered(response.headers)
        if status in {401, 403}:
            raise AuthError(f"Amber does not accept the API key (HTTP {status})")
        if 400 <= status < 500:
            raise RejectedError(f"Amber refused the request (HTTP {status})")
        if not 200 <= status < 300:
            raise UnavailableError(f"Amber is in trouble (HTTP {status})")


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

    @property
    def reach(self) -> Reach:
        """Return how much of the past Amber is asked for, and how much at a time."""
        return _REACH

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

    async def fetch_history(
        self, start: datetime, end: datetime, now: datetime
    ) -> PriceSeries:
        """Return the settled half hours of all market days that a stretch touches.

        Half hours, because five minutes of a month are six times as much for the same
        means. A channel is empty if Amber has nothing, as for a site that is new.
        Raises one of ``clients.errors``; RateLimitedError also if the key's last
        requests are better kept for the running prices.
        """
        last = end - timedelta.resolution
        body = await self._client.get(
            "sites",
            self._site_id,
            "prices",
            spare=_SPARE,
            # Both dates, always: without the first Amber fails before midnight.
            startDate=start.astimezone(_NEM_TIME).date().isoformat(),
            endDate=last.astimezone(_NEM_TIME).date().isoformat(),
            resolution=30,
        )
        return parse_history(body, self._channels, now)
