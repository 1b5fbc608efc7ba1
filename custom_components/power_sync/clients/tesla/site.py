"""One Tesla energy site, over whichever service reaches it."""

from tesla_fleet_api.const import TeslaEnergyPeriod
from tesla_fleet_api.tesla.energysite import EnergySite as EnergySiteApi

from ...core.model.powerwall import (
    EnergyTotals,
    LiveStatus,
    OperationMode,
    SiteInfo,
)
from ...core.model.tariff_document import write_tariff
from ...core.model.tesla_tariff import TeslaTariff
from .energy_history import parse_energy
from .errors import command, read
from .parse import parse_live_status, parse_site_info


class TeslaSite:
    """A Powerwall's cloud side, as ``clients.protocols.PowerwallClient``.

    ``time_zone`` (IANA name) says whose midnight begins the day of
    ``energy_today``; without it Tesla takes the installation's own.
    """

    def __init__(self, api: EnergySiteApi, time_zone: str | None = None) -> None:
        """Keep the library's site; nothing is sent yet."""
        self._api = api
        self._time_zone = time_zone

    async def live_status(self) -> LiveStatus:
        """Return the power flows of this moment."""
        return parse_live_status(await read(self._api.live_status()))

    async def site_info(self) -> SiteInfo:
        """Return settings, equipment and the stored tariff."""
        return parse_site_info(await read(self._api.site_info()))

    async def energy_today(self) -> EnergyTotals:
        """Return the energy since local midnight."""
        answer = await read(
            self._api.energy_history(TeslaEnergyPeriod.DAY, time_zone=self._time_zone)
        )
        return parse_energy(answer, may_be_empty=True)

    async def energy_lifetime(self) -> EnergyTotals:
        """Return the energy since installation."""
        answer = await read(
            self._api.energy_history(
                TeslaEnergyPeriod.LIFETIME, time_zone=self._time_zone
            )
        )
        return parse_energy(answer, may_be_empty=False)

    async def send_tariff(self, tariff: TeslaTariff) -> None:
        """Store a tariff; success says it was accepted, not that it is in force."""
        await command(self._api.time_of_use_settings(write_tariff(tariff)))

    async def send_operation_mode(self, mode: OperationMode) -> None:
        """Set the operation mode; success says it was accepted."""
        await command(self._api.operation(mode.value))
