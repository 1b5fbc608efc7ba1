"""Set-up, unload, reload, and what is left behind: nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import (
    ConfigEntryDisabler,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.util.async_ import get_scheduled_timer_handles
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

import custom_components.power_sync as integration
from custom_components.power_sync.assembly import addresses
from custom_components.power_sync.const import DOMAIN
from custom_components.power_sync.sim.config import AmberSite
from custom_components.power_sync.sim.faults import FaultKind, Service
from custom_components.power_sync.sim.server import SimulatorServer
from custom_components.power_sync.simulated import start_simulated_home

from .house import POWERWALL, PRICE_SOURCE, House
from .kinds import plan_home, stored_plan

type MakeHouse = Callable[..., Awaitable[House]]


def ours(hass: HomeAssistant) -> list[str]:
    """Return everything of ours that waits for time or runs in the background."""
    marks = ("power_sync", "Teslemetry", "Home control")
    timers = [
        repr(handle)
        for handle in get_scheduled_timer_handles(hass.loop)
        if not handle.cancelled()
    ]
    tasks = [repr(task) for task in asyncio.all_tasks(hass.loop)]
    return [text for text in (*timers, *tasks) if any(mark in text for mark in marks)]


async def test_everything_is_there_after_set_up(house: House) -> None:
    registry = er.async_get(house.hass)
    entities = er.async_entries_for_config_entry(registry, house.entry.entry_id)
    assert {entity.config_subentry_id for entity in entities} == {
        PRICE_SOURCE,
        POWERWALL,
    }
    assert house.decisions == [("tariff", "sent", "prices_changed")]
    assert house.result == ("sent", "prices_changed")
    assert house.tariff_name == "PowerSync"


async def test_devices(house: House) -> None:
    devices = dr.async_entries_for_config_entry(
        dr.async_get(house.hass), house.entry.entry_id
    )
    found = {device.name: device for device in devices}
    assert set(found) == {"Amber Electric", "Powerwall"}
    assert found["Amber Electric"].entry_type is dr.DeviceEntryType.SERVICE
    assert found["Powerwall"].manufacturer == "Tesla"
    assert found["Powerwall"].sw_version == "26.18.3 00000000"


async def test_unload_leaves_nothing_behind(house: House) -> None:
    before = house.home.tesla.requests
    await house.unload()
    assert house.entry.state is ConfigEntryState.NOT_LOADED
    assert ours(house.hass) == []
    assert not house.issues
    await house.tick(400)
    assert house.home.tesla.requests == before, "somebody still asks"


class Simulated:
    """A simulated home that Home Assistant runs itself, and its server."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.hass = hass
        self.servers: list[SimulatorServer] = []
        self.entry = MockConfigEntry(
            domain=DOMAIN,
            title="Home",
            data={"simulated": True, "seed": 1},
        )
        self.entry.add_to_hass(hass)
        self._start = start_simulated_home

    async def start(self, seed: int) -> SimulatorServer:
        self.servers.append(await self._start(seed))
        return self.servers[-1]

    async def set_up(self) -> bool:
        with patch.object(addresses, "start_simulated_home", self.start):
            return await self.hass.config_entries.async_setup(self.entry.entry_id)


@pytest.fixture
def simulated(hass: HomeAssistant, serve: Any) -> Simulated:
    return Simulated(hass)


async def test_simulated_home_closes_its_port(simulated: Simulated) -> None:
    assert await simulated.set_up()
    runner = simulated.servers[0]._runner
    assert runner is not None
    host, port = runner.addresses[0]
    _, writer = await asyncio.open_connection(host, port)
    writer.close()
    await writer.wait_closed()
    await simulated.hass.config_entries.async_unload(simulated.entry.entry_id)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(host, port)


async def test_failed_set_up_of_a_simulated_home_closes_its_port(
    simulated: Simulated,
) -> None:
    with patch.object(integration, "watch_powerwall", side_effect=RuntimeError):
        assert not await simulated.set_up()
    assert simulated.servers[0]._runner is None


async def test_whole_simulated_home(hass: HomeAssistant, serve: Any) -> None:
    """Set up by the flow, run for a while, removed."""
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": "user"})
    flow = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"next_step_id": "simulated"}
    )
    flow = await hass.config_entries.flow.async_configure(flow["flow_id"], {"seed": 4})
    entry = flow["result"]
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    controller = entry.runtime_data.powerwall.controller
    decided = asyncio.Event()
    controller.log.async_add_news_listener(lambda _: decided.set())
    if not controller.log.records:
        await decided.wait()
    assert controller.log.records[0].action == "sent"
    assert await hass.config_entries.async_remove(entry.entry_id)
    # What is gone owes nothing to anybody.
    assert ours(hass) == []
    assert not ir.async_get(hass).issues


async def test_no_time_zone_data(hass: HomeAssistant) -> None:
    with (
        patch(
            "custom_components.power_sync.simulated.dt_util.async_get_time_zone",
            return_value=None,
        ),
        pytest.raises(TypeError, match="no time zone data"),
    ):
        await start_simulated_home(1)


async def test_platforms_that_do_not_unload(house: House) -> None:
    entries = house.hass.config_entries
    with patch.object(entries, "async_unload_platforms", return_value=False):
        assert not await entries.async_unload(house.entry.entry_id)
    assert house.entry.state is ConfigEntryState.FAILED_UNLOAD
    # Whoever could not be stopped goes on, until Home Assistant is restarted.
    runtime = house.entry.runtime_data
    runtime.prices.stop()
    runtime.powerwall.controller.stop()
    await entries.async_unload_platforms(house.entry, integration.PLATFORMS)
    await house.entry._async_process_on_unload(house.hass)


async def test_history_that_comes_later(make_house: MakeHouse) -> None:
    """At this hour the forecast alone is not enough for a whole day."""
    house = await make_house()
    board = house.home.amber._boards[house.home.config.amber_sites[0].site_id]
    with patch.object(type(board), "days", return_value="[{}]"):
        await house.set_up()
    assert house.result == ("blocked", "nothing_known")
    await house.live(5)
    assert house.tariff_name == "PowerSync"


async def test_reload(house: House) -> None:
    entities = len(house.hass.states.async_all())
    assert await house.hass.config_entries.async_reload(house.entry.entry_id)
    await house.settle()
    assert house.entry.state is ConfigEntryState.LOADED
    assert len(house.hass.states.async_all()) == entities
    assert house.sent == ["time_of_use_settings"], "nothing had changed"


async def test_nothing_answers(make_house: MakeHouse) -> None:
    house = await make_house()
    house.break_(Service.AMBER, FaultKind.STATUS_503)
    house.break_(Service.TESLA, FaultKind.STATUS_503)
    await house.set_up()
    assert house.entry.state is ConfigEntryState.SETUP_RETRY
    assert house.entry.error_reason_translation_key == "nothing_answers"
    assert [text for text in ours(house.hass) if "retry" not in text.lower()] == []

    house.repair()
    await house.tick(30)
    assert house.entry.state is ConfigEntryState.LOADED
    assert house.tariff_name == "PowerSync"


async def test_tesla_away_at_set_up(make_house: MakeHouse) -> None:
    house = await make_house()
    house.break_(Service.TESLA, FaultKind.STATUS_502)
    await house.set_up()
    assert house.entry.state is ConfigEntryState.LOADED
    assert house.state("current_electricity_price").state not in {
        "unavailable",
        "unknown",
    }
    assert house.state("battery_level").state == "unavailable"
    assert house.result == ("failed", "prices_changed")

    house.repair()
    await house.live(2)
    assert house.state("battery_level").state != "unavailable"
    assert house.tariff_name == "PowerSync"


async def test_half_hours_are_the_powerwalls_own_also_if_it_answers_late(
    make_house: MakeHouse,
) -> None:
    """Covers P-10: planned in Home Assistant's zone first, sent in the site's."""
    house = await make_house()
    await house.hass.config.async_set_time_zone("America/Los_Angeles")
    house.break_(Service.TESLA, FaultKind.STATUS_502)
    await house.set_up()
    assert house.sent == []

    house.repair()
    await house.live(2)
    assert house.tariff_name == "PowerSync"
    record = house.entry.runtime_data.powerwall.controller.log.records[-1]
    assert record.prices.running == 26, "13:00 in Sydney"
    running = house.state("tariff_schedule")
    assert float(running.state) == pytest.approx(record.prices.buy[26])


async def test_amber_away_at_set_up(make_house: MakeHouse) -> None:
    house = await make_house(
        amber_sites=(AmberSite(feed_in=False),), channels=("import",)
    )
    house.break_(Service.AMBER, FaultKind.STATUS_500)
    await house.set_up()
    assert house.entry.state is ConfigEntryState.LOADED
    assert house.state("current_electricity_price").state == "unavailable"
    with pytest.raises(AssertionError, match="no entity"):
        house.state("controlled_load_price")
    assert house.result == ("blocked", "no_prices")
    assert house.sent == []

    house.repair()
    await house.live(2)
    assert house.state("current_electricity_price").state != "unavailable"
    assert house.tariff_name == "PowerSync"


@pytest.mark.parametrize("part", [PRICE_SOURCE, POWERWALL])
async def test_half_a_home(make_house: MakeHouse, part: str) -> None:
    house = await make_house(parts=(part,))
    await house.set_up()
    await house.live(6)
    assert house.entry.state is ConfigEntryState.LOADED
    assert house.sent == []
    assert not house.issues
    await house.unload()
    assert ours(house.hass) == []


async def test_empty_home(make_house: MakeHouse) -> None:
    house = await make_house(parts=())
    await house.set_up()
    assert house.entry.state is ConfigEntryState.LOADED


class Loads:
    """Count how often the entry is set up."""

    def __init__(self) -> None:
        self.count = 0
        self._set_up = integration.async_setup_entry

    async def __call__(self, *args: Any) -> bool:
        self.count += 1
        return await self._set_up(*args)


@pytest.fixture
def loads() -> Any:
    counter = Loads()
    with patch.object(integration, "async_setup_entry", counter):
        yield counter


async def test_changed_options_load_once(house: House, loads: Loads) -> None:
    house.hass.config_entries.async_update_entry(
        house.entry, options={"forecast": "high"}
    )
    await house.settle()
    assert loads.count == 1


async def test_unrelated_updates_load_nothing(house: House, loads: Loads) -> None:
    entries = house.hass.config_entries
    entries.async_update_entry(house.entry, title="Our home", pref_disable_polling=True)
    entries.async_update_entry(house.entry, data={"something": "new"})
    await house.settle()
    assert loads.count == 0


async def test_a_renamed_plan_loads_once(make_house: MakeHouse, loads: Loads) -> None:
    """The tariff on the Powerwall has the plan's name."""
    house = await plan_home(make_house, plans=(stored_plan("Mine"),))
    await house.set_up()
    assert house.tariff_name == "Mine"
    house.hass.config_entries.async_update_subentry(
        house.entry, house.entry.subentries["plan-1"], title="Ours"
    )
    await house.settle()
    assert loads.count == 2
    assert house.state("active_plan").state == "Ours"


async def test_added_and_removed_subentries_load_once_each(
    make_house: MakeHouse, loads: Loads
) -> None:
    house = await make_house()
    amber = house.entry.subentries[PRICE_SOURCE]
    await house.set_up()
    assert loads.count == 1
    entries = house.hass.config_entries
    entries.async_remove_subentry(house.entry, PRICE_SOURCE)
    await house.settle()
    assert loads.count == 2
    assert house.entry.runtime_data.prices is None
    entries.async_add_subentry(house.entry, amber)
    await house.settle()
    assert loads.count == 3
    assert house.entry.runtime_data.prices is not None


async def test_disabled_and_enabled(house: House) -> None:
    entries = house.hass.config_entries
    await entries.async_set_disabled_by(house.entry.entry_id, ConfigEntryDisabler.USER)
    await house.settle()
    assert house.tariff_name == "Example TOU"
    assert not house.issues
    assert ours(house.hass) == []
    await entries.async_set_disabled_by(house.entry.entry_id, None)
    await house.settle()
    assert house.tariff_name == "PowerSync"


async def test_removed(house: House, hass_storage: dict[str, Any]) -> None:
    key = f"{DOMAIN}.{house.entry.entry_id}"
    assert key in hass_storage
    await house.hass.config_entries.async_remove(house.entry.entry_id)
    await house.hass.async_block_till_done()
    assert house.tariff_name == "Example TOU"
    assert key not in hass_storage
    assert not house.issues
    assert ours(house.hass) == []
    await house.tick(120)
    assert key not in hass_storage, "written again after it was deleted"
