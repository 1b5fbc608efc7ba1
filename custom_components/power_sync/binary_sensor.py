"""Binary sensors: facts about the running price, the market and the export."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .control_entity import ControlEntity
from .coordinator.demand import DemandMeter
from .coordinator.powerwall import LiveCoordinator
from .coordinator.source import Fact
from .core.model.decisions import Feature, Lever
from .core.model.prices import Channel, PricePoint
from .core.model.spikes import SpikeTerms
from .entity import PowerwallEntity, PriceSourceEntity
from .preferences import Preferences
from .runtime import PowerSyncConfigEntry, Powerwall
from .sensor.market import per_mwh

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
        entities: list[BinarySensorEntity] = [CurtailedFlag(powerwall)]
        if powerwall.market is not None:
            terms = Preferences.from_options(entry.options).spike
            entities.append(SpikeFlag(powerwall, terms))
        if powerwall.demand is not None:
            entities.append(DemandFlag(powerwall, powerwall.demand))
        async_add_entities(entities, config_subentry_id=powerwall.subentry_id)


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


class CurtailedFlag(ControlEntity, BinarySensorEntity):
    """Whether nothing is to be exported, because that would cost money."""

    def __init__(self, powerwall: Powerwall) -> None:
        """Describe the entity."""
        super().__init__(
            powerwall,
            BinarySensorEntityDescription(key="curtailed", translation_key="curtailed"),
        )

    @property
    @override
    def is_on(self) -> bool:
        """Return whether the price holds the export rule, and nobody above it."""
        want = self.controller.holder(Lever.EXPORT_RULE)
        return want is not None and want.feature is Feature.CURTAILMENT

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        """Return since when that is so."""
        since = self.controller.curtailment.episode.since
        return {"since": since.isoformat() if since and self.is_on else None}


class SpikeFlag(ControlEntity, BinarySensorEntity):
    """Whether the wholesale price, real or rehearsed, is responded to."""

    def __init__(self, powerwall: Powerwall, terms: SpikeTerms) -> None:
        """Describe the entity; ``terms`` say what a spike is."""
        super().__init__(
            powerwall,
            BinarySensorEntityDescription(
                key="spike_active", translation_key="spike_active"
            ),
        )
        self._terms = terms

    @property
    @override
    def is_on(self) -> bool:
        """Return whether there is a spike."""
        return self.controller.spike_is_on

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        """Return since when, whether it is only a rehearsal, and the threshold."""
        spike, now = self.controller.spike, dt_util.utcnow()
        since, rehearsal = spike.episode.since, spike.rehearsal
        return {
            "rehearsal": rehearsal is not None
            and rehearsal.acts
            and now < rehearsal.until,
            "since": since.isoformat() if since and self.is_on else None,
            "threshold": per_mwh(self._terms.threshold),
        }
