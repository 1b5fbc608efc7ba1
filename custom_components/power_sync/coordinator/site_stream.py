"""Hand what a service pushes about a Powerwall to the coordinators that keep it."""

from datetime import datetime, timedelta

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.helpers.event import async_call_later

from ..clients.errors import AuthError
from ..clients.protocols import StreamState
from ..clients.tesla.stream import SiteInfoUpdate, SiteStream
from ..const import LOGGER
from ..core.model.powerwall import LiveStatus
from .powerwall import LiveCoordinator, SiteCoordinator

SILENCE = timedelta(minutes=3)
"""Live documents come every minute; without any for so long, nothing may come."""


class SitePushes:
    """Feed the coordinators of one site from a stream.

    While it works they poll seldom; otherwise, as if there were none. ``state`` is
    what has become of the connection, None before and after.
    """

    def __init__(self, live: LiveCoordinator, site: SiteCoordinator) -> None:
        """Keep whom to feed."""
        self.state: StreamState | None = None
        self._live = live
        self._site = site
        self._cancel_watch: CALLBACK_TYPE | None = None

    async def run(self, stream: SiteStream) -> None:
        """Take what is pushed until cancelled or the credentials are refused.

        The user is not asked for new ones: polls use the same, so they will tell,
        and an account may lack nothing but the right to listen.
        """
        try:
            await stream.run(self._on_update, self._on_state)
        except AuthError as error:
            LOGGER.info(
                "%s is asked regularly, because it pushes nothing: %s",
                self._live.service,
                error,
            )
        finally:
            self.state = None
            self._stop_relying()

    @callback
    def _on_update(self, update: LiveStatus | SiteInfoUpdate) -> None:
        """Pass on what was pushed; a new live document shows that pushes work."""
        if not isinstance(update, LiveStatus):
            self._site.take(update)
        elif self._live.take(update):
            self._site.poll_seldom()
            self._watch()

    @callback
    def _on_state(self, state: StreamState) -> None:
        """Poll again at once when the connection is lost."""
        self.state = state
        if state is not StreamState.LIVE:
            self._stop_relying()

    @callback
    def _watch(self) -> None:
        """Wait for the next live document."""
        self._stop_watching()
        self._cancel_watch = async_call_later(
            self._live.hass, SILENCE, self._on_silence
        )

    @callback
    def _on_silence(self, _: datetime) -> None:
        """Poll again, because pushes do not come as they should."""
        self._cancel_watch = None
        LOGGER.debug("No live status was pushed for %s", SILENCE)
        self._stop_relying()

    @callback
    def _stop_relying(self) -> None:
        """Let both coordinators poll as if nothing were pushed."""
        self._stop_watching()
        self._live.poll_regularly()
        self._site.poll_regularly()

    @callback
    def _stop_watching(self) -> None:
        """Expect no live document any more."""
        if self._cancel_watch is not None:
            self._cancel_watch()
            self._cancel_watch = None
