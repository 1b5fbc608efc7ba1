"""Sensors: prices, power flows, energy, and what became of the tariff."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..runtime import PowerSyncConfigEntry
from .control import LastSyncSensor, SyncResultSensor, TariffSensor
from .demand import DEMAND, DemandSensor
from .energy import ENERGY
from .hour import hour_sensors
from .powerwall import LIVE, SITE
from .prices import PRICES, PriceSensor
from .reading import ReadingSensor
from .statistics import statistics_sensors
from .stream import StreamSensor

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PowerSyncConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of the home's price source and Powerwall."""
    home = entry.runtime_data
    if (prices := home.prices) is not None:
        async_add_entities(
            [
                *(
                    PriceSensor(prices, description)
                    for description in PRICES
                    if description.channel in prices.channels
                    and (
                        description.fact is None
                        or description.fact in prices.source.facts
                    )
                ),
                *hour_sensors(prices),
                *statistics_sensors(prices),
                *([StreamSensor(prices)] if prices.source.stream else []),
            ],
            config_subentry_id=prices.subentry_id,
        )
    if (powerwall := home.powerwall) is not None:
        async_add_entities(
            [
                *(ReadingSensor(powerwall, powerwall.live, item) for item in LIVE),
                *(ReadingSensor(powerwall, powerwall.site, item) for item in SITE),
                *(ReadingSensor(powerwall, powerwall.energy, item) for item in ENERGY),
                LastSyncSensor(powerwall),
                SyncResultSensor(powerwall),
                TariffSensor(powerwall),
                *(
                    DemandSensor(powerwall, demand, item)
                    for demand in [powerwall.demand]
                    if demand is not None
                    for item in DEMAND
                ),
            ],
            config_subentry_id=powerwall.subentry_id,
        )
