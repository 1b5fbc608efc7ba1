"""Homes come and go in a real Home Assistant, and take nothing with them."""

import pytest

from harness.client import FlowKind
from harness.flows import Choose, as_suggested
from harness.stack import DOMAIN, Stack, wait_until_loaded

from .support import arrived, call, remove, repair, settings, tariff_shown

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]


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


async def test_a_spike_is_rehearsed(stack: Stack) -> None:
    """Covers B-07: in a home that watches the market; its own is a simulated one."""
    entry = await stack.home.run_flow(
        DOMAIN, {"user": Choose("simulated"), "simulated": {"seed": 78}}
    )
    entry_id = entry["entry_id"]
    await arrived(stack, entry_id)
    step = await stack.home.start_flow(FlowKind.OPTIONS, handler=entry_id)
    await stack.home.answer_flow(
        FlowKind.OPTIONS,
        step,
        {
            "init": Choose("spike_response"),
            "spike_response": as_suggested(region="nsw1"),
        },
    )
    await wait_until_loaded(stack.home, entry_id)
    await arrived(stack, entry_id)
    market = await stack.state_of("market_price", entry_id)
    assert market["attributes"]["unit_of_measurement"] == "AUD/MWh"
    assert -1000 <= float(market["state"]) <= 20_000

    done = await call(
        stack, "simulate_spike", config_entry_id=entry_id, price=1000, duration=5
    )
    assert done["responds"]
    assert done["levers"]["tariff"]["to"] == "PowerSync price spike"
    assert await tariff_shown(stack, entry_id) == "PowerSync price spike"
    told = await stack.state_of("controlled_by", entry_id)
    assert told["state"] == "spike_response"

    await call(stack, "restore", config_entry_id=entry_id)
    await arrived(stack, entry_id)
    await remove(stack, entry_id)
    assert stack.process.complaints(DOMAIN) == []


async def test_a_home_that_is_removed_has_its_own_tariff_back(house: Stack) -> None:
    """Covers B-12."""
    assert (await settings(house.services))["tariff"] == "PowerSync"
    complaints = house.process.complaints(DOMAIN)

    await remove(house, house.entry["entry_id"])

    assert (await settings(house.services))["tariff"] == "Example TOU"
    issues = await house.home.command("repairs/list_issues")
    assert issues["issues"] == []
    assert house.process.complaints(DOMAIN) == complaints


async def test_what_a_removed_home_owes_is_put_back_by_a_repair(house: Stack) -> None:
    """Covers B-12: Tesla could not be reached when the home was removed."""
    services, home = house.services, house.home
    before = await settings(services)
    for service in ("tesla", "tessie"):
        await services.add_fault(service, "status_503")
    await remove(house, house.entry["entry_id"])

    (issue,) = (await home.command("repairs/list_issues"))["issues"]
    assert issue["translation_key"] == "not_restored"
    left = issue["translation_placeholders"]["left"]
    assert left == "- tariff: PowerSync instead of Example TOU"
    step = await home.start_flow(
        FlowKind.REPAIR, handler=DOMAIN, issue_id=issue["issue_id"]
    )
    answers = {"init": Choose("again"), "left": Choose("again")}
    assert step["step_id"] == "init"
    step = await home.next_step(FlowKind.REPAIR, step, Choose("again"))
    assert step["step_id"] == "left", "in vain: the service is still away"
    assert await settings(services) == before

    await repair(services)
    done = await home.answer_flow(FlowKind.REPAIR, step, answers)
    assert done["type"] == "create_entry"
    assert (await settings(services))["tariff"] == "Example TOU"
    issues = await home.command("repairs/list_issues")
    assert issues["issues"] == []
