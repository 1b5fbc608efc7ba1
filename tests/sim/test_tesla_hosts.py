"""Three services in front of one Tesla account, as Tesla's library sees them."""

from base64 import urlsafe_b64decode
import json

from aiohttp import ClientSession, ServerDisconnectedError
import pytest
from tesla_fleet_api import TeslaFleetApi, Teslemetry, Tessie
from tesla_fleet_api.exceptions import (
    InvalidRegion,
    InvalidToken,
    OAuthExpired,
    PreconditionFailed,
    RateLimited,
    SubscriptionRequired,
    TeslaFleetError,
)

from custom_components.power_sync.core.model.powerwall import OperationMode
from custom_components.power_sync.sim import admin_service
from custom_components.power_sync.sim.config import (
    FLEET_TOKEN,
    TESLEMETRY_TOKEN,
    TESSIE_TOKEN,
    TeslaSite,
)
from custom_components.power_sync.sim.faults import (
    Fault,
    FaultError,
    FaultKind,
    Service,
)

SITE = TeslaSite()
PATH = f"/api/1/energy_sites/{SITE.site_id}/"
TOKENS = {"tesla": TESLEMETRY_TOKEN, "fleet": FLEET_TOKEN, "tessie": TESSIE_TOKEN}
HOSTS = list(TOKENS)


@pytest.fixture
def home(make_home):
    return make_home()


@pytest.fixture
async def ways(home, start_server):
    """The library's own clients of the three services, by service."""
    server = await start_server(home)
    async with ClientSession() as session:
        tessie = Tessie(session, TESSIE_TOKEN)
        tessie.server = server.tessie_url
        yield {
            "tesla": Teslemetry(session, TESLEMETRY_TOKEN, server.teslemetry_url),
            "fleet": TeslaFleetApi(
                session, access_token=FLEET_TOKEN, server=server.fleet_url
            ),
            "tessie": tessie,
        }


@pytest.fixture
def doors(tesla, fleet, tessie):
    """Plain clients of the three services, by service."""
    return {"tesla": tesla, "fleet": fleet, "tessie": tessie}


def site_of(way):
    return way.energySites.create(SITE.site_id)


@pytest.mark.parametrize("service", HOSTS)
async def test_the_library_reads_and_writes_through_every_service(home, ways, service):
    way = ways[service]
    products = (await way.products())["response"]
    site = site_of(way)
    assert [p["energy_site_id"] for p in products if "energy_site_id" in p] == (
        [SITE.site_id]
    )
    assert (await site.live_status())["response"]["island_status"] == "on_grid"
    assert (await site.energy_history("day"))["response"]["period"] == "day"

    answer = await site.operation("self_consumption")

    assert answer["response"]["code"] == 201
    info = (await site.site_info())["response"]
    assert info["default_real_mode"] == "self_consumption"
    assert home.powerwall.settings.mode is OperationMode.SELF_CONSUMPTION
    assert [command.via for command in home.tesla.commands] == [service]
    counts = {name: host.requests for name, host in home.tesla.hosts.items()}
    assert counts == {name: 5 if name == service else 0 for name in HOSTS}


async def test_what_is_set_through_one_service_shows_in_the_others(ways):
    await site_of(ways["fleet"]).backup(35)
    await site_of(ways["tessie"]).storm_mode(True)

    infos = [(await site_of(way).site_info())["response"] for way in ways.values()]

    assert infos[0] == infos[1] == infos[2]
    assert infos[0]["backup_reserve_percent"] == 35
    assert infos[0]["user_settings"]["storm_mode_enabled"] is True


@pytest.mark.parametrize(
    ("service", "error", "words"),
    [
        ("tesla", InvalidToken, {"error": "invalid_token"}),
        ("fleet", OAuthExpired, {"error": "invalid bearer token"}),
        ("tessie", InvalidToken, {"error": "Invalid access token"}),
    ],
)
@pytest.mark.parametrize("accepted", ["another", None])
async def test_unknown_tokens_in_the_words_of_each_service(
    home, ways, doors, service, error, words, accepted
):
    home.tesla.hosts[Service(service)].token = accepted

    with pytest.raises(error):
        await ways[service].products()
    for other in ways.keys() - {service}:
        assert (await ways[other].products())["count"] == 2
    answer = await (await doors[service](home, "x")).get(PATH + "live_status")
    assert answer.status == 401
    assert words.items() <= (await answer.json()).items()


@pytest.mark.parametrize(
    ("service", "words"),
    [
        ("tesla", '{"error": "missing_token"}'),
        ("fleet", ""),
        ("tessie", '{"error": "Access token is required"}'),
    ],
)
async def test_missing_tokens_in_the_words_of_each_service(home, doors, service, words):
    answer = await (await doors[service](home, None)).post(PATH + "operation", json={})

    assert (answer.status, await answer.text()) == (401, words)


async def test_tessie_takes_its_token_from_the_address_too(home, tessie):
    client = await tessie(home, None)

    for token, status in ((TESSIE_TOKEN, 200), ("x", 401)):
        answer = await client.get("/vehicles", params={"access_token": token})
        assert answer.status == status


async def test_what_only_tessie_has(ways):
    tessie = ways["tessie"]

    assert {"energy_device_data", "energy_cmds"} <= set(await tessie.scopes())
    (car,) = (await tessie.list_vehicles(only_active=True))["results"]
    assert car["is_active"] is True
    products = (await tessie.products())["response"]
    assert car["vin"] in [product.get("vin") for product in products]


async def test_what_only_the_fleet_api_has(home, ways, fleet):
    way = ways["fleet"]

    assert await way.status() == "ok"
    region = (await way.user.region())["response"]
    assert region == {"region": "na", "fleet_api_base_url": way.server}
    # Nobody has to say who he is to learn that the service is up.
    client = await fleet(home, None)
    assert await (await client.get("/status")).text() == "ok"
    assert (await client.get("/api/1/users/region")).status == 401


async def test_each_service_keeps_to_its_own_paths(home, tesla, fleet, tessie):
    own = {
        "/api/metadata": tesla,
        "/status": fleet,
        "/api/1/users/region": fleet,
        "/auth/tesla_scopes": tessie,
        "/vehicles": tessie,
    }
    clients = {open_: await open_(home) for open_ in (tesla, fleet, tessie)}
    for path, owner in own.items():
        for open_, client in clients.items():
            status = (await client.get(path)).status
            assert status == (200 if open_ is owner else 404), path


def test_the_fleet_token_says_what_it_may_do():
    claims = FLEET_TOKEN.split(".")[1]

    said = json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))

    assert said["ou_code"] == "NA"
    assert {"energy_device_data", "energy_cmds"} <= set(said["scp"])
    assert not [scope for scope in said["scp"] if scope.startswith("vehicle")]


@pytest.mark.parametrize("service", HOSTS)
async def test_a_broken_service_leaves_the_others_alone(home, ways, service):
    home.faults.add(Fault(service=Service(service), kind=FaultKind.STATUS_503))

    for name, way in ways.items():
        if name == service:
            with pytest.raises(TeslaFleetError) as broken:
                await site_of(way).operation("backup")
            assert broken.value.status == 503
        else:
            await site_of(way).live_status()
    assert not home.tesla.commands


@pytest.mark.parametrize(
    ("service", "kind", "error"),
    [
        ("tesla", "status_402", SubscriptionRequired),
        ("tesla", "wrong_token", InvalidToken),
        ("fleet", "status_401", OAuthExpired),
        ("fleet", "status_412", PreconditionFailed),
        ("fleet", "status_421", InvalidRegion),
        ("fleet", "status_429_retry", RateLimited),
        ("fleet", "wrong_token", OAuthExpired),
        ("tessie", "wrong_token", InvalidToken),
        ("tessie", "status_429_retry", RateLimited),
    ],
)
async def test_faults_as_the_library_names_them(home, ways, service, kind, error):
    home.faults.add(
        Fault(service=Service(service), kind=FaultKind(kind), count=1, seconds=41)
    )

    with pytest.raises(error) as raised:
        await ways[service].products()

    if error is RateLimited:
        assert raised.value.data == {"reset": "41", "after": "41"}
    if error is InvalidRegion:
        assert "https://fleet-api.prd.eu" in raised.value.data["error"]
    assert (await ways[service].products())["count"] == 2


@pytest.mark.parametrize("service", HOSTS)
@pytest.mark.parametrize(
    ("kind", "answered", "mode"),
    [
        ("not_applied", True, OperationMode.AUTONOMOUS),
        ("late", True, OperationMode.AUTONOMOUS),
        ("lost_command", False, OperationMode.AUTONOMOUS),
        ("applied_but_no_answer", False, OperationMode.BACKUP),
    ],
)
async def test_faults_of_commands_strike_at_every_service(
    home, doors, service, kind, answered, mode
):
    client = await doors[service](home)
    home.faults.add(Fault(service=Service(service), kind=FaultKind(kind), count=1))
    body = {"default_real_mode": "backup"}

    assert (await client.get(PATH + "live_status")).status == 200
    if answered:
        assert (await client.post(PATH + "operation", json=body)).status == 200
    else:
        with pytest.raises(ServerDisconnectedError):
            await client.post(PATH + "operation", json=body)

    assert home.powerwall.settings.mode is mode


@pytest.mark.parametrize(
    ("service", "kind", "text"),
    [
        ("fleet", "status_402", "fault of tesla"),
        ("tesla", "status_421", "fault of fleet"),
        ("amber", "status_412", "fault of fleet"),
        ("tessie", "nan_prices", "prices"),
    ],
)
def test_faults_that_a_service_cannot_have(service, kind, text):
    with pytest.raises(FaultError, match=text):
        Fault(service=Service(service), kind=FaultKind(kind))


@pytest.mark.parametrize("service", HOSTS)
async def test_tokens_are_changed_one_by_one(home, ways, serve, service):
    admin = await serve(admin_service.app(home), None)

    answer = await admin.post("/tokens", json={"service": service, "token": "new"})
    assert answer.status == 200
    for name, way in ways.items():
        if name == service:
            with pytest.raises(TeslaFleetError):
                await way.products()
        else:
            await way.products()
    await admin.delete("/tokens")
    await ways[service].products()


async def test_the_ways_in_outlive_their_servers(home, doors):
    for service in HOSTS:
        home.tesla.hosts[Service(service)].token = "kept"
        for requests in (1, 2):
            client = await doors[service](home, "kept")
            assert (await client.get("/api/1/products")).status == 200
            assert home.tesla.hosts[Service(service)].requests == requests
            await client.close()
