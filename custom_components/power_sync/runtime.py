"""What runs for one config entry."""

import asyncio
from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry, ConfigSubentry

from .control.controller import Controller
from .coordinator.alerts import PriceAlerts
from .coordinator.demand import DemandMeter
from .coordinator.market import MarketCoordinator
from .coordinator.powerwall import EnergyCoordinator, LiveCoordinator, SiteCoordinator
from .coordinator.prices import PriceCoordinator
from .coordinator.site_stream import SitePushes
from .coordinator.ways import WaysIn


@dataclass(slots=True, kw_only=True)
class Powerwall:
    """A Powerwall site, watched and controlled.

    ``client`` knows by which way in it is reached; ``pushes`` are what the service
    tells of its own accord, None where it has to be asked. ``demand`` is None for a
    home that pays nothing for its peaks, ``market`` for one that does not watch the
    wholesale price.
    """

    subentry: ConfigSubentry
    client: WaysIn
    live: LiveCoordinator
    site: SiteCoordinator
    energy: EnergyCoordinator
    market: MarketCoordinator | None
    pushes: SitePushes | None
    controller: Controller
    demand: DemandMeter | None
    tasks: tuple[asyncio.Task[None], ...]
    """The controller's first."""

    @property
    def subentry_id(self) -> str:
        """Return the id of the subentry, by which everything of it is known."""
        return self.subentry.subentry_id


@dataclass(slots=True, kw_only=True)
class Home:
    """One home; None for what it does not have (yet)."""

    prices: PriceCoordinator | None
    alerts: PriceAlerts | None
    powerwall: Powerwall | None


type PowerSyncConfigEntry = ConfigEntry[Home]
