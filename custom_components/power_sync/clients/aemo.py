"""Wholesale prices of one region, as AEMO's public dashboard gets them.

Source: the requests of <https://visualisations.aemo.com.au/aemo/apps/visualisation/>;
there is no documented contract and no key.
"""

from datetime import datetime, timedelta
from typing import override

import aiohttp

from ..core.model.prices import PriceKind, PriceSeries
from .aemo_wire import FIVE_MINUTES, SUMMARY, Summary, parse_five_minutes, parse_summary
from .errors import ClientError
from .json_fields import decode_json
from .nem_prices import assemble, known_region, running
from .protocols import PriceSource, Reach
from .public_web import ask

BASE_URL = "https://visualisations.aemo.com.au/aemo/apps/api/report"
ORIGIN = "AEMO"

_SERVICE = "AEMO's dashboard"
_LARGEST = 16 * 2**20
"""Bytes of an answer; a day of all regions is about half of one MiB."""
_SCALE = {"timeScale": ["30MIN"]}
"""Mandatory: without it the service answers 500."""
_DAY = timedelta(days=1)
_NO_SUMMARY = Summary(prices={}, open_=frozenset())


class AemoPrices(PriceSource):
    """The wholesale price of a region ($/kWh without tax), from the dashboard.

    Settled five minutes of the past day, the running interval, and half hours to the
    end of the last published trading day (15 to 40 hours ahead).
    """

    def __init__(
        self, session: aiohttp.ClientSession, region: str, base_url: str = BASE_URL
    ) -> None:
        """Keep what to ask for; raises ValueError for a region that is none."""
        self._session = session
        self._region = known_region(region)
        self._base_url = base_url.rstrip("/")

    @property
    @override
    def reach(self) -> Reach:
        """Return that every answer holds the past day, and no more can be had."""
        return Reach(back=_DAY, at_once=_DAY)

    @override
    async def fetch_prices(self, now: datetime) -> PriceSeries:
        """Return the past day, the running interval and the forecast.

        The summary knows the running interval first and whether its price is final.
        Raises one of ``clients.errors``.
        """
        report = parse_five_minutes(await self._report(FIVE_MINUTES), self._region)
        try:
            summary = parse_summary(await self._report(SUMMARY), self._region)
        except ClientError:
            if not running(report.settled, now):
                raise
            summary = _NO_SUMMARY
        return PriceSeries(
            fetched_at=now,
            imports=assemble(
                {**summary.prices, **report.settled},
                {},
                report.half_hours,
                now=now,
                open_=summary.open_,
            ),
            origin=ORIGIN,
        )

    @override
    async def fetch_history(
        self, start: datetime, end: datetime, now: datetime
    ) -> PriceSeries:
        """Return the settled prices of a stretch of the past day.

        Raises one of ``clients.errors``.
        """
        report = parse_five_minutes(await self._report(FIVE_MINUTES), self._region)
        points = assemble(report.settled, {}, {}, now=now)
        return PriceSeries(
            fetched_at=now,
            imports=tuple(
                point
                for point in points
                if point.kind is PriceKind.ACTUAL
                and start < point.end
                and point.start < end
            ),
            origin=ORIGIN,
        )

    async def _report(self, name: str) -> object:
        """Return a decoded report, whatever its content type claims to be."""
        body = await ask(
            self._session,
            f"{self._base_url}/{name}",
            _SERVICE,
            most=_LARGEST,
            post=_SCALE if name == FIVE_MINUTES else None,
        )
        return decode_json(body, f"{name} of {_SERVICE}")
