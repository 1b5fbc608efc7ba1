"""Whole homes with several ways in to their Powerwall, some of which fail."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack
import logging
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from tesla_fleet_api.tessie import Tessie

from custom_components.power_sync.assembly.addresses import Addresses
from custom_components.power_sync.const import DOMAIN
from custom_components.power_sync.core.model.decisions import (
    Action,
    Feature,
    Lever,
    Reason,
    Record,
)
from custom_components.power_sync.core.model.force import Direction
from custom_components.power_sync.core.model.powerwall import ExportRule, OperationMode
from custom_components.power_sync.core.model.tesla_tariff import TeslaTariff
from custom_components.power_sync.sim.config import (
    TESLEMETRY_TOKEN,
    TESSIE_TOKEN,
    TeslaSite,
)
from custom_components.power_sync.sim.faults import FaultKind, Service
from custom_components.power_sync.sim.owners_tariff import OWNERS_TARIFF
from custom_components.power_sync.sim.powerwall_units import POWERWALL_THREE
from custom_components.power_sync.sim.tesla_account import Command
from custom_components.power_sync.sim.tokens import unsigned_token
from custom_components.power_sync.tesla_ways import WayAddresses

from .house import POWERWALL, House, Steady
from .logins import (
    FleetLogin,
    TokenServer,
    fleet_hosts,
    stand_in_flows,
    teslemetry_login,
)

type MakeHouse = Callable[..., Awaitable[House]]

LOGGER = "custom_components.power_sync.clients.tesla.failover"
TOU = "time_of_use_settings"
FIRST, SECOND = "Teslemetry", "Tessie"
SOON = 200.0
"""Seconds from NOW to a moment of the next interval at which its price is known."""
REFUSED = [FaultKind.STATUS_401, FaultKind.STATUS_403, FaultKind.WRONG_TOKEN]
LIMITED = [FaultKind.STATUS_429, FaultKind.STATUS_429_RETRY]
AWAY = [
    FaultKind.STATUS_402,
    FaultKind.STATUS_503,
    FaultKind.DROP,
    FaultKind.GARBAGE,
    FaultKind.HTML,
    FaultKind.NULL,
]
NAMES = {"tesla_fleet": "Tesla Fleet", "teslemetry": "Teslemetry", "tessie": "Tessie"}
DOMAINS = list(NAMES)
MINE = 2252000000000001
OTHER = 2252000000000002


def use(house: House, *ways: dict[str, str]) -> None:
    """Let a home reach its Powerwall in other ways."""
    if house.hass.config_entries.async_get_entry(house.entry.entry_id) is None:
        house.entry.add_to_hass(house.hass)
    house.hass.config_entries.async_update_subentry(
        house.entry,
        house.entry.subentries[POWERWALL],
        data={"energy_site_id": MINE, "ways": list(ways)},
    )


def teslemetry_token(house: House) -> dict[str, str]:
    return {
        "way": "teslemetry",
        "access_token": TESLEMETRY_TOKEN,
        "base_url": house.server.teslemetry_url,
    }


def tessie_token(house: House) -> dict[str, str]:
    return {
        "way": "tessie",
        "access_token": TESSIE_TOKEN,
        "base_url": house.server.tessie_url,
    }


def use_tokens(house: House) -> House:
    """Let a home that is not set up yet reach its Powerwall by two tokens."""
    use(house, teslemetry_token(house), tessie_token(house))
    return house


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)


@pytest.fixture
async def two(make_house: MakeHouse, market: Steady) -> House:
    """A home with two ways in, both of which work."""
    house = use_tokens(await make_house(prices=market))
    await house.set_up()
    assert way_in(house) == (FIRST, {})
    assert house.tariff_name == "PowerSync"
    return house


def way_in(house: House) -> tuple[str, dict[str, str]]:
    """Return what the sensor shows: the way in use, and what is wrong with others."""
    state = house.state("way_in")
    return state.state, state.attributes["failures"]


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return how loudly each change of the way was told."""
    records = (*caplog.get_records("setup"), *caplog.get_records("call"))
    return [record.levelname for record in records if record.name == LOGGER]


def commands(house: House) -> list[Command]:
    return list(house.home.tesla.commands)


def owed(house: House) -> TeslaTariff:
    """Return the tariff that the journal says is the owner's."""
    entry = house.entry.runtime_data.powerwall.controller.journal.entry(Lever.TARIFF)
    assert entry is not None
    assert entry.confirmed
    assert isinstance(entry.owner, TeslaTariff)
    return entry.owner


def loud(caplog: pytest.LogCaptureFixture) -> int:
    """Return how often the integration has warned of anything."""
    return sum(
        record.levelno >= logging.WARNING and "power_sync" in record.name
        for record in caplog.get_records("call")
    )


async def new_price(house: House, market: Steady, price: float) -> set[Service]:
    """Let prices change; return which ways the tariffs came that followed."""
    before = len(commands(house))
    market.price = price
    await house.live(6, stride=60)
    sent = commands(house)[before:]
    assert {command.name for command in sent} == {TOU}
    return {command.via for command in sent}


def answers(house: House) -> bool:
    """Return whether all that is read of the Powerwall is there."""
    return all(
        house.state(key).state not in {"unavailable", "unknown"}
        for key in ("solar_power", "backup_reserve", "daily_solar_energy")
    )


async def check_sync_goes_on(
    house: House, market: Steady, via: Service = Service.TESSIE
) -> None:
    """Prices reach the Powerwall through the second way, and the debt is the same."""
    assert answers(house)
    assert await new_price(house, market, 180.0) == {via}
    assert house.result == ("sent", "prices_changed")
    assert house.confirmed
    assert owed(house).buy.name == OWNERS_TARIFF["name"]


async def force(house: House, direction: Direction, **more: Any) -> dict[Lever, Record]:
    controller = house.entry.runtime_data.powerwall.controller
    task = house.hass.async_create_task(
        controller.start_force(direction, 30, **more), "a force"
    )
    await house.settle()
    return dict(await task)


# A way fails, another takes over, and the first is returned to


# covers B-01
@pytest.mark.parametrize("kind", [*REFUSED, *LIMITED])
async def test_take_over_at_once(
    two: House, market: Steady, caplog: pytest.LogCaptureFixture, kind: FaultKind
) -> None:
    two.break_(Service.TESLA, kind, seconds=600)
    await two.tick(30)
    way, failures = way_in(two)
    assert (way, set(failures)) == (SECOND, {FIRST})
    assert answers(two), "nothing was missing meanwhile"
    assert two.reauth_steps == (["reauth_tesla"] if kind in REFUSED else [])
    await check_sync_goes_on(two, market)

    await two.live(12, stride=60)
    assert way_in(two)[0] == SECOND
    assert lines(caplog) == ["WARNING"], "a probe that fails is no news"
    two.repair()
    await two.live(16, stride=60)
    assert way_in(two) == (FIRST, {})
    assert lines(caplog) == ["WARNING", "INFO"]
    assert loud(caplog) == 1, "of that"
    assert await new_price(two, market, 140.0) == {Service.TESLA}
    assert answers(two)


# covers B-01
@pytest.mark.parametrize("kind", AWAY)
async def test_take_over_after_three_failures(
    two: House, market: Steady, caplog: pytest.LogCaptureFixture, kind: FaultKind
) -> None:
    two.break_(Service.TESLA, kind, count=2)
    await two.tick(30)
    await two.tick(30)
    assert way_in(two)[0] == FIRST, "two are not three"
    assert lines(caplog) == []

    two.break_(Service.TESLA, kind)
    await two.live(2)
    way, failures = way_in(two)
    assert (way, set(failures)) == (SECOND, {FIRST})
    await two.live(4)
    assert two.reauth_steps == []
    await check_sync_goes_on(two, market)
    assert lines(caplog) == ["WARNING"]

    two.repair()
    await two.live(6)
    assert way_in(two) == (FIRST, {})
    assert lines(caplog) == ["WARNING", "INFO"]
    assert await new_price(two, market, 140.0) == {Service.TESLA}


async def test_take_over_from_a_way_that_never_answers(two: House) -> None:
    two.break_(Service.TESLA, FaultKind.TIMEOUT)
    for _ in range(12):
        # What is asked at one moment is given up at the next.
        await two.tick(30, settle=False)
        for _ in range(200):
            await asyncio.sleep(0)
    assert way_in(two)[0] == SECOND
    assert answers(two)
    two.repair()
    await two.live(12)
    assert way_in(two) == (FIRST, {})


async def test_wait_that_is_asked_for_is_kept(two: House) -> None:
    two.break_(Service.TESLA, FaultKind.STATUS_429_RETRY, seconds=1800, count=1)
    await two.tick(30)
    requests = two.home.tesla.teslemetry.requests
    await two.live(29, stride=60)
    assert way_in(two)[0] == SECOND
    assert two.home.tesla.teslemetry.requests == requests
    await two.live(3, stride=60)
    assert way_in(two) == (FIRST, {})


# covers B-01
async def test_new_token_for_the_way_that_is_refused(
    two: House, market: Steady, caplog: pytest.LogCaptureFixture
) -> None:
    two.home.tesla.teslemetry.token = "new"
    await two.tick(30)
    await check_sync_goes_on(two, market)
    assert two.reauth_steps == ["reauth_tesla"]
    tariffs = len(two.times)

    flows = two.hass.config_entries.flow
    (flow,) = flows.async_progress_by_handler(DOMAIN)
    result = await flows.async_configure(flow["flow_id"], {"access_token": "new"})
    await two.settle()
    assert result["reason"] == "reauth_successful"
    assert way_in(two) == (FIRST, {})
    assert len(two.times) == tariffs, "what is there is not sent again"
    assert owed(two).buy.name == OWNERS_TARIFF["name"]
    assert await new_price(two, market, 140.0) == {Service.TESLA}
    await two.live(20, stride=60)
    assert two.reauth_steps == []
    assert lines(caplog) == ["WARNING"]


async def test_token_that_is_refused_while_its_way_is_away(two: House) -> None:
    """Nothing but a look whether it works again can tell."""
    two.break_(Service.TESLA, FaultKind.STATUS_503)
    await two.live(3)
    assert way_in(two)[0] == SECOND
    two.repair()
    two.home.tesla.teslemetry.token = "new"
    await two.live(6, stride=60)
    assert way_in(two)[0] == SECOND
    (flow,) = two.hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    result = await two.hass.config_entries.flow.async_configure(flow["flow_id"])
    assert result["description_placeholders"] is not None
    assert result["description_placeholders"]["service"] == FIRST


async def test_both_ways_fail(two: House, market: Steady) -> None:
    two.break_(Service.TESLA, FaultKind.STATUS_401)
    two.break_(Service.TESSIE, FaultKind.STATUS_503)
    await two.live(6)
    assert two.state("solar_power").state == "unavailable"
    market.price = 180.0
    tariffs = len(two.times)
    await two.live(6, stride=60)
    assert len(two.times) == tariffs
    assert two.reauth_steps == ["reauth_tesla"]
    assert two.issues == set(), "the Powerwall is not to blame"

    two.repair()
    await two.live(18, stride=60)
    assert way_in(two) == (FIRST, {})
    assert two.result[0] in {"sent", "unchanged"}
    assert len(two.times) > tariffs
    assert owed(two).buy.name == OWNERS_TARIFF["name"]


# covers B-12
async def test_restart_during_a_take_over(two: House, market: Steady) -> None:
    two.break_(Service.TESLA, FaultKind.STATUS_401)
    await two.tick(30)
    await two.unload()
    await two.tick(60)
    await two.set_up()
    assert way_in(two)[0] == SECOND
    await check_sync_goes_on(two, market)


# What is asked at the beginning


# covers B-01
@pytest.mark.parametrize(
    "kind",
    [FaultKind.STATUS_401, FaultKind.STATUS_429, FaultKind.STATUS_503, FaultKind.DROP],
)
async def test_first_way_is_away_at_set_up(
    make_house: MakeHouse, market: Steady, kind: FaultKind
) -> None:
    house = use_tokens(await make_house(prices=market))
    house.break_(Service.TESLA, kind)
    await house.set_up()
    assert way_in(house)[0] == SECOND
    assert answers(house), "there is another way to ask"
    assert house.tariff_name == "PowerSync"
    home = house.entry.runtime_data
    await house.live(5, stride=60)
    assert house.entry.runtime_data is home, "it does not start again and again"


# Commands


# covers B-13
async def test_command_without_an_answer_is_read_back_by_another_way(
    two: House, market: Steady
) -> None:
    two.break_(Service.TESLA, FaultKind.APPLIED_BUT_NO_ANSWER, match=TOU, count=1)
    two.home.tesla.listeners.append(
        lambda _: two.break_(Service.TESLA, FaultKind.STATUS_503)
    )
    tariffs = len(two.times)
    assert await new_price(two, market, 180.0) == {Service.TESLA}
    assert len(two.times) == tariffs + 1, "once, by one way"
    assert way_in(two)[0] == SECOND
    assert two.result == ("sent", "prices_changed")
    assert two.confirmed


async def test_lost_command_is_not_sent_by_another_way_at_once(
    two: House, market: Steady
) -> None:
    tariffs = len(two.times)
    two.break_(Service.TESLA, FaultKind.LOST_COMMAND, match=TOU)
    market.price = 180.0
    await two.tick(SOON)
    assert two.decisions[-1] == ("tariff", "not_applied", "prices_changed")
    two.break_(Service.TESLA, FaultKind.STATUS_401, match="live_status")
    await two.live(3)
    assert way_in(two)[0] == SECOND
    assert len(two.times) == tariffs, "it may still arrive"
    await two.live(4)
    assert two.result == ("unchanged", "prices_changed")
    assert [command.via for command in commands(two)[tariffs:]] == [Service.TESSIE]


@pytest.mark.parametrize("kind", [FaultKind.STATUS_403, FaultKind.STATUS_429])
async def test_way_that_only_refuses_commands(
    two: House, market: Steady, caplog: pytest.LogCaptureFixture, kind: FaultKind
) -> None:
    """A token may lack the right; the very command goes the other way."""
    two.break_(Service.TESLA, kind, match=TOU)
    market.price = 180.0
    before = len(commands(two))
    await two.tick(SOON)
    assert [command.via for command in commands(two)[before:]] == [Service.TESSIE]
    assert two.result == ("sent", "prices_changed")
    assert ("tariff", "failed", "prices_changed") not in two.decisions
    assert lines(caplog) == ["WARNING"]
    assert bool(two.reauth_steps) is (kind is FaultKind.STATUS_403)


# covers B-09
async def test_force_during_a_take_over(two: House) -> None:
    """Some of its commands go the first way, the rest and its end the second."""
    site = two.home.powerwall
    site.settings.export_rule = ExportRule.PV_ONLY
    site.set_mode(OperationMode.SELF_CONSUMPTION, two.home.advance())
    await two.tick(60)
    before = len(commands(two))
    two.break_(Service.TESLA, FaultKind.STATUS_401, match="operation")

    records = await force(two, Direction.DISCHARGE)

    assert {record.action for record in records.values()} == {Action.SENT}
    sent = commands(two)[before:]
    assert [command.name for command in sent] == [
        "grid_import_export",
        "grid_import_export",
        TOU,
        "operation",
    ]
    assert {command.via for command in sent[:3]} == {Service.TESLA}
    assert sent[3].via is Service.TESSIE
    two.break_(Service.TESLA, FaultKind.STATUS_503)
    await two.live(32)
    assert site.settings.export_rule is ExportRule.PV_ONLY
    assert site.settings.mode is OperationMode.SELF_CONSUMPTION
    assert site.settings.grid_charging
    assert two.tariff_name == "PowerSync"
    assert set(two.journal) == {"tariff"}


# Giving back


async def remove(house: House) -> None:
    await house.hass.config_entries.async_remove(house.entry.entry_id)
    await house.hass.async_block_till_done()


async def remove_powerwall(house: House) -> None:
    house.hass.config_entries.async_remove_subentry(house.entry, POWERWALL)
    await house.settle()


async def turn_off(house: House) -> None:
    await house.act("switch", "turn_off", "auto_sync_tou_schedule")


# covers B-12
@pytest.mark.parametrize("end", [remove, remove_powerwall, turn_off])
@pytest.mark.parametrize(
    "kind", [FaultKind.STATUS_401, FaultKind.STATUS_429, FaultKind.STATUS_503]
)
async def test_given_back_by_the_second_way(
    two: House, kind: FaultKind, end: Callable[[House], Awaitable[None]]
) -> None:
    two.break_(Service.TESLA, kind)
    await two.live(3)
    assert way_in(two)[0] == SECOND
    await end(two)
    assert two.tariff_name == OWNERS_TARIFF["name"]
    assert commands(two)[-1].via is Service.TESSIE
    assert two.issues == set()


# covers B-12
async def test_debt_is_paid_by_the_second_way(two: House) -> None:
    """All ways are away when the home is removed, and one of them comes back."""
    two.break_(Service.TESLA, FaultKind.STATUS_503)
    two.break_(Service.TESSIE, FaultKind.STATUS_503)
    await remove(two)
    assert two.issues == {"not_restored"}
    two.repair()
    two.break_(Service.TESLA, FaultKind.STATUS_503)
    await two.live(60, stride=300)
    assert two.tariff_name == OWNERS_TARIFF["name"]
    assert two.issues == set()


# Sites


# covers B-01
async def test_two_sites_in_one_account(make_house: MakeHouse, market: Steady) -> None:
    """The other one is neither read nor told anything, by any way."""
    other = TeslaSite(
        site_id=OTHER,
        name="Beach house",
        mode=OperationMode.SELF_CONSUMPTION,
        reserve_percent=55,
        export_rule=ExportRule.PV_ONLY,
    )
    house = use_tokens(
        await make_house(prices=market, tesla_sites=(TeslaSite(), other))
    )
    for service in (Service.TESLA, Service.TESSIE):
        house.break_(service, FaultKind.SLOW, match=str(OTHER), count=9, seconds=0)
    await house.set_up()
    assert house.state("backup_reserve").state == "20.0"
    await force(house, Direction.CHARGE, reserve=60.0)
    await house.live(3)
    house.break_(Service.TESLA, FaultKind.STATUS_401)
    await house.live(35, stride=60)
    assert set(house.journal) == {"tariff"}
    await remove(house)

    assert {command.site_id for command in commands(house)} == {MINE}
    assert {command.via for command in commands(house)} == {
        Service.TESLA,
        Service.TESSIE,
    }
    settings = house.home.tesla.sites[OTHER].settings
    assert settings.mode is other.mode
    assert (settings.reserve_percent, settings.export_rule) == (55, other.export_rule)
    assert settings.tariff is not None
    assert settings.tariff.document["name"] == OWNERS_TARIFF["name"]
    asked = [
        fault["count"]
        for fault in house.home.faults.as_json()
        if fault["match"] == str(OTHER)
    ]
    assert asked == [9, 9], "it was never asked for"


# covers B-09
async def test_site_in_a_virtual_power_plant(
    make_house: MakeHouse, market: Steady
) -> None:
    """The programme has the export rule; everything else can be forced."""
    site = TeslaSite(export_rule=None, mode=OperationMode.SELF_CONSUMPTION)
    house = use_tokens(await make_house(prices=market, tesla_sites=(site,)))
    await house.set_up()
    house.home.tesla.commands.clear()

    records = await force(house, Direction.DISCHARGE)

    assert {lever: record.action for lever, record in records.items()} == {
        Lever.EXPORT_RULE: Action.BLOCKED,
        Lever.GRID_CHARGING: Action.SENT,
        Lever.TARIFF: Action.SENT,
        Lever.OPERATION_MODE: Action.SENT,
    }
    assert records[Lever.EXPORT_RULE].reason is Reason.NOT_OFFERED
    await house.live(10)
    assert house.home.powerwall.flow.battery_w > 3000, "it discharges"
    await house.live(22)
    assert [
        (command.name, *command.body)
        for command in commands(house)
        if command.name != TOU
    ] == [
        ("grid_import_export", "disallow_charge_from_grid_with_solar_installed"),
        ("operation", "default_real_mode"),
        ("grid_import_export", "disallow_charge_from_grid_with_solar_installed"),
        ("operation", "default_real_mode"),
    ]
    assert house.decisions.count(("export_rule", "blocked", "not_offered")) == 1
    assert set(house.journal) == {"tariff"}
    assert house.home.powerwall.settings.mode is OperationMode.SELF_CONSUMPTION
    assert house.issues == set()


# covers B-09
async def test_powerwall_3_that_does_not_tell_its_energy(
    make_house: MakeHouse, market: Steady
) -> None:
    site = TeslaSite(unit=POWERWALL_THREE, tells_stored=False)
    house = use_tokens(await make_house(prices=market, tesla_sites=(site,)))
    await house.set_up()
    live = house.entry.runtime_data.powerwall.live.known
    assert live.energy_left is None
    assert house.entry.runtime_data.powerwall.site.known.nameplate_energy is None
    assert answers(house)
    assert house.state("battery_level").state != "unavailable"
    records = await force(house, Direction.DISCHARGE)
    assert Action.FAILED not in {record.action for record in records.values()}
    await house.live(3)
    assert house.tariff_name == "PowerSync force discharge"
    await house.live(30, stride=60)
    assert house.tariff_name == "PowerSync"
    assert set(house.journal) == {"tariff"}


# What a site leaves out


@pytest.fixture
async def terse(make_house: MakeHouse, market: Steady) -> House:
    """A home whose Powerwall does not tell what is zero or off, as it all is."""
    site = TeslaSite(omits_zeros=True, reserve_percent=0, storm_watch=False)
    house = use_tokens(await make_house(prices=market, tesla_sites=(site,)))
    await house.set_up()
    assert house.tariff_name == "PowerSync"
    return house


def overruled(house: House) -> list[Record]:
    """Return what was taken for somebody else's choice."""
    records = house.entry.runtime_data.powerwall.controller.log.records
    return [record for record in records if record.action is Action.OWNER_CHANGED]


# covers B-12
async def test_what_is_left_out_is_no_change(terse: House) -> None:
    """A charge allows what is allowed, a discharge forbids it, and both end."""
    for direction in Direction:
        await force(terse, direction)
        controller = terse.entry.runtime_data.powerwall.controller
        await terse.live(20, stride=60)
        assert controller.in_charge is Feature.FORCE
        await terse.live(12, stride=60)
        assert controller.force is None
        assert terse.home.powerwall.settings.grid_charging
        assert set(terse.journal) == {"tariff"}
    assert overruled(terse) == []
    assert terse.issues == set()
    # Reserve and storm watch are left out too, and were never moved.
    assert set(terse.sent) == {TOU, "grid_import_export", "operation"}


async def test_reserve_of_zero(terse: House) -> None:
    """It is raised for a charge, and put back to what is then left out again."""
    records = await force(terse, Direction.CHARGE, reserve=50.0)
    assert records[Lever.BACKUP_RESERVE].action is Action.SENT
    await terse.live(20, stride=60)
    assert terse.home.powerwall.settings.reserve_percent == 50
    await terse.live(12, stride=60)
    assert terse.home.powerwall.settings.reserve_percent == 0
    assert terse.sent.count("backup") == 2
    assert set(terse.journal) == {"tariff"}
    assert overruled(terse) == []


@pytest.mark.parametrize(
    ("lever", "first", "off", "command"),
    [
        (Lever.BACKUP_RESERVE, 30.0, 0.0, "backup"),
        (Lever.STORM_WATCH, True, False, "storm_mode"),
        (Lever.GRID_CHARGING, False, True, "grid_import_export"),
    ],
)
async def test_owner_sets_what_is_then_left_out(
    terse: House, lever: Lever, first: Any, off: Any, command: str
) -> None:
    """It is sent once, seen to have arrived, and nothing is owed."""
    site = terse.home.powerwall
    site.set_reserve(30, terse.home.advance())
    site.settings.storm_watch = True
    site.settings.grid_charging = False
    await terse.tick(60)
    controller = terse.entry.runtime_data.powerwall.controller
    for value in (off, first):
        task = terse.hass.async_create_task(controller.set_lever(lever, value))
        await terse.settle()
        assert (await task).action is Action.SENT
        await terse.live(10, stride=60)
    assert terse.sent.count(command) == 2
    assert set(terse.journal) == {"tariff"}
    assert overruled(terse) == []
    assert terse.issues == set()


# Logins of other integrations


class Login:
    """An entry of another integration that a home borrows as its first way."""

    def __init__(
        self, entry: MockConfigEntry, via: Service, fleet: FleetLogin | None = None
    ) -> None:
        self.entry = entry
        self.via = via
        self.name = f"{NAMES[entry.domain]} (Home Assistant)"
        self._fleet = fleet

    @property
    def way(self) -> dict[str, str]:
        return {"way": self.entry.domain, "entry_id": self.entry.entry_id}

    @property
    def fleet(self) -> FleetLogin:
        assert self._fleet is not None
        return self._fleet

    @property
    def second(self) -> tuple[str, Service]:
        """Return the name of the other way of the home, and the service."""
        if self.via is Service.TESSIE:
            return "Teslemetry", Service.TESLA
        return "Tessie", Service.TESSIE


@pytest.fixture
async def tokens() -> AsyncIterator[TokenServer]:
    server = TokenServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def borrower(make_house: MakeHouse, market: Steady) -> AsyncIterator[House]:
    """A home that is not set up yet; services have their addresses of the test."""
    house = await make_house(prices=market)
    there = Addresses(tessie=house.server.tessie_url)
    ways = WayAddresses(tessie=house.server.tessie_url)
    package = "custom_components.power_sync"
    with (
        patch(f"{package}.find_addresses", return_value=there),
        patch(f"{package}.assembly.removal.WayAddresses", return_value=ways),
        patch.object(Tessie, "server", house.server.tessie_url),
        patch("homeassistant.components.tessie.PLATFORMS", []),
    ):
        yield house


@pytest.fixture
async def login(
    hass: HomeAssistant,
    borrower: House,
    tokens: TokenServer,
    request: pytest.FixtureRequest,
) -> AsyncIterator[Login]:
    """A login, loaded: Fleet and Tessie are Home Assistant's own integrations."""
    with ExitStack() as stack:
        match request.param:
            case "tesla_fleet":
                stack.enter_context(fleet_hosts(borrower.server, tokens))
                fleet = FleetLogin(hass, tokens)
                await fleet.set_up()
                login = Login(fleet.entry, Service.FLEET, fleet)
            case "tessie":
                entry = MockConfigEntry(
                    domain="tessie", data={"access_token": TESSIE_TOKEN}
                )
                entry.add_to_hass(hass)
                await hass.config_entries.async_setup(entry.entry_id)
                login = Login(entry, Service.TESSIE)
            case _:
                stack.enter_context(stand_in_flows())
                entry = await teslemetry_login(hass, borrower.server)
                login = Login(entry, Service.TESLA)
        assert login.entry.state is ConfigEntryState.LOADED
        yield login
        if login.entry.state is ConfigEntryState.LOADED:
            await hass.config_entries.async_unload(login.entry.entry_id)


@pytest.fixture
async def home(borrower: House, login: Login) -> House:
    """A home that borrows the login, with a token of its own beside, set up."""
    use_login(borrower, login)
    await borrower.set_up()
    assert way_in(borrower) == (login.name, {})
    assert borrower.tariff_name == "PowerSync"
    assert commands(borrower)[-1].via is login.via
    return borrower


def use_login(house: House, login: Login) -> None:
    token = teslemetry_token if login.via is Service.TESSIE else tessie_token
    use(house, login.way, token(house))


def asking(house: House) -> set[str]:
    """Return which integrations ask for a new login."""
    return {flow["handler"] for flow in house.hass.config_entries.flow.async_progress()}


# covers B-01
@pytest.mark.parametrize("login", DOMAINS, indirect=True)
async def test_login_reloads(
    home: House, login: Login, market: Steady, caplog: pytest.LogCaptureFixture
) -> None:
    assert await new_price(home, market, 180.0) == {login.via}
    assert await home.hass.config_entries.async_reload(login.entry.entry_id)
    await home.live(3)
    assert way_in(home) == (login.name, {})
    assert await new_price(home, market, 140.0) == {login.via}
    assert lines(caplog) == []
    assert answers(home)
    assert asking(home) == set()


# covers B-01
@pytest.mark.parametrize("login", ["tesla_fleet", "teslemetry"], indirect=True)
async def test_login_is_unloaded_for_a_while(
    home: House, login: Login, market: Steady, caplog: pytest.LogCaptureFixture
) -> None:
    entries = home.hass.config_entries
    await entries.async_unload(login.entry.entry_id)
    await home.live(3)
    second, via = login.second
    assert way_in(home)[0] == second
    await check_sync_goes_on(home, market, via)
    assert home.issues == set(), "it will be back"
    assert await entries.async_setup(login.entry.entry_id)
    await home.live(6)
    assert way_in(home) == (login.name, {})
    assert await new_price(home, market, 140.0) == {login.via}
    assert lines(caplog) == ["WARNING", "INFO"]
    assert asking(home) == set()


# covers B-01
@pytest.mark.parametrize("login", ["tesla_fleet", "teslemetry"], indirect=True)
async def test_login_is_loaded_later(
    borrower: House, login: Login, market: Steady
) -> None:
    """As when Home Assistant starts, or the other integration has to try again."""
    entries = borrower.hass.config_entries
    await entries.async_unload(login.entry.entry_id)
    use_login(borrower, login)
    await borrower.set_up()
    second, via = login.second
    assert way_in(borrower)[0] == second
    assert borrower.tariff_name == "PowerSync"
    await check_sync_goes_on(borrower, market, via)
    assert await entries.async_setup(login.entry.entry_id)
    await borrower.live(6)
    assert way_in(borrower) == (login.name, {})
    assert borrower.issues == set()
    assert await new_price(borrower, market, 140.0) == {login.via}


async def test_tessie_need_not_be_loaded(
    borrower: House, market: Steady, hass: HomeAssistant
) -> None:
    """Its token is all that is borrowed."""
    entry = MockConfigEntry(domain="tessie", data={"access_token": TESSIE_TOKEN})
    entry.add_to_hass(hass)
    use_login(borrower, Login(entry, Service.TESSIE))
    await borrower.set_up()
    assert way_in(borrower) == ("Tessie (Home Assistant)", {})
    assert await new_price(borrower, market, 180.0) == {Service.TESSIE}


# covers B-01
@pytest.mark.parametrize("login", DOMAINS, indirect=True)
async def test_login_is_removed(
    home: House, login: Login, market: Steady, caplog: pytest.LogCaptureFixture
) -> None:
    await home.hass.config_entries.async_remove(login.entry.entry_id)
    await home.settle()
    assert home.issues == {"login_gone"}
    await home.live(3)
    second, via = login.second
    assert way_in(home)[0] == second
    await check_sync_goes_on(home, market, via)
    assert lines(caplog) == ["WARNING"]
    assert asking(home) == set()

    await home.unload()
    assert home.issues == set()
    await home.set_up()
    assert home.issues == {"login_gone"}, "it is not there after a restart either"
    assert way_in(home)[0] == second
    assert answers(home)

    token = teslemetry_token if login.via is Service.TESSIE else tessie_token
    use(home, token(home))
    await home.settle()
    assert home.issues == set(), "nobody misses it any more"
    assert way_in(home) == (second, {})
    await turn_off(home)
    assert home.tariff_name == OWNERS_TARIFF["name"]


# covers B-12
@pytest.mark.parametrize("login", DOMAINS, indirect=True)
async def test_home_is_removed_after_its_login(home: House, login: Login) -> None:
    await home.hass.config_entries.async_remove(login.entry.entry_id)
    await home.live(3)
    await remove(home)
    assert home.tariff_name == OWNERS_TARIFF["name"]
    assert commands(home)[-1].via is login.second[1]
    assert home.issues == set()


@pytest.mark.parametrize("login", DOMAINS, indirect=True)
async def test_home_is_removed_before_its_login(home: House, login: Login) -> None:
    await remove(home)
    assert home.tariff_name == OWNERS_TARIFF["name"]
    assert commands(home)[-1].via is login.via
    assert home.issues == set()
    assert login.entry.state is ConfigEntryState.LOADED


# covers B-01
@pytest.mark.parametrize("login", ["tesla_fleet"], indirect=True)
async def test_fleet_is_refused_and_gets_a_new_login(
    home: House, login: Login, market: Steady, caplog: pytest.LogCaptureFixture
) -> None:
    """Only its own integration asks for one, and nobody renews what is refused."""
    another = unsigned_token({"scp": ["energy_device_data"], "ou_code": "NA"})
    home.home.tesla.fleet.token = another
    await home.tick(30)
    assert way_in(home)[0] == "Tessie"
    await check_sync_goes_on(home, market)
    assert asking(home) == set(), "PowerSync has nothing to ask for"
    login.entry.async_start_reauth(home.hass)
    await home.live(12)
    assert asking(home) == {"tesla_fleet"}
    assert login.fleet.tokens.renewals == 0

    token = {**login.entry.data["token"], "access_token": another}
    home.hass.config_entries.async_update_entry(
        login.entry, data={**login.entry.data, "token": token}
    )
    assert await home.hass.config_entries.async_reload(login.entry.entry_id)
    await home.live(16, stride=60)
    assert way_in(home) == (login.name, {})
    assert lines(caplog) == ["WARNING", "INFO"]
    assert await new_price(home, market, 140.0) == {Service.FLEET}


# covers B-01
@pytest.mark.parametrize("login", ["tesla_fleet"], indirect=True)
async def test_fleet_renews_its_own_token(
    home: House, login: Login, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, whatever number of calls need it at a time, and into its own entry."""
    login.fleet.let_token_expire()
    await home.tick(300)
    await home.live(3)
    assert login.fleet.tokens.renewals == 1
    assert login.entry.data["token"]["refresh_token"] == "refresh-1"
    assert way_in(home) == (login.name, {})
    assert lines(caplog) == []


# covers B-01
@pytest.mark.parametrize("login", ["tesla_fleet"], indirect=True)
async def test_fleet_cannot_renew_its_token(
    home: House, login: Login, market: Steady, caplog: pytest.LogCaptureFixture
) -> None:
    login.fleet.let_token_expire()
    login.fleet.tokens.status = 401
    await home.tick(30)
    assert way_in(home)[0] == "Tessie"
    await check_sync_goes_on(home, market)
    assert asking(home) == {"tesla_fleet"}
    login.fleet.tokens.status = 200
    await home.live(16, stride=60)
    assert way_in(home) == (login.name, {})
    assert lines(caplog) == ["WARNING", "INFO"]


@pytest.mark.parametrize("login", ["tesla_fleet"], indirect=True)
async def test_fleet_is_never_renewed_by_us(home: House, login: Login) -> None:
    await home.hass.config_entries.async_unload(login.entry.entry_id)
    login.fleet.let_token_expire()
    requests = home.home.tesla.fleet.requests
    await home.live(20, stride=60)
    assert way_in(home)[0] == "Tessie"
    assert login.fleet.tokens.renewals == 0
    assert home.home.tesla.fleet.requests == requests


# covers B-01
@pytest.mark.parametrize("login", ["tessie"], indirect=True)
async def test_tessie_gets_a_new_token(
    home: House, login: Login, market: Steady, caplog: pytest.LogCaptureFixture
) -> None:
    """Through its own integration; the new one is used without a word to PowerSync."""
    home.home.tesla.tessie.token = "new"
    await home.tick(30)
    assert way_in(home)[0] == "Teslemetry"
    await check_sync_goes_on(home, market, Service.TESLA)
    assert asking(home) == set()

    flows = home.hass.config_entries.flow
    login.entry.async_start_reauth(home.hass)
    await home.hass.async_block_till_done()
    (flow,) = flows.async_progress_by_handler("tessie")
    result = await flows.async_configure(flow["flow_id"], {"access_token": "new"})
    assert result["reason"] == "reauth_successful"
    await home.live(16, stride=60)
    assert way_in(home) == (login.name, {})
    assert lines(caplog) == ["WARNING", "INFO"]
    assert await new_price(home, market, 140.0) == {Service.TESSIE}


async def test_login_that_reaches_two_sites(
    hass: HomeAssistant, make_house: MakeHouse, tokens: TokenServer, market: Steady
) -> None:
    sites = (TeslaSite(), TeslaSite(site_id=OTHER, name="Beach house"))
    house = await make_house(prices=market, tesla_sites=sites)
    with fleet_hosts(house.server, tokens):
        fleet = FleetLogin(hass, tokens)
        await fleet.set_up()
        assert len(fleet.entry.runtime_data.energysites) == 2
        house.break_(
            Service.FLEET, FaultKind.SLOW, match=str(OTHER), count=9, seconds=0
        )
        use_login(house, Login(fleet.entry, Service.FLEET))
        await house.set_up()
        await force(house, Direction.CHARGE)
        await house.live(35, stride=60)
        await remove(house)
        assert {command.site_id for command in commands(house)} == {MINE}
        assert {command.via for command in commands(house)} == {Service.FLEET}
        (fault,) = house.home.faults.as_json()
        assert fault["count"] == 9, "it was never asked for"
        await hass.config_entries.async_unload(fleet.entry.entry_id)
