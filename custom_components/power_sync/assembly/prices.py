"""Put together what knows a home's prices."""

from dataclasses import replace
from datetime import timedelta, tzinfo

from homeassistant.core import HomeAssistant

from ..const import SUBENTRY_PRICE_SOURCE
from ..coordinator.alerts import PriceAlerts, alert_keeper
from ..coordinator.export_meter import ExportMeter
from ..coordinator.keeper import PRICES, Keeper
from ..coordinator.powerwall import LiveCoordinator
from ..coordinator.prices import PriceCoordinator
from ..core.price_record import PriceRecord
from ..runtime import PowerSyncConfigEntry
from ..sources import Surroundings, build_source
from .addresses import Addresses
from .subentries import first_subentry, tariff_plans

RECORD_SAVED_EVERY = timedelta(hours=1)
"""What a crash may lose of the price record is asked for again."""


async def set_up_prices(
    hass: HomeAssistant,
    entry: PowerSyncConfigEntry,
    addresses: Addresses,
    zone: tzinfo,
    live: LiveCoordinator | None,
) -> PriceCoordinator | None:
    """Return the prices of the home, asked for once; None without a source.

    ``live`` measures what is exported, for tariffs that pay only so much of it.
    """
    subentry = first_subentry(entry, SUBENTRY_PRICE_SOURCE)
    if subentry is None:
        return None
    keeper = _record_keeper(hass, subentry.subentry_id)
    await keeper.load()
    surroundings = Surroundings(
        zone=zone,
        addresses=addresses.sources,
        plans=tariff_plans(entry),
        mean_spot=keeper.value.mean_spot,
    )
    if live is not None:
        meter = ExportMeter(live)
        entry.async_on_unload(live.async_add_listener(meter.observe))
        surroundings = replace(surroundings, exported_kwh=meter.exported_kwh)
    prices = PriceCoordinator(
        hass,
        entry,
        subentry_id=subentry.subentry_id,
        service=subentry.title,
        source=await build_source(hass, subentry.data, surroundings),
        keeper=keeper,
    )
    await prices.async_refresh()
    entry.async_on_unload(prices.async_shutdown)
    return prices


async def set_up_alerts(hass: HomeAssistant, prices: PriceCoordinator) -> PriceAlerts:
    """Return what watches prices for the user."""
    alerts = PriceAlerts(
        prices, alert_keeper(hass, prices.subentry_id, prices.source.facts)
    )
    await alerts.load()
    return alerts


def _record_keeper(hass: HomeAssistant, subentry_id: str) -> Keeper[PriceRecord]:
    """Return what keeps the prices of the last month, apart from the recorder."""
    return Keeper(
        hass,
        PRICES,
        subentry_id,
        empty=PriceRecord(),
        encode=PriceRecord.to_stored,
        decode=PriceRecord.from_stored,
        save_every=RECORD_SAVED_EVERY,
    )
