"""Tesla's energy endpoints, as every service in front of them serves them."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
import json
import math
from typing import Any, ClassVar

from aiohttp import web

from .faults import Fault, FaultKind, Faults, Service
from .http_faults import bearer, drop, spoiled
from .powerwall import Powerwall
from .tesla_account import TeslaAccount
from .tesla_commands import COMMANDS, RefusedError
from .tesla_documents import live_status, product, vehicle
from .tesla_history import calendar_history
from .tesla_site_info import site_info

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
type Document = Callable[[web.Request, float], str]
"""Returns JSON text for a request at a time (unix seconds)."""
type Refusal = tuple[int, Mapping[str, Any] | None]
"""A status and the JSON body that goes with it, if any."""

ENERGY_SCOPES = ("energy_device_data", "energy_cmds")
ALL_SCOPES = (
    "openid",
    "offline_access",
    "user_data",
    "vehicle_device_data",
    "vehicle_location",
    "vehicle_cmds",
    "vehicle_charging_cmds",
    *ENERGY_SCOPES,
)


class TeslaHost:
    """One way in to the account, with a token of its own.

    The object outlives its web applications: ``app`` makes a new one over the same
    state at each call.
    """

    service: ClassVar[Service]
    first_token: ClassVar[str]
    no_token: ClassVar[Refusal]
    wrong_token: ClassVar[Refusal]
    refusals: ClassVar[Mapping[FaultKind, Refusal]] = {}
    """Faults for which the service has words of its own."""

    def __init__(self, account: TeslaAccount, faults: Faults) -> None:
        """Open the way in."""
        self.token: str | None = self.first_token
        """The only token that is accepted; None refuses all."""
        self.requests = 0
        """Requests ever received, refused ones included."""
        self.account = account
        self._faults = faults

    def app(self) -> web.Application:
        """Return a web application whose paths are those of the real host."""
        app = web.Application(middlewares=[_as_json_errors])
        site = "/api/1/energy_sites/{site}/"
        app.router.add_get("/api/1/products", self.read(self._products))
        app.router.add_get(site + "live_status", self.read(self._live_status))
        app.router.add_get(site + "site_info", self.read(self._site_info))
        app.router.add_get(site + "calendar_history", self.read(self._history))
        for name in COMMANDS:
            app.router.add_post(site + name, self._write(name))
        self.add_own_paths(app.router)
        return app

    def add_own_paths(self, router: web.UrlDispatcher) -> None:
        """Add what only this service has."""

    def read(self, document: Document) -> Handler:
        """Make a handler of a function that returns JSON text."""

        async def handle(request: web.Request) -> web.StreamResponse:
            _, answer = await self.admit(request)
            if answer is not None:
                return answer
            text = document(request, self.account.advance())
            return web.Response(text=text, content_type="application/json")

        return handle

    async def admit(
        self, request: web.Request, *, command: bool = False, anybody: bool = False
    ) -> tuple[Fault | None, web.Response | None]:
        """Check faults and token; return a fault of commands or an answer."""
        self.requests += 1
        fault = self._faults.strike(self.service, request.path, command=command)
        if fault is not None:
            if (refusal := self._refusal(fault)) is not None:
                return None, _refused(refusal)
            if fault.kind in (FaultKind.STATUS_429, FaultKind.STATUS_429_RETRY):
                return None, _too_many(fault)
            if (answer := await spoiled(request, fault)) is not None:
                return None, answer
        if not anybody:
            token = self.token_of(request)
            if token is None:
                return None, _refused(self.no_token)
            if token != self.token:
                return None, _refused(self.wrong_token)
        return fault, None

    def token_of(self, request: web.Request) -> str | None:
        """Return the token of a request, None without one."""
        return bearer(request)

    def _refusal(self, fault: Fault) -> Refusal | None:
        if fault.kind is FaultKind.WRONG_TOKEN:
            return self.wrong_token
        return self.refusals.get(fault.kind)

    # Reading

    def _products(self, _request: web.Request, _at: float) -> str:
        products = [vehicle(), *map(product, self.account.sites.values())]
        return json.dumps({"response": products, "count": len(products)})

    def _live_status(self, request: web.Request, at: float) -> str:
        site = self._site(request)
        if not site.config.powerwalls:
            return '{"response":""}'
        local = datetime.fromtimestamp(at, self.account.time_zone)
        return json.dumps({"response": live_status(site, local)})

    def _site_info(self, request: web.Request, _at: float) -> str:
        zone = self.account.time_zone.key
        return json.dumps({"response": site_info(self._site(request), zone)})

    def _history(self, request: web.Request, at: float) -> str:
        return calendar_history(
            self._site(request), request.query, at, self.account.time_zone
        )

    # Writing

    def _write(self, name: str) -> Handler:
        """Make a handler of a command."""
        _, code = COMMANDS[name]

        async def handle(request: web.Request) -> web.StreamResponse:
            fault, answer = await self.admit(request, command=True)
            if answer is not None:
                return answer
            try:
                body = await request.json()
            except ValueError:
                raise RefusedError("the body is not JSON") from None
            if not isinstance(body, dict):
                raise RefusedError("the body is not an object")
            site = self._site(request)
            fate = self.account.command(site, name, body, self.service, fault)
            if not fate.answered:
                return drop(request)
            return web.json_response({"response": {"code": code, "message": "Updated"}})

        return handle

    def _site(self, request: web.Request) -> Powerwall:
        wanted = request.match_info["site"]
        site = self.account.sites.get(int(wanted)) if wanted.isdecimal() else None
        if site is None:
            raise web.HTTPNotFound(
                text=json.dumps(envelope("not_found")), content_type="application/json"
            )
        return site


def envelope(error: str) -> dict[str, Any]:
    """Return an error in Tesla's words."""
    return {"response": None, "error": error, "error_description": ""}


@web.middleware
async def _as_json_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer refused requests the way Tesla does."""
    try:
        return await handler(request)
    except RefusedError as err:
        return web.json_response(envelope(str(err)), status=400)


def _refused(refusal: Refusal) -> web.Response:
    status, body = refusal
    if body is None:
        return web.Response(status=status)
    return web.json_response(body, status=status)


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
