"""The simulated home: one household, its Powerwalls, and the clouds that know them."""

from collections.abc import Callable
from datetime import UTC, datetime

from aiohttp import web

from .aemo_service import AemoReports
from .amber_prices import PriceBoard
from .amber_service import AmberCloud
from .amber_socket import AmberSocket
from .billing import Billing
from .comed_prices import SHIFT, ComedMarket
from .comed_service import ComedPricing
from .config import HomeConfig
from .faults import Faults
from .nem_market import NemMarket
from .nem_prices import DuckCurve
from .nemweb_service import Nemweb
from .powerwall import Powerwall
from .premises import Premises
from .price_events import PriceEvent
from .prices import HALF_HOUR, INTERVAL, Market
from .tesla_service import TeslaCloud

_LONG_GAP = 6 * 3600
"""Seconds without a question after which time is caught up in coarse steps."""


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
        truth = config.prices or Market(
            DuckCurve(config.seed, self.premises.weather.sunniness), config.seed
        )
        self.market = NemMarket(truth, config.region, config.seed)
        self.prices = self.market.truth
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
        self.aemo = AemoReports(self.market, self.faults, now, config.seed)
        self.nemweb = Nemweb(self.market, self.faults, now, config.seed)
        self.comed = (
            None
            if config.comed_zone is None
            else ComedPricing(
                ComedMarket(
                    self.market.truth_elsewhere(SHIFT), config.comed_zone, config.seed
                ),
                self.faults,
                now,
            )
        )
        self.tesla = TeslaCloud(
            self.sites, self.faults, self.advance, config.time_zone, config.seed
        )
        self._billing = Billing(
            self.prices, config.retail, config.time_zone, _billing_minutes(config)
        )
        self.account = self._billing.account
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
        """Return a new application of Teslemetry (paths from ``/api``)."""
        return self.tesla.teslemetry.app()

    def fleet_app(self) -> web.Application:
        """Return a new application of Tesla's Fleet API (``/api`` and ``/status``)."""
        return self.tesla.fleet.app()

    def tessie_app(self) -> web.Application:
        """Return a new application of Tessie (``/api``, ``/auth``, ``/vehicles``)."""
        return self.tesla.tessie.app()

    def price_now(self, at: float) -> tuple[float, float]:
        """Return what a kWh of import costs and one of export pays, $ at the time.

        The settled price of the billing interval, whatever was forecast for it.
        """
        return self._billing.price(at)

    def spike(
        self, price: float, minutes: int, region: str | None = None
    ) -> PriceEvent:
        """Let a region (without one: the home's) cost ``price`` $/MWh for a while.

        From the next five minutes on, for every service. Negative is possible.

        Raises:
            SpikeError: the market has no such region or price, or no time is named.
        """
        event = self.market.spike(price, minutes, self.advance(), region)
        self._billing.reprice()
        return event

    def calm(self) -> None:
        """End what ``spike`` began, from the next five minutes on."""
        self.market.calm(self.advance())
        self._billing.reprice()

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
            self._billing.charge(self._at, kwh)


def _billing_minutes(config: HomeConfig) -> int:
    """Return the billing interval of the first active Amber site."""
    for site in config.amber_sites:
        if site.status == "active":
            return site.interval_minutes
    return HALF_HOUR // 60
