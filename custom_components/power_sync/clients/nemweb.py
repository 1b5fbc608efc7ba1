"""Wholesale prices of one region from AEMO's public files.

Source: <https://nemweb.com.au/Reports/Current/>. Files are larger and slower to get
than the dashboard's reports, but they are what everybody in the market goes by.
"""

import asyncio
from datetime import datetime
from typing import override

import aiohttp

from ..core.model.moments import floor_to
from ..core.model.prices import PriceSeries
from .errors import ClientError, RejectedError, UnavailableError
from .nem_prices import Prices, assemble, known_region
from .nemweb_files import (
    DISPATCHED,
    LARGEST_FILE,
    NEXT_HOUR,
    TO_THE_HORIZON,
    TO_THE_HORIZON_LEGACY,
    Report,
    newest,
    unpack,
)
from .nemweb_wire import parse_tables
from .protocols import PriceSource
from .public_web import ask

BASE_URL = "https://nemweb.com.au/Reports/Current"
ORIGIN = "NEMWEB"
FETCH_TIMEOUT = 45.0
"""Seconds for all requests of a fetch, a dozen the first time."""

_SERVICE = "NEMWEB"
_SETTLED_FILES = 6
"""The tariff slot that is running needs the prices of its whole half hour."""


class NemwebPrices(PriceSource):
    """The wholesale price of a region ($/kWh without tax), from public files.

    Settled five minutes of the last half hour with the running interval, five minutes
    of the next hour, and half hours to the end of the last published trading day.
    What has been read is kept, and what cannot have changed is not asked for again.
    """

    def __init__(
        self, session: aiohttp.ClientSession, region: str, base_url: str = BASE_URL
    ) -> None:
        """Keep what to ask for; raises ValueError for a region that is none."""
        self._session = session
        self._region = known_region(region)
        self._base_url = base_url.rstrip("/")
        self._read: dict[Report, dict[str, Prices]] = {}
        """By file name, newest first once a report is complete."""
        self._run: dict[Report, datetime] = {}
        """Where the newest file of a complete report begins."""

    @property
    @override
    def reach(self) -> None:
        """Return that there is no past to ask for: a day of it is 288 files."""
        return

    @override
    async def fetch_prices(self, now: datetime) -> PriceSeries:
        """Return the last half hour, the running interval and the forecast.

        One request follows the other, to be no burden. Raises one of
        ``clients.errors``; what was read until then is kept.
        """
        try:
            async with asyncio.timeout(FETCH_TIMEOUT):
                files = await self._files(DISPATCHED, now, _SETTLED_FILES)
                settled = {start: file[start] for file in files for start in file}
                [hour] = await self._files(NEXT_HOUR, now)
                [half_hours] = await self._half_hours(now)
        except TimeoutError:
            raise UnavailableError(f"{_SERVICE} did not answer in time") from None
        return PriceSeries(
            fetched_at=now,
            imports=assemble(settled, hour, half_hours, now=now),
            origin=ORIGIN,
        )

    @override
    async def fetch_history(
        self, start: datetime, end: datetime, now: datetime
    ) -> PriceSeries:
        """Raise RejectedError, as ``reach`` announces."""
        raise RejectedError(f"{_SERVICE} is not asked for the past")

    async def _half_hours(self, now: datetime) -> list[Prices]:
        """Return the forecast to the horizon, in the old layout if need be."""
        try:
            return await self._files(TO_THE_HORIZON, now)
        except ClientError as error:
            try:
                return await self._files(TO_THE_HORIZON_LEGACY, now)
            except ClientError:
                raise error from None

    async def _files(
        self, report: Report, now: datetime, count: int = 1
    ) -> list[Prices]:
        """Return the prices in the newest files of a report, newest first."""
        known = self._read.setdefault(report, {})
        began = floor_to(now, report.length)
        run = self._run.get(report)
        # Some forecasts begin with the interval after the running one.
        if run is None or not began <= run <= began + report.length:
            page = await self._ask(report, "")
            names = newest(page, report, count)
            for name in names:
                if name not in known:
                    tables = unpack(await self._ask(report, name))
                    known[name] = parse_tables(tables, report, self._region)
            known = self._read[report] = {name: known[name] for name in names}
            self._run[report] = min(known[names[0]])
        return list(known.values())

    async def _ask(self, report: Report, name: str) -> bytes:
        """Return a file of a report's directory, or the directory's page."""
        url = f"{self._base_url}/{report.directory}/{name}"
        return await ask(self._session, url, _SERVICE, most=LARGEST_FILE)
