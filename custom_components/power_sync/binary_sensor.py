"""Binary sensors: facts about the running price and the site."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .coordinator.demand import DemandMeter
from .coordinator.powerwall import LiveCoordinator, SiteCoordinator
from .coordinator.source import Fact
from .core.model.powerwall import SiteInfo
from .core.model.prices import Channel, PricePoint
from .entity import PowerwallEntity, PriceSourceEntity
from .runtime import PowerSyncConfigEntry, Powerwall

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class PriceFlagDescription(BinarySensorEntityDescription):
    """A yes or no about the running interval."""

    fact: Fact | None = None
    value_fn: Callable[[PricePoint], bool | None]


PRICES = (
    PriceFlagDescription(
        key="price_estimate",
        translation_key="price_estimate",
        value_fn=lambda point: point.estimate,
    ),
    PriceFlagDescription(
        key="demand_window",
        translation_key="demand_window",
        fact=Fact.OUTLOOK,
        value_fn=lambda point: point.demand_window,
    ),
)


@dataclass(frozen=True, kw_only=True)
class SiteFlagDescription(BinarySensorEntityDescription):
    """A yes or no about the site's settings."""

    value_fn: Callable[[SiteInfo], bool | None]


SITE = (
    SiteFlagDescription(
        key="grid_charging",
        translation_key="grid_charging",
        value_fn=lambda site: site.grid_charging,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    SiteFlagDescription(
        key="storm_watch",
        translation_key="storm_watch",
        value_fn=lambda site: site.storm_watch,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PowerSyncConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the binary sensors of the home's price source and Powerwall."""
    home = entry.runtime_data
    if (prices := home.prices) is not None:
        async_add_entities(
            [
                PriceFlag(prices, description)
                for description in PRICES
                if description.fact is None or description.fact in prices.source.facts
            ],
            config_subentry_id=prices.subentry_id,
        )
    if (powerwall := home.powerwall) is not None:
        async_add_entities(
            [SiteFlag(powerwall, powerwall.site, description) for description in SITE],
            config_subentry_id=powerwall.subentry_id,
        )
        if powerwall.demand is not None:
            async_add_entities(
                [DemandFlag(powerwall, powerwall.demand)],
                config_subentry_id=powerwall.subentry_id,
            )


class PriceFlag(PriceSourceEntity, BinarySensorEntity):
    """A yes or no about the running interval."""

    entity_description: PriceFlagDescription

    @property
    def _running(self) -> PricePoint | None:
        """Return the interval that is running, if its price is known."""
        if (known := self.coordinator.known) is None:
            return None
        return known.series.running(Channel.IMPORT, dt_util.utcnow())

    @property
    @override
    def available(self) -> bool:
        """Return whether the running interval has a price."""
        return self._running is not None

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the answer."""
        running = self._running
        return None if running is None else self.entity_description.value_fn(running)


class SiteFlag(PowerwallEntity[SiteCoordinator], BinarySensorEntity):
    """A yes or no about the site's settings."""

    entity_description: SiteFlagDescription

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the answer."""
        return self.entity_description.value_fn(self.coordinator.data)


class DemandFlag(PowerwallEntity[LiveCoordinator], BinarySensorEntity):
    """Whether demand is charged at this moment."""

    def __init__(self, powerwall: Powerwall, demand: DemandMeter) -> None:
        """Describe the entity."""
        super().__init__(
            powerwall,
            powerwall.live,
            BinarySensorEntityDescription(
                key="demand_charged", translation_key="demand_charged"
            ),
        )
        self._demand = demand

    @property
    @override
    def available(self) -> bool:
        """Return True: the bill says it, whatever the service does."""
        return True

    @property
    @override
    def is_on(self) -> bool:
        """Return the answer."""
        return self._demand.is_charged
