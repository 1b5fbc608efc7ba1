"""What is known of a home, and what its user wants, in the words of the core."""

from datetime import datetime, tzinfo

from homeassistant.core import HomeAssistant

from ..coordinator.market import MarketCoordinator
from ..coordinator.powerwall import LiveCoordinator, SiteCoordinator
from ..coordinator.prices import PriceCoordinator
from ..coordinator.zone import home_zone
from ..core.day_plan import TariffTerms
from ..core.engine import Settings, Snapshot
from ..core.model.prices import Channel
from ..core.price_history import PriceHistory
from ..preferences import Preferences


class Outlook:
    """The coordinators and the options of one home, gathered for a decision."""

    def __init__(
        self,
        hass: HomeAssistant,
        preferences: Preferences,
        *,
        site: SiteCoordinator,
        live: LiveCoordinator | None,
        prices: PriceCoordinator | None,
        market: MarketCoordinator | None,
    ) -> None:
        """Gather from whatever the home has."""
        self._hass = hass
        self._preferences = preferences
        self.site = site
        self.live = live
        self.prices = prices
        self.market = market

    @property
    def dry_run(self) -> bool:
        """Return whether decisions are only told."""
        return self._preferences.dry_run

    async def find_zone(self) -> tzinfo:
        """Return the time zone that the tariff's half hours are in."""
        return await home_zone(self._hass, self.site.known, self._preferences.time_zone)

    def snapshot(self) -> Snapshot:
        """Return what is known at this moment."""
        known = self.prices.known if self.prices else None
        return Snapshot(
            prices=known.billed if known else None,
            history=known.history if known else PriceHistory(),
            site=self.site.known,
            live=self.live.known if self.live else None,
            market=self.market.known if self.market else None,
        )

    def settings(self, zone: tzinfo) -> Settings:
        """Return the user's choices."""
        chosen = self._preferences
        return Settings(
            zone=zone,
            forecast=chosen.forecast,
            fallback=chosen.fallback,
            has_prices=self.prices is not None,
            tariff=TariffTerms(
                utility=self.prices.service if self.prices else "",
                currency=self._hass.config.currency,
                tariff_plan=self.prices.source.plan if self.prices else None,
                demand=chosen.demand_for_tariff,
            ),
            boost=chosen.boost,
            spike=chosen.spike,
            watches_market=self.market is not None,
            curtailment_margin=chosen.curtailment_margin,
        )

    def is_settled(self, now: datetime) -> bool:
        """Return whether the price of the running interval will not change any more."""
        known = self.prices.known if self.prices else None
        point = known.series.running(Channel.IMPORT, now) if known else None
        return point is not None and not point.estimate
