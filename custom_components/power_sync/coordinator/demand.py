"""Measure what a home is charged for its peaks."""

from datetime import datetime, tzinfo
from typing import Protocol

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.util import dt as dt_util

from ..core.demand import (
    DemandMemory,
    DemandTerms,
    cost,
    in_window,
    observe,
    peak,
)
from .keeper import Keeper
from .powerwall import LiveCoordinator


class Clock(Protocol):
    """Whoever knows where the home has its hours."""

    @property
    def zone(self) -> tzinfo:
        """Return the time zone of the home."""
        ...


class DemandMeter:
    """The peak of the billing period, from the power at the grid."""

    def __init__(
        self,
        live: LiveCoordinator,
        terms: DemandTerms,
        clock: Clock,
        keeper: Keeper[DemandMemory],
    ) -> None:
        """Measure with what ``live`` reports, by the terms of the bill."""
        self.live = live
        self.terms = terms
        self._clock = clock
        self._keeper = keeper

    @property
    def peak_kw(self) -> float:
        """Return the highest half hour of the running billing period."""
        return peak(self._keeper.value, self.terms, dt_util.utcnow(), self._clock.zone)

    @property
    def peak_at(self) -> datetime | None:
        """Return when that half hour began, None if there was none yet."""
        return self._keeper.value.peak_at if self.peak_kw else None

    @property
    def cost(self) -> float:
        """Return what the running billing period has cost so far."""
        return cost(self._keeper.value, self.terms, dt_util.utcnow(), self._clock.zone)

    @property
    def is_charged(self) -> bool:
        """Return whether demand is charged at this moment."""
        return in_window(self.terms, dt_util.utcnow(), self._clock.zone)

    async def load(self) -> None:
        """Go on where the last run ended."""
        await self._keeper.load()

    @callback
    def start(self) -> CALLBACK_TYPE:
        """Measure from now on; returns what ends it."""
        return self.live.async_add_listener(self._observe)

    async def flush(self) -> None:
        """Write down what is only in memory so far."""
        await self._keeper.save()

    @callback
    def _observe(self) -> None:
        """Take note of a new report."""
        live = self.live.known
        if live is None or live.grid_power is None or not self.live.last_update_success:
            return
        self._keeper.value = observe(
            self._keeper.value,
            live.grid_power,
            live.measured_at,
            self.terms,
            self._clock.zone,
        )
        self.live.hass.async_create_task(
            self._keeper.save_sometimes(dt_util.utcnow()), "power_sync demand"
        )
