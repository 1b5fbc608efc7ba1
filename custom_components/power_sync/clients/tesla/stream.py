"""A Powerwall's reports as Teslemetry pushes them (server-sent events).

Wire: one JSON object per event with ``createdAt``, ``site_id`` (a number or its
text), ``isCache`` on what the service remembered from before the connection, and one
of ``live_status``, ``site_info`` (Tesla's documents without envelope, the second
without any tariff) and ``tariff_content_v2`` (null: cleared). Documents are complete;
live ones come about once a minute, the others when something changes, so silence
about settings means that there is no change. Sources: the library and its tests.

Only a token of the user's own opens such a connection. A home that uses the login of
Home Assistant's ``teslemetry`` entry asks regularly instead: what that entry listens
to ends with each of its reloads, is no public interface, and a listener that is added
at the wrong moment starts a connection that nobody ends. Tesla charges nothing for
the questions.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
import logging
from typing import Protocol

import aiohttp
from teslemetry_stream import TeslemetryStream
from teslemetry_stream.const import SseTopic

from ...core.model.powerwall import LiveStatus, SiteInfo
from ...core.model.tesla_tariff import TeslaTariff
from ..errors import AuthError, InvalidDataError
from ..json_fields import instant, json_object
from ..protocols import StreamState
from .parse import read_live_status, read_site_info, read_tariff_content
from .teslemetry import BASE_URL

# All times in seconds.
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 600.0
EARLY = 60.0
"""After a connection that lasted no longer the next pause is twice as long."""

_HOST = "api.teslemetry.com"
_TOPICS = (SseTopic.LIVE_STATUS, SseTopic.SITE_INFO, SseTopic.TARIFF_CONTENT_V2)

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedSettings:
    """Settings and equipment as they were at a moment.

    ``info.tariff`` says nothing: the tariff is pushed apart.
    """

    at: datetime
    info: SiteInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedTariff:
    """The stored tariff as it was at a moment; None when it was cleared."""

    at: datetime
    tariff: TeslaTariff | None


type SiteInfoUpdate = PushedSettings | PushedTariff


class SiteStream(Protocol):
    """What one site reports, pushed by the service."""

    async def run(
        self,
        on_update: Callable[[LiveStatus | SiteInfoUpdate], None],
        on_state: Callable[[StreamState], None],
    ) -> None:
        """Deliver updates until cancelled, reconnecting as often as is polite.

        ``on_state`` hears of changes only. Raises AuthError if the service does not
        accept the credentials; every other failure is survived.
        """
        ...


def site_stream(
    session: aiohttp.ClientSession, token: str, site_id: int, base_url: str
) -> SiteStream | None:
    """Return what is pushed about a site; None where only Teslemetry itself pushes.

    ``base_url`` is where the site is asked with that token. The library connects to
    no other host than Teslemetry's, which must not see another service's token.
    """
    if base_url.rstrip("/") != BASE_URL:
        return None
    return TeslemetrySiteStream(session, token, site_id)


class TeslemetrySiteStream:
    """The reports of one energy site, as ``SiteStream``."""

    def __init__(
        self, session: aiohttp.ClientSession, token: str, site_id: int
    ) -> None:
        """Keep where to listen; nothing is sent yet."""
        self._session = session
        self._token = token.strip()
        self._site_id = site_id

    async def run(
        self,
        on_update: Callable[[LiveStatus | SiteInfoUpdate], None],
        on_state: Callable[[StreamState], None],
    ) -> None:
        """Deliver updates until cancelled; LIVE from the first one that is understood.

        Raises AuthError for a token that is not accepted. Everything else that goes
        wrong is tried again, after twice the time if it goes on.
        """
        # Such a token would break the header, and its text would be in the error.
        if not self._token or not self._token.isprintable():
            raise AuthError("the Teslemetry token contains characters no token has")
        clock = asyncio.get_running_loop().time
        ear = _Ear(self._site_id, on_update, on_state)
        ear.report(StreamState.CONNECTING)
        pause = FIRST_PAUSE
        while True:
            began = clock()
            await self._listen(ear)
            ear.report(StreamState.CONNECTING)
            if clock() - began >= EARLY:
                pause = FIRST_PAUSE
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _listen(self, ear: _Ear) -> None:
        """Listen over one connection until it ends; it may not even begin."""
        stream = TeslemetryStream(
            self._session, self._token, _HOST, manual=True, topics=_TOPICS
        )

        def end_if_lost(connected: bool) -> None:
            if not connected:
                stream.close()

        # The library would connect again by itself: without any pause to a service
        # that hangs up at once, and with the token in the log (1.2) if refused then.
        stream.async_add_connection_listener(end_if_lost)
        try:
            await stream.connect()
            async for event in stream:
                ear.hear(event)
        except aiohttp.ClientResponseError as err:
            if err.status in {401, 403}:
                raise AuthError(
                    f"Teslemetry does not accept the token (HTTP {err.status})"
                ) from None
            _LOGGER.debug("Teslemetry pushes nothing now (HTTP %s)", err.status)
        # Also a TimeoutError.
        except (aiohttp.ClientError, OSError) as err:
            _LOGGER.debug("Teslemetry cannot be reached (%s)", type(err).__name__)
        finally:
            stream.close()


class _Ear:
    """Understands the events of one run and passes on those of one site."""

    def __init__(
        self,
        site_id: int,
        on_update: Callable[[LiveStatus | SiteInfoUpdate], None],
        on_state: Callable[[StreamState], None],
    ) -> None:
        """Keep whom to tell."""
        self._site_id = str(site_id)
        self._on_update = on_update
        self._on_state = on_state
        self._state: StreamState | None = None

    def report(self, state: StreamState) -> None:
        """Tell of a state that is new."""
        if state is not self._state:
            self._state = state
            self._on_state(state)

    def hear(self, event: object) -> None:
        """Pass on what an event says; what cannot be understood is dropped."""
        try:
            updates = tuple(self._updates(event))
        except InvalidDataError as err:
            _LOGGER.debug("Teslemetry pushed what cannot be understood: %s", err)
            return
        for update in updates:
            self.report(StreamState.LIVE)
            self._on_update(update)

    def _updates(self, event: object) -> Iterator[LiveStatus | SiteInfoUpdate]:
        """Read one event; raises InvalidDataError."""
        body = json_object(event, "the event")
        if str(body.get("site_id")) != self._site_id:
            return
        if "live_status" in body:
            yield read_live_status(body["live_status"])
        if "site_info" in body:
            yield PushedSettings(
                at=instant(body.get("createdAt"), "createdAt"),
                info=read_site_info(body["site_info"]),
            )
        if "tariff_content_v2" in body:
            yield PushedTariff(
                at=instant(body.get("createdAt"), "createdAt"),
                tariff=read_tariff_content(
                    body["tariff_content_v2"], "tariff_content_v2"
                ),
            )
