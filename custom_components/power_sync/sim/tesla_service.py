"""Tesla's cloud: one account, and three services that lead to it."""

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from .faults import Faults, Service
from .powerwall import Powerwall
from .tesla_account import TeslaAccount
from .tesla_host import TeslaHost
from .tesla_hosts import Fleet, Teslemetry, Tessie


class TeslaCloud(TeslaAccount):
    """The account with its ways in.

    ``token`` and ``requests`` are those of Teslemetry, which is what
    ``Service.TESLA`` means everywhere.
    """

    def __init__(
        self,
        sites: Mapping[int, Powerwall],
        faults: Faults,
        advance: Callable[[], float],
        time_zone: ZoneInfo,
        seed: int,
    ) -> None:
        """Open the account and every way in."""
        super().__init__(sites, advance, time_zone, seed)
        self.teslemetry = Teslemetry(self, faults)
        self.fleet = Fleet(self, faults)
        self.tessie = Tessie(self, faults)
        self.hosts: Mapping[Service, TeslaHost] = {
            host.service: host for host in (self.teslemetry, self.fleet, self.tessie)
        }

    @property
    def token(self) -> str | None:
        """The only token that Teslemetry accepts; None refuses all."""
        return self.teslemetry.token

    @token.setter
    def token(self, token: str | None) -> None:
        self.teslemetry.token = token

    @property
    def requests(self) -> int:
        """Requests that Teslemetry ever received, refused ones included."""
        return self.teslemetry.requests
