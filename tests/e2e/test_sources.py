"""Homes whose prices come from elsewhere, in a real Home Assistant.

Covers P-04, P-07 and P-08: from the first form to the tariff on the Powerwall.
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from harness.process import free_port
from harness.stack import DOMAIN, Stack, running_stack

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

PATIENCE = 60.0


async def states(stack: Stack) -> dict[str, Any]:
    """Return the states of the home's enabled entities by translation key."""
    registry = await stack.home.command("config/entity_registry/list")
    found = {}
    for entity in registry:
        if (
            entity["config_entry_id"] != stack.entry["entry_id"]
            or entity["disabled_by"]
        ):
            continue
        found[entity["translation_key"]] = await stack.home.request(
            "GET", f"/api/states/{entity['entity_id']}"
        )
    return found


async def tariff_on_the_powerwall(stack: Stack) -> dict[str, Any]:
    """Wait until the Tesla cloud has a tariff of ours, and return it."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if uploads := await stack.services.uploads():
                break
            await asyncio.sleep(0.3)
    info = await stack.services.site_info(uploads[-1].site_id)
    tariff: dict[str, Any] = info["tariff_content_v2"]
    return tariff


async def test_amber_pushes(stack: Stack) -> None:
    """Covers P-03: over a real socket."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if (await states(stack))["live_prices"]["state"] == "live":
                break
            await asyncio.sleep(1)
    assert stack.process.complaints(DOMAIN) == []


async def test_wholesale_prices_with_a_network_tariff(tmp_path: Path) -> None:
    async with running_stack(tmp_path, free_port(), source="aemo") as stack:
        tariff = await tariff_on_the_powerwall(stack)
        found = await states(stack)
        price = found["current_electricity_price"]
        assert float(price["state"]) == pytest.approx(
            price["attributes"]["forecast"][0]["price"], abs=1e-5
        )
        assert price["attributes"]["origin"] == "AEMO"
        assert len(price["attributes"]["forecast"]) > 30
        # Happy Hour: 45 c from half past five to half past seven.
        (sell,) = tariff["sell_tariff"]["energy_charges"].keys() - {"ALL"}
        rates = tariff["sell_tariff"]["energy_charges"][sell]["rates"]
        # Where energy costs less than that, both meet in between: the order stays.
        assert set(sorted(rates, key=lambda label: float(rates[label]))[-4:]) == {
            "PERIOD_17_30",
            "PERIOD_18_00",
            "PERIOD_18_30",
            "PERIOD_19_00",
        }
        assert stack.process.complaints(DOMAIN) == []


async def test_hourly_prices_of_comed(tmp_path: Path) -> None:
    async with running_stack(tmp_path, free_port(), source="comed") as stack:
        tariff = await tariff_on_the_powerwall(stack)
        found = await states(stack)
        full = float(found["current_electricity_price"]["state"])
        supply = float(found["supply_price"]["state"])
        assert full - supply == pytest.approx(0.075)
        assert found["expected_hour_price"]["state"] not in {"unknown", "unavailable"}
        assert tariff["monthly_charges"] == 19.56
        async with asyncio.timeout(PATIENCE):
            while float(found["price_days"]["state"]) < 3:
                await asyncio.sleep(1)
                found = await states(stack)
        assert stack.process.complaints(DOMAIN) == []


async def test_a_plan_is_sent_as_a_whole(tmp_path: Path) -> None:
    async with running_stack(tmp_path, free_port(), source="plan") as stack:
        tariff = await tariff_on_the_powerwall(stack)
        assert len(tariff["seasons"]) > 1
        found = await states(stack)
        assert found["active_plan"]["state"] == "Seasonal"
        assert float(found["current_electricity_price"]["state"]) > 0
        assert len(await stack.services.uploads()) == 1
        assert stack.process.complaints(DOMAIN) == []
