"""Prices of ComEd's hourly pricing (Illinois).

Source: <https://hourlypricing.comed.com/hp-api/> for the feed; the day-ahead pages are
those behind <https://hourlypricing.comed.com/live-prices/>.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, tzinfo
from typing import override

import aiohttp

from ..core.model.moments import floor_to
from ..core.model.prices import PriceKind, PricePoint, PriceSeries, StandingCharges
from .comed_day_ahead import DayAhead
from .comed_http import BASE_URL, ComedWeb
from .comed_labels import HOUR
from .comed_wire import STEP, Prices, parse_feed
from .errors import UnavailableError
from .protocols import PriceSource, Reach

ORIGIN = "ComEd"
HOLDS = timedelta(minutes=20)
"""How long the newest price may stand in for the next one.

Prices arrive minutes after their stamps, now and then one or two never.
"""

_FEED = "api"
_FIVE_MINUTES = "5minutefeed"
_FEED_REACHES = timedelta(hours=48)
"""What is older than this was not asked for: the feed holds about a day."""
_MARGIN = timedelta(hours=3)
"""Asked for on both sides: the clock on the wall skips an hour or shows it twice."""
_INSTANT = timedelta.resolution
_REACH = Reach(back=timedelta(days=30), at_once=timedelta(days=1))


class ComedPrices(PriceSource):
    """What a customer of ComEd's hourly pricing pays per kWh.

    ``delivery`` ($/kWh) is added to the supply price, ``monthly_charge`` ($) is due
    anyway. ``zone`` is Chicago's, in which the service writes times; it is passed,
    because reading its file would block. ``base_url`` is above ``api`` and ``rrtp``.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        delivery: float,
        monthly_charge: float,
        zone: tzinfo,
        base_url: str = BASE_URL,
    ) -> None:
        """Keep how to ask; nothing is sent yet."""
        self._web = ComedWeb(session, base_url)
        self._delivery = delivery
        self._charges = StandingCharges(monthly=monthly_charge)
        self._zone = zone
        self._day_ahead = DayAhead(self._web, zone, self._range)

    @property
    @override
    def reach(self) -> Reach:
        """Return how much of the past ComEd is asked for, and how much at a time."""
        return _REACH

    @override
    async def fetch_prices(self, now: datetime) -> PriceSeries:
        """Return the past day's five minutes, the running price and the day ahead.

        The newest price is the running one, open until the next arrives and for 20
        minutes at most. The day ahead ends where an hour of it is missing, and there
        may be none of it. Raises one of ``clients.errors``; UnavailableError for a
        feed without a price.
        """
        body = await self._web.get(_FEED, type=_FIVE_MINUTES)
        prices = parse_feed(body, now - _FEED_REACHES, now)
        if not prices:
            raise UnavailableError("ComEd has no prices at the moment")
        hours = await self._day_ahead.hours(now)
        known = tuple(self._known(prices, now))
        return self._series((*known, *self._ahead(hours, known[-1].end, now)), now)

    @override
    async def fetch_history(
        self, start: datetime, end: datetime, now: datetime
    ) -> PriceSeries:
        """Return the five minutes of all hours that a stretch touches.

        Whole hours, because that is what is billed. Raises one of ``clients.errors``.
        """
        first, last = floor_to(start, HOUR), floor_to(end + HOUR - _INSTANT, HOUR)
        prices = await self._range(first, last)
        settled = (
            self._point(stamp, stamp + STEP, price, PriceKind.ACTUAL)
            for stamp, price in prices.items()
            if stamp + STEP <= now
        )
        return self._series(settled, now)

    async def _range(self, start: datetime, end: datetime) -> Prices:
        """Return the prices of the five minutes that start within a stretch.

        The service reads the clock on the wall, and a question from within the day
        that has an hour twice loses that day's first two hours. Asking for more on
        both sides and looking at the stamps, which are in UTC, gets them all.
        """
        body = await self._web.get(
            _FEED,
            type=_FIVE_MINUTES,
            datestart=self._on_the_wall(start, -_MARGIN),
            dateend=self._on_the_wall(end, _MARGIN),
        )
        return parse_feed(body, start, end - _INSTANT)

    def _on_the_wall(self, moment: datetime, plus: timedelta) -> str:
        """Return what the clock shows, put forward or back, as ranges are asked for."""
        wall = moment.astimezone(self._zone).replace(tzinfo=None) + plus
        return f"{wall:%Y%m%d%H%M}"

    def _known(self, prices: Prices, now: datetime) -> Iterator[PricePoint]:
        """Yield what the feed says, of which the newest price may still hold."""
        newest = max(prices)
        for stamp, price in prices.items():
            if stamp == newest and now < stamp + HOLDS:
                yield self._point(
                    stamp, stamp + HOLDS, price, PriceKind.CURRENT, estimate=True
                )
            else:
                yield self._point(stamp, stamp + STEP, price, PriceKind.ACTUAL)

    def _ahead(
        self, hours: Prices, edge: datetime, now: datetime
    ) -> Iterator[PricePoint]:
        """Yield what is expected after ``edge``, up to the first missing hour.

        A hole would block the tariff; beyond the end of a forecast it takes what is
        usual. Only the running hour may be missing, for its price is known or stale.
        """
        hour = floor_to(now, HOUR)
        while hour <= now or hour in hours:
            end = hour + HOUR
            if hour in hours and edge < end:
                yield self._point(max(hour, edge), end, hours[hour], PriceKind.FORECAST)
            hour = end

    def _point(
        self,
        start: datetime,
        end: datetime,
        supply: float,
        kind: PriceKind,
        *,
        estimate: bool = False,
    ) -> PricePoint:
        """Return a point; the market's price is the supply price."""
        return PricePoint(
            start=start,
            end=end,
            price=supply + self._delivery,
            kind=kind,
            estimate=estimate,
            spot=supply,
            supply=supply,
        )

    def _series(self, points: Iterable[PricePoint], now: datetime) -> PriceSeries:
        """Return points with what is always the same about them."""
        return PriceSeries(
            fetched_at=now,
            imports=tuple(points),
            least_horizon=timedelta(0),
            settlement=HOUR,
            charges=self._charges,
            origin=ORIGIN,
        )
