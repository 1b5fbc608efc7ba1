"""What the rest of the product expects of a service, whoever provides it."""

from datetime import datetime
from typing import Protocol

from ..core.model.powerwall import EnergyTotals, LiveStatus, OperationMode, SiteInfo
from ..core.model.prices import PriceSeries
from ..core.model.tesla_tariff import TeslaTariff


class PriceSource(Protocol):
    """Prices of one home.

    Every method raises one of ``clients.errors``; a series that is returned is
    well formed: in time order per channel, finite, in UTC and in $/kWh.
    """

    async def fetch_prices(self, now: datetime) -> PriceSeries:
        """Return the running price and the forecast to the source's horizon."""
        ...

    async def fetch_history(self, now: datetime) -> PriceSeries:
        """Return the settled prices of the last days, as far as there are any."""
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
