"""Tesla's energy endpoints as Teslemetry proxies them."""

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
import json
import math
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from .config import TESLEMETRY_TOKEN, VEHICLE_VIN
from .faults import Fault, FaultKind, Faults, Service
from .http_faults import bearer, drop, spoiled
from .powerwall import Powerwall
from .tesla_commands import COMMANDS, Check, RefusedError
from .tesla_documents import live_status, product, site_info, vehicle
from .tesla_tariff import Tariff

_KEPT = 5_000
_SCOPES = (
    "openid",
    "offline_access",
    "user_data",
    "vehicle_device_data",
    "vehicle_location",
    "vehicle_cmds",
    "vehicle_charging_cmds",
    "energy_device_data",
    "energy_cmds",
)

type _Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Command:
    """A command that was accepted; ``stored`` is False if it was then forgotten."""

    received_at: datetime
    site_id: int
    name: str
    body: Mapping[str, Any]
    stored: bool


@dataclass(frozen=True, slots=True)
class Upload:
    """A tariff that was accepted, as it was sent.

    ``warnings`` is what Tesla's app would show about it.
    """

    received_at: datetime
    site_id: int
    tariff: Mapping[str, Any]
    stored: bool
    warnings: tuple[str, ...]


class TeslaCloud:
    """The account: its sites, and the commands they were given.

    The object outlives its web applications: ``app`` makes a new one over the same
    state at each call. ``advance`` brings the home up to date and returns the time.
    """

    def __init__(
        self,
        sites: Mapping[int, Powerwall],
        faults: Faults,
        advance: Callable[[], float],
        time_zone: ZoneInfo,
    ) -> None:
        """Open the account."""
        self.sites = sites
        self.token: str | None = TESLEMETRY_TOKEN
        """The only token that is accepted; None refuses all."""
        self.commands: deque[Command] = deque(maxlen=_KEPT)
        self.uploads: deque[Upload] = deque(maxlen=_KEPT)
        self.listeners: list[Callable[[Command], None]] = []
        """Called with each accepted command, after it was noted."""
        self.requests = 0
        """Requests ever received, refused ones included."""
        self._faults = faults
        self._advance = advance
        self._zone = time_zone

    def app(self) -> web.Application:
        """Return a web application whose paths begin with ``/api``."""
        app = web.Application(middlewares=[_as_json_errors])
        site = "/api/1/energy_sites/{site}/"
        app.router.add_get("/api/metadata", self._read(self._metadata))
        app.router.add_get("/api/1/products", self._read(self._products))
        app.router.add_get(site + "live_status", self._read(self._live_status))
        app.router.add_get(site + "site_info", self._read(self._site_info))
        app.router.add_get(site + "calendar_history", self._read(self._history))
        for name, (check, code) in COMMANDS.items():
            app.router.add_post(site + name, self._write(name, check, code))
        return app

    # Reading

    def _read(self, document: Callable[[web.Request, float], str]) -> _Handler:
        """Make a handler of a function that returns JSON text."""

        async def handle(request: web.Request) -> web.StreamResponse:
            _, answer = await self._admit(request, command=False)
            if answer is not None:
                return answer
            text = document(request, self._advance())
            return web.Response(text=text, content_type="application/json")

        return handle

    def _metadata(self, _request: web.Request, _at: float) -> str:
        return json.dumps(
            {
                "uid": "simulated-home",
                "region": "NA",
                "scopes": _SCOPES,
                "vehicles": {
                    VEHICLE_VIN: {
                        "access": True,
                        "polling": False,
                        "proxy": True,
                        "firmware": "2026.38.6",
                        "name": "Blue",
                    }
                },
                "energy_sites": {
                    str(site_id): {"access": True}
                    for site_id, site in self.sites.items()
                    if site.config.powerwalls
                },
            }
        )

    def _products(self, _request: web.Request, _at: float) -> str:
        products = [vehicle(), *map(product, self.sites.values())]
        return json.dumps({"response": products, "count": len(products)})

    def _live_status(self, request: web.Request, at: float) -> str:
        site = self._site(request)
        if not site.config.powerwalls:
            return '{"response":""}'
        local = datetime.fromtimestamp(at, self._zone)
        return json.dumps({"response": live_status(site, local)})

    def _site_info(self, request: web.Request, _at: float) -> str:
        return json.dumps({"response": site_info(self._site(request), self._zone.key)})

    def _history(self, request: web.Request, at: float) -> str:
        site, query = self._site(request), request.query
        kind, period = query.get("kind"), query.get("period", "day")
        if kind == "backup":
            return '{"response":{"events":[],"total_events":0}}'
        if kind != "energy":
            raise RefusedError("kind must be energy or backup")
        now = datetime.fromtimestamp(at, self._zone)
        start = self._time(query.get("start_date"))
        end = self._time(query.get("end_date"))
        last = (end or now).date()
        match period:
            case "day":
                midnight = (start or end or now).replace(
                    hour=0, minute=0, second=0, microsecond=0
                )
                begin = (start or midnight).timestamp()
                finish = (end or midnight + timedelta(days=1)).timestamp()
                series = site.history.five_minutes(begin, finish, at)
            case "week" | "month":
                days = 6 if period == "week" else 30
                first = start.date() if start else last - timedelta(days=days)
                series = site.history.days(first, last)
            case "year":
                first = start.date() if start else last.replace(month=1, day=1)
                series = site.history.months(first, last)
            case "lifetime":
                series = site.history.months(date.min, last)
            case _:
                raise RefusedError("period must be day, week, month, year, lifetime")
        return (
            '{"response":{"serial_number":"1152100-14-J--CN000000000001",'
            f'"period":"{period}","installation_time_zone":"{self._zone.key}",'
            f'"time_series":{series}}}}}'
        )

    # Writing

    def _write(
        self,
        name: str,
        check: Check,
        code: int,
    ) -> _Handler:
        """Make a handler of a function that checks a body and returns the change."""

        async def handle(request: web.Request) -> web.StreamResponse:
            fault, answer = await self._admit(request, command=True)
            if answer is not None:
                return answer
            try:
                body = await request.json()
            except ValueError:
                raise RefusedError("the body is not JSON") from None
            if not isinstance(body, dict):
                raise RefusedError("the body is not an object")
            at = self._advance()
            site = self._site(request)
            store = check(site, body)
            kind = fault.kind if fault is not None else None
            stored = kind is not FaultKind.NOT_APPLIED
            self._note(site, name, body, at, stored=stored)
            if fault is not None and kind is FaultKind.LATE:
                site.store_later(at + fault.seconds, store)
            elif stored:
                store(at)
            if kind is FaultKind.APPLIED_BUT_NO_ANSWER:
                return drop(request)
            return web.json_response({"response": {"code": code, "message": "Updated"}})

        return handle

    def _note(
        self,
        site: Powerwall,
        name: str,
        body: Mapping[str, Any],
        at: float,
        *,
        stored: bool,
    ) -> None:
        """Remember an accepted command."""
        received = datetime.fromtimestamp(at, UTC)
        site_id = site.config.site_id
        command = Command(received, site_id, name, body, stored)
        self.commands.append(command)
        if name == "time_of_use_settings":
            content = body["tou_settings"]["tariff_content_v2"]
            today = received.astimezone(self._zone).date()
            warnings = tuple(Tariff(content).warnings(today))
            self.uploads.append(Upload(received, site_id, content, stored, warnings))
        for listener in self.listeners:
            listener(command)

    # Both

    async def _admit(
        self, request: web.Request, *, command: bool
    ) -> tuple[Fault | None, web.Response | None]:
        """Check faults and token; return a fault of commands or an answer."""
        self.requests += 1
        fault = self._faults.strike(Service.TESLA, request.path, command=command)
        if fault is not None:
            if (answer := await spoiled(request, fault)) is not None:
                return None, answer
            if fault.kind is FaultKind.WRONG_TOKEN:
                return None, _error(401, "invalid_token")
            if fault.kind in (FaultKind.STATUS_429, FaultKind.STATUS_429_RETRY):
                return None, _too_many(fault)
        token = bearer(request)
        if token is None:
            return None, _error(401, "missing_token")
        if token != self.token:
            return None, _error(401, "invalid_token")
        return fault, None

    def _site(self, request: web.Request) -> Powerwall:
        wanted = request.match_info["site"]
        site = self.sites.get(int(wanted)) if wanted.isdecimal() else None
        if site is None:
            raise web.HTTPNotFound(
                text=json.dumps(
                    {"response": None, "error": "not_found", "error_description": ""}
                ),
                content_type="application/json",
            )
        return site

    def _time(self, text: str | None) -> datetime | None:
        if text is None:
            return None
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            raise RefusedError(f"{text!r} is no RFC 3339 time") from None
        return (
            time.astimezone(self._zone)
            if time.tzinfo
            else time.replace(tzinfo=self._zone)
        )


@web.middleware
async def _as_json_errors(
    request: web.Request, handler: _Handler
) -> web.StreamResponse:
    """Answer refused requests the way Tesla does."""
    try:
        return await handler(request)
    except RefusedError as err:
        return web.json_response(
            {"response": None, "error": str(err), "error_description": ""}, status=400
        )


def _error(status: int, error: str) -> web.Response:
    return web.json_response({"error": error}, status=status)


def _too_many(fault: Fault) -> web.Response:
    if fault.kind is FaultKind.STATUS_429:
        return web.Response(text="Too many requests", status=429)
    wait = str(math.ceil(fault.seconds))
    return web.Response(
        text=f"Retry in {wait} seconds",
        status=429,
        headers={
            "ratelimit-limit": "60",
            "ratelimit-remaining": "0",
            "ratelimit-reset": wait,
            "retry-after": wait,
        },
    )
