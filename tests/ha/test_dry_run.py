"""Dry run: decide and show everything, send nothing."""

from typing import Any

from custom_components.power_sync.sim.faults import FaultKind, Service

from .house import House, Steady

PRETENDED = ("tariff", "dry_run", "prices_changed")


# covers B-15
async def test_nothing_is_sent(make_house: Any, market: Steady) -> None:
    house: House = await make_house(options={"dry_run": True}, prices=market)
    await house.set_up()
    assert house.decisions == [PRETENDED]
    market.price = 180.0
    await house.live(10)
    assert house.decisions == [PRETENDED, PRETENDED]
    assert house.sent == []
    assert house.tariff_name == "Example TOU"
    assert house.journal == {}
    assert house.state("last_sync").state == "unknown"


async def test_push_is_pretended(make_house: Any, market: Steady) -> None:
    house: House = await make_house(options={"dry_run": True}, prices=market)
    await house.set_up()
    await house.tick(180.2)
    market.price = 180.0
    answer = await house.call("sync_tou_schedule")
    assert answer["action"] == "dry_run"
    assert len(answer["slots"]) == 48
    assert house.sent == []


async def test_fallback_is_pretended(make_house: Any, market: Steady) -> None:
    house: House = await make_house(options={"dry_run": True}, prices=market)
    await house.set_up()
    house.break_(Service.AMBER, FaultKind.STATUS_503)
    await house.live(130, stride=300)
    assert ("operation_mode", "dry_run", "prices_missing") in house.decisions
    assert house.sent == []


async def test_what_was_sent_before_is_put_back(steady: House) -> None:
    await steady.tick(300)
    steady.hass.config_entries.async_update_entry(
        steady.entry, options={"dry_run": True}
    )
    await steady.settle()
    assert steady.tariff_name == "Example TOU"
    assert ("tariff", "restored", "sync_off") in steady.decisions
    assert steady.journal == {}
    await steady.live(10)
    assert len(steady.sent) == 2
