"""One home of each kind: its price source, and what makes it special."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.config_entries import ConfigSubentryDataWithId
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

import custom_components.power_sync as integration
from custom_components.power_sync.assembly.addresses import Addresses
from custom_components.power_sync.core.model.retail import (
    ManualRates,
    RetailTerms,
    SpotExport,
    SpotImport,
)
from custom_components.power_sync.core.plan_templates import TEMPLATES
from custom_components.power_sync.sim.config import AmberSite
from custom_components.power_sync.sim.server import SimulatorServer
from custom_components.power_sync.stored.plan import plan_to_stored
from custom_components.power_sync.stored.retail import terms_to_stored

from .house import House

type MakeHouse = Callable[..., Awaitable[House]]

CHICAGO = ZoneInfo("America/Chicago")
BUY, SELL = "sensor.wallaby_buy", "sensor.wallaby_sell"
DEMAND = {
    "enabled": True,
    "push": False,
    "days": "every",
    "start": 15 * 60,
    "end": 21 * 60,
    "rate": 10.0,
    "per": "month",
    "billing_day": 17,
}
"""A demand charge of $10/kW from 15:00 to 21:00 every day."""
MARKET = {"region": "NSW1", "threshold": 300.0, "sell_price": 10.0}
"""The usual response to spikes of the wholesale price."""


def aemo(server: SimulatorServer) -> dict[str, Any]:
    """Return a source of wholesale prices with 9.3 c on top."""
    terms = RetailTerms(
        imports=SpotImport(
            network=ManualRates(otherwise=0.093),
            fees=0.0,
            loss_factor=1.0,
            add_gst=True,
        ),
        exports=SpotExport(loss_factor=1.0, fee=0.0),
        daily_charge=1.1,
    )
    return {
        "provider": "aemo",
        "region": "NSW1",
        "retailer": "other",
        "retail": terms_to_stored(terms),
        "base_url": server.aemo_url,
        "nemweb_url": server.nemweb_url,
    }


def comed(server: SimulatorServer) -> dict[str, Any]:
    """Return a source of ComEd's prices with 7.5 c of delivery on top."""
    return {
        "provider": "comed",
        "delivery": 0.075,
        "monthly_charge": 19.56,
        "base_url": server.comed_url,
    }


def plan(server: SimulatorServer) -> dict[str, Any]:
    """Return a source that is whichever plan comes first."""
    return {"provider": "plan"}


def sensor(server: SimulatorServer) -> dict[str, Any]:
    """Return a source that is two entities."""
    return {"provider": "sensor", "import_entity": BUY, "export_entity": SELL}


def stored_plan(
    name: str, template: str = "flat", *, number: int = 1
) -> ConfigSubentryDataWithId:
    """Return what is stored for a tariff plan."""
    return ConfigSubentryDataWithId(
        data=plan_to_stored(TEMPLATES[template]),
        subentry_id=f"plan-{number}",
        subentry_type="tariff_plan",
        title=name,
        unique_id=f"tariff_plan_{number}",
    )


def put_prices(hass: HomeAssistant) -> None:
    """Give the entities prices for a day, half hour by half hour."""
    now = dt_util.utcnow()
    first = now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0)
    starts = [first + number * timedelta(minutes=30) for number in range(48)]
    for entity, price in ((BUY, 0.30), (SELL, 0.05)):
        hass.states.async_set(
            entity,
            str(price),
            {
                "unit_of_measurement": "AUD/kWh",
                "forecast": [
                    {
                        "start": start.isoformat(),
                        "end": (start + timedelta(minutes=30)).isoformat(),
                        "price": price,
                    }
                    for start in starts
                ],
            },
        )


def use_simulated_market(monkeypatch: pytest.MonkeyPatch, house: House) -> None:
    """Let a home watch the market of its simulation, not the real one."""

    async def find_addresses(entry: object) -> Addresses:
        return Addresses(aemo=house.server.aemo_url, nemweb=house.server.nemweb_url)

    monkeypatch.setattr(integration, "find_addresses", find_addresses)


async def amber_home(make_house: MakeHouse, **options: Any) -> House:
    """Return a home with everything that Amber has, and a past."""
    return await make_house(
        **{
            "amber_sites": (AmberSite(controlled_load=True),),
            "channels": ("controlled_load", "export", "import"),
            "lived_in": timedelta(hours=14),
        }
        | options
    )


async def aemo_home(make_house: MakeHouse, **options: Any) -> House:
    """Return a home on AEMO's wholesale prices."""
    return await make_house(source=aemo, **options)


async def comed_home(make_house: MakeHouse, **options: Any) -> House:
    """Return a home of a customer of ComEd."""
    return await make_house(
        **{"source": comed, "comed_zone": CHICAGO, "time_zone": CHICAGO} | options
    )


async def plan_home(make_house: MakeHouse, **options: Any) -> House:
    """Return a home that runs on the first of two plans."""
    plans = (stored_plan("Mine"), stored_plan("Other", number=2))
    return await make_house(**{"source": plan, "plans": plans} | options)


async def sensor_home(make_house: MakeHouse, **options: Any) -> House:
    """Return a home whose prices come from other entities, which have some."""
    house = await make_house(source=sensor, **options)
    put_prices(house.hass)
    return house


HOMES: dict[str, Callable[..., Awaitable[House]]] = {
    "amber": amber_home,
    "aemo": aemo_home,
    "comed": comed_home,
    "plan": plan_home,
    "sensor": sensor_home,
}
