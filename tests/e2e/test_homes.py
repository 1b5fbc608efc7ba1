"""Homes come and go in a real Home Assistant, and take nothing with them."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from harness.client import Choose
from harness.process import free_port
from harness.stack import DOMAIN, Stack, running_stack

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

PATIENCE = 45.0


async def state_of(stack: Stack, entry_id: str, key: str) -> dict[str, Any]:
    """Return the state of the entity of an entry that has a translation key."""
    registry = await stack.home.command("config/entity_registry/list")
    entity_id = next(
        entry["entity_id"]
        for entry in registry
        if entry["config_entry_id"] == entry_id and entry["translation_key"] == key
    )
    state: dict[str, Any] = await stack.home.request("GET", f"/api/states/{entity_id}")
    return state


async def arrived(stack: Stack, entry_id: str) -> None:
    """Wait until the Powerwall of a home shows a tariff of ours."""
    async with asyncio.timeout(PATIENCE):
        while True:
            tariff = await state_of(stack, entry_id, "tariff_schedule")
            if tariff["attributes"].get("name") == "PowerSync":
                return
            await asyncio.sleep(0.3)


async def remove(stack: Stack, entry_id: str) -> None:
    """Delete a home as its owner does."""
    await stack.home.request("DELETE", f"/api/config/config_entries/entry/{entry_id}")


async def test_a_home_that_is_simulated_inside_home_assistant(stack: Stack) -> None:
    """Covers U-05: beside another home, without any account."""
    entry = await stack.home.run_flow(
        DOMAIN, {"user": Choose("simulated"), "simulated": {"seed": 77}}
    )
    assert entry["state"] == "loaded"
    await arrived(stack, entry["entry_id"])

    await remove(stack, entry["entry_id"])
    left = await stack.home.command("config_entries/get", domain=DOMAIN)
    assert [home["entry_id"] for home in left] == [stack.entry["entry_id"]]
    assert left[0]["state"] == "loaded"
    assert stack.process.complaints(DOMAIN) == []


async def test_a_home_that_is_removed_has_its_own_tariff_back(tmp_path: Path) -> None:
    """Covers B-12."""
    async with running_stack(tmp_path, free_port()) as stack:
        await arrived(stack, stack.entry["entry_id"])
        uploads = await stack.services.uploads()
        site_id = uploads[-1].site_id

        await remove(stack, stack.entry["entry_id"])

        info = await stack.services.site_info(site_id)
        assert info["tariff_content_v2"]["name"] == "Example TOU"
        issues = await stack.home.command("repairs/list_issues")
        assert issues["issues"] == []
        assert stack.process.complaints(DOMAIN) == []
