"""What belongs to the owner goes back to the owner."""

from collections.abc import Awaitable, Callable
from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.power_sync.core.model.tariff_document import read_tariff
from custom_components.power_sync.core.tesla_tariff import largest_difference
from custom_components.power_sync.sim.config import TeslaSite
from custom_components.power_sync.sim.faults import FaultKind, Service
from custom_components.power_sync.sim.owners_tariff import OWNERS_TARIFF
from custom_components.power_sync.sim.tesla_tariff import Tariff

from .house import POWERWALL, PRICE_SOURCE, House, Steady

type MakeHouse = Callable[..., Awaitable[House]]

TOU = "time_of_use_settings"


def owners_back(house: House) -> bool:
    """Return whether the tariff means what the owner's meant."""
    return largest_difference(house.stored_tariff, read_tariff(OWNERS_TARIFF)) == 0


# covers B-12
async def test_sync_off_restores_and_on_syncs(steady: House) -> None:
    assert steady.state("auto_sync_tou_schedule").state == "on"
    await steady.act("switch", "turn_off", "auto_sync_tou_schedule")
    assert steady.state("auto_sync_tou_schedule").state == "off"
    assert owners_back(steady)
    assert steady.decisions[-1] == ("tariff", "restored", "sync_off")
    assert steady.journal == {}
    assert steady.stored["switches"] == []

    await steady.tick(300)
    assert len(steady.sent) == 2
    await steady.act("switch", "turn_on", "auto_sync_tou_schedule")
    assert steady.tariff_name == "PowerSync"
    assert steady.decisions[-1] == ("tariff", "sent", "prices_changed")


async def test_sync_off_survives_a_reload(steady: House) -> None:
    await steady.act("switch", "turn_off", "auto_sync_tou_schedule")
    await steady.tick(300)
    await steady.hass.config_entries.async_reload(steady.entry.entry_id)
    await steady.settle()
    assert steady.state("auto_sync_tou_schedule").state == "off"
    assert owners_back(steady)


async def test_sync_off_while_tesla_is_away(steady: House) -> None:
    steady.break_(Service.TESLA, FaultKind.STATUS_503)
    await steady.act("switch", "turn_off", "auto_sync_tou_schedule")
    assert steady.tariff_name == "PowerSync"
    assert set(steady.journal) == {"tariff"}
    steady.repair()
    await steady.live(7)
    assert owners_back(steady)
    assert steady.journal == {}


async def test_no_owners_tariff(make_house: MakeHouse) -> None:
    house = await make_house(tesla_sites=(TeslaSite(tariff=None),))
    await house.set_up()
    assert house.tariff_name == "PowerSync"
    assert house.journal["tariff"]["owner"] is None
    await house.act("switch", "turn_off", "auto_sync_tou_schedule")
    assert house.sent == [TOU], "there is nothing to put back"
    assert house.journal == {}


def choose_another_plan(house: House) -> dict[str, Any]:
    """Choose another rate plan in the Tesla app; return its document."""
    chosen = {**OWNERS_TARIFF, "name": "New plan", "code": "NEW:PLAN"}
    chosen["energy_charges"] = {
        "ALL": {"rates": {"ALL": 0}},
        "AllYear": {"rates": {"OFF_PEAK": 0.2, "ON_PEAK": 0.6, "SUPER_OFF_PEAK": 0.1}},
    }
    house.home.powerwall.set_tariff(Tariff(chosen), house.home.advance())
    return chosen


async def test_what_is_put_back_is_what_was_there_at_that_moment(
    steady: House,
) -> None:
    """The plan chosen seconds before our first upload, not the one polled before."""
    await steady.act("switch", "turn_off", "auto_sync_tou_schedule")
    await steady.tick(300)
    choose_another_plan(steady)
    await steady.act("switch", "turn_on", "auto_sync_tou_schedule")
    await steady.tick(300)
    assert steady.tariff_name == "PowerSync"
    await steady.act("switch", "turn_off", "auto_sync_tou_schedule")
    await steady.tick(300)
    assert steady.tariff_name == "New plan"


async def test_another_tariff_in_the_app_wins_for_a_while(
    steady: House, market: Steady
) -> None:
    """Covers B-12: it becomes the owner's, and the prices wait for four hours."""
    chosen = choose_another_plan(steady)
    uploads = len(steady.times)
    await steady.tick(300)
    assert ("tariff", "owner_changed", "changed_elsewhere") in steady.decisions
    market.price = 200.0
    await steady.live(60, stride=300)
    assert steady.tariff_name == "New plan"
    assert len(steady.times) == uploads
    assert steady.result == ("blocked", "changed_elsewhere")

    await steady.live(180, stride=300)
    assert steady.tariff_name == "PowerSync", "the prices count again"
    await steady.tick(300)
    await steady.act("switch", "turn_off", "auto_sync_tou_schedule")
    assert steady.tariff_name == "New plan"
    assert largest_difference(steady.stored_tariff, read_tariff(chosen)) == 0


@pytest.mark.parametrize("pushes", [0, 1])
async def test_disabling_restores_at_once(steady: House, pushes: int) -> None:
    # Also when this interval's uploads have been used up.
    for _ in range(pushes):
        await steady.call("sync_tou_schedule")
    await steady.hass.config_entries.async_set_disabled_by(
        steady.entry.entry_id, ConfigEntryDisabler.USER
    )
    assert owners_back(steady)
    assert not steady.issues
    assert steady.journal == {}


async def test_disabling_while_a_push_is_under_way(steady: House) -> None:
    steady.break_(Service.TESLA, FaultKind.TIMEOUT, match=TOU, count=1)
    await steady.tick(300)
    controller = steady.entry.runtime_data.powerwall.controller
    push = steady.hass.async_create_task(controller.push())
    await steady.until(lambda: not controller._orders)
    await steady.until(lambda: not steady.home.faults.as_json())
    # Something newer has been noticed, but not acted on.
    controller._hurry()
    await steady.hass.config_entries.async_set_disabled_by(
        steady.entry.entry_id, ConfigEntryDisabler.USER
    )
    assert push.exception() is not None
    assert owners_back(steady)
    assert not steady.issues


async def test_disabling_while_tesla_is_away(steady: House) -> None:
    steady.break_(Service.TESLA, FaultKind.STATUS_503)
    entries = steady.hass.config_entries
    await entries.async_set_disabled_by(steady.entry.entry_id, ConfigEntryDisabler.USER)
    assert steady.issues == {"not_restored"}
    issue = next(iter(ir.async_get(steady.hass).issues.values()))
    assert issue.translation_placeholders == {
        "name": "Home",
        "left": "- tariff: PowerSync instead of Example TOU",
    }
    assert steady.journal == {}, "it is owed beside the home from here on"

    # Enabled again, the home is looked after and nothing is left to say.
    steady.repair()
    await entries.async_set_disabled_by(steady.entry.entry_id, None)
    await steady.settle()
    assert not steady.issues
    await steady.tick(300)
    await steady.act("switch", "turn_off", "auto_sync_tou_schedule")
    assert owners_back(steady)


@pytest.mark.parametrize("kind", [FaultKind.STATUS_503, FaultKind.NOT_APPLIED])
async def test_not_restored_at_removal(steady: House, kind: FaultKind) -> None:
    steady.break_(Service.TESLA, kind)
    await steady.hass.config_entries.async_remove(steady.entry.entry_id)
    await steady.hass.async_block_till_done()
    assert steady.tariff_name == "PowerSync"
    assert steady.issues == {"not_restored"}
    assert steady.hass.config_entries.flow.async_progress() == []


async def test_removal_with_a_refused_token(
    steady: House, caplog: pytest.LogCaptureFixture
) -> None:
    steady.home.tesla.token = None
    await steady.hass.config_entries.async_remove(steady.entry.entry_id)
    await steady.hass.async_block_till_done()
    assert steady.issues == {"not_restored"}
    assert steady.hass.config_entries.flow.async_progress() == []
    assert "remove callback" not in caplog.text


async def test_removal_of_a_home_that_never_loaded(
    steady: House, caplog: pytest.LogCaptureFixture
) -> None:
    entries = steady.hass.config_entries
    steady.break_(Service.TESLA, FaultKind.STATUS_503)
    steady.break_(Service.AMBER, FaultKind.STATUS_503)
    await entries.async_reload(steady.entry.entry_id)
    assert steady.entry.state is ConfigEntryState.SETUP_RETRY
    steady.repair()
    await entries.async_remove(steady.entry.entry_id)
    assert owners_back(steady)
    assert not steady.issues


async def test_removed_powerwall_is_given_back(steady: House) -> None:
    steady.hass.config_entries.async_remove_subentry(steady.entry, POWERWALL)
    await steady.settle()
    assert owners_back(steady)
    assert not steady.issues
    assert steady.entry.runtime_data.powerwall is None


async def test_removed_price_source_gives_the_tariff_back(steady: House) -> None:
    steady.hass.config_entries.async_remove_subentry(steady.entry, PRICE_SOURCE)
    await steady.settle()
    assert owners_back(steady)
    assert steady.journal == {}


async def test_what_is_owed_passes_to_who_looks_after_the_powerwall_next(
    steady: House,
) -> None:
    entries = steady.hass.config_entries
    powerwall = steady.entry.subentries[POWERWALL]
    steady.break_(Service.TESLA, FaultKind.STATUS_503)
    entries.async_remove_subentry(steady.entry, POWERWALL)
    await steady.settle()
    assert steady.issues == {"not_restored"}
    steady.repair()
    await steady.tick(300)
    entries.async_add_subentry(steady.entry, powerwall)
    await steady.settle()
    assert not steady.issues
    assert steady.tariff_name == "PowerSync"
    await steady.tick(300)
    await steady.act("switch", "turn_off", "auto_sync_tou_schedule")
    assert owners_back(steady)
