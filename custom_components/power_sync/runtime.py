"""What runs for one config entry."""

import asyncio
from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry

from .control.controller import Controller
from .coordinator.alerts import PriceAlerts
from .coordinator.demand import DemandMeter
from .coordinator.powerwall import EnergyCoordinator, LiveCoordinator, SiteCoordinator
from .coordinator.prices import PriceCoordinator


@dataclass(slots=True, kw_only=True)
class Powerwall:
    """A Powerwall site, watched and controlled.

    ``demand`` is None for a home that pays nothing for its peaks.
    """

    subentry_id: str
    live: LiveCoordinator
    site: SiteCoordinator
    energy: EnergyCoordinator
    controller: Controller
    demand: DemandMeter | None
    task: asyncio.Task[None]


@dataclass(slots=True, kw_only=True)
class Home:
    """One home; None for what it does not have (yet)."""

    prices: PriceCoordinator | None
    alerts: PriceAlerts | None
    powerwall: Powerwall | None


type PowerSyncConfigEntry = ConfigEntry[Home]
