"""Every way in to Tesla, from the screen: chosen, added, changed, put in order."""

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.power_sync import tesla_ways
from custom_components.power_sync.const import DOMAIN
from custom_components.power_sync.sim.config import (
    FLEET_TOKEN,
    TESLEMETRY_TOKEN,
    TESSIE_TOKEN,
    TeslaSite,
)
from custom_components.power_sync.sim.faults import Fault, FaultKind, Service
from custom_components.power_sync.sim.server import SimulatorServer

from .flow_walk import Walk, not_run, only
from .house import POWERWALL, House, subentries
from .logins import (
    FleetLogin,
    TokenServer,
    fleet_hosts,
    stand_in_flows,
    teslemetry_login,
    tessie_login,
)

type Serve = Callable[..., Awaitable[SimulatorServer]]
type MakeHouse = Callable[..., Awaitable[House]]

SITE = TeslaSite().site_id
TWO_WALLS = (TeslaSite(), TeslaSite(site_id=2252000000000002, name="Beach house"))
TOKENS = ["teslemetry", "tessie", "proxy"]


@pytest.fixture(autouse=True)
def _stand_ins() -> Iterator[None]:
    with stand_in_flows():
        yield


@pytest.fixture
def walk(hass: HomeAssistant) -> Walk:
    return Walk(hass)


@pytest.fixture
async def server(serve: Serve) -> SimulatorServer:
    return await serve(tesla_sites=TWO_WALLS)


def answers(service: str, server: SimulatorServer, token: str = "") -> dict[str, Any]:
    """Return what is typed for a token of a service."""
    url, good = {
        "teslemetry": (server.teslemetry_url, TESLEMETRY_TOKEN),
        "tessie": (server.tessie_url, TESSIE_TOKEN),
        "proxy": (server.fleet_url, FLEET_TOKEN),
    }[service]
    typed = {"access_token": token or good}
    if service == "proxy":
        return typed | {"base_url": f" {url}/"}
    return typed | {"advanced": {"base_url": url}}


def stored(service: str, server: SimulatorServer, token: str = "") -> dict[str, str]:
    """Return what is stored of that."""
    typed = answers(service, server, token)
    url = server.fleet_url if service == "proxy" else typed["advanced"]["base_url"]
    return {"way": service, "access_token": typed["access_token"], "base_url": url}


async def reach_tesla(walk: Walk) -> None:
    """Go through the wizard up to the question how Tesla is reached."""
    with patch("custom_components.power_sync.flows.source_steps.build_source"):
        await walk.start("plan")
        await walk.accept(name="My plan", template="flat")
        while walk.result["type"] is FlowResultType.FORM:
            await walk.accept()
    assert walk.step == "tesla"


# The first way in


# covers U-01 and B-01
@pytest.mark.parametrize("service", TOKENS)
async def test_wizard_with_a_token(
    walk: Walk, server: SimulatorServer, service: str
) -> None:
    with not_run():
        await reach_tesla(walk)
        assert walk.menu == TOKENS
        await walk.choose(service)
        assert (walk.step, walk.errors) == (service, {})
        await walk.give(answers(service, server, "wrong"))
        assert walk.errors == {"access_token": "invalid_auth"}
        await walk.give(answers(service, server))
        assert walk.step == "powerwall"
        assert walk.choices == ["Home", "Beach house"]
        await walk.give({"energy_site_id": str(SITE)})
        assert only(walk.entry, "powerwall") == {
            "energy_site_id": SITE,
            "ways": [stored(service, server)],
        }
        assert walk.entry.minor_version == 2


@pytest.mark.parametrize(
    ("service", "url"),
    [
        ("teslemetry", "https://api.teslemetry.com"),
        ("tessie", "https://api.tessie.com"),
    ],
)
async def test_real_addresses_are_suggested(walk: Walk, service: str, url: str) -> None:
    await reach_tesla(walk)
    await walk.choose(service)
    assert walk.shown == {"advanced": {"base_url": url}}


@pytest.mark.parametrize("address", ["", "not an address", "http://127.0.0.1:1"])
async def test_proxy_that_is_nowhere(
    walk: Walk, server: SimulatorServer, address: str
) -> None:
    await reach_tesla(walk)
    await walk.choose("proxy")
    assert walk.shown == {}
    await walk.give({"base_url": address, "access_token": "x"})
    assert walk.errors == {"base": "cannot_connect" if address else "invalid_data"}
    assert walk.shown["base_url"] == address
    with not_run():
        await walk.give(answers("proxy", server))
        await walk.give({"energy_site_id": str(SITE)})
        assert walk.created


@pytest.fixture
async def fleet(hass: HomeAssistant, server: SimulatorServer) -> Any:
    tokens = TokenServer()
    await tokens.start()
    with fleet_hosts(server, tokens):
        login = FleetLogin(hass, tokens)
        await login.set_up()
        yield login
        await hass.config_entries.async_unload(login.entry.entry_id)
    await tokens.stop()


@pytest.fixture
def tessie_here(server: SimulatorServer) -> Iterator[None]:
    """Let Tessie's own address be the simulated one."""
    here = partial(tesla_ways.WayAddresses, tessie=server.tessie_url)
    with patch.object(tesla_ways, "WayAddresses", here):
        yield


async def test_logins_come_first(
    hass: HomeAssistant,
    walk: Walk,
    server: SimulatorServer,
    fleet: FleetLogin,
    tessie_here: None,
) -> None:
    tessie = await tessie_login(hass, server)
    teslemetry = await teslemetry_login(hass, server)
    entries = {
        "tesla_fleet": fleet.entry,
        "teslemetry_entry": teslemetry,
        "tessie_entry": tessie,
    }
    for choice, login in entries.items():
        with not_run():
            await reach_tesla(walk)
            assert walk.menu == [*entries, *TOKENS]
            await walk.choose(choice)
            assert walk.step == "powerwall", "one login needs no choice"
            await walk.give({"energy_site_id": str(SITE)})
            assert only(walk.entry, "powerwall") == {
                "energy_site_id": SITE,
                "ways": [{"way": login.domain, "entry_id": login.entry_id}],
            }
            await hass.config_entries.async_remove(walk.entry.entry_id)


async def test_one_of_several_logins(
    hass: HomeAssistant, walk: Walk, server: SimulatorServer
) -> None:
    await teslemetry_login(hass, server, title="Mine")
    hers = await teslemetry_login(hass, server, title="Hers")
    await reach_tesla(walk)
    await walk.choose("teslemetry_entry")
    assert (walk.step, walk.errors) == ("teslemetry_entry", {})
    assert walk.choices == ["Mine", "Hers"]
    with not_run():
        await walk.give({"entry_id": hers.entry_id})
        await walk.give({"energy_site_id": str(SITE)})
        (way,) = only(walk.entry, "powerwall")["ways"]
    assert way == {"way": "teslemetry", "entry_id": hers.entry_id}


@pytest.mark.parametrize(
    ("kind", "errors"),
    [
        (FaultKind.STATUS_401, {"entry_id": "login_refused"}),
        (FaultKind.STATUS_503, {"base": "cannot_connect"}),
        (FaultKind.STATUS_429, {"base": "rate_limited"}),
        (FaultKind.GARBAGE, {"base": "invalid_data"}),
    ],
)
async def test_login_that_does_not_work(
    hass: HomeAssistant,
    walk: Walk,
    server: SimulatorServer,
    kind: FaultKind,
    errors: dict[str, str],
) -> None:
    login = await teslemetry_login(hass, server)
    await reach_tesla(walk)
    server.home.faults.add(Fault(service=Service.TESLA, kind=kind))
    await walk.choose("teslemetry_entry")
    assert (walk.step, walk.errors) == ("teslemetry_entry", errors)
    assert walk.shown == {"entry_id": login.entry_id}
    server.home.faults.clear()
    await walk.accept()
    assert walk.step == "powerwall"


async def test_login_that_goes_while_it_is_chosen(
    hass: HomeAssistant, walk: Walk, server: SimulatorServer
) -> None:
    login = await teslemetry_login(hass, server, title="Mine")
    await teslemetry_login(hass, server, title="Hers")
    await reach_tesla(walk)
    await walk.choose("teslemetry_entry")
    await hass.config_entries.async_remove(login.entry_id)
    await walk.give({"entry_id": login.entry_id})
    assert walk.errors == {"base": "cannot_connect"}
    assert walk.choices == ["Hers"]


async def test_site_that_does_not_answer(walk: Walk, server: SimulatorServer) -> None:
    await reach_tesla(walk)
    await walk.choose("teslemetry")
    await walk.give(answers("teslemetry", server))
    server.home.faults.add(
        Fault(service=Service.TESLA, kind=FaultKind.STATUS_401, count=1)
    )
    await walk.give({"energy_site_id": str(SITE)})
    assert (walk.step, walk.errors) == ("powerwall", {"base": "invalid_auth"})
    with not_run():
        await walk.accept()
        assert walk.created


# A home that exists


@pytest.fixture
async def entry(hass: HomeAssistant, server: SimulatorServer) -> Any:
    """A home whose Powerwall is reached through Teslemetry; nothing of it runs."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Home",
        minor_version=2,
        subentries_data=subentries(server, (POWERWALL,), (), None),
    )
    entry.add_to_hass(hass)
    with not_run():
        assert await hass.config_entries.async_setup(entry.entry_id)
        yield entry
        await hass.async_block_till_done()


def set_ways(hass: HomeAssistant, entry: MockConfigEntry, *ways: Any) -> None:
    subentry = entry.subentries[POWERWALL]
    hass.config_entries.async_update_subentry(
        entry, subentry, data={**subentry.data, "ways": list(ways)}
    )


# covers B-01
@pytest.mark.parametrize("service", ["tessie", "proxy"])
async def test_add_a_way(
    walk: Walk, server: SimulatorServer, entry: MockConfigEntry, service: str
) -> None:
    """It need not be chosen which site it is for."""
    await walk.change(entry, "powerwall")
    assert walk.menu == ["tesla", "change_way", "order_ways"]
    await walk.choose("tesla")
    await walk.choose(service)
    await walk.give(answers(service, server, "wrong"))
    assert walk.errors == {"access_token": "invalid_auth"}
    await walk.give(answers(service, server))
    assert walk.reason == "reconfigure_successful"
    assert only(entry, "powerwall") == {
        "energy_site_id": SITE,
        "ways": [stored("teslemetry", server), stored(service, server)],
    }
    assert entry.subentries[POWERWALL].title == "Home"


async def test_add_a_login(
    hass: HomeAssistant, walk: Walk, server: SimulatorServer, entry: MockConfigEntry
) -> None:
    login = await teslemetry_login(hass, server)
    way = {"way": "teslemetry", "entry_id": login.entry_id}
    for _ in range(2):
        await walk.change(entry, "powerwall")
        await walk.choose("tesla")
        assert walk.menu == ["teslemetry_entry", *TOKENS]
        await walk.choose("teslemetry_entry")
    assert walk.errors == {"base": "duplicate_way"}
    assert only(entry, "powerwall")["ways"] == [stored("teslemetry", server), way]


async def test_the_same_token_twice(
    walk: Walk, server: SimulatorServer, entry: MockConfigEntry
) -> None:
    await walk.change(entry, "powerwall")
    await walk.choose("tesla")
    await walk.choose("teslemetry")
    await walk.give(
        {
            "access_token": TESLEMETRY_TOKEN,
            "advanced": {"base_url": "http://127.0.0.1:1"},
        }
    )
    assert walk.errors == {"base": "duplicate_way"}


@pytest.mark.parametrize(
    ("sites", "errors"),
    [
        ((TWO_WALLS[1],), {"access_token": "wrong_account"}),
        ((TeslaSite(powerwalls=0),), {"base": "no_powerwall"}),
    ],
)
async def test_account_without_the_site(
    walk: Walk,
    serve: Serve,
    entry: MockConfigEntry,
    sites: tuple[TeslaSite, ...],
    errors: dict[str, str],
) -> None:
    other = await serve(tesla_sites=sites)
    await walk.change(entry, "powerwall")
    await walk.choose("tesla")
    await walk.choose("tessie")
    await walk.give(answers("tessie", other))
    assert walk.errors == errors


async def test_login_without_the_site(
    hass: HomeAssistant, walk: Walk, serve: Serve, entry: MockConfigEntry
) -> None:
    other = await serve(tesla_sites=(TWO_WALLS[1],))
    await teslemetry_login(hass, other)
    await walk.change(entry, "powerwall")
    await walk.choose("tesla")
    await walk.choose("teslemetry_entry")
    assert walk.errors == {"entry_id": "wrong_account"}


@pytest.mark.parametrize("service", TOKENS)
async def test_change_a_token(
    hass: HomeAssistant,
    walk: Walk,
    server: SimulatorServer,
    entry: MockConfigEntry,
    service: str,
) -> None:
    """It keeps its place among the ways."""
    old = stored(service, server) | {
        "access_token": "revoked",
        "base_url": "http://old",
    }
    others = [stored(name, server) for name in TOKENS if name != service]
    set_ways(hass, entry, others[0], old, others[1])
    await walk.change(entry, "powerwall")
    await walk.choose("change_way")
    assert walk.step == "change_way"
    names = {"teslemetry": "Teslemetry", "tessie": "Tessie", "proxy": "Fleet proxy"}
    assert set(walk.options_of("changed")) == set(names.values())
    await walk.give({"changed": names[service]})
    assert walk.step == service
    assert "http://old" in str(walk.shown)
    assert "revoked" not in str(walk.result["data_schema"].schema), "the token is shown"
    await walk.give(answers(service, server))
    assert walk.reason == "reconfigure_successful"
    assert only(entry, "powerwall")["ways"] == [
        others[0],
        stored(service, server),
        others[1],
    ]


async def test_change_to_what_is_there_already(
    hass: HomeAssistant, walk: Walk, server: SimulatorServer, entry: MockConfigEntry
) -> None:
    set_ways(
        hass, entry, stored("teslemetry", server), stored("teslemetry", server, "old")
    )
    await walk.change(entry, "powerwall")
    await walk.choose("change_way")
    assert walk.options_of("changed") == ["Teslemetry", "Teslemetry 2"]
    await walk.give({"changed": "Teslemetry 2"})
    await walk.give(answers("teslemetry", server))
    assert walk.errors == {"base": "duplicate_way"}


async def test_simulated_address_is_suggested_as_the_real_one(
    hass: HomeAssistant, walk: Walk, server: SimulatorServer, entry: MockConfigEntry
) -> None:
    """A way that was stored without an address is at the service's own."""
    set_ways(hass, entry, {"way": "tessie", "access_token": "x"})
    await walk.change(entry, "powerwall")
    await walk.choose("change_way")
    assert walk.shown == {"advanced": {"base_url": "https://api.tessie.com"}}


async def test_logins_are_not_changed_here(
    hass: HomeAssistant, walk: Walk, entry: MockConfigEntry
) -> None:
    set_ways(hass, entry, {"way": "tesla_fleet", "entry_id": "gone"})
    await walk.change(entry, "powerwall")
    assert walk.menu == ["tesla", "order_ways"]


async def test_order_and_remove(
    hass: HomeAssistant, walk: Walk, server: SimulatorServer, entry: MockConfigEntry
) -> None:
    fleet = {"way": "tesla_fleet", "entry_id": "gone"}
    ways = [stored("teslemetry", server), fleet, stored("tessie", server)]
    set_ways(hass, entry, *ways)
    await walk.change(entry, "powerwall")
    await walk.choose("order_ways")
    names = ["Teslemetry", "Tesla Fleet (Home Assistant)", "Tessie"]
    assert (walk.step, walk.shown) == ("order_ways", {"order": names})
    await walk.give({"order": []})
    assert walk.errors == {"order": "no_way"}
    await walk.give({"order": [names[2], names[0], names[2]]})
    assert walk.reason == "reconfigure_successful"
    assert only(entry, "powerwall")["ways"] == [ways[2], ways[0]]


# Re-authentication


TWO_TOKENS = [
    {"way": "teslemetry", "access_token": "one"},
    {"way": "tessie", "access_token": "two"},
]


async def reauth(hass: HomeAssistant, entry: Any, **data: str) -> Any:
    """Begin a re-authentication; return the flow, None if there is nothing to ask."""
    entry.async_start_reauth(hass, data={"subentry_id": POWERWALL, **data})
    await hass.async_block_till_done()
    flows = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    return flows[0] if flows else None


@pytest.mark.parametrize(
    ("data", "service"),
    [({"way": "Teslemetry"}, "Teslemetry"), ({"way": "Tessie"}, "Tessie")],
)
async def test_reauth_names_the_way(
    hass: HomeAssistant, entry: MockConfigEntry, data: dict[str, str], service: str
) -> None:
    set_ways(hass, entry, *TWO_TOKENS)
    flow = await reauth(hass, entry, **data)
    assert flow["step_id"] == "reauth_tesla"
    result = await hass.config_entries.flow.async_configure(flow["flow_id"])
    assert result["description_placeholders"]["service"] == service


@pytest.mark.parametrize("data", [{}, {"way": "Teslemetry (Home Assistant)"}])
async def test_reauth_of_a_login_is_for_its_own_integration(
    hass: HomeAssistant, entry: MockConfigEntry, data: dict[str, str]
) -> None:
    set_ways(hass, entry, {"way": "teslemetry", "entry_id": "01LOGIN"})
    await hass.config_entries.async_unload(entry.entry_id)
    assert await reauth(hass, entry, **data) is None


async def test_reauth_of_a_home_that_does_not_run(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    set_ways(hass, entry, {"way": "teslemetry", "entry_id": "01LOGIN"}, *TWO_TOKENS)
    await hass.config_entries.async_unload(entry.entry_id)
    flow = await reauth(hass, entry)
    result = await hass.config_entries.flow.async_configure(flow["flow_id"])
    assert result["description_placeholders"]["service"] == "Teslemetry"


# covers B-01
async def test_take_over_asks_for_the_token_that_is_refused(
    make_house: MakeHouse,
) -> None:
    house = await make_house()
    ways = [stored("teslemetry", house.server), stored("tessie", house.server)]
    house.entry.add_to_hass(house.hass)
    set_ways(house.hass, house.entry, *ways)
    await house.set_up()
    client = house.entry.runtime_data.powerwall.client
    assert client.current == "Teslemetry"

    house.home.tesla.teslemetry.token = "new"
    await house.live(2)
    assert client.current == "Tessie"
    assert house.state("battery_level").state != "unavailable"
    assert house.reauth_steps == ["reauth_tesla"]
    (flow,) = house.hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    flows = house.hass.config_entries.flow
    result = await flows.async_configure(flow["flow_id"], {"access_token": "wrong"})
    assert result["errors"] == {"access_token": "invalid_auth"}
    assert result["description_placeholders"]["service"] == "Teslemetry"
    result = await flows.async_configure(flow["flow_id"], {"access_token": " new "})
    await house.settle()
    assert result["reason"] == "reauth_successful"
    (first, second) = house.entry.subentries[POWERWALL].data["ways"]
    assert (first, second) == (ways[0] | {"access_token": "new"}, ways[1])
    assert house.entry.state is ConfigEntryState.LOADED
    assert house.entry.runtime_data.powerwall.client.current == "Teslemetry"


async def test_the_lesser_way_is_refused_while_the_better_one_is_away(
    make_house: MakeHouse,
) -> None:
    """Nobody is asked for the token that is not refused."""
    house = await make_house()
    ways = [stored("teslemetry", house.server), stored("tessie", house.server)]
    house.entry.add_to_hass(house.hass)
    set_ways(house.hass, house.entry, *ways)
    await house.set_up()
    house.break_(Service.TESLA, FaultKind.STATUS_503)
    house.home.tesla.tessie.token = "new"
    await house.live(10, stride=60)
    (flow,) = house.hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    result = await house.hass.config_entries.flow.async_configure(flow["flow_id"])
    assert result["description_placeholders"]["service"] == "Tessie"
