"""Ask public web servers, which know no accounts.

Which status means what, and that AEMO turns nameless clients away with 403: from
captured answers. There is nothing secret in a request.
"""

import asyncio
from collections.abc import Mapping

import aiohttp

from .errors import InvalidDataError, RateLimitedError, RejectedError, UnavailableError
from .rate_limit import wait_time

REQUEST_TIMEOUT = 10.0
"""Seconds until an answer must be complete."""

USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; PowerSync) AppleWebKit/537.36"
"""AEMO's servers turn away what does not look like a browser."""


async def ask(
    session: aiohttp.ClientSession,
    url: str,
    service: str,
    *,
    most: int,
    query: Mapping[str, str] | None = None,
    post: object = None,
    within: float | None = None,
) -> bytes:
    """Return the body of the answer to a GET, or to a POST of some JSON.

    ``service`` is what errors call the server, ``within`` is how many seconds it
    has, if not as many as most servers need. Raises RateLimitedError, RejectedError,
    UnavailableError, or InvalidDataError for more than ``most`` bytes.
    """
    headers = {"User-Agent": USER_AGENT, "Accept": "application/json, text/html, */*"}
    try:
        async with (
            asyncio.timeout(REQUEST_TIMEOUT if within is None else within),
            session.request(
                "GET" if post is None else "POST",
                url,
                params=query,
                json=post,
                headers=headers,
                # The servers never redirect; whoever does is somebody else.
                allow_redirects=False,
            ) as response,
        ):
            _raise_for_status(response, service)
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > most:
                    raise InvalidDataError(f"{service}'s answer is far too long")
    except TimeoutError:
        raise UnavailableError(f"{service} did not answer in time") from None
    # Among them headers that aiohttp refuses to read, which ComEd sent for months.
    except (aiohttp.ClientError, OSError) as err:
        raise UnavailableError(
            f"{service} cannot be reached ({type(err).__name__})"
        ) from None
    return bytes(body)


def _raise_for_status(response: aiohttp.ClientResponse, service: str) -> None:
    """Raise what an answer's status means.

    401 and 403 are moods of the server: there are no credentials to be wrong.
    """
    status = response.status
    if status == 429:
        wait = wait_time(response.headers.get("Retry-After"), None)
        raise RateLimitedError(f"{service} asks to wait (HTTP 429)", wait)
    if 400 <= status < 500 and status not in {401, 403, 408}:
        raise RejectedError(f"{service} refused the request (HTTP {status})")
    if not 200 <= status < 300:
        raise UnavailableError(f"{service} is in trouble (HTTP {status})")
