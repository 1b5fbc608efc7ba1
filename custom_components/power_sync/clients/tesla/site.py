"""One Tesla energy site, over whichever service reaches it."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from tesla_fleet_api.const import TeslaEnergyPeriod
from tesla_fleet_api.router import EnergySiteRouter

from ...core.model.powerwall import (
    EnergyTotals,
    ExportRule,
    LiveStatus,
    OperationMode,
    SiteInfo,
)
from ...core.model.tariff_document import write_tariff
from ...core.model.tesla_tariff import TeslaTariff
from ..errors import RejectedError
from .energy_history import parse_energy
from .errors import command, read
from .parse import parse_live_status, parse_site_info

type Guard = Callable[[Awaitable[object]], Awaitable[object]]
"""Awaits a request and says in ``clients.errors`` what failures of a login mean.

For logins that belong to another program, whose errors nothing here can name. What it
raises itself is passed on unchanged, and of a command it says that it was never sent.
"""


class SiteApi(Protocol):
    """What is used of the library's site, and of whatever stands in for it."""

    def live_status(self) -> Awaitable[Any]:
        """Ask for the power flows."""
        ...

    def site_info(self) -> Awaitable[Any]:
        """Ask for the settings."""
        ...

    def energy_history(
        self, period: TeslaEnergyPeriod, *, time_zone: str | None = None
    ) -> Awaitable[Any]:
        """Ask for the energy of a period."""
        ...

    def time_of_use_settings(self, settings: dict[str, Any], /) -> Awaitable[Any]:
        """Store a tariff, given without its envelope."""
        ...

    def operation(self, default_real_mode: str, /) -> Awaitable[Any]:
        """Set the mode."""
        ...

    def backup(self, backup_reserve_percent: int, /) -> Awaitable[Any]:
        """Set the reserve."""
        ...

    def grid_import_export(
        self,
        disallow_charge_from_grid_with_solar_installed: bool | None = None,
        customer_preferred_export_rule: str | None = None,
    ) -> Awaitable[Any]:
        """Set what goes to and comes from the grid; None leaves a half alone."""
        ...

    def storm_mode(self, enabled: bool, /) -> Awaitable[Any]:
        """Set storm watch."""
        ...


async def unguarded(request: Awaitable[object]) -> object:
    """Await a request whose failures are all known here."""
    return await request


class TeslaSite:
    """A Powerwall's cloud side, as ``clients.protocols.PowerwallClient``.

    ``find_api`` is called for every request, because the objects of another
    integration are no longer any good once it has been reloaded. What it raises is
    passed on unchanged; of a command it says that it was never sent.

    ``time_zone`` (IANA name) says whose midnight begins the day of
    ``energy_today``; without it Tesla takes the installation's own.
    """

    def __init__(
        self,
        find_api: Callable[[], SiteApi],
        time_zone: str | None = None,
        *,
        guard: Guard = unguarded,
    ) -> None:
        """Keep where to find the library's site; nothing is sent yet."""
        self._find_api = find_api
        self._time_zone = time_zone
        self._guard = guard

    async def live_status(self) -> LiveStatus:
        """Return the power flows of this moment.

        A gateway in the local network knows neither the time nor whether a storm or
        the utility has the battery, so this is always the cloud's answer.
        """
        return parse_live_status(
            await self._read(lambda api: _cloud(api).live_status())
        )

    async def site_info(self) -> SiteInfo:
        """Return settings, equipment and the stored tariff."""
        return parse_site_info(await self._read(lambda api: api.site_info()))

    async def energy_today(self) -> EnergyTotals:
        """Return the energy since local midnight."""
        answer = await self._energy(TeslaEnergyPeriod.DAY)
        return parse_energy(answer, may_be_empty=True)

    async def energy_lifetime(self) -> EnergyTotals:
        """Return the energy since installation."""
        answer = await self._energy(TeslaEnergyPeriod.LIFETIME)
        return parse_energy(answer, may_be_empty=False)

    async def send_tariff(self, tariff: TeslaTariff) -> None:
        """Store a tariff; success says it was accepted, not that it is in force."""
        document = write_tariff(tariff)
        await self._command(lambda api: api.time_of_use_settings(document))

    async def send_operation_mode(self, mode: OperationMode) -> None:
        """Set the operation mode; success says it was accepted."""
        await self._command(lambda api: api.operation(mode.value))

    async def send_backup_reserve(self, percent: float) -> None:
        """Set the backup reserve, to the nearest whole percent that Tesla takes."""
        whole = round(percent)
        await self._command(lambda api: api.backup(whole))

    async def send_export_rule(self, rule: ExportRule) -> None:
        """Set what may be sent to the grid; success says it was accepted."""
        await self._command(
            lambda api: api.grid_import_export(
                customer_preferred_export_rule=rule.value
            )
        )

    async def send_grid_charging(self, allowed: bool) -> None:
        """Allow or forbid charging from the grid; on the wire it is the ban."""
        await self._command(
            lambda api: api.grid_import_export(
                disallow_charge_from_grid_with_solar_installed=not allowed
            )
        )

    async def send_storm_watch(self, enabled: bool) -> None:
        """Let Tesla fill the battery before storms, or not."""
        await self._command(lambda api: api.storm_mode(enabled))

    async def _energy(self, period: TeslaEnergyPeriod) -> object:
        return await self._read(
            lambda api: api.energy_history(period, time_zone=self._time_zone)
        )

    async def _read(self, ask: Callable[[SiteApi], Awaitable[object]]) -> object:
        return await read(self._guard(self._request(ask)))

    async def _command(self, ask: Callable[[SiteApi], Awaitable[object]]) -> None:
        await command(self._guard(self._request(ask)))

    def _request(
        self, ask: Callable[[SiteApi], Awaitable[object]]
    ) -> Awaitable[object]:
        """Return a request that has not begun.

        Raises RejectedError if the object has no such method, or another one than
        the library's: nothing has been sent then.
        """
        api = self._find_api()
        try:
            return ask(api)
        except (AttributeError, TypeError) as err:
            name = type(err).__name__
            raise RejectedError(f"this way in cannot do that ({name})") from None


def _cloud(api: SiteApi) -> SiteApi:
    """Return the cloud's half of a site that is reached in the local network too."""
    if isinstance(api, EnergySiteRouter):
        cloud: SiteApi = api.secondary
        return cloud
    return api
