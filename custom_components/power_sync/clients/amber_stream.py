"""Running prices as Amber pushes them (WebSocket, not open to every account).

Sources: public clients of the service; Amber documents none of it. Forecasts are never
pushed. Some clients keep a connection open for days, others are dropped all the time
and look in once per interval instead: this one starts like the former and becomes like
the latter.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
import logging

import aiohttp

from ..core.model.prices import Channel
from .amber_wire import parse_update
from .errors import AuthError, InvalidDataError
from .json_fields import JsonObject, decode_json, instant, json_object, text
from .protocols import PriceUpdate, StreamState

STREAM_URL = "wss://api-ws.amber.com.au"

# All times in seconds.
CONNECT_TIMEOUT = 15.0
HEARTBEAT = 30.0
STALE_AFTER = 360.0
"""Without a price for longer than an interval a connection is not trusted."""
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 60.0
EARLY = 60.0
"""A connection that lasts no longer is an early drop."""
EARLY_DROPS = 3
"""So many of them in a row end the attempts to stay connected."""
INTERVAL = 300.0
LOOK_AT = 10.0
"""How far into each interval a look begins: prices come 15 to 45 s into it."""
LOOK_TIMEOUT = 60.0
_CLOSE_TIMEOUT = 2.0

_LOGGER = logging.getLogger(__name__)


class _NotOfferedError(Exception):
    """The account has no pushed prices."""


class _RefusedError(Exception):
    """The subscription failed for now."""


class AmberStream:
    """The running prices of one Amber site, for the channels that it is billed for."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        token: str,
        site_id: str,
        channels: frozenset[Channel],
        url: str = STREAM_URL,
    ) -> None:
        """Keep where to listen; nothing is sent yet."""
        self._session = session
        self._token = token.strip()
        self._site_id = site_id
        self._channels = channels | {Channel.IMPORT}
        self._url = url

    async def run(
        self,
        on_update: Callable[[PriceUpdate], None],
        on_state: Callable[[StreamState], None],
    ) -> None:
        """Deliver updates until cancelled; ``on_state`` hears of changes only.

        Returns after the state NOT_OFFERED; raises AuthError for a key that is not
        accepted. Everything else that goes wrong is tried again.
        """
        # Such a key would break the header, and its text would be in the error.
        if not self._token or not self._token.isprintable():
            raise AuthError("the Amber API key contains characters no key has")
        ear = _Ear(self._site_id, self._channels, on_update, on_state)
        ear.report(StreamState.CONNECTING)
        try:
            await self._stay_connected(ear)
            _LOGGER.debug("Amber keeps hanging up: asking once per interval from now")
            await self._look_in(ear)
        except _NotOfferedError:
            ear.report(StreamState.NOT_OFFERED)

    async def _stay_connected(self, ear: _Ear) -> None:
        """Listen without end; returns if the service keeps hanging up."""
        clock = asyncio.get_running_loop().time
        pause, drops = FIRST_PAUSE, 0
        while True:
            if (socket := await self._connect()) is not None:
                began = clock()
                await self._listen(socket, ear, once=False)
                ear.report(StreamState.CONNECTING)
                if clock() - began >= EARLY:
                    pause, drops = FIRST_PAUSE, 0
                else:
                    drops += 1
            if drops == EARLY_DROPS:
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _look_in(self, ear: _Ear) -> None:
        """Connect once per interval and leave with its price."""
        while True:
            await asyncio.sleep(_until_next_look(_now()))
            socket = await self._connect()
            if socket is None or not await self._listen(socket, ear, once=True):
                ear.report(StreamState.CONNECTING)

    async def _connect(self) -> aiohttp.ClientWebSocketResponse | None:
        """Return an open connection, None if there is none to be had now.

        Raises AuthError or _NotOfferedError. A wrong key cannot be told from an
        account without the service by 403; the other requests with it will tell.
        """
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                return await self._session.ws_connect(
                    self._url,
                    headers={"Authorization": f"Bearer {self._token}"},
                    heartbeat=HEARTBEAT,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_TIMEOUT),
                )
        except aiohttp.ClientResponseError as err:
            if err.status == 403:
                raise _NotOfferedError from None
            if err.status == 401:
                raise AuthError(
                    "Amber does not accept the API key (HTTP 401)"
                ) from None
            return None
        # aiohttp asserts that a connection outlives the handshake, which not all do.
        except TimeoutError, aiohttp.ClientError, OSError, AssertionError:
            return None

    async def _listen(
        self, socket: aiohttp.ClientWebSocketResponse, ear: _Ear, *, once: bool
    ) -> bool:
        """Subscribe and listen until the connection ends or falls silent, and close it.

        With ``once`` it ends with the price of the running interval, and that is the
        one case in which the answer is True.
        """
        ear.begin()
        patience = LOOK_TIMEOUT if once else STALE_AFTER
        try:
            async with asyncio.timeout(patience) as silence:
                await socket.send_json(
                    {
                        "service": "live-prices",
                        "action": "subscribe",
                        "data": {"siteId": self._site_id},
                    }
                )
                while True:
                    message = await socket.receive()
                    if message.type is aiohttp.WSMsgType.TEXT:
                        heard = ear.hear(message.data.encode())
                    elif message.type is aiohttp.WSMsgType.BINARY:
                        heard = ear.hear(message.data)
                    else:
                        return False
                    if once and heard and _is_running(heard, _now()):
                        return True
                    if heard and not once:
                        loop = asyncio.get_running_loop()
                        silence.reschedule(loop.time() + patience)
        except _RefusedError, TimeoutError, aiohttp.ClientError, OSError:
            return False
        finally:
            await socket.close()


class _Ear:
    """Understands what is said over the connections of one run, and passes it on."""

    def __init__(
        self,
        site_id: str,
        channels: frozenset[Channel],
        on_update: Callable[[PriceUpdate], None],
        on_state: Callable[[StreamState], None],
    ) -> None:
        """Keep whom to tell."""
        self._site_id = site_id
        self._channels = channels
        self._on_update = on_update
        self._on_state = on_state
        self._state: StreamState | None = None
        self._complained = False
        self.begin()

    def begin(self) -> None:
        """Forget the last connection, also in case its timestamps were nonsense."""
        self._subscribed = False
        self._newest: datetime | None = None

    def report(self, state: StreamState) -> None:
        """Tell of a state that is new."""
        if state is not self._state:
            self._state = state
            self._on_state(state)

    def hear(self, said: bytes) -> PriceUpdate | None:
        """Understand one message and return the prices that were passed on, if any.

        Raises _RefusedError or _NotOfferedError if it refuses the subscription. What
        cannot be understood is dropped.
        """
        try:
            message = json_object(decode_json(said, "the message"), "the message")
            action, kind = message.get("action"), message.get("type")
            if action == "price-update":
                return self._hear_prices(message)
            if action == "subscribe":
                self._hear_answer(message.get("status"))
            elif kind == "subscription-success":
                self._hear_answer(200)
            elif kind == "error" and not self._subscribed:
                raise _RefusedError
        except InvalidDataError as err:
            if not self._complained:
                self._complained = True
                _LOGGER.debug("Amber pushed what cannot be understood: %s", err)
        return None

    def _hear_answer(self, status: object) -> None:
        """Understand the answer to the subscription."""
        if status in (401, 403):
            raise _NotOfferedError
        if status != 200:
            raise _RefusedError
        self._subscribed = True
        self.report(StreamState.LIVE)

    def _hear_prices(self, message: JsonObject) -> PriceUpdate | None:
        """Pass on prices of this site, unless newer ones have been."""
        data = json_object(message.get("data"), "data")
        sent_at = instant(message.get("timestamp"), "timestamp")
        if text(data.get("siteId"), "siteId") != self._site_id:
            return None
        if self._newest is not None and sent_at < self._newest:
            return None
        update = parse_update(data.get("prices"), self._channels)
        if not update:
            return None
        self._newest = sent_at
        self._subscribed = True
        self.report(StreamState.LIVE)
        self._on_update(update)
        return update


def _is_running(update: PriceUpdate, now: datetime) -> bool:
    """Return whether an update speaks of the interval around now."""
    return any(point.start <= now < point.end for point in update.values())


def _until_next_look(now: datetime) -> float:
    """Return the seconds until the next look, more than none."""
    return INTERVAL - (now.timestamp() - LOOK_AT) % INTERVAL


def _now() -> datetime:
    """Return the time of day; prices are of its intervals."""
    return datetime.now(UTC)
