"""Sensors: prices, power flows, energy, and what became of the tariff."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..runtime import PowerSyncConfigEntry
from .control import LastSyncSensor, SyncResultSensor, TariffSensor
from .energy import ENERGY
from .powerwall import LIVE, SITE
from .prices import PRICES, PriceSensor
from .reading import ReadingSensor

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
                PriceSensor(prices, description)
                for description in PRICES
                if description.channel in prices.channels
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
            ],
            config_subentry_id=powerwall.subentry_id,
        )
