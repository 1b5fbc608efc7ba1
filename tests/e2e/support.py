"""What several end-to-end tests do with a running home."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from harness.simulated_services import SimulatedServices
from harness.stack import DOMAIN, Stack

PATIENCE = 45.0
OURS = "PowerSync"
"""The name of the tariff that is made of prices."""


async def until(question: Callable[[], Awaitable[Any]], answer: object) -> None:
    """Wait until a question has an answer; say which it had last if it never does."""
    last = None
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                if (last := await question()) == answer:
                    return
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(f"{last!r} instead of {answer!r}") from None


async def tariff_shown(stack: Stack, entry_id: str | None = None) -> str | None:
    """Return the name of the tariff that the Powerwall has, as Home Assistant shows."""
    state = await stack.state_of("tariff_schedule", entry_id)
    name: str | None = state["attributes"].get("name")
    return name


async def arrived(stack: Stack, entry_id: str | None = None) -> None:
    """Wait until the Powerwall of a home shows a tariff of ours."""
    await until(lambda: tariff_shown(stack, entry_id), OURS)


async def call(stack: Stack, service: str, **data: object) -> dict[str, Any]:
    """Call a service of ours as an automation does, and return its answer."""
    answer = await stack.home.request(
        "POST", f"/api/services/{DOMAIN}/{service}?return_response", data
    )
    response: dict[str, Any] = answer["service_response"]
    return response


async def remove(stack: Stack, entry_id: str) -> None:
    """Delete a home as its owner does."""
    await stack.home.request("DELETE", f"/api/config/config_entries/entry/{entry_id}")


async def settings(services: SimulatedServices) -> dict[str, Any]:
    """Return what the Tesla cloud has stored for the Powerwall."""
    site = (await services.state())["sites"][0]
    return {
        "mode": site["mode"],
        "export_rule": site["export_rule"],
        "grid_charging": site["grid_charging"],
        "tariff": site["stored_tariff"]["name"],
    }


async def repair(services: SimulatedServices) -> None:
    """End all faults, and let the first tokens be accepted again."""
    async with aiohttp.ClientSession() as web:
        for what in ("faults", "tokens"):
            url = f"{services.addresses.admin_url}/{what}"
            async with web.delete(url, raise_for_status=True):
                pass
