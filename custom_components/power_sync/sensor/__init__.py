"""Sensors: prices, power flows, energy, and who does what with the Powerwall."""

from homeassistant.components.sensor import SensorEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..coordinator.prices import PriceCoordinator
from ..runtime import PowerSyncConfigEntry, Powerwall
from .control import LastSyncSensor, SyncResultSensor, TariffSensor
from .controlled_by import ControlledBySensor
from .demand import DEMAND, DemandSensor
from .energy import ENERGY
from .force import ForceRemainingSensor, ForceUntilSensor
from .hour import hour_sensors
from .market import MarketPriceSensor
from .powerwall import LIVE, SITE
from .prices import PRICES, PriceSensor
from .reading import ReadingSensor
from .statistics import statistics_sensors
from .stream import StreamSensor
from .way_in import WayInSensor

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
            _price_sensors(prices), config_subentry_id=prices.subentry_id
        )
    if (powerwall := home.powerwall) is not None:
        async_add_entities(
            _powerwall_sensors(powerwall), config_subentry_id=powerwall.subentry_id
        )


def _price_sensors(prices: PriceCoordinator) -> list[SensorEntity]:
    """Return the sensors of a price source, by what it tells."""
    return [
        *(
            PriceSensor(prices, item)
            for item in PRICES
            if item.channel in prices.channels
            and (item.fact is None or item.fact in prices.source.facts)
        ),
        *hour_sensors(prices),
        *statistics_sensors(prices),
        *([StreamSensor(prices)] if prices.source.stream else []),
    ]


def _powerwall_sensors(powerwall: Powerwall) -> list[SensorEntity]:
    """Return the sensors of a Powerwall, by what the home has."""
    demand, market = powerwall.demand, powerwall.market
    return [
        *(ReadingSensor(powerwall, powerwall.live, item) for item in LIVE),
        *(ReadingSensor(powerwall, powerwall.site, item) for item in SITE),
        *(ReadingSensor(powerwall, powerwall.energy, item) for item in ENERGY),
        LastSyncSensor(powerwall),
        SyncResultSensor(powerwall),
        TariffSensor(powerwall),
        ControlledBySensor(powerwall),
        ForceRemainingSensor(powerwall),
        ForceUntilSensor(powerwall),
        WayInSensor(powerwall),
        *([MarketPriceSensor(powerwall, market)] if market else []),
        *(DemandSensor(powerwall, demand, item) for item in DEMAND if demand),
    ]
