"""Fetch what a Powerwall reports: flows, settings and energy."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.update_coordinator import UpdateFailed
from homeassistant.util import dt as dt_util

from ..clients.protocols import PowerwallClient
from ..const import LOGGER
from ..core.model.powerwall import EnergyTotals, LiveStatus, SiteInfo
from .base import ServiceCoordinator

LIFETIME_EVERY = timedelta(hours=1)


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


class LiveCoordinator(PowerwallCoordinator[LiveStatus]):
    """Keep the power flows of this moment."""

    topic = "live status"
    every = timedelta(seconds=30)

    @override
    async def _async_update_data(self) -> LiveStatus:
        """Fetch the live status."""
        return await self.fetch(self._client.live_status())


class SiteCoordinator(PowerwallCoordinator[SiteInfo]):
    """Keep the settings and the stored tariff."""

    topic = "site"
    every = timedelta(minutes=1)

    @override
    async def _async_update_data(self) -> SiteInfo:
        """Fetch the site information."""
        return await self.fetch(self._client.site_info())


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
