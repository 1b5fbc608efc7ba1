"""From prices to the Powerwall: what is sent when, and what if it is not taken."""

import asyncio
from datetime import timedelta
from typing import Any

from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest

from custom_components.power_sync.control import (
    actuator,
    outlook as outlook_module,
)
from custom_components.power_sync.coordinator.zone import home_zone
from custom_components.power_sync.core.tesla_tariff import (
    OUR_CODE,
    day_prices,
    largest_difference,
)
from custom_components.power_sync.sim.faults import FaultKind, Service

from .conftest import NOW
from .house import House, Steady

SENT = ("tariff", "sent", "prices_changed")
TOU = "time_of_use_settings"
SOON = 200.0
"""Seconds from NOW to a moment of the next interval at which its price is known."""


async def test_first_tariff(house: House) -> None:
    assert house.sent == [TOU]
    tariff = house.stored_tariff
    assert tariff.buy.code == OUR_CODE
    assert tariff.buy.utility == "Amber Electric"
    assert tariff.buy.currency == "AUD"
    assert house.decisions == [SENT]
    assert house.state("last_sync").state == NOW.isoformat()


async def test_the_running_price_is_on_the_powerwall(
    steady: House, market: Steady
) -> None:
    # 10 c wholesale, 10 % GST, 9.3 c network, 2 c off at noon.
    buy = day_prices(steady.stored_tariff.buy, NOW.date())
    assert buy[26] == pytest.approx(0.183)


async def test_a_day_without_change_sends_nothing(steady: House) -> None:
    await steady.live(60, stride=150)
    assert steady.sent == [TOU]
    assert steady.result == ("unchanged", "prices_changed")


async def test_a_changed_price_is_sent_at_once(steady: House, market: Steady) -> None:
    market.price = 180.0
    await steady.tick(SOON)
    assert steady.sent == [TOU, TOU]
    assert steady.times[1] == NOW + timedelta(seconds=SOON)
    assert steady.decisions == [SENT, SENT]
    change = steady.entry.runtime_data.powerwall.controller.log.records[-1].change
    assert change == pytest.approx(0.088)  # 8 c wholesale and 10 % GST


async def test_a_change_below_the_threshold_is_not_sent(
    steady: House, market: Steady
) -> None:
    market.price += 0.3  # 0.033 c
    await steady.tick(SOON)
    assert steady.sent == [TOU]


async def test_two_uploads_per_interval(steady: House, market: Steady) -> None:
    market.price = 200.0
    await steady.tick(SOON)
    assert len(steady.sent) == 2
    for price in (300.0, 400.0):
        market.price = price
        steady.home.amber._boards[
            steady.home.config.amber_sites[0].site_id
        ]._latest_at = -1
        await steady.tick(1)
        await steady.entry.runtime_data.prices.async_refresh()
        await steady.settle()
    assert len(steady.sent) == 3
    assert steady.result == ("postponed", "prices_changed")
    # The next interval sends what had to wait.
    await steady.tick(300)
    await steady.live(1)
    assert steady.times[3] >= NOW + timedelta(minutes=8)
    newest = steady.entry.runtime_data.powerwall.controller.plan.tariff
    assert largest_difference(steady.stored_tariff, newest) < 0.0005


async def test_not_applied(steady: House, market: Steady) -> None:
    before = steady.stored_tariff
    steady.break_(Service.TESLA, FaultKind.NOT_APPLIED)
    market.price = 250.0
    await steady.tick(SOON)
    assert steady.decisions[-1] == ("tariff", "not_applied", "prices_changed")
    assert steady.stored_tariff == before
    assert not steady.confirmed
    assert not steady.issues

    for number in range(2):
        assert "not_applied" not in steady.issues, number
        await steady.live(6)
    assert "not_applied" in steady.issues

    steady.repair()
    await steady.live(6)
    assert not steady.issues
    assert steady.decisions[-1] == SENT
    assert steady.confirmed
    assert largest_difference(steady.stored_tariff, before) > 0.1


async def test_late_but_applied(steady: House, market: Steady) -> None:
    steady.break_(Service.TESLA, FaultKind.LATE, seconds=90, count=1)
    market.price = 250.0
    await steady.tick(SOON)
    assert steady.decisions[-1] == ("tariff", "not_applied", "prices_changed")
    await steady.live(3)
    assert steady.sent == [TOU, TOU], "what was accepted is not sent again"
    assert steady.confirmed
    assert steady.result == ("unchanged", "prices_changed")
    assert not steady.issues


async def test_unknown_outcome_applied(steady: House, market: Steady) -> None:
    steady.break_(Service.TESLA, FaultKind.APPLIED_BUT_NO_ANSWER, count=1)
    market.price = 250.0
    await steady.tick(SOON)
    assert steady.sent == [TOU, TOU]
    assert steady.decisions[-1] == SENT


async def test_unknown_outcome_lost(steady: House, market: Steady) -> None:
    steady.break_(Service.TESLA, FaultKind.LOST_COMMAND, count=1)
    market.price = 250.0
    await steady.tick(SOON)
    record = steady.entry.runtime_data.powerwall.controller.log.records[-1]
    assert (record.action, record.error) == ("not_applied", "outcome_unknown")
    await steady.live(7)
    assert steady.decisions[-1] == SENT


async def test_cannot_be_read_back(steady: House, market: Steady) -> None:
    steady.break_(Service.TESLA, FaultKind.STATUS_500, match="site_info")
    market.price = 250.0
    await steady.tick(SOON)
    assert steady.sent == [TOU, TOU]
    record = steady.entry.runtime_data.powerwall.controller.log.records[-1]
    assert (record.action, record.error) == ("failed", "unavailable")
    assert not steady.confirmed
    steady.repair()
    await steady.live(2)
    assert steady.sent == [TOU, TOU]
    assert steady.confirmed


async def test_rate_limited_with_a_time(steady: House, market: Steady) -> None:
    steady.break_(
        Service.TESLA, FaultKind.STATUS_429_RETRY, match=TOU, seconds=150, count=1
    )
    market.price = 250.0
    await steady.tick(SOON)
    record = steady.entry.runtime_data.powerwall.controller.log.records[-1]
    assert (record.action, record.error) == ("failed", "rate_limited")
    requests = steady.home.tesla.commands.copy()
    await steady.live(2)
    assert steady.home.tesla.commands == requests
    assert steady.result == ("failed", "prices_changed"), "why it waits is what counts"
    await steady.live(2)
    assert steady.sent == [TOU, TOU]


async def test_rate_limited_without_a_time(steady: House, market: Steady) -> None:
    steady.break_(Service.TESLA, FaultKind.STATUS_429, match=TOU, count=1)
    market.price = 250.0
    await steady.tick(SOON)
    assert steady.decisions[-1] == ("tariff", "failed", "prices_changed")
    await steady.live(1.5)
    assert steady.decisions[-1] == SENT


@pytest.mark.parametrize("kind", [FaultKind.STATUS_400, FaultKind.STATUS_404])
async def test_refused(steady: House, market: Steady, kind: FaultKind) -> None:
    steady.break_(Service.TESLA, kind, match=TOU)
    market.price = 250.0
    await steady.tick(SOON)
    record = steady.entry.runtime_data.powerwall.controller.log.records[-1]
    assert (record.action, record.error) == ("failed", "rejected")
    await steady.live(6)
    assert "not_applied" in steady.issues


async def test_an_outage_is_not_blamed_on_the_powerwall(
    steady: House, market: Steady
) -> None:
    steady.break_(Service.TESLA, FaultKind.STATUS_503)
    market.price = 250.0
    await steady.live(15)
    assert steady.sent == [TOU]
    assert "not_applied" not in steady.issues
    steady.repair()
    await steady.live(6)
    assert steady.decisions[-1] == SENT
    assert not steady.issues


async def test_refused_token_of_tesla(steady: House, market: Steady) -> None:
    steady.home.tesla.token = "another"
    market.price = 250.0
    await steady.live(5)
    assert steady.reauth_steps == ["reauth_tesla"]
    assert steady.sent == [TOU]
    assert "not_applied" not in steady.issues
    assert steady.state("battery_level").state == "unavailable"
    assert steady.state("current_electricity_price").state != "unavailable"


async def test_refused_token_of_a_command_only(steady: House, market: Steady) -> None:
    # A token without the scope of commands.
    steady.break_(Service.TESLA, FaultKind.STATUS_403, match=TOU)
    market.price = 250.0
    await steady.tick(SOON)
    assert steady.reauth_steps == ["reauth_tesla"]
    assert steady.state("battery_level").state != "unavailable"


async def test_refused_token_of_amber(steady: House) -> None:
    steady.home.amber.token = None
    await steady.tick(SOON)
    assert steady.reauth_steps == ["reauth_amber"]
    flow = steady.hass.config_entries.flow.async_progress()[0]
    assert flow["context"]["entry_id"] == steady.entry.entry_id
    assert steady.state("battery_level").state != "unavailable"
    assert steady.tariff_name == "PowerSync"


async def test_something_newer_ends_a_read_back(
    steady: House, market: Steady, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actuator, "READ_BACK_AT", (10.0, 20.0))
    steady.break_(Service.TESLA, FaultKind.NOT_APPLIED, count=1)
    market.price = 250.0
    await steady.tick(SOON, settle=False)
    await steady.until(lambda: len(steady.sent) == 2)
    market.price = 300.0
    await steady.tick(300, settle=False)
    await steady.until(
        lambda: ("tariff", "superseded", "prices_changed") in steady.decisions
    )
    await steady.until(lambda: len(steady.sent) == 3)
    await steady.tick(11, settle=False)
    await steady.until(lambda: len(steady.decisions) == 3)
    assert steady.decisions[-1] == SENT


async def test_prices_that_come_just_before_a_decision_are_in_it(
    steady: House, market: Steady, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are no reason to end the read-back of the tariff made of them."""
    controller = steady.entry.runtime_data.powerwall.controller
    find_zone = home_zone
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def slow_find_zone(*args: Any) -> Any:
        entered.set()
        await go_on.wait()
        return await find_zone(*args)

    monkeypatch.setattr(outlook_module, "home_zone", slow_find_zone)
    controller._wake.set()
    await entered.wait()
    market.price = 180.0
    await steady.tick(180.2, settle=False)
    await steady.entry.runtime_data.prices.async_refresh()
    go_on.set()
    await steady.settle()
    assert steady.decisions == [SENT, SENT]


async def test_an_equal_price_does_not_send_again(
    steady: House, market: Steady, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is under way is waited for, although newer prices ended the waiting."""
    monkeypatch.setattr(actuator, "READ_BACK_AT", (4.0, 8.0))
    steady.break_(Service.TESLA, FaultKind.LATE, seconds=3, count=1)
    market.price = 180.0
    await steady.tick(SOON, settle=False)
    await steady.until(lambda: waiting(steady))
    await steady.tick(1, settle=False)
    await steady.entry.runtime_data.prices.async_refresh()
    await steady.until(lambda: steady.decisions[-1][1] == "superseded")
    await steady.until(lambda: waiting(steady))
    await steady.tick(3, settle=False)
    await steady.until(lambda: len(steady.decisions) == 3)
    assert steady.decisions[-1] == SENT
    assert steady.sent == [TOU, TOU]


async def test_read_back_times(
    steady: House,
    market: Steady,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(actuator, "READ_BACK_AT", (1.0, 3.0))
    looks: list[float] = []
    site = steady.entry.runtime_data.powerwall.site
    refresh = site.async_refresh

    async def spy() -> None:
        looks.append((dt_util.utcnow() - NOW).total_seconds() - SOON)
        await refresh()

    monkeypatch.setattr(site, "async_refresh", spy)
    steady.break_(Service.TESLA, FaultKind.LATE, seconds=2, count=1)
    market.price = 250.0
    await steady.tick(SOON, settle=False)
    await steady.until(lambda: waiting(steady))
    assert looks == [0.0], "what the owner may have chosen since the last look"
    await steady.tick(1.0, settle=False)
    await steady.until(lambda: len(looks) == 2 and waiting(steady))
    await steady.tick(2.0, settle=False)
    await steady.until(lambda: len(steady.decisions) == 2)
    assert looks == [0.0, 1.0, 3.0]
    assert steady.decisions == [SENT, SENT]


def waiting(house: House) -> bool:
    """Return whether the control task waits for the time of a read-back."""
    return bool(
        house.entry.runtime_data.powerwall.controller._actuator.interrupt._waiters
    )


async def test_a_mistake_in_one_step_does_not_end_control(
    steady: House,
    market: Steady,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(
            "custom_components.power_sync.control.helm.decide", lambda *_: 1 / 0
        )
        market.price = 180.0
        await steady.tick(SOON)
        assert steady.sent == [TOU]
        assert "A control step failed" in caplog.text
        with pytest.raises(HomeAssistantError) as caught:
            await steady.call("sync_tou_schedule")
        assert caught.value.translation_key == "push_interrupted"
        await steady.settle()
    await steady.tick(60)
    assert steady.sent == [TOU, TOU]
    caplog.clear()


async def test_live_data_go_on_while_the_controller_waits(
    steady: House, market: Steady
) -> None:
    """It runs without any entity that listens."""
    registry = er.async_get(steady.hass)
    for entity in er.async_entries_for_config_entry(registry, steady.entry.entry_id):
        registry.async_update_entity(
            entity.entity_id, disabled_by=er.RegistryEntryDisabler.USER
        )
    await steady.hass.config_entries.async_reload(steady.entry.entry_id)
    await steady.settle()
    assert not steady.hass.states.async_all()
    before = steady.home.tesla.requests
    market.price = 250.0
    await steady.tick(SOON)
    assert len(steady.sent) == 2
    await steady.live(2)
    assert steady.home.tesla.requests > before + 4


async def test_what_was_sent_shows_until_there_is_something_else_to_tell(
    steady: House, market: Steady
) -> None:
    """The read-back wakes the controller, which then finds nothing left to do."""
    assert steady.result == ("sent", "prices_changed")
    await steady.live(2)
    assert steady.result == ("sent", "prices_changed")

    await steady.live(5)  # the same prices, fetched anew
    assert steady.result[0] == "sent"
    market.price = 180.0
    await steady.live(5)
    assert steady.result == ("sent", "prices_changed")
    assert len(steady.sent) >= 2


async def test_a_long_outage_is_told_once(steady: House, market: Steady) -> None:
    steady.break_(Service.TESLA, FaultKind.STATUS_400, match=TOU)
    market.price = 180.0
    await steady.live(30)
    assert steady.decisions.count(("tariff", "failed", "prices_changed")) == 1


async def test_a_price_does_not_outlive_its_interval(steady: House) -> None:
    """Also if the calls have failed before its end, when it still held."""
    price = "current_electricity_price"
    await steady.tick(181.5)  # the next interval's first price, an estimate
    assert steady.state("price_estimate").state == "on"
    steady.break_(Service.AMBER, FaultKind.STATUS_500)
    await steady.tick(20)
    assert not steady.entry.runtime_data.prices.last_update_success
    assert steady.state(price).state != "unavailable"
    await steady.tick(285)
    assert steady.state(price).state == "unavailable"


MONEY_WAYS = ("import_price", "export_price")


async def test_what_was_moved_for_tesla_is_explained(
    steady: House, market: Steady
) -> None:
    assert "moved" not in steady.state("decision").attributes
    market.price = -150.0
    await steady.live(5)
    told = steady.state("decision").attributes
    moved = told["moved"]
    negative = sum(slot[side] < 0 for slot in told["slots"] for side in MONEY_WAYS)
    assert moved["negative_prices"] == negative > 0
    assert moved["margins_opened"] == []
    assert moved["order_kept"] is True
    assert all(slot["buy"] >= slot["sell"] >= 0 for slot in told["slots"])
