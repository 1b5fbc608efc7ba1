"""Fetch what a Powerwall reports: flows, settings and energy."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.update_coordinator import UpdateFailed
from homeassistant.util import dt as dt_util

from ..clients.protocols import PowerwallClient
from ..clients.tesla.stream import PushedSettings, PushedTariff, SiteInfoUpdate
from ..const import LOGGER
from ..core.model.powerwall import EnergyTotals, LiveStatus, SiteInfo
from .base import ServiceCoordinator

LIFETIME_EVERY = timedelta(hours=1)
SELDOM = timedelta(minutes=5)
"""How often to ask for what is pushed anyway."""
PUSHED_EVERY = timedelta(minutes=1)
"""How often services push the power flows."""


class PowerwallCoordinator[DataT](ServiceCoordinator[DataT]):
    """Keep one kind of what a Powerwall reports."""

    topic: ClassVar[str]
    every: ClassVar[timedelta]

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        client: PowerwallClient,
        *,
        subentry_id: str,
        service: str,
    ) -> None:
        """Poll ``client``."""
        super().__init__(
            hass,
            entry,
            subentry_id=subentry_id,
            service=service,
            name=f"{service} {self.topic}",
            update_interval=self.every,
        )
        self._client = client


class PushedCoordinator[DataT](PowerwallCoordinator[DataT]):
    """Keep one kind of what a Powerwall reports, as far as it is not pushed."""

    @callback
    def poll_seldom(self) -> None:
        """Ask only to be sure from the next time on, because news are pushed."""
        self.update_interval = SELDOM

    @callback
    def poll_regularly(self) -> None:
        """Ask as often as without pushes again, and now if it is time."""
        if self.update_interval == self.every:
            return
        self.update_interval = self.every
        # What ends the pushes may be the end of everything.
        if self._shutdown_requested or self.hass.is_stopping or self._must_wait:
            return
        self._schedule_refresh()
        if (
            self.last_success_at is None
            or dt_util.utcnow() - self.last_success_at >= self.every
        ):
            self._refresh_soon()

    @property
    def _must_wait(self) -> bool:
        """Return whether the next poll is where the service wants it."""
        return self.not_before is not None and self.not_before > dt_util.utcnow()

    @callback
    def _refresh_soon(self) -> None:
        """Ask out of turn, without waiting for the answer."""
        self.config_entry.async_create_task(
            self.hass, self.refresh_now(), f"{self.name} out of turn"
        )

    @callback
    def _set_pushed(self, data: DataT) -> None:
        """Put what was pushed in the place of what was known."""
        self.last_success_at = dt_util.utcnow()
        if self._must_wait:
            self.data = data
            self.last_update_success = True
            self.async_update_listeners()
        else:
            # The next poll is an interval away again.
            self.async_set_updated_data(data)


class LiveCoordinator(PushedCoordinator[LiveStatus]):
    """Keep the power flows of this moment."""

    topic = "live status"
    every = timedelta(seconds=30)

    @callback
    def take(self, pushed: LiveStatus) -> bool:
        """Take what was pushed, unless something newer is known.

        True, and polls become seldom, if it is as new as pushes can be: a poll may
        have been a moment faster, but not by more than their interval.
        """
        if self.known is None:
            age = -timedelta.resolution
        else:
            age = self.known.measured_at - pushed.measured_at
        if age > PUSHED_EVERY:
            return False
        self.poll_seldom()
        if age < timedelta(0):
            self._set_pushed(pushed)
        return True

    @override
    async def _async_update_data(self) -> LiveStatus:
        """Fetch the live status."""
        return await self.fetch(self._client.live_status())


class SiteCoordinator(PushedCoordinator[SiteInfo]):
    """Keep the settings and the stored tariff."""

    topic = "site"
    every = timedelta(minutes=1)

    _settings_at = _tariff_at = datetime.min.replace(tzinfo=UTC)

    @callback
    def take(self, pushed: SiteInfoUpdate) -> None:
        """Take what was pushed, unless something newer is known.

        Before the first answer to a poll nothing is taken: settings come without
        the tariff, and the site would look as if its owner had stored none.
        """
        if self.known is None:
            return
        match pushed:
            case PushedSettings(at=at, info=info) if at > self._settings_at:
                self._settings_at = at
                self._set_pushed(replace(info, tariff=self.known.tariff))
            case PushedTariff(at=at, tariff=None) if at > self._tariff_at:
                # There may be one in the old format, of which nothing is pushed.
                self._tariff_at = at
                self._refresh_soon()
            case PushedTariff(at=at, tariff=tariff) if at > self._tariff_at:
                self._tariff_at = at
                self._set_pushed(replace(self.known, tariff=tariff))

    @override
    async def _async_update_data(self) -> SiteInfo:
        """Fetch the site information."""
        asked_at = dt_util.utcnow()
        info = await self.fetch(self._client.site_info())
        # What the service had pushed by then, the answer contains.
        self._settings_at = self._tariff_at = asked_at
        return info


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """Energy of today and since installation; None if the site has no such sum."""

    today: EnergyTotals
    lifetime: EnergyTotals | None


class EnergyCoordinator(PowerwallCoordinator[Energy]):
    """Keep the energy totals; the lifetime's, which grow slowly, once an hour."""

    topic = "energy"
    every = timedelta(minutes=5)

    _lifetime: EnergyTotals | None = None
    _lifetime_at: datetime | None = None

    @override
    async def _async_update_data(self) -> Energy:
        """Fetch today's energy and, when due, the lifetime's."""
        today = await self.fetch(self._client.energy_today())
        now = dt_util.utcnow()
        if self._lifetime_at is None or now - self._lifetime_at >= LIFETIME_EVERY:
            self._lifetime_at = now
            try:
                self._lifetime = await self.fetch(self._client.energy_lifetime())
            except UpdateFailed as error:
                # Not every site has it, and today's energy is good without.
                LOGGER.debug("No lifetime energy: %s", error)
        return Energy(today=today, lifetime=self._lifetime)
