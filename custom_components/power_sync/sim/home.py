"""The simulated home: one household, its Powerwalls, and the clouds that know them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import web

from .aemo_service import AemoReports
from .amber_prices import PriceBoard
from .amber_service import AmberCloud
from .amber_socket import AmberSocket
from .comed_prices import ComedMarket
from .comed_service import ComedPricing
from .config import HomeConfig
from .faults import Faults
from .nem_market import NemMarket
from .nem_prices import DuckCurve
from .nemweb_service import Nemweb
from .powerwall import Powerwall
from .premises import Premises
from .prices import HALF_HOUR, INTERVAL, Market, PriceTruth
from .tesla_service import TeslaCloud

_LONG_GAP = 6 * 3600
"""Seconds without a question after which time is caught up in coarse steps."""


@dataclass(slots=True)
class Account:
    """What the first site's grid connection really cost since the home began, $."""

    import_cost: float = 0.0
    export_income: float = 0.0

    @property
    def cost(self) -> float:
        """Import less export."""
        return self.import_cost - self.export_income


class SimulatedHome:
    """A household that lives while it is looked at.

    Nothing runs in the background: every question first brings the physics up to
    ``now``, an aware UTC clock that may be real, fast or virtual. The object outlives
    the servers that are put around it. Not for use by several threads.
    """

    def __init__(self, config: HomeConfig, now: Callable[[], datetime]) -> None:
        """Build the home and let it live for ``config.lived_in``."""
        self.config = config
        self._now = now
        self.premises = Premises(
            config.seed, config.time_zone, config.solar_kwp, config.latitude
        )
        self.prices: PriceTruth = config.prices or Market(
            DuckCurve(config.seed, self.premises.weather.sunniness), config.seed
        )
        self.faults = Faults(config.faults)
        self.sites = {
            site.site_id: Powerwall(site, self.premises, config.time_zone, config.seed)
            for site in config.tesla_sites
        }
        boards = {
            site.site_id: PriceBoard(
                site, self.prices, config.retail, config.time_zone, config.seed
            )
            for site in config.amber_sites
        }
        self.amber = AmberCloud(config.amber_sites, boards, self.faults, now)
        self.amber_socket = AmberSocket(
            self.amber,
            boards,
            self.faults,
            now,
            config.seed,
            enabled=config.amber_socket,
            speed=config.speed,
        )
        self.market = NemMarket(self.prices, config.region, config.seed)
        self.aemo = AemoReports(self.market, self.faults, now, config.seed)
        self.nemweb = Nemweb(self.market, self.faults, now, config.seed)
        self.comed = (
            None
            if config.comed_zone is None
            else ComedPricing(
                ComedMarket(self.prices, config.comed_zone, config.seed),
                self.faults,
                now,
            )
        )
        self.tesla = TeslaCloud(self.sites, self.faults, self.advance, config.time_zone)
        self.account = Account()
        self._paid_in = _billing_minutes(config)
        self._price: tuple[int, float, float] = (-1, 0.0, 0.0)
        self._at = (now() - config.lived_in).timestamp()
        for site in self.sites.values():
            site.look(*self.premises.power(self._at))
        self.advance()

    @property
    def now(self) -> datetime:
        """The home's time, UTC."""
        return self._now().astimezone(UTC)

    @property
    def powerwall(self) -> Powerwall:
        """The first Powerwall site."""
        return next(site for site in self.sites.values() if site.config.powerwalls)

    def advance(self) -> float:
        """Live up to now; return now in unix seconds.

        A clock that was set back stops the home until the old time is reached again.
        """
        now = self._now().timestamp()
        stride = INTERVAL if now - self._at > _LONG_GAP else 60
        while self._at < now:
            for site in self.sites.values():
                site.settle(self._at)
            end = min(
                (self._at // stride + 1) * stride,
                now,
                *(site.next_event() for site in self.sites.values()),
            )
            self._live(end - self._at, stride)
            self._at = end
        for site in self.sites.values():
            site.settle(self._at)
        return now

    def amber_app(self) -> web.Application:
        """Return a new application of the Amber service (paths from ``/v1``)."""
        return self.amber.app()

    def amber_socket_app(self) -> web.Application:
        """Return a new application of Amber's WebSocket (the root path)."""
        return self.amber_socket.app()

    def aemo_app(self) -> web.Application:
        """Return a new application of AEMO's reports (paths from ``/aemo/apps``)."""
        return self.aemo.app()

    def nemweb_app(self) -> web.Application:
        """Return a new application of AEMO's files (paths from ``/Reports``)."""
        return self.nemweb.app()

    def comed_app(self) -> web.Application:
        """Return a new application of ComEd's prices (``/api`` and ``/rrtp``).

        Raises:
            LookupError: the home was built without Chicago's time zone.
        """
        if self.comed is None:
            raise LookupError("HomeConfig.comed_zone is needed for ComEd's prices")
        return self.comed.app()

    def tesla_app(self) -> web.Application:
        """Return a new application of the Tesla service (paths from ``/api``)."""
        return self.tesla.app()

    def price_now(self, at: float) -> tuple[float, float]:
        """Return what a kWh of import costs and one of export pays, $ at the time.

        The settled price of the billing interval, whatever was forecast for it.
        """
        begin = int(at) // (self._paid_in * 60) * self._paid_in * 60
        if self._price[0] != begin:
            rrps = [
                self.prices.spot(datetime.fromtimestamp(start, UTC))
                for start in range(begin, begin + self._paid_in * 60, INTERVAL)
            ]
            rrp = sum(rrps) / len(rrps)
            local = datetime.fromtimestamp(begin, self.config.time_zone)
            retail = self.config.retail
            self._price = (
                begin,
                retail.import_price(rrp, local) / 100,
                retail.export_price(rrp) / 100,
            )
        return self._price[1], self._price[2]

    def _live(self, seconds: float, stride: int) -> None:
        """Let a stretch within one stride pass at constant power."""
        if stride == 60:
            solar_w, load_w = self.premises.power(self._at)
        else:
            begin = int(self._at // stride) * stride
            solar_w, load_w = self.premises.mean_power(begin, stride // 60)
        for site in self.sites.values():
            if site.config.powerwalls:
                site.step(self._at, seconds, solar_w, load_w)
        if (first := next(iter(self.sites.values()), None)) is not None:
            kwh = first.flow.grid_w * seconds / 3_600_000
            buy, sell = self.price_now(self._at)
            if kwh > 0:
                self.account.import_cost += kwh * buy
            else:
                self.account.export_income -= kwh * sell


def _billing_minutes(config: HomeConfig) -> int:
    """Return the billing interval of the first active Amber site."""
    for site in config.amber_sites:
        if site.status == "active":
            return site.interval_minutes
    return HALF_HOUR // 60
