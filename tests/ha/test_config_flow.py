"""The wizard that sets up a home, every step against live services."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import AsyncMock

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.power_sync.const import DOMAIN
from custom_components.power_sync.sim.config import (
    AMBER_TOKEN,
    TESLEMETRY_TOKEN,
    AmberSite,
    TeslaSite,
)
from custom_components.power_sync.sim.faults import Fault, FaultKind, Service
from custom_components.power_sync.sim.server import SimulatorServer
from custom_components.power_sync.sources import request_budget

from .flow_walk import Walk, not_run, only

type Serve = Callable[..., Awaitable[SimulatorServer]]

ACTIVE = AmberSite()
SECOND = replace(ACTIVE, site_id="01SECONDSITE00000000000000", nmi="4102999999")
CLOSED = replace(
    ACTIVE,
    site_id="01CLOSEDSITE00000000000000",
    nmi="4102111111",
    status="closed",
    closed_on="2026-01-01",
)
PENDING = replace(
    ACTIVE, site_id="01PENDINGSITE0000000000000", nmi="4102222222", status="pending"
)
ONE_WALL = TeslaSite()
TWO_WALLS = (ONE_WALL, TeslaSite(site_id=2252000000000002, name="Beach house"))


@pytest.fixture(autouse=True)
def set_up() -> Iterator[AsyncMock]:
    """Keep what the flow creates from being run."""
    with not_run() as mock:
        yield mock


def amber_input(server: SimulatorServer, token: str = AMBER_TOKEN) -> dict[str, Any]:
    return {
        "api_token": token,
        "advanced": {
            "base_url": server.amber_url,
            "stream_url": server.amber_ws_url,
        },
    }


def tesla_input(
    server: SimulatorServer, token: str = TESLEMETRY_TOKEN
) -> dict[str, Any]:
    return {"access_token": token, "advanced": {"base_url": server.teslemetry_url}}


async def give_tesla(
    wizard: Walk, server: SimulatorServer, token: str = TESLEMETRY_TOKEN
) -> None:
    """Go on with a token of Teslemetry, from the menu or from its form."""
    if wizard.step == "tesla":
        await wizard.choose("teslemetry")
    await wizard.give(tesla_input(server, token))


@pytest.fixture
def wizard(hass: HomeAssistant) -> Walk:
    return Walk(hass)


# covers U-01 and P-01
async def test_whole_wizard(wizard: Walk, serve: Serve, set_up: AsyncMock) -> None:
    server = await serve()
    await wizard.start()
    assert wizard.menu == ["amber", "aemo", "comed", "plan", "sensor", "simulated"]
    await wizard.choose("amber")
    assert wizard.step == "amber"
    assert wizard.errors == {}
    await wizard.give(amber_input(server))
    assert wizard.menu == ["teslemetry", "tessie", "proxy"]
    await wizard.choose("teslemetry")
    assert (wizard.step, wizard.errors) == ("teslemetry", {})
    await wizard.give(tesla_input(server))

    entry = wizard.entry
    assert (entry.title, dict(entry.data), dict(entry.options)) == ("Home", {}, {})
    assert entry.unique_id == f"powerwall_{ONE_WALL.site_id}"
    found = {
        item.subentry_type: (item.title, item.unique_id, dict(item.data))
        for item in entry.subentries.values()
    }
    assert found == {
        "price_source": (
            "Amber Electric",
            f"price_source_{ACTIVE.site_id}",
            {
                "provider": "amber",
                "api_token": AMBER_TOKEN,
                "site_id": ACTIVE.site_id,
                "channels": ["export", "import"],
                "base_url": server.amber_url,
                "stream_url": server.amber_ws_url,
            },
        ),
        "powerwall": (
            "Home",
            f"powerwall_{ONE_WALL.site_id}",
            {
                "energy_site_id": ONE_WALL.site_id,
                "ways": [
                    {
                        "way": "teslemetry",
                        "access_token": TESLEMETRY_TOKEN,
                        "base_url": server.teslemetry_url,
                    }
                ],
            },
        ),
    }
    set_up.assert_called_once()
    assert entry.state is ConfigEntryState.LOADED


async def test_real_addresses_are_suggested(wizard: Walk, serve: Serve) -> None:
    await serve()
    await wizard.start("amber")
    advanced = wizard.result["data_schema"].schema["advanced"]
    assert advanced.options == {"collapsed": True}
    assert {str(field): field.default() for field in advanced.schema.schema} == {
        "base_url": "https://api.amber.com.au/v1",
        "stream_url": "wss://api-ws.amber.com.au",
    }


async def test_token_and_address_are_trimmed(wizard: Walk, serve: Serve) -> None:
    server = await serve()
    await wizard.start("amber")
    await wizard.give(
        {
            "api_token": f"  {AMBER_TOKEN}\n",
            "advanced": {"base_url": f" {server.amber_url}/ "},
        }
    )
    assert wizard.step == "tesla"


ANSWERS = [
    (FaultKind.STATUS_401, "token", "invalid_auth"),
    (FaultKind.WRONG_TOKEN, "token", "invalid_auth"),
    (FaultKind.STATUS_403, "token", "invalid_auth"),
    (FaultKind.STATUS_404, "base", "invalid_data"),
    (FaultKind.STATUS_429, "base", "rate_limited"),
    (FaultKind.STATUS_429_RETRY, "base", "rate_limited"),
    (FaultKind.STATUS_500, "base", "cannot_connect"),
    (FaultKind.STATUS_503, "base", "cannot_connect"),
    (FaultKind.DROP, "base", "cannot_connect"),
    (FaultKind.HTML, "base", "invalid_data"),
    (FaultKind.GARBAGE, "base", "invalid_data"),
    (FaultKind.EMPTY, "base", "invalid_data"),
    (FaultKind.NULL, "base", "invalid_data"),
]


@pytest.mark.parametrize(("kind", "field", "error"), ANSWERS)
async def test_amber_errors(
    wizard: Walk, serve: Serve, kind: FaultKind, field: str, error: str
) -> None:
    server = await serve()
    server.home.faults.add(Fault(service=Service.AMBER, kind=kind))
    await wizard.start("amber")
    await wizard.give(amber_input(server))
    assert wizard.step == "amber"
    assert wizard.errors == {"api_token" if field == "token" else "base": error}
    server.home.faults.clear()
    # The time is over that Amber may have asked to wait.
    request_budget(wizard.hass, AMBER_TOKEN).__init__()  # type: ignore[misc]
    await wizard.give(amber_input(server))
    assert wizard.step == "tesla"
    await give_tesla(wizard, server)
    assert wizard.entry.title == "Home"


@pytest.mark.parametrize(("kind", "field", "error"), ANSWERS)
async def test_tesla_errors(
    wizard: Walk, serve: Serve, kind: FaultKind, field: str, error: str
) -> None:
    server = await serve()
    server.home.faults.add(Fault(service=Service.TESLA, kind=kind))
    await wizard.start("amber")
    await wizard.give(amber_input(server))
    await give_tesla(wizard, server)
    assert wizard.step == "teslemetry"
    assert wizard.errors == {"access_token" if field == "token" else "base": error}
    server.home.faults.clear()
    await give_tesla(wizard, server)
    assert wizard.entry.title == "Home"


@pytest.mark.parametrize(
    ("service", "path"), [(Service.AMBER, "prices"), (Service.TESLA, "site_info")]
)
async def test_site_that_does_not_answer(
    wizard: Walk, serve: Serve, service: Service, path: str
) -> None:
    """Although the account does."""
    server = await serve()
    server.home.faults.add(
        Fault(service=service, kind=FaultKind.STATUS_503, match=path, count=1)
    )
    await wizard.start("amber")
    for answers in (amber_input(server), tesla_input(server)):
        if wizard.step == "tesla":
            await wizard.choose("teslemetry")
        await wizard.give(answers)
        if wizard.result["type"] is FlowResultType.FORM and wizard.errors:
            assert wizard.errors == {"base": "cannot_connect"}
            await wizard.give(answers)
    assert server.home.faults.as_json() == []
    assert wizard.entry.title == "Home"


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:1", "not an address", "", "http://", "ftp://x", "http://[::"],
)
async def test_address_that_leads_nowhere(
    wizard: Walk, serve: Serve, address: str
) -> None:
    server = await serve()
    await wizard.start("amber")
    await wizard.give({"api_token": "x", "advanced": {"base_url": address}})
    assert wizard.errors == {"base": "cannot_connect"}
    await wizard.give(amber_input(server))
    await wizard.choose("teslemetry")
    await wizard.give({"access_token": "x", "advanced": {"base_url": address}})
    # Without an address the library does not even try.
    assert wizard.errors == {"base": "cannot_connect" if address else "invalid_data"}
    await give_tesla(wizard, server)
    assert wizard.entry.title == "Home"


async def test_no_answer_in_time(
    wizard: Walk, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await serve()
    monkeypatch.setattr("custom_components.power_sync.clients.amber.REQUEST_TIMEOUT", 0)
    await wizard.start("amber")
    await wizard.give(amber_input(server))
    assert wizard.errors == {"base": "cannot_connect"}


@pytest.mark.parametrize("token", ["", "   ", "two\nlines", "naïve"])
async def test_strange_tokens(wizard: Walk, serve: Serve, token: str) -> None:
    server = await serve()
    await wizard.start("amber")
    await wizard.give(amber_input(server, token))
    assert wizard.errors == {"api_token": "invalid_auth"}
    await wizard.give(amber_input(server))
    await give_tesla(wizard, server, token)
    assert wizard.errors == {"access_token": "invalid_auth"}


@pytest.mark.parametrize(
    ("sites", "error"),
    [
        ((), "no_sites"),
        ((CLOSED,), "only_closed_sites"),
        ((PENDING,), "no_prices"),
    ],
)
async def test_amber_accounts_without_prices(
    wizard: Walk, serve: Serve, sites: tuple[AmberSite, ...], error: str
) -> None:
    server = await serve(amber_sites=sites)
    await wizard.start("amber")
    await wizard.give(amber_input(server))
    assert wizard.step == "amber"
    assert wizard.errors == {"base": error}


async def test_closed_site_is_not_offered(wizard: Walk, serve: Serve) -> None:
    server = await serve(amber_sites=(CLOSED, ACTIVE))
    await wizard.start("amber")
    await wizard.give(amber_input(server))
    assert wizard.step == "tesla"


async def test_several_amber_sites(wizard: Walk, serve: Serve) -> None:
    server = await serve(amber_sites=(ACTIVE, SECOND, CLOSED, PENDING))
    await wizard.start("amber")
    await wizard.give(amber_input(server))
    assert wizard.step == "amber_site"
    assert wizard.choices == [
        "Ausgrid · NMI …5678",
        "Ausgrid · NMI …9999",
        "Ausgrid · NMI …2222",
    ]
    await wizard.give({"site_id": PENDING.site_id})
    assert wizard.step == "amber_site"
    assert wizard.errors == {"base": "no_prices"}
    await wizard.give({"site_id": SECOND.site_id})
    assert wizard.step == "tesla"
    await give_tesla(wizard, server)
    (source,) = wizard.entry.get_subentries_of_type("price_source")
    assert source.data["site_id"] == SECOND.site_id


async def test_import_only_site_with_controlled_load(
    wizard: Walk, serve: Serve
) -> None:
    site = replace(ACTIVE, feed_in=False, controlled_load=True)
    server = await serve(amber_sites=(site,))
    await wizard.start("amber")
    await wizard.give(amber_input(server))
    await give_tesla(wizard, server)
    (source,) = wizard.entry.get_subentries_of_type("price_source")
    assert source.data["channels"] == ["controlled_load", "import"]


async def test_several_powerwalls(wizard: Walk, serve: Serve) -> None:
    nothing = TeslaSite(site_id=2252000000000009, name="Empty", powerwalls=0)
    server = await serve(tesla_sites=(*TWO_WALLS, nothing))
    await wizard.start("amber")
    await wizard.give(amber_input(server))
    await give_tesla(wizard, server)
    assert wizard.step == "powerwall"
    assert wizard.choices == ["Home", "Beach house"]
    server.home.faults.add(
        Fault(
            service=Service.TESLA,
            kind=FaultKind.STATUS_503,
            match="site_info",
            count=1,
        )
    )
    await wizard.give({"energy_site_id": str(TWO_WALLS[1].site_id)})
    assert wizard.errors == {"base": "cannot_connect"}
    await wizard.give({"energy_site_id": str(TWO_WALLS[1].site_id)})
    assert wizard.entry.title == "Beach house"
    assert wizard.entry.unique_id == f"powerwall_{TWO_WALLS[1].site_id}"


async def test_no_battery(wizard: Walk, serve: Serve) -> None:
    server = await serve(tesla_sites=(TeslaSite(powerwalls=0),))
    await wizard.start("amber")
    await wizard.give(amber_input(server))
    await give_tesla(wizard, server)
    assert wizard.step == "teslemetry"
    assert wizard.errors == {"base": "no_powerwall"}


async def test_nameless_site(wizard: Walk, serve: Serve) -> None:
    server = await serve(tesla_sites=(TeslaSite(name=""),))
    await wizard.start("amber")
    await wizard.give(amber_input(server))
    await give_tesla(wizard, server)
    assert wizard.entry.title == "Powerwall"


async def test_the_same_home_twice(wizard: Walk, serve: Serve) -> None:
    server = await serve()
    for _ in range(2):
        await wizard.start("amber")
        await wizard.give(amber_input(server))
        if wizard.result["type"] is FlowResultType.MENU:
            await give_tesla(wizard, server)
    assert wizard.reason == "already_configured"
    assert len(wizard.hass.config_entries.async_entries(DOMAIN)) == 1


async def test_powerwall_of_another_home(wizard: Walk, serve: Serve) -> None:
    first = await serve()
    await wizard.start("amber")
    await wizard.give(amber_input(first))
    await give_tesla(wizard, first)
    second = await serve(amber_sites=(SECOND,))
    await wizard.start("amber")
    await wizard.give(amber_input(second))
    assert wizard.step == "tesla"
    await give_tesla(wizard, second)
    assert wizard.reason == "already_configured"


async def test_two_homes(wizard: Walk, serve: Serve) -> None:
    server = await serve(amber_sites=(ACTIVE, SECOND), tesla_sites=TWO_WALLS)
    for site, wall in zip((ACTIVE, SECOND), TWO_WALLS, strict=True):
        await wizard.start("amber")
        await wizard.give(amber_input(server))
        await wizard.give({"site_id": site.site_id})
        await give_tesla(wizard, server)
        await wizard.give({"energy_site_id": str(wall.site_id)})
        assert wizard.entry.title == wall.name
    assert len(wizard.hass.config_entries.async_entries(DOMAIN)) == 2


async def test_two_wizards_for_one_home(hass: HomeAssistant, serve: Serve) -> None:
    server = await serve()
    one, other = Walk(hass), Walk(hass)
    for wizard in (one, other):
        await wizard.start("amber")
        await wizard.give(amber_input(server))
    await give_tesla(one, server)
    assert one.entry
    await give_tesla(other, server)
    assert other.reason == "already_configured"


# covers U-05
async def test_simulated_home(wizard: Walk, serve: Serve, set_up: AsyncMock) -> None:
    await wizard.start("simulated")
    assert wizard.step == "simulated"
    await wizard.give({"seed": 5.0})
    entry = wizard.entry
    assert entry.title == "Simulated home"
    assert dict(entry.data) == {"simulated": True, "seed": 5}
    assert {item.subentry_type for item in entry.subentries.values()} == {
        "price_source",
        "powerwall",
    }
    assert not any("base_url" in str(item.data) for item in entry.subentries.values())
    ways = only(entry, "powerwall")["ways"]
    assert [way["way"] for way in ways] == ["teslemetry", "tessie"]
    set_up.assert_called_once()

    await wizard.start("simulated")
    await wizard.give({"seed": 5})
    assert wizard.reason == "already_configured"
    await wizard.start("simulated")
    await wizard.give({"seed": 6})
    assert wizard.entry.data["seed"] == 6
