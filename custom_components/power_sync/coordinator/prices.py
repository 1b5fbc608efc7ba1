"""Fetch prices around the 5-minute boundaries, as often as needed and no more."""

from dataclasses import dataclass
from datetime import datetime, timedelta
import random
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.helpers.update_coordinator import UpdateFailed
from homeassistant.util import dt as dt_util

from ..clients.protocols import PriceSource
from ..const import LOGGER
from ..core.model.prices import Channel, PriceSeries
from ..core.poll_schedule import next_poll
from ..core.price_history import PriceHistory, carry_over
from .base import ServiceCoordinator

MOST_JITTER = 1.0


@dataclass(frozen=True, slots=True)
class Prices:
    """The newest series and what came before it."""

    series: PriceSeries
    history: PriceHistory


class PriceCoordinator(ServiceCoordinator[Prices]):
    """Keep the prices of one site.

    It schedules itself, so it also runs when no entity listens.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        *,
        subentry_id: str,
        service: str,
        source: PriceSource,
        channels: frozenset[Channel],
    ) -> None:
        """Poll ``source``, which the user knows as ``service``.

        ``channels`` are those that the site is billed for.
        """
        super().__init__(
            hass,
            entry,
            subentry_id=subentry_id,
            service=service,
            name=f"{service} prices",
            update_interval=None,
        )
        self.channels = channels
        self._source = source
        self._history_complete = False
        self._jitter = timedelta(seconds=random.uniform(0, MOST_JITTER))  # noqa: S311
        self._cancel: CALLBACK_TYPE | None = None

    @override
    async def _async_update_data(self) -> Prices:
        """Fetch the prices and, once, those of the last days."""
        now = dt_util.utcnow()
        series = await self.fetch(self._source.fetch_prices(now))
        history = PriceHistory()
        if (known := self.known) is not None:
            series = carry_over(known.series, series, now)
            history = known.history
        if not self._history_complete:
            history = await self._with_past(history, now)
        return Prices(series, history.with_series(series, now))

    async def _with_past(self, history: PriceHistory, now: datetime) -> PriceHistory:
        """Add the last days; without them today's prices are still good."""
        try:
            past = await self.fetch(self._source.fetch_history(now))
        except UpdateFailed as error:
            LOGGER.debug("No price history yet, trying again later: %s", error)
            return history
        self._history_complete = True
        return history.with_series(past, now)

    @callback
    def start(self) -> None:
        """Poll from now on, until stopped."""
        now = dt_util.utcnow()
        running = self.known and self.known.series.running(Channel.IMPORT, now)
        moment = next_poll(
            now,
            settled=bool(running and not running.estimate),
            failing=not self.last_update_success,
            jitter=self._jitter,
            not_before=self.not_before,
        )
        self._cancel = async_track_point_in_utc_time(self.hass, self._poll, moment)

    @callback
    def stop(self) -> None:
        """Poll no more."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    async def _poll(self, _: datetime) -> None:
        """Fetch once and plan the next time."""
        self._cancel = None
        await self.async_refresh()
        if not self.last_update_success:
            # The price on show may have run out since it was fetched.
            self.async_update_listeners()
        if not self._shutdown_requested:
            self.start()
