"""Keep the prices of one home: fetched, pushed, remembered."""

import asyncio
from datetime import datetime, timedelta
import random
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers.event import (
    async_track_point_in_utc_time,
    async_track_state_change_event,
)
from homeassistant.util import dt as dt_util

from ..clients.errors import AuthError
from ..clients.protocols import PriceStream, PriceUpdate, StreamState
from ..const import LOGGER
from ..core.live_price import keep_settled, with_running
from ..core.model.moments import floor_to
from ..core.model.prices import Channel
from ..core.poll_schedule import next_poll
from ..core.price_history import carry_over
from ..core.settlement import expected_mean, hour_mean
from .base import ServiceCoordinator
from .price_memory import PriceMemory, Prices
from .source import Source

BETWEEN_QUESTIONS = timedelta(seconds=5)
"""Pause between two questions about the past, which nobody waits for."""
AFTER_FAILURE = timedelta(minutes=10)
ASK_AGAIN = timedelta(hours=6)
"""What a source does not know of its past now it may know some hours later."""


class PriceCoordinator(ServiceCoordinator[Prices]):
    """Keep the prices of one home.

    It schedules itself, so it also runs when no entity listens.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        *,
        subentry_id: str,
        service: str,
        source: Source,
        memory: PriceMemory,
    ) -> None:
        """Poll ``source``, which the user knows as ``service``."""
        super().__init__(
            hass,
            entry,
            subentry_id=subentry_id,
            service=service,
            name=f"{service} prices",
            update_interval=None,
        )
        self.source = source
        self.channels = source.channels
        self.stream_state: StreamState | None = None
        """What has become of the pushed prices; None where there are none."""
        self.stream_task: asyncio.Task[None] | None = None
        self._memory = memory
        self._jitter = timedelta(
            seconds=random.uniform(0, source.schedule.most_jitter)  # noqa: S311
        )
        self._cancel_poll: CALLBACK_TYPE | None = None
        self._cancel_question: CALLBACK_TYPE | None = None
        self._cancel_watch: CALLBACK_TYPE | None = None
        self._stopped = False

    @override
    async def _async_update_data(self) -> Prices:
        """Fetch the prices; the first time those of the last days, too."""
        now = dt_util.utcnow()
        series = await self.fetch(self.source.prices.fetch_prices(now))
        if self.known is not None:
            series = keep_settled(self.known.series, series, now)
            series = carry_over(self.known.series, series, now)
        self._memory.learn(series, now)
        if not self._memory.has_begun:
            self._memory.begin(series, now)
            # A tariff needs yesterday at once; what is older can come later.
            await self._memory.ask(now)
        # Nothing may be waited for any more, as a push that comes meanwhile is lost.
        return self._memory.prices(series, now)

    @callback
    def start(self) -> None:
        """Poll from now on, listen to what is pushed, and complete the past."""
        self._plan_poll()
        self._plan_question(dt_util.utcnow() + BETWEEN_QUESTIONS)
        if self.source.watches:
            self._cancel_watch = async_track_state_change_event(
                self.hass, self.source.watches, self._on_state_change
            )
        if self.source.stream is not None:
            self.stream_task = self.config_entry.async_create_background_task(
                self.hass, self._listen(self.source.stream), f"{self.name} stream"
            )

    @callback
    def stop(self) -> None:
        """Poll, listen and ask no more, also where something is under way."""
        self._stopped = True
        for cancel in (self._cancel_poll, self._cancel_question, self._cancel_watch):
            if cancel is not None:
                cancel()
        self._cancel_poll = self._cancel_question = self._cancel_watch = None
        if self.stream_task is not None:
            self.stream_task.cancel()

    async def flush(self) -> None:
        """Write down the prices that are only in memory so far."""
        await self._memory.save()

    def percentile(self, now: datetime) -> float | None:
        """Return where the running price stands among those of the last weeks.

        In percent; None without a running price or any others.
        """
        running = self.known and self.known.series.running(Channel.IMPORT, now)
        return self._memory.rank(running.quoted) if running else None

    def hour_so_far(self, now: datetime) -> float | None:
        """Return the mean of the running hour until now, as prices are announced.

        None where energy is not billed by the hour, or nothing of it is known.
        """
        if self.known is None or (length := self.known.series.settlement) is None:
            return None
        mean = hour_mean(self.known.series.imports, floor_to(now, length), now, length)
        return mean.quoted if mean else None

    def hour_expected(self, now: datetime) -> float | None:
        """Return what the running hour will cost, as prices are announced.

        None where energy is not billed by the hour, or its price is not known.
        """
        if self.known is None:
            return None
        running = expected_mean(self.known.series, self._memory.usual(now), now)
        return running.quoted if running else None

    # Polls

    @callback
    def _plan_poll(self) -> None:
        """Ask again when there is something to ask for."""
        if self._cancel_poll is not None:
            self._cancel_poll()
        now = dt_util.utcnow()
        running = self.known and self.known.series.running(Channel.IMPORT, now)
        moment = next_poll(
            now,
            self.source.schedule,
            settled=bool(running and not running.estimate),
            failing=not self.last_update_success,
            jitter=self._jitter,
            not_before=self.not_before,
        )
        self._cancel_poll = async_track_point_in_utc_time(self.hass, self._poll, moment)

    async def _poll(self, _: datetime) -> None:
        """Fetch once and plan the next time."""
        self._cancel_poll = None
        await self.async_refresh()
        if self._stopped:
            return
        if not self.last_update_success:
            # The price on show may have run out since it was fetched.
            self.async_update_listeners()
        self._plan_poll()
        await self._memory.save_sometimes(dt_util.utcnow())

    @callback
    def _on_state_change(self, _: Event[EventStateChangedData]) -> None:
        """Look at once at an entity that prices come from."""
        self.config_entry.async_create_task(
            self.hass, self.async_refresh(), f"{self.name} changed"
        )

    # Pushes

    async def _listen(self, stream: PriceStream) -> None:
        """Take pushed prices until the service says that there are none."""
        try:
            await stream.run(self._on_push, self._on_stream_state)
        except AuthError:
            # Nothing is tried any more until there is a new token.
            self.stream_state = None
            self.async_update_listeners()
            self.start_reauth()

    @callback
    def _on_push(self, update: PriceUpdate) -> None:
        """Put a pushed price in the place of the one that was known."""
        if self.known is None:
            return
        now = dt_util.utcnow()
        series = with_running(self.known.series, update, now)
        if series is self.known.series:
            return
        self._memory.learn(series, now)
        self.data = self._memory.prices(series, now)
        self.async_update_listeners()
        self._plan_poll()

    @callback
    def _on_stream_state(self, state: StreamState) -> None:
        """Tell what has become of the connection, where that is news."""
        if state is self.stream_state:
            return
        self.stream_state = state
        if state is StreamState.NOT_OFFERED:
            LOGGER.info(
                "%s does not push prices to this account; they are asked for instead",
                self.service,
            )
        self.async_update_listeners()

    # The past

    @callback
    def _plan_question(self, moment: datetime) -> None:
        """Ask about the past at some moment."""
        self._cancel_question = async_track_point_in_utc_time(
            self.hass, self._question, moment
        )

    async def _question(self, now: datetime) -> None:
        """Fill one hole of the past and plan the next."""
        self._cancel_question = None
        wait = AFTER_FAILURE
        if self.known is not None:
            if not self._memory.has_holes:
                self._memory.look_for_holes(now)
            answered = await self._memory.ask(now)
            if self._stopped:
                return
            # The answer may have taken its time.
            now = dt_util.utcnow()
            if answered:
                self.data = self._memory.prices(self.known.series, now)
                self.async_update_listeners()
                wait = BETWEEN_QUESTIONS
            if not self._memory.has_holes:
                # A hole that is left after this the source cannot fill.
                wait = ASK_AGAIN
        self._plan_question(now + wait)
        if wait == ASK_AGAIN:
            await self._memory.save()
