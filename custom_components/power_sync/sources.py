"""Build a home's price source from what its subentry stores.

One function per provider; a new provider adds its own and a line to ``_BUILDERS``.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any, override

import aiohttp
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .clients.aemo import AemoPrices
from .clients.amber import AmberClient, AmberPrices
from .clients.amber_stream import AmberStream
from .clients.comed import ComedPrices
from .clients.errors import RejectedError
from .clients.failover import FailoverPrices
from .clients.nemweb import NemwebPrices
from .clients.network_tariff import region_zone
from .clients.price_units import PriceUnit
from .clients.protocols import PriceSource, Reach
from .clients.request_budget import RequestBudget
from .clients.retail import RetailPrices
from .const import (
    AEMO_URL,
    AMBER_STREAM_URL,
    AMBER_URL,
    COMED_URL,
    CONF_ACTIVE_PLAN,
    CONF_API_TOKEN,
    CONF_BASE_URL,
    CONF_CHANNELS,
    CONF_DELIVERY,
    CONF_EXPORT_ENTITY,
    CONF_IMPORT_ENTITY,
    CONF_INTERVAL,
    CONF_MONTHLY_CHARGE,
    CONF_NEMWEB_URL,
    CONF_PROVIDER,
    CONF_REGION,
    CONF_RETAIL,
    CONF_SITE_ID,
    CONF_STREAM_URL,
    CONF_UNIT,
    DOMAIN,
    NEMWEB_URL,
    PROVIDER_AEMO,
    PROVIDER_AMBER,
    PROVIDER_COMED,
    PROVIDER_PLAN,
    PROVIDER_SENSOR,
)
from .coordinator.plan_prices import PlanPrices
from .coordinator.sensor_prices import SensorPrices
from .coordinator.source import Fact, Source
from .core.model.prices import Channel, PriceSeries
from .core.model.tariff_plan import TariffPlan
from .core.poll_schedule import (
    AEMO_SCHEDULE,
    AMBER_SCHEDULE,
    COMED_SCHEDULE,
    LOCAL_SCHEDULE,
)
from .stored.retail import terms_from_stored

CHICAGO = "America/Chicago"
"""Where ComEd's customers are, wherever Home Assistant runs."""

_BUDGETS: HassKey[dict[str, RequestBudget]] = HassKey(f"{DOMAIN}_request_budgets")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAddresses:
    """Where the price services are that have no address of their own in a subentry."""

    amber: str = AMBER_URL
    amber_stream: str = AMBER_STREAM_URL


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a source may need to know of its home.

    ``plans`` are the home's tariff plans by their unique id. ``mean_spot`` gives the
    mean wholesale price of the last 30 days and ``exported_kwh`` what the home has
    exported between two moments, None where that is not known.
    """

    zone: tzinfo
    addresses: SourceAddresses = field(default_factory=SourceAddresses)
    plans: Mapping[str, TariffPlan] = field(default_factory=dict)
    mean_spot: Callable[[datetime], float | None] = lambda _: None
    exported_kwh: Callable[[datetime, datetime], float | None] = lambda _, __: None


class NoPlan(PriceSource):
    """The prices of a home that runs on tariff plans and has none (any more).

    Plans can be deleted one by one. The rest of the home must not stop with the last.
    """

    @property
    @override
    def reach(self) -> Reach | None:
        """Return None: there is nothing to ask for."""
        return None

    @override
    async def fetch_prices(self, now: datetime) -> PriceSeries:
        """Raise RejectedError."""
        raise RejectedError("this home has no tariff plan")

    @override
    async def fetch_history(
        self, start: datetime, end: datetime, now: datetime
    ) -> PriceSeries:
        """Raise RejectedError."""
        raise RejectedError("this home has no tariff plan")


async def build_source(
    hass: HomeAssistant, data: Mapping[str, Any], home: Surroundings
) -> Source:
    """Return the source that a subentry's data describe; nothing is asked yet."""
    return await _BUILDERS[data[CONF_PROVIDER]](hass, data, home)


def active_plan(
    data: Mapping[str, Any], plans: Mapping[str, TariffPlan]
) -> TariffPlan | None:
    """Return the plan that a source's data choose, else the first there is."""
    first = next(iter(plans.values()), None)
    return plans.get(data.get(CONF_ACTIVE_PLAN, ""), first)


def request_budget(hass: HomeAssistant, token: str) -> RequestBudget:
    """Return the budget of an Amber token, shared by everything that uses it."""
    budgets = hass.data.setdefault(_BUDGETS, {})
    return budgets.setdefault(token, RequestBudget())


async def _amber(
    hass: HomeAssistant, data: Mapping[str, Any], home: Surroundings
) -> Source:
    session = async_get_clientsession(hass)
    token, site_id = data[CONF_API_TOKEN], data[CONF_SITE_ID]
    channels = frozenset(Channel(name) for name in data[CONF_CHANNELS])
    client = AmberClient(
        session,
        token,
        data.get(CONF_BASE_URL, home.addresses.amber),
        budget=request_budget(hass, token),
    )
    stream_url = data.get(CONF_STREAM_URL, home.addresses.amber_stream)
    return Source(
        prices=AmberPrices(client, site_id, channels),
        schedule=AMBER_SCHEDULE,
        channels=channels,
        zone=home.zone,
        facts=frozenset({Fact.OUTLOOK, Fact.WHOLESALE}),
        stream=AmberStream(session, token, site_id, channels, stream_url),
    )


async def _aemo(
    hass: HomeAssistant, data: Mapping[str, Any], home: Surroundings
) -> Source:
    session: aiohttp.ClientSession = async_get_clientsession(hass)
    region, terms = data[CONF_REGION], terms_from_stored(data[CONF_RETAIL])
    zone = await _zone(region_zone(region))
    wholesale = FailoverPrices(
        [
            AemoPrices(session, region, data.get(CONF_BASE_URL, AEMO_URL)),
            NemwebPrices(session, region, data.get(CONF_NEMWEB_URL, NEMWEB_URL)),
        ]
    )
    channels = {Channel.IMPORT} | ({Channel.EXPORT} if terms.exports else set())
    return Source(
        prices=RetailPrices(
            wholesale,
            terms,
            zone,
            twap=home.mean_spot,
            exported_kwh=home.exported_kwh,
        ),
        schedule=AEMO_SCHEDULE,
        channels=frozenset(channels),
        zone=zone,
        facts=frozenset({Fact.WHOLESALE}),
    )


async def _comed(
    hass: HomeAssistant, data: Mapping[str, Any], home: Surroundings
) -> Source:
    zone = await _zone(CHICAGO)
    return Source(
        prices=ComedPrices(
            async_get_clientsession(hass),
            delivery=data[CONF_DELIVERY],
            monthly_charge=data[CONF_MONTHLY_CHARGE],
            zone=zone,
            base_url=data.get(CONF_BASE_URL, COMED_URL),
        ),
        schedule=COMED_SCHEDULE,
        channels=frozenset({Channel.IMPORT}),
        zone=zone,
        facts=frozenset({Fact.SUPPLY}),
    )


async def _plan(
    hass: HomeAssistant, data: Mapping[str, Any], home: Surroundings
) -> Source:
    plan = active_plan(data, home.plans)
    return Source(
        prices=NoPlan() if plan is None else PlanPrices(plan, home.zone),
        schedule=LOCAL_SCHEDULE,
        channels=frozenset({Channel.IMPORT, Channel.EXPORT}),
        zone=home.zone,
        plan=plan,
    )


async def _sensor(
    hass: HomeAssistant, data: Mapping[str, Any], home: Surroundings
) -> Source:
    minutes = data.get(CONF_INTERVAL)
    entities = {
        Channel.IMPORT: data[CONF_IMPORT_ENTITY],
        Channel.EXPORT: data.get(CONF_EXPORT_ENTITY),
    }
    used = {channel: entity for channel, entity in entities.items() if entity}
    return Source(
        prices=SensorPrices(
            hass,
            used,
            unit=PriceUnit(data[CONF_UNIT]) if data.get(CONF_UNIT) else None,
            interval=None if minutes is None else timedelta(minutes=minutes),
            zone=home.zone,
        ),
        schedule=LOCAL_SCHEDULE,
        channels=frozenset(used),
        zone=home.zone,
        watches=tuple(used.values()),
    )


async def _zone(name: str) -> tzinfo:
    """Return a time zone that Python's own data must have."""
    zone = await dt_util.async_get_time_zone(name)
    if zone is None:
        raise LookupError(f"no time zone data for {name}")
    return zone


type _Builder = Callable[
    [HomeAssistant, Mapping[str, Any], Surroundings], Awaitable[Source]
]

_BUILDERS: Mapping[str, _Builder] = {
    PROVIDER_AEMO: _aemo,
    PROVIDER_AMBER: _amber,
    PROVIDER_COMED: _comed,
    PROVIDER_PLAN: _plan,
    PROVIDER_SENSOR: _sensor,
}
