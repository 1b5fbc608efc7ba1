"""Ways in to Tesla: own tokens, and the logins of other integrations."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryNotReady,
    OAuth2TokenRequestReauthError,
    OAuth2TokenRequestTransientError,
)
from homeassistant.helpers import issue_registry as ir
import pytest
from yarl import URL

from custom_components.power_sync.clients.errors import (
    AuthError,
    ClientError,
    RateLimitedError,
    UnavailableError,
)
from custom_components.power_sync.clients.protocols import PowerwallClient
from custom_components.power_sync.const import DOMAIN
from custom_components.power_sync.core.model.powerwall import OperationMode
from custom_components.power_sync.sim.config import (
    FLEET_TOKEN,
    TESLEMETRY_TOKEN,
    TESSIE_TOKEN,
    TeslaSite,
)
from custom_components.power_sync.sim.faults import Fault, FaultKind, Service
from custom_components.power_sync.sim.server import SimulatorServer
from custom_components.power_sync.sim.tokens import unsigned_token
from custom_components.power_sync.stored.ways import (
    LoginDomain,
    LoginWay,
    StoredWayError,
    TokenService,
    TokenWay,
    names_of,
    same_login,
    ways_from_stored,
    ways_to_stored,
)
from custom_components.power_sync.tesla_ways import (
    WayAddresses,
    build_ways,
    found_logins,
    open_way,
    watch_logins,
)

from .logins import (
    FleetLogin,
    TokenServer,
    energy_sites,
    fleet_hosts,
    stand_in_flows,
    teslemetry_login,
    tessie_login,
)

type Serve = Callable[..., Awaitable[SimulatorServer]]

SITE = TeslaSite().site_id
FLEET = "tesla_fleet"


def login_way(entry: Any) -> dict[str, str]:
    return {"way": entry.domain, "entry_id": entry.entry_id}


def only_site(
    hass: HomeAssistant, *ways: dict[str, str], addresses: WayAddresses | None = None
) -> PowerwallClient:
    data = {"energy_site_id": SITE, "ways": list(ways)}
    (way,) = build_ways(hass, data, addresses)
    return way.client


# What is stored


STORED = [
    {"way": "tesla_fleet", "entry_id": "01FLEET"},
    {"way": "teslemetry", "access_token": "token-1", "base_url": "http://x"},
    {"way": "teslemetry", "entry_id": "01TESLEMETRY"},
    {"way": "tessie", "access_token": "token-2"},
    {"way": "proxy", "access_token": "token-3", "base_url": "http://y"},
    {"way": "tessie", "entry_id": "01TESSIE"},
    {"way": "tessie", "access_token": "token-4"},
]


def test_stored_ways() -> None:
    ways = ways_from_stored({"ways": STORED})
    assert ways[0] == LoginWay(domain=LoginDomain.TESLA_FLEET, entry_id="01FLEET")
    assert ways[1] == TokenWay(
        service=TokenService.TESLEMETRY, token="token-1", base_url="http://x"
    )
    assert ways_to_stored(ways) == STORED
    assert names_of(ways) == (
        "Tesla Fleet (Home Assistant)",
        "Teslemetry",
        "Teslemetry (Home Assistant)",
        "Tessie",
        "Fleet proxy",
        "Tessie (Home Assistant)",
        "Tessie 2",
    )
    assert "token-" not in repr(ways)


@pytest.mark.parametrize(
    ("ways", "named"),
    [
        (None, "ways"),
        ([], "ways"),
        ("teslemetry", "ways"),
        (["teslemetry"], r"ways\[0\]"),
        ([{}], r"ways\[0\]\.way"),
        ([{"way": "telepathy", "access_token": "x"}], r"ways\[0\]\.way"),
        ([{"way": "proxy", "entry_id": "x"}], r"ways\[0\]\.way"),
        ([{"way": "tesla_fleet", "access_token": "x"}], r"ways\[0\]\.way"),
        ([STORED[0], {"way": "tessie"}], r"ways\[1\]\.access_token"),
        ([{"way": "tessie", "entry_id": 3}], r"ways\[0\]\.entry_id"),
        ([{"way": "proxy", "access_token": "x"}], r"ways\[0\]\.base_url"),
        (
            [{"way": "tessie", "access_token": "x", "base_url": None}],
            r"ways\[0\]\.base_url",
        ),
    ],
)
def test_what_is_no_way(ways: Any, named: str) -> None:
    with pytest.raises(StoredWayError, match=named):
        ways_from_stored({"ways": ways})


def test_same_login() -> None:
    token = TokenWay(service=TokenService.TESSIE, token="one")
    moved = TokenWay(service=TokenService.TESSIE, token="one", base_url="http://x")
    assert same_login(token, moved)
    assert not same_login(token, TokenWay(service=TokenService.TESSIE, token="two"))
    assert not same_login(token, TokenWay(service=TokenService.PROXY, token="one"))
    login = LoginWay(domain=LoginDomain.TESSIE, entry_id="one")
    assert same_login(login, LoginWay(domain=LoginDomain.TESSIE, entry_id="one"))
    assert not same_login(login, token)
    assert not same_login(token, login)


# Tokens of one's own


# covers B-01
async def test_own_tokens(hass: HomeAssistant, serve: Serve) -> None:
    server = await serve()
    addresses = WayAddresses(teslemetry=server.teslemetry_url, tessie=server.tessie_url)
    for way in (
        {"way": "teslemetry", "access_token": TESLEMETRY_TOKEN},
        {"way": "tessie", "access_token": TESSIE_TOKEN},
    ):
        info = await only_site(hass, way, addresses=addresses).site_info()
        assert info.name == "Home"
        with pytest.raises(AuthError):
            await only_site(
                hass, way | {"access_token": "wrong"}, addresses=addresses
            ).site_info()
    elsewhere = [
        {
            "way": "teslemetry",
            "access_token": TESLEMETRY_TOKEN,
            "base_url": server.teslemetry_url,
        },
        {"way": "tessie", "access_token": TESSIE_TOKEN, "base_url": server.tessie_url},
        {"way": "proxy", "access_token": FLEET_TOKEN, "base_url": server.fleet_url},
    ]
    for way in elsewhere:
        (stored,) = ways_from_stored({"ways": [way]})
        (site,) = await open_way(hass, stored).energy_sites()
        assert site.site_id == SITE
        assert (await only_site(hass, way).site_info()).name == "Home"


async def test_services_are_at_their_own_addresses(hass: HomeAssistant) -> None:
    """Nothing but what the user enters leads anywhere else."""
    asked: list[URL] = []

    class Session:
        def request(self, method: str, url: str, **kwargs: Any) -> Any:
            asked.append(URL(url))
            raise TimeoutError

    with patch(
        "custom_components.power_sync.tesla_ways.async_get_clientsession",
        return_value=Session(),
    ):
        for name in ("teslemetry", "tessie"):
            with pytest.raises(UnavailableError):
                await only_site(hass, {"way": name, "access_token": "x"}).site_info()
    assert [url.host for url in asked] == ["api.teslemetry.com", "api.tessie.com"]


# Home Assistant's Tesla Fleet


@pytest.fixture(autouse=True)
def _stand_ins() -> Iterator[None]:
    with stand_in_flows():
        yield


@pytest.fixture
async def tokens() -> AsyncIterator[TokenServer]:
    server = TokenServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def server(serve: Serve) -> SimulatorServer:
    return await serve()


@pytest.fixture
async def fleet(
    hass: HomeAssistant, server: SimulatorServer, tokens: TokenServer
) -> AsyncIterator[FleetLogin]:
    """Home Assistant's own integration, set up."""
    with fleet_hosts(server, tokens):
        login = FleetLogin(hass, tokens)
        await login.set_up()
        assert login.entry.state is ConfigEntryState.LOADED
        yield login
        if login.entry.state is ConfigEntryState.LOADED:
            await hass.config_entries.async_unload(login.entry.entry_id)


async def test_fleet_login(
    hass: HomeAssistant, server: SimulatorServer, fleet: FleetLogin
) -> None:
    (found,) = found_logins(hass)
    assert (found.title, found.site_ids) == ("me@example.com", (SITE,))
    assert found.way == LoginWay(
        domain=LoginDomain.TESLA_FLEET, entry_id=fleet.entry.entry_id
    )
    (site,) = await open_way(hass, found.way).energy_sites()
    assert (site.site_id, site.name, site.has_battery) == (SITE, "Home", True)

    client = only_site(hass, login_way(fleet.entry))
    assert (await client.site_info()).operation_mode is OperationMode.AUTONOMOUS
    await client.send_operation_mode(OperationMode.SELF_CONSUMPTION)
    assert (await client.site_info()).operation_mode is OperationMode.SELF_CONSUMPTION
    assert fleet.tokens.renewals == 0


async def test_fleet_reloads(
    hass: HomeAssistant, server: SimulatorServer, fleet: FleetLogin
) -> None:
    """The same client goes on with the objects of the new run."""
    client = only_site(hass, login_way(fleet.entry))
    old = fleet.entry.runtime_data.energysites[0].api
    assert await hass.config_entries.async_reload(fleet.entry.entry_id)
    new = fleet.entry.runtime_data.energysites[0].api
    assert new is not old
    with patch.object(old, "site_info", side_effect=AssertionError("the old one")):
        assert (await client.site_info()).name == "Home"


async def test_fleet_is_not_loaded(
    hass: HomeAssistant, server: SimulatorServer, fleet: FleetLogin
) -> None:
    """Nobody else renews its token meanwhile."""
    client = only_site(hass, login_way(fleet.entry))
    await hass.config_entries.async_unload(fleet.entry.entry_id)
    fleet.let_token_expire()
    requests = server.home.tesla.fleet.requests
    for call in (client.live_status, client.site_info, client.energy_today):
        with pytest.raises(UnavailableError, match="is not loaded"):
            await call()
    with pytest.raises(UnavailableError, match="is not loaded"):
        await client.send_operation_mode(OperationMode.BACKUP)
    assert found_logins(hass) == ()
    assert server.home.tesla.fleet.requests == requests
    assert fleet.tokens.renewals == 0
    assert await hass.config_entries.async_setup(fleet.entry.entry_id)
    assert (await client.site_info()).name == "Home"


async def test_fleet_is_removed(
    hass: HomeAssistant, server: SimulatorServer, fleet: FleetLogin
) -> None:
    client = only_site(hass, login_way(fleet.entry))
    await hass.config_entries.async_remove(fleet.entry.entry_id)
    with pytest.raises(UnavailableError, match="was removed"):
        await client.site_info()


async def test_fleet_renews_its_token(
    hass: HomeAssistant, server: SimulatorServer, fleet: FleetLogin
) -> None:
    """By its own session, once, into its own entry."""
    client = only_site(hass, login_way(fleet.entry))
    fleet.let_token_expire()
    await client.site_info()
    await client.live_status()
    assert fleet.tokens.renewals == 1
    assert fleet.entry.data["token"]["refresh_token"] == "refresh-1"
    assert fleet.entry.state is ConfigEntryState.LOADED


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, AuthError),
        (400, AuthError),
        (503, UnavailableError),
        (429, UnavailableError),
    ],
)
async def test_fleet_cannot_renew_its_token(
    hass: HomeAssistant,
    server: SimulatorServer,
    fleet: FleetLogin,
    status: int,
    error: type[ClientError],
) -> None:
    """Its own integration asks for a new login if need be; PowerSync does not."""
    client = only_site(hass, login_way(fleet.entry))
    fleet.let_token_expire()
    fleet.tokens.status = status
    with pytest.raises(error) as caught:
        await client.site_info()
    assert not isinstance(caught.value, ConfigEntryAuthFailed)
    with pytest.raises(error):
        await client.send_operation_mode(OperationMode.BACKUP)
    await hass.async_block_till_done()
    asking = {flow["handler"] for flow in hass.config_entries.flow.async_progress()}
    assert asking == ({FLEET} if error is AuthError else set())

    fleet.tokens.status = 200
    assert (await client.site_info()).operation_mode is OperationMode.AUTONOMOUS


async def test_fleet_gets_a_new_login(
    hass: HomeAssistant, server: SimulatorServer, fleet: FleetLogin
) -> None:
    """Its re-authentication ends in another token and a reload."""
    client = only_site(hass, login_way(fleet.entry))
    another = unsigned_token({"scp": ["energy_device_data"], "ou_code": "NA"})
    server.home.tesla.fleet.token = another
    with pytest.raises(AuthError):
        await client.site_info()
    fleet.entry.async_start_reauth(hass)
    await hass.async_block_till_done()
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["handler"] == FLEET
    with pytest.raises(AuthError):
        await client.site_info()
    assert fleet.tokens.renewals == 0, "a refused token is not ours to renew"

    hass.config_entries.async_update_entry(
        fleet.entry,
        data={
            **fleet.entry.data,
            "token": {**fleet.entry.data["token"], "access_token": another},
        },
    )
    assert await hass.config_entries.async_reload(fleet.entry.entry_id)
    assert (await client.site_info()).name == "Home"


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.STATUS_401, AuthError),
        (FaultKind.STATUS_429_RETRY, RateLimitedError),
        (FaultKind.STATUS_503, UnavailableError),
        (FaultKind.STATUS_421, ClientError),
        (FaultKind.DROP, UnavailableError),
    ],
)
async def test_fleet_answers_badly(
    hass: HomeAssistant,
    server: SimulatorServer,
    fleet: FleetLogin,
    kind: FaultKind,
    error: type[ClientError],
) -> None:
    client = only_site(hass, login_way(fleet.entry))
    server.home.faults.add(Fault(service=Service.FLEET, kind=kind))
    with pytest.raises(error):
        await client.live_status()


async def test_site_that_the_integration_does_not_have(
    hass: HomeAssistant, server: SimulatorServer, fleet: FleetLogin
) -> None:
    data = {"energy_site_id": 7, "ways": [login_way(fleet.entry)]}
    (way,) = build_ways(hass, data)
    with pytest.raises(UnavailableError, match="no such energy site"):
        await way.client.site_info()


# Home Assistant's Teslemetry and Tessie


async def test_teslemetry_login(hass: HomeAssistant, server: SimulatorServer) -> None:
    entry = await teslemetry_login(hass, server)
    client = only_site(hass, login_way(entry))
    assert (await client.site_info()).name == "Home"
    await hass.config_entries.async_unload(entry.entry_id)
    with pytest.raises(UnavailableError, match="is not loaded"):
        await client.site_info()
    await hass.config_entries.async_setup(entry.entry_id)
    assert (await client.site_info()).name == "Home"
    await hass.config_entries.async_remove(entry.entry_id)
    with pytest.raises(UnavailableError, match="was removed"):
        await client.site_info()


REQUEST: Any = SimpleNamespace(real_url=URL("http://teslemetry"))


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (
            OAuth2TokenRequestReauthError(
                domain="teslemetry", request_info=REQUEST, status=404
            ),
            AuthError,
        ),
        (
            OAuth2TokenRequestTransientError(
                domain="teslemetry", request_info=REQUEST, status=429
            ),
            UnavailableError,
        ),
        (ConfigEntryAuthFailed("the data of the token are damaged"), AuthError),
        (ConfigEntryNotReady("no connection"), UnavailableError),
    ],
    ids=["reauth", "transient", "damaged", "not_ready"],
)
async def test_teslemetry_cannot_renew_its_token(
    hass: HomeAssistant,
    server: SimulatorServer,
    raised: Exception,
    error: type[ClientError],
) -> None:
    async def token() -> str:
        raise raised

    entry = await teslemetry_login(hass, server, token=token)
    client = only_site(hass, login_way(entry))
    with pytest.raises(error):
        await client.live_status()
    with pytest.raises(error):
        await client.send_operation_mode(OperationMode.BACKUP)
    assert server.home.tesla.teslemetry.requests == 0


async def test_tessie_login(hass: HomeAssistant, server: SimulatorServer) -> None:
    """Its token is read at each use; nothing needs to be loaded for that."""
    entry = await tessie_login(hass, server, token="old")
    addresses = WayAddresses(tessie=server.tessie_url)
    client = only_site(hass, login_way(entry), addresses=addresses)
    with pytest.raises(AuthError):
        await client.site_info()
    hass.config_entries.async_update_entry(entry, data={"access_token": TESSIE_TOKEN})
    assert (await client.site_info()).name == "Home"
    await hass.config_entries.async_unload(entry.entry_id)
    assert (await client.site_info()).name == "Home"
    hass.config_entries.async_update_entry(entry, data={})
    with pytest.raises(UnavailableError, match="no token"):
        await client.site_info()
    await hass.config_entries.async_remove(entry.entry_id)
    with pytest.raises(UnavailableError, match="was removed"):
        await client.site_info()


# What can be offered


async def test_order_of_what_is_found(
    hass: HomeAssistant, server: SimulatorServer, fleet: FleetLogin
) -> None:
    tessie = await tessie_login(hass, server)
    teslemetry = await teslemetry_login(hass, server)
    found = [login.way.entry_id for login in found_logins(hass)]
    assert found == [fleet.entry.entry_id, teslemetry.entry_id, tessie.entry_id]


@pytest.mark.parametrize(
    "runtime_data",
    [
        None,
        SimpleNamespace(),
        energy_sites(),
        energy_sites(("not a number", object())),  # type: ignore[arg-type]
        energy_sites((SITE, None)),
        SimpleNamespace(energysites=[object()]),
    ],
)
async def test_integration_that_keeps_other_things(
    hass: HomeAssistant, server: SimulatorServer, runtime_data: Any
) -> None:
    """What it keeps is no promise; another release may change it."""
    entry = await teslemetry_login(hass, server)
    client = only_site(hass, login_way(entry))
    entry.runtime_data = runtime_data
    assert found_logins(hass) == ()
    with pytest.raises(UnavailableError):
        await client.site_info()


# A login that is gone


def issue(hass: HomeAssistant) -> ir.IssueEntry | None:
    return ir.async_get(hass).async_get_issue(DOMAIN, "login_gone_powerwall")


async def test_login_that_is_gone(hass: HomeAssistant, server: SimulatorServer) -> None:
    teslemetry = await teslemetry_login(hass, server)
    tessie = await tessie_login(hass, server)
    data = {
        "ways": [
            {"way": "tessie", "access_token": TESSIE_TOKEN},
            login_way(teslemetry),
            login_way(tessie),
        ]
    }
    end = watch_logins(hass, "powerwall", "My home", data)
    assert issue(hass) is None
    hass.config_entries.async_update_entry(teslemetry, title="Renamed")
    await hass.config_entries.async_unload(teslemetry.entry_id)
    assert issue(hass) is None

    await hass.config_entries.async_remove(teslemetry.entry_id)
    found = issue(hass)
    assert found is not None
    assert found.translation_key == "login_gone"
    assert found.translation_placeholders == {
        "home": "My home",
        "login": "Teslemetry (Home Assistant)",
    }
    await hass.config_entries.async_remove(tessie.entry_id)
    found = issue(hass)
    assert found is not None
    assert found.translation_placeholders is not None
    assert found.translation_placeholders["login"] == (
        "Teslemetry (Home Assistant), Tessie (Home Assistant)"
    )
    end()
    assert issue(hass) is None

    end = watch_logins(hass, "powerwall", "My home", data)
    assert issue(hass) is not None, "it was gone before the home was set up"
    end()
    end = watch_logins(hass, "powerwall", "My home", {"ways": data["ways"][:1]})
    assert issue(hass) is None
    end()
