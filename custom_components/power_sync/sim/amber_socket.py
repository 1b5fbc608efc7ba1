"""Amber's WebSocket: running prices pushed to whoever subscribes."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
import json
from typing import Any

import aiohttp
from aiohttp import web

from .amber_prices import PriceBoard, estimate_pushed_at, settles_at
from .amber_service import AMBER_ROWS, AmberCloud
from .faults import PRICE_KINDS, FaultKind, Faults, Service
from .http_faults import bearer, spoiled
from .price_faults import damaged
from .prices import INTERVAL

_SERVICE = "live-prices"
_SHORTEST_SLEEP = 0.05
"""Seconds; without it a clock that stands still just before a push would spin."""
_CLOSING_PATIENCE = 0.5
_KEPT = 1_000


@dataclass(eq=False, slots=True)
class _Listener:
    """An open connection, and the sites that it subscribed to.

    ``told`` is what each site's subscriber knows: the interval and whether its price
    is final.
    """

    socket: web.WebSocketResponse
    request: web.Request
    told: dict[str, tuple[int, bool] | None] = field(default_factory=dict)


class AmberSocket:
    """The push service beside an Amber account.

    Per five minutes an estimate is pushed soon after they began, and the final price
    at the moment at which the REST service has it too. Whoever subscribes in between
    waits for the next. ``enabled`` says whether the account may use it at all.
    """

    def __init__(
        self,
        amber: AmberCloud,
        boards: Mapping[str, PriceBoard],
        faults: Faults,
        now: Callable[[], datetime],
        seed: int,
        *,
        enabled: bool = True,
        speed: float = 1.0,
    ) -> None:
        """Open the service; ``speed`` is how fast ``now`` runs (seconds per second)."""
        self.enabled = enabled
        self.handshakes = 0
        """Attempts to connect, refused ones included."""
        self.pushed: deque[str] = deque(maxlen=_KEPT)
        """The latest messages with prices that were sent to somebody."""
        self._amber = amber
        self._boards = boards
        self._faults = faults
        self._now = now
        self._seed = seed
        self._speed = speed
        self._listeners: set[_Listener] = set()

    @property
    def subscribers(self) -> int:
        """How many connections are subscribed to some site."""
        return sum(bool(listener.told) for listener in self._listeners)

    def app(self) -> web.Application:
        """Return a web application that is nothing but the socket."""
        app = web.Application()
        app.router.add_get("", self._connect)  # below a prefix
        app.router.add_get("/", self._connect)
        app.on_shutdown.append(self._close_all)
        return app

    async def push_prices(self) -> int:
        """Push the running prices to all subscribers now; return to how many.

        For tests whose clock stands still. Repeats itself if nothing is new, which
        the real service does too.
        """
        reached = 0
        for listener in list(self._listeners):
            for site in list(listener.told):
                reached += await self._push(listener, site)
        return reached

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        self.handshakes += 1
        fault = self._faults.strike(Service.AMBER_SOCKET, request.path)
        if fault is not None:
            if fault.kind in (FaultKind.STATUS_429, FaultKind.STATUS_429_RETRY):
                return web.Response(status=429)
            if fault.kind is FaultKind.WRONG_TOKEN:
                return web.Response(status=401)
            if (answer := await spoiled(request, fault)) is not None:
                return answer
        token = bearer(request)
        if token is None or token != self._amber.token:
            return web.Response(status=401)
        if not self.enabled:
            return web.Response(status=403)
        socket = web.WebSocketResponse(timeout=_CLOSING_PATIENCE)
        await socket.prepare(request)
        listener = _Listener(socket, request)
        self._listeners.add(listener)
        clockwork = asyncio.create_task(self._push_when_due(listener))
        try:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    await self._heed(listener, message.data)
        finally:
            self._listeners.discard(listener)
            clockwork.cancel()
            with suppress(asyncio.CancelledError):
                await clockwork
        return socket

    async def _heed(self, listener: _Listener, text: str) -> None:
        """Answer a message; only a subscription is understood."""
        try:
            message: Any = json.loads(text)
            known = (message["service"], message["action"]) == (_SERVICE, "subscribe")
            site_id = str(message["data"]["siteId"])
        except ValueError, KeyError, TypeError:
            known, site_id = False, ""
        if not known:
            await listener.socket.send_json(
                {"type": "error", "message": "Message not understood"}
            )
            return
        site = next((s for s in self._amber.sites if s.site_id == site_id), None)
        found = site is not None and site.status == "active"
        if found:
            # What runs now is not pushed any more, except if it is still to come.
            listener.told.setdefault(site_id, self._state(site_id))
        await listener.socket.send_json(
            {
                "service": _SERVICE,
                "action": "subscribe",
                "status": 200 if found else 404,
                "data": {"siteId": site_id},
            }
        )

    async def _push_when_due(self, listener: _Listener) -> None:
        while True:
            for site_id, told in list(listener.told.items()):
                state = self._state(site_id)
                if state is not None and state != told:
                    await self._push(listener, site_id)
            await asyncio.sleep(max(self._pause() / self._speed, _SHORTEST_SLEEP))

    def _state(self, site_id: str) -> tuple[int, bool] | None:
        """Return what a subscriber should have been told by now, None for nothing."""
        now = self._now().timestamp()
        start = int(now // INTERVAL) * INTERVAL
        if now < estimate_pushed_at(self._seed, start):
            return None
        return start, now >= self._settles_at(site_id, start)

    def _settles_at(self, site_id: str, start: int) -> float:
        """Return when the billing interval around some five minutes becomes final."""
        minutes = self._boards[site_id].site.interval_minutes
        length = minutes * 60
        return settles_at(self._seed, start // length * length + length, minutes)

    def _pause(self) -> float:
        """Return for how long (on the home's clock) no push can become due."""
        now = self._now().timestamp()
        start = int(now // INTERVAL) * INTERVAL
        moments = [
            estimate_pushed_at(self._seed, start),
            estimate_pushed_at(self._seed, start + INTERVAL),
            *(self._settles_at(site_id, start) for site_id in self._boards),
        ]
        return min(moment for moment in moments if moment > now) - now

    async def _push(self, listener: _Listener, site_id: str) -> bool:
        """Push the running prices of a site; say whether they were sent."""
        now = self._now()
        instant = now.timestamp()
        start = int(instant // INTERVAL) * INTERVAL
        listener.told[site_id] = (start, instant >= self._settles_at(site_id, start))
        rows = json.loads(self._boards[site_id].current(instant, 0, 0))
        fault = self._faults.strike(
            Service.AMBER_SOCKET,
            listener.request.path,
            prices=PRICE_KINDS,
            answers=False,
        )
        if fault is not None:
            if fault.kind is FaultKind.SOCKET_SILENT:
                return False
            if fault.kind is FaultKind.SOCKET_BREAKS:
                if listener.request.transport is not None:
                    listener.request.transport.close()
                return False
            rows = damaged(rows, fault.kind, AMBER_ROWS)
        text = json.dumps(
            {
                "timestamp": _stamp(now),
                "service": _SERVICE,
                "action": "price-update",
                "data": {"siteId": site_id, "prices": rows},
            }
        )
        try:
            await listener.socket.send_str(text)
        except ConnectionError, RuntimeError:
            return False  # it has just gone
        self.pushed.append(text)
        return True

    async def _close_all(self, _app: web.Application) -> None:
        for listener in list(self._listeners):
            await listener.socket.close(code=aiohttp.WSCloseCode.GOING_AWAY)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
