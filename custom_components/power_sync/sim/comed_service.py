"""ComEd's hourly pricing over HTTP: the price feed and the day-ahead pages."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
import json
import math

from aiohttp import web

from .comed_prices import HOUR, ComedMarket
from .faults import PRICE_KINDS, FaultKind, Faults, Service
from .front_door import FrontDoor
from .price_faults import Row, RowForm, damaged
from .prices import INTERVAL

_DAY = 86_400
_MOST = 100 * _DAY
"""The longest range in seconds; the real limit is unknown."""
_HELLO = "Servlet Feed 2.95-SGalertsSync"
_FEED = RowForm(prices=("price",))


class ComedPricing:
    """``/api`` and ``/rrtp/ServletFeed``; whatever is asked, the status is 200."""

    def __init__(
        self, market: ComedMarket, faults: Faults, now: Callable[[], datetime]
    ) -> None:
        """Open the service."""
        self.door = FrontDoor(Service.COMED, faults, now)
        self.market = market
        self._now = now

    def app(self) -> web.Application:
        """Return a web application with the paths of the real host."""
        app = web.Application()
        app.router.add_get("/api", self._get_feed)
        app.router.add_get("/rrtp/ServletFeed", self._get_pages)
        return app

    async def _get_feed(self, request: web.Request) -> web.Response:
        fault, answer = await self.door.admit(request, PRICE_KINDS)
        if answer is not None:
            return answer
        now = self._now().timestamp()
        if fault is not None and fault.kind is FaultKind.STALE_FORECAST:
            now -= INTERVAL
        match request.query.get("type"):
            case "5minutefeed":
                rows = self._five_minutes(request, now)
            case "currenthouraverage":
                rows = self._running_hour(now)
            case _:
                return _page(_HELLO)
        if fault is not None:
            rows = damaged(rows, fault.kind, _FEED)
        return _page(json.dumps(rows, separators=(",", ":")))

    async def _get_pages(self, request: web.Request) -> web.Response:
        kinds = PRICE_KINDS - {FaultKind.STALE_FORECAST}
        fault, answer = await self.door.admit(request, kinds)
        if answer is not None:
            return answer
        now = self._now().timestamp()
        day = _day(request.query.get("date", ""), self.market.today(now))
        match request.query.get("type"):
            case "daynexttoday":
                hours = self.market.day_ahead(day, now)
            case "daynexttomorrow":
                day = self.market.today(now) + timedelta(days=1)
                hours = self.market.day_ahead(day, now)
            case "day":
                hours = self.market.actual(day, now)
            case _:
                return _page(_HELLO)
        rows: list[Row] = [{"label": label, "price": price} for label, price in hours]
        if fault is not None:
            rows = damaged(rows, fault.kind, _FEED)
        return _page(_script(day, rows))

    def _five_minutes(self, request: web.Request, now: float) -> list[Row]:
        """Return the asked range, or the last 24 hours; newest first."""
        first, last = int(now) - _DAY + 1, int(now)
        if "datestart" in request.query or "dateend" in request.query:
            begin = _wall(request.query.get("datestart", ""))
            end = _wall(request.query.get("dateend", ""))
            if begin is None or end is None:
                return []
            last = self.market.range_end(end)
            first = max(self.market.range_start(begin), last - _MOST)
        shown = self.market.published(first, last, now)
        return [_row(start, price) for start, price in reversed(shown)]

    def _running_hour(self, now: float) -> list[Row]:
        """Return the mean so far of the newest row's hour, at that row's stamp."""
        shown = self.market.published(int(now) - 2 * HOUR, int(now), now)
        if not shown:
            return []
        newest = shown[-1][0]
        hour = newest // HOUR
        prices = [price for start, price in shown if start // HOUR == hour]
        return [_row(newest, sum(prices) / len(prices))]


def _row(start: int, price: float) -> Row:
    return {"millisUTC": str(start * 1000), "price": f"{round(price, 1) + 0.0:.1f}"}


def _script(day: date, rows: list[Row]) -> str:
    """Return hours as the page's own JavaScript.

    Months count from 0, and in spite of the name the time is Chicago's.
    """
    hours = (
        f"[Date.UTC({day.year},{day.month - 1},{day.day},{row['label']},0,0), "
        f"{_literal(row['price'])}]"
        for row in rows
    )
    return f"[{', '.join(hours)}]"


def _literal(price: float | str | None) -> str:
    match price:
        case None:
            return "null"
        case float() if math.isnan(price):
            return "NaN"
        case _:
            return str(price)


def _wall(text: str) -> datetime | None:
    """Read ``YYYYMMDDhhmm``; the time is that of the clock on the wall."""
    try:
        return datetime.strptime(text, "%Y%m%d%H%M")  # noqa: DTZ007
    except ValueError:
        return None


def _day(text: str, today: date) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return today


def _page(text: str) -> web.Response:
    """Return a body as the service sends all of them, JSON included."""
    return web.Response(text=text, content_type="text/html")
