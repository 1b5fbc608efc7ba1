"""Put together what knows a home's prices."""

from dataclasses import replace
from datetime import timedelta, tzinfo
from hashlib import sha256
import json
from typing import Any

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant

from ..const import (
    CONF_API_TOKEN,
    CONF_BASE_URL,
    CONF_NEMWEB_URL,
    CONF_PROVIDER,
    CONF_STREAM_URL,
    PROVIDER_PLAN,
    SUBENTRY_PRICE_SOURCE,
)
from ..coordinator.alerts import PriceAlerts, alert_keeper
from ..coordinator.export_meter import ExportMeter
from ..coordinator.keeper import PRICES, Keeper
from ..coordinator.powerwall import LiveCoordinator
from ..coordinator.price_memory import PriceMemory
from ..coordinator.prices import PriceCoordinator
from ..core.model.tariff_plan import TariffPlan
from ..core.price_record import PriceRecord
from ..runtime import PowerSyncConfigEntry
from ..sources import Surroundings, active_plan, build_source
from ..stored.plan import plan_to_stored
from .addresses import Addresses
from .subentries import first_subentry, tariff_plans

RECORD_SAVED_EVERY = timedelta(hours=1)
"""What a crash may lose of the price record is asked for again."""

_ACCESS = {CONF_API_TOKEN, CONF_BASE_URL, CONF_NEMWEB_URL, CONF_STREAM_URL}
"""What a source is reached by, whatever prices it gives."""


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
    plans = tariff_plans(entry)
    keeper = _record_keeper(hass, subentry, active_plan(subentry.data, plans))
    await keeper.load()
    surroundings = Surroundings(
        zone=zone,
        addresses=addresses.sources,
        plans=plans,
        mean_spot=keeper.value.mean_spot,
    )
    if live is not None:
        meter = ExportMeter(live)
        entry.async_on_unload(live.async_add_listener(meter.observe))
        surroundings = replace(surroundings, exported_kwh=meter.exported_kwh)
    source = await build_source(hass, subentry.data, surroundings)
    prices = PriceCoordinator(
        hass,
        entry,
        subentry_id=subentry.subentry_id,
        service=subentry.title,
        source=source,
        memory=PriceMemory(source, keeper),
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


def _record_keeper(
    hass: HomeAssistant, subentry: ConfigSubentry, plan: TariffPlan | None
) -> Keeper[PriceRecord]:
    """Return what keeps the prices of the last month, apart from the recorder.

    Prices that were made by other terms are no measure for those of today: when the
    source is another, or its terms are, the record begins anew.
    """
    terms = {key: value for key, value in subentry.data.items() if key not in _ACCESS}
    if subentry.data[CONF_PROVIDER] == PROVIDER_PLAN and plan is not None:
        terms["plan"] = plan_to_stored(plan)
    made_by = sha256(json.dumps(terms, sort_keys=True).encode()).hexdigest()[:16]

    def decode(stored: dict[str, Any]) -> PriceRecord:
        record = PriceRecord.from_stored(stored)
        return record if stored.get("made_by", made_by) == made_by else PriceRecord()

    return Keeper(
        hass,
        PRICES,
        subentry.subentry_id,
        empty=PriceRecord(),
        encode=lambda record: {**record.to_stored(), "made_by": made_by},
        decode=decode,
        save_every=RECORD_SAVED_EVERY,
    )
