"""What the rest of the product expects of a service, whoever provides it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from ..core.model.powerwall import (
    EnergyTotals,
    ExportRule,
    LiveStatus,
    OperationMode,
    SiteInfo,
)
from ..core.model.prices import Channel, PricePoint, PriceSeries
from ..core.model.tesla_tariff import TeslaTariff


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How much of the past a source can tell, and how much of it at a time."""

    back: timedelta
    at_once: timedelta


class PriceSource(Protocol):
    """Prices of one home.

    Every method raises one of ``clients.errors``; a series that is returned is
    well formed: in time order per channel, finite, in UTC and in $/kWh.
    """

    @property
    def reach(self) -> Reach | None:
        """Return what ``fetch_history`` can be asked for; None for nothing at all."""
        ...

    async def fetch_prices(self, now: datetime) -> PriceSeries:
        """Return the running price and the forecast to the source's horizon."""
        ...

    async def fetch_history(
        self, start: datetime, end: datetime, now: datetime
    ) -> PriceSeries:
        """Return the settled prices of a stretch of the past, as far as there are any.

        The stretch is no longer than ``reach.at_once``; the answer may hold more.
        """
        ...


class StreamState(StrEnum):
    """What has become of a connection over which prices are pushed."""

    CONNECTING = "connecting"
    LIVE = "live"
    NOT_OFFERED = "not_offered"
    """The account has no such connection; there is no use in trying again."""


type PriceUpdate = Mapping[Channel, PricePoint]
"""The running interval of each channel that a push speaks of."""


class PriceStream(Protocol):
    """Running prices of one home, pushed by the service."""

    async def run(
        self,
        on_update: Callable[[PriceUpdate], None],
        on_state: Callable[[StreamState], None],
    ) -> None:
        """Deliver updates until cancelled, reconnecting as often as is polite.

        Returns after the state NOT_OFFERED, and raises AuthError if the service
        does not accept the credentials; every other failure is survived.
        """
        ...


class PowerwallClient(Protocol):
    """One energy site. Every method raises one of ``clients.errors``."""

    async def live_status(self) -> LiveStatus:
        """Return the power flows of this moment."""
        ...

    async def site_info(self) -> SiteInfo:
        """Return settings, equipment and the stored tariff."""
        ...

    async def energy_today(self) -> EnergyTotals:
        """Return the energy since local midnight."""
        ...

    async def energy_lifetime(self) -> EnergyTotals:
        """Return the energy since installation."""
        ...

    async def send_tariff(self, tariff: TeslaTariff) -> None:
        """Store a tariff; success says it was accepted, not that it is in force."""
        ...

    async def send_operation_mode(self, mode: OperationMode) -> None:
        """Set the operation mode; success says it was accepted."""
        ...

    async def send_backup_reserve(self, percent: float) -> None:
        """Set the backup reserve in %; success says it was accepted."""
        ...

    async def send_export_rule(self, rule: ExportRule) -> None:
        """Set what may be sent to the grid; success says it was accepted."""
        ...

    async def send_grid_charging(self, allowed: bool) -> None:
        """Allow or forbid charging from the grid; success says it was accepted."""
        ...

    async def send_storm_watch(self, enabled: bool) -> None:
        """Let Tesla fill the battery before storms, or not."""
        ...
