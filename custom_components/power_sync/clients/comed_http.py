"""Ask ComEd's public web server.

A status of 200 proves nothing here: what does not exist is answered with a text.
"""

import aiohttp

from .public_web import ask

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

        Raises what ``ask`` does.
        """
        return await ask(
            self._session,
            f"{self._base_url}/{path}",
            "ComEd",
            most=LARGEST,
            query=query,
            within=REQUEST_TIMEOUT,
        )
