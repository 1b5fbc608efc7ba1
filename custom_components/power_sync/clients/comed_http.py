"""Ask ComEd's public web server, which knows no accounts.

A status of 200 proves nothing here: what does not exist is answered with a text. There
is nothing secret in a request.
"""

import asyncio

import aiohttp

from .errors import InvalidDataError, RateLimitedError, RejectedError, UnavailableError
from .rate_limit import wait_time

BASE_URL = "https://hourlypricing.comed.com"
REQUEST_TIMEOUT = 30.0
"""Seconds until an answer must be complete; the server takes its time."""
LARGEST = 2**20
"""Bytes of an answer; three days of prices are about 50 KiB."""


class ComedWeb:
    """The server's pages below one address."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        """Keep how to ask; nothing is sent yet."""
        self._session = session
        self._base_url = base_url.rstrip("/")

    async def get(self, path: str, **query: str) -> bytes:
        """Return the body of a page, whatever its content type claims to be.

        Raises RateLimitedError, RejectedError, UnavailableError, or InvalidDataError
        for an answer that is far too long.
        """
        try:
            async with (
                asyncio.timeout(REQUEST_TIMEOUT),
                self._session.get(f"{self._base_url}/{path}", params=query) as response,
            ):
                _raise_for_status(response)
                body = bytearray()
                async for chunk in response.content.iter_any():
                    body += chunk
                    if len(body) > LARGEST:
                        raise InvalidDataError("ComEd's answer is far too long")
        except TimeoutError:
            raise UnavailableError("ComEd did not answer in time") from None
        # Headers that aiohttp refuses to read have been seen for months.
        except (aiohttp.ClientError, OSError) as err:
            raise UnavailableError(
                f"ComEd cannot be reached ({type(err).__name__})"
            ) from None
        return bytes(body)


def _raise_for_status(response: aiohttp.ClientResponse) -> None:
    """Raise what an answer's status means.

    401 and 403 are moods of the server: there are no credentials to be wrong.
    """
    status = response.status
    if status == 429:
        wait = wait_time(response.headers.get("Retry-After"), None)
        raise RateLimitedError("ComEd asks to wait (HTTP 429)", wait)
    if 400 <= status < 500 and status not in {401, 403, 408}:
        raise RejectedError(f"ComEd refused the request (HTTP {status})")
    if not 200 <= status < 300:
        raise UnavailableError(f"ComEd is in trouble (HTTP {status})")
