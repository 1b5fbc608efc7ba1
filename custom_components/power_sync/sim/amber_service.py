"""Amber's REST service over the price boards."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
import json
import math
from typing import Any, NoReturn

from aiohttp import web

from .amber_prices import PriceBoard
from .config import AMBER_TOKEN, AmberSite
from .faults import PRICE_KINDS, Fault, FaultKind, Faults, Service
from .http_faults import bearer, spoiled
from .price_faults import RowForm, damaged
from .prices import NEM

_BUDGET = 50
_WINDOW = 300.0
_MOST_ROWS = 2048
_MOST_DAYS = 7
_KEPT = 60
"""Price responses that are kept; they are large."""
_TARIFFS = {"general": "EA116", "controlledLoad": "EA040", "feedIn": "EA029"}
AMBER_ROWS = RowForm(
    prices=("perKwh", "spotPerKwh"),
    numbers=("duration",),
    end="endTime",
    kind="type",
    forecast="ForecastInterval",
)
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Served:
    """A price response that left the service, as it was sent."""

    served_at: datetime
    site_id: str
    path: str
    query: Mapping[str, str]
    body: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The price rows (NaN as Python reads it)."""
        rows: list[dict[str, Any]] = json.loads(self.body)
        return rows


@dataclass(slots=True)
class _Budget:
    """The requests of one key in the running window."""

    opened: float = -math.inf
    used: int = 0


class AmberCloud:
    """The account, its boards and everything that was served.

    The object outlives its web applications: ``app`` makes a new one over the same
    state at each call.
    """

    def __init__(
        self,
        sites: tuple[AmberSite, ...],
        boards: Mapping[str, PriceBoard],
        faults: Faults,
        now: Callable[[], datetime],
    ) -> None:
        """Open the account."""
        self.sites = sites
        self.token: str | None = AMBER_TOKEN
        """The only token that is accepted; None refuses all."""
        self.served: deque[Served] = deque(maxlen=_KEPT)
        self.listeners: list[Callable[[Served], None]] = []
        """Called with each price response; for observers that need all of them."""
        self.requests = 0
        """Requests ever received, refused ones included."""
        self._boards = boards
        self._faults = faults
        self._now = now
        self._budgets: dict[str, _Budget] = {}

    def app(self) -> web.Application:
        """Return a web application whose paths begin with ``/v1``."""
        app = web.Application()
        app.router.add_get("/v1/sites", self._get_sites)
        app.router.add_get("/v1/sites/{site}/prices/current", self._get_current)
        app.router.add_get("/v1/sites/{site}/prices", self._get_days)
        return app

    async def _get_sites(self, request: web.Request) -> web.Response:
        _, answer = await self._admit(request, prices=False)
        if answer is not None:
            return answer
        return self._answer(json.dumps([_site(site) for site in self.sites]))

    async def _get_current(self, request: web.Request) -> web.Response:
        fault, answer = await self._admit(request, prices=True)
        if answer is not None:
            return answer
        board = self._board(request)
        ahead = self._count(request, "next")
        back = self._count(request, "previous")
        if ahead + back > _MOST_ROWS:
            self._refuse(422, f"next + previous must not exceed {_MOST_ROWS}")
        minutes = self._resolution(request)
        if board is None:
            return self._prices(request, "[]")
        now = self._now().timestamp()
        if fault is not None and fault.kind is FaultKind.STALE_FORECAST:
            now -= 60 * (minutes or board.site.interval_minutes)
        text = board.current(now, ahead, back, minutes)
        return self._prices(request, text, fault)

    async def _get_days(self, request: web.Request) -> web.Response:
        fault, answer = await self._admit(request, prices=True)
        if answer is not None:
            return answer
        board = self._board(request)
        today = self._now().astimezone(NEM).date()
        first = self._date(request, "startDate", today)
        last = self._date(request, "endDate", max(today, first))
        if not timedelta() <= last - first < timedelta(days=_MOST_DAYS):
            self._refuse(422, f"The range must be 1 to {_MOST_DAYS} days, in order")
        minutes = self._resolution(request)
        if board is None:
            return self._prices(request, "[]")
        text = board.days(
            self._now().timestamp(),
            first.toordinal() - _EPOCH,
            last.toordinal() - _EPOCH,
            minutes,
        )
        return self._prices(request, text, fault)

    async def _admit(
        self, request: web.Request, *, prices: bool
    ) -> tuple[Fault | None, web.Response | None]:
        """Check token, budget and faults; return a fault of prices or an answer."""
        self.requests += 1
        fault = self._faults.strike(
            Service.AMBER, request.path, prices=PRICE_KINDS if prices else ()
        )
        if fault is not None and fault.kind not in PRICE_KINDS:
            if (answer := await spoiled(request, fault)) is not None:
                return None, answer
            if fault.kind is FaultKind.WRONG_TOKEN:
                return None, _error(403, "Forbidden")
            if fault.kind is FaultKind.STATUS_429:
                return None, _error(429, "Too many requests")
            if fault.kind is FaultKind.STATUS_429_RETRY:
                answer = _error(429, "Too many requests")
                wait = str(math.ceil(fault.seconds))
                answer.headers["Retry-After"] = answer.headers["RateLimit-Reset"] = wait
                return None, answer
        token = bearer(request)
        if token is None:
            return None, _error(401, "Unauthorized")
        if token != self.token:
            return None, _error(403, "Forbidden")
        now = self._now().timestamp()
        budget = self._budgets.setdefault(token, _Budget())
        if not 0 <= now - budget.opened < _WINDOW:
            budget.opened, budget.used = now, 0
        budget.used += 1
        if budget.used > _BUDGET:
            answer = _error(429, "Too many requests")
            answer.headers.update(self._limits())
            return None, answer
        return fault, None

    def _limits(self) -> dict[str, str]:
        """Return the rate limit headers of the account's key."""
        budget = self._budgets.get(self.token or "", _Budget())
        left = budget.opened + _WINDOW - self._now().timestamp()
        return {
            "RateLimit-Policy": f"{_BUDGET};w={_WINDOW:.0f}",
            "RateLimit-Limit": str(_BUDGET),
            "RateLimit-Remaining": str(max(0, _BUDGET - budget.used)),
            "RateLimit-Reset": str(max(0, math.ceil(left)) if left > 0 else 0),
        }

    def _board(self, request: web.Request) -> PriceBoard | None:
        """Return the site's board, None for a site without prices."""
        wanted = request.match_info["site"]
        site = next((site for site in self.sites if site.site_id == wanted), None)
        if site is None:
            self._refuse(404, "Site not found")
        return self._boards[wanted] if site.status == "active" else None

    def _prices(
        self, request: web.Request, text: str, fault: Fault | None = None
    ) -> web.Response:
        """Answer with prices, damaged if so ordered, and remember them."""
        if fault is not None:
            text = json.dumps(damaged(json.loads(text), fault.kind, AMBER_ROWS))
        path = request.path
        served = Served(
            self._now().astimezone(UTC),
            request.match_info["site"],
            path[path.index("/v1") :],
            dict(request.query),
            text,
        )
        self.served.append(served)
        for listener in self.listeners:
            listener(served)
        return self._answer(text)

    def _answer(self, text: str) -> web.Response:
        return web.Response(
            text=text, content_type="application/json", headers=self._limits()
        )

    def _count(self, request: web.Request, name: str) -> int:
        text = request.query.get(name, "0")
        if not text.isdecimal():
            self._refuse(400, f"{name} must be a whole number, 0 or more")
        return int(text)

    def _resolution(self, request: web.Request) -> int | None:
        text = request.query.get("resolution")
        if text not in (None, "5", "30"):
            self._refuse(400, "resolution must be 5 or 30")
        return None if text is None else int(text)

    def _date(self, request: web.Request, name: str, default: date) -> date:
        text = request.query.get(name)
        if text is None:
            return default
        try:
            return date.fromisoformat(text)
        except ValueError:
            self._refuse(400, f"{name} must be YYYY-MM-DD")

    def _refuse(self, status: int, message: str) -> NoReturn:
        raise _REFUSALS[status](
            text=json.dumps({"message": message}),
            content_type="application/json",
            headers=self._limits(),
        )


_REFUSALS: dict[int, type[web.HTTPException]] = {
    400: web.HTTPBadRequest,
    404: web.HTTPNotFound,
    422: web.HTTPUnprocessableEntity,
}


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)


def _site(site: AmberSite) -> dict[str, Any]:
    """Return a site as ``/sites`` lists it."""
    channels = [("E1", "general")]
    if site.controlled_load:
        channels.append(("E2", "controlledLoad"))
    if site.feed_in:
        channels.append(("B1", "feedIn"))
    listed: dict[str, Any] = {
        "id": site.site_id,
        "nmi": site.nmi,
        "channels": [
            {"identifier": identifier, "type": kind, "tariff": _TARIFFS[kind]}
            for identifier, kind in channels
        ],
        "network": site.network,
        "status": site.status,
    }
    if site.status == "pending":
        return listed
    listed["activeFrom"] = site.active_from
    if site.closed_on is not None:
        listed["closedOn"] = site.closed_on
    listed["intervalLength"] = site.interval_minutes
    return listed
