"""What is on disk, when, and what the next start makes of it."""

import copy
from datetime import datetime
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store
from homeassistant.util.file import WriteError
import pytest

from custom_components.power_sync.const import DOMAIN
from custom_components.power_sync.core.model.force import Direction
from custom_components.power_sync.core.model.tariff_document import read_tariff
from custom_components.power_sync.sim.faults import FaultKind, Service
from custom_components.power_sync.sim.owners_tariff import OWNERS_TARIFF
from custom_components.power_sync.sim.tesla_account import Command
from custom_components.power_sync.sim.tesla_tariff import Tariff

from .conftest import NOW
from .house import ENTRY_ID, House, Steady

KEY = f"{DOMAIN}.{ENTRY_ID}"


# covers B-12
async def test_journal_is_on_disk_before_the_first_command(
    make_house: Any, hass_storage: dict[str, Any]
) -> None:
    house: House = await make_house()
    seen: list[Any] = []

    def look(command: Command) -> None:
        # The service has the command, but has neither stored nor answered it.
        seen.append(copy.deepcopy(hass_storage.get(KEY)))

    house.home.tesla.listeners.append(look)
    await house.set_up()
    assert len(seen) == 1
    entry = seen[0]["data"]["journal"]["entries"]["tariff"]
    assert read_tariff(entry["owner"]) == read_tariff(OWNERS_TARIFF)
    assert read_tariff(entry["sent"]) == house.stored_tariff
    assert entry["confirmed"] is False
    assert house.confirmed


async def test_every_command_is_in_the_journal_before_it_is_sent(
    steady: House, hass_storage: dict[str, Any], market: Steady
) -> None:
    def look(command: Command) -> None:
        lever = {"time_of_use_settings": "tariff", "operation": "operation_mode"}
        entry = hass_storage[KEY]["data"]["journal"]["entries"][lever[command.name]]
        if command.name == "operation":
            sent = entry["sent"]
            assert command.body["default_real_mode"] in {sent, entry["owner"]}
        else:
            document = command.body["tou_settings"]["tariff_content_v2"]
            assert document in (entry["sent"], entry["owner"])
        checked.append(command.name)

    checked: list[str] = []
    steady.home.tesla.listeners.append(look)
    market.price = 200.0
    await steady.tick(200)
    steady.break_(Service.AMBER, FaultKind.STATUS_503)
    await steady.live(125, stride=300)
    await steady.act("switch", "turn_off", "auto_sync_tou_schedule")
    assert checked == [
        "time_of_use_settings",
        "operation",
        "time_of_use_settings",
        "operation",
    ]


@pytest.mark.parametrize("lost", [FaultKind.LOST_COMMAND, FaultKind.NOT_APPLIED])
async def test_killed_after_the_command(
    steady: House, hass_storage: dict[str, Any], lost: FaultKind
) -> None:
    """Start from what was on disk at the moment of the command."""
    await steady.hass.config_entries.async_reload(steady.entry.entry_id)
    await steady.settle()
    stored: list[Any] = []
    steady.home.tesla.listeners.append(
        lambda command: stored.append(copy.deepcopy(hass_storage[KEY]))
    )
    await steady.act("switch", "turn_off", "auto_sync_tou_schedule")
    assert steady.journal == {}
    # As if the restoring command had never come to anything.
    await steady.unload()
    hass_storage[KEY] = stored[0]
    steady.home.powerwall.set_tariff(
        steady.home.powerwall.settings.tariff, steady.home.advance()
    )
    await steady.tick(300)
    steady.break_(Service.TESLA, lost, count=1)
    await steady.set_up()
    await steady.live(7)
    assert steady.tariff_name == "Example TOU"
    assert steady.journal == {}


async def test_restart_finds_what_is_owed(
    steady: House, hass_storage: dict[str, Any]
) -> None:
    await steady.unload()
    assert steady.tariff_name == "PowerSync", "a restart is no removal"
    hass_storage[KEY]["data"]["switches"] = []
    await steady.tick(300)
    await steady.set_up()
    assert steady.tariff_name == "Example TOU"
    assert steady.decisions[-1] == ("tariff", "restored", "sync_off")


async def test_an_unconfirmed_command_is_undone_too(
    steady: House, hass_storage: dict[str, Any]
) -> None:
    """It may be applied late, although the read-back still shows the owner's."""
    await steady.unload()
    data = hass_storage[KEY]["data"]
    data["switches"] = []
    data["journal"]["entries"]["tariff"]["confirmed"] = False
    steady.home.powerwall.set_tariff(Tariff(OWNERS_TARIFF), steady.home.advance())
    await steady.tick(300)
    before = len(steady.sent)
    await steady.set_up()
    assert len(steady.sent) == before + 1
    assert steady.tariff_name == "Example TOU"
    assert steady.journal == {}


async def test_what_is_worth_knowing_is_written_now_and_then(steady: House) -> None:
    await steady.live(20)
    written = datetime.fromisoformat(steady.stored["last_good_at"])
    assert (NOW - written).total_seconds() <= -14 * 60


async def test_last_sync_survives(steady: House) -> None:
    await steady.hass.config_entries.async_reload(steady.entry.entry_id)
    await steady.settle()
    assert steady.state("last_sync").state == NOW.isoformat()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.clear(),
        lambda data: data["journal"]["entries"]["tariff"].pop("sent"),
        lambda data: data["journal"]["entries"]["tariff"].update(sent=None),
        lambda data: data["journal"]["entries"]["tariff"].update(owner="text"),
        lambda data: data["journal"]["entries"]["tariff"].update(feature="nonsense"),
        lambda data: data["journal"]["entries"].update(lever={}),
        lambda data: data.update(journal=[]),
        lambda data: data.update(last_good_at="yesterday"),
        lambda data: data.update(last_good_at=7),
    ],
)
async def test_unreadable_state(
    steady: House,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    damage: Any,
) -> None:
    """The home runs on, and says that something was lost."""
    await steady.unload()
    damage(hass_storage[KEY]["data"])
    await steady.set_up()
    assert steady.entry.state is ConfigEntryState.LOADED
    assert "state_lost" in steady.issues
    assert steady.tariff_name == "PowerSync"
    assert steady.journal == {}
    assert "damaged" in caplog.text


async def test_newer_state_is_left_alone(
    steady: House, hass_storage: dict[str, Any]
) -> None:
    await steady.unload()
    hass_storage[KEY]["version"] = 3
    before = copy.deepcopy(hass_storage[KEY])
    await steady.set_up()
    assert steady.entry.state is ConfigEntryState.SETUP_ERROR
    assert hass_storage[KEY] == before


async def test_decisions_survive_a_restart(steady: House) -> None:
    """Covers B-14: what happened at night can be looked up in the morning."""
    before = steady.decisions
    assert before
    await steady.hass.config_entries.async_reload(steady.entry.entry_id)
    await steady.settle()
    assert steady.decisions[: len(before)] == before
    log = steady.entry.runtime_data.powerwall.controller.log
    assert log.records[0].prices.import_prices == (pytest.approx(0.183),)


async def test_nothing_is_sent_that_could_not_be_written_down(
    steady: House, market: Steady, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Covers B-12: with a full disk nobody would know what to put back."""

    async def full(*_: Any) -> None:
        raise WriteError("no space left on device")

    controller = steady.entry.runtime_data.powerwall.controller
    with monkeypatch.context() as patch:
        patch.setattr(Store, "_async_write_data", full)
        with pytest.raises(HomeAssistantError) as caught:
            await controller.start_force(Direction.DISCHARGE, 15)
        assert caught.value.translation_key == "state_not_written"
        before = list(steady.sent)
        await steady.live(3)
        assert steady.sent == before
    await steady.live(3)
    assert steady.tariff_name.startswith("PowerSync")
