"""The services that a token may be for: each asked at its own address, all alike."""

from collections.abc import Callable
import json
from typing import Any

import aiohttp
import pytest

from custom_components.power_sync.clients.errors import (
    AuthError,
    RejectedError,
    UnavailableError,
)
from custom_components.power_sync.clients.tesla.account import (
    Account,
    Token,
    energy_sites_of,
)
from custom_components.power_sync.clients.tesla.proxy import ProxyAccount
from custom_components.power_sync.clients.tesla.teslemetry import TeslemetryAccount
from custom_components.power_sync.clients.tesla.tessie import TessieAccount
from custom_components.power_sync.core.model.powerwall import OperationMode

from .support import ENERGY_SITE_ID, TOKEN, Service, assert_discreet, stored

# covers B-01, B-02

type Open = Callable[[aiohttp.ClientSession, Token, str], Account]

SERVICES: list[Open] = [TeslemetryAccount, TessieAccount, ProxyAccount]


@pytest.fixture(params=SERVICES)
def open_account(request: pytest.FixtureRequest) -> Open:
    chosen: Open = request.param
    return chosen


async def test_every_request_goes_to_the_given_address(
    session: aiohttp.ClientSession, service: Service, open_account: Open
) -> None:
    account = open_account(session, f" {TOKEN}\n", f"{service.url}/tesla/")

    service.say(stored("tesla_products"))
    [found] = await account.energy_sites()
    site = account.site(found.site_id)
    service.say(stored("tesla_live_status"))
    await site.live_status()
    service.say({"response": {"code": 201, "message": "Updated"}})
    await site.send_operation_mode(OperationMode.BACKUP)

    assert found.site_id == ENERGY_SITE_ID
    base = f"/tesla/api/1/energy_sites/{ENERGY_SITE_ID}"
    assert [(request.method, request.path) for request in service.requests] == [
        ("GET", "/tesla/api/1/products"),
        ("GET", f"{base}/live_status"),
        ("POST", f"{base}/operation"),
    ]
    assert json.loads(service.bodies[-1]) == {"default_real_mode": "backup"}
    assert {request.headers["Authorization"] for request in service.requests} == {
        f"Bearer {TOKEN}"
    }


async def test_token_may_change(
    session: aiohttp.ClientSession, service: Service, open_account: Open
) -> None:
    tokens = iter(("first", "second", "third"))
    account = open_account(session, lambda: next(tokens), service.url)
    service.say(stored("tesla_products"))
    site = account.site(ENERGY_SITE_ID)

    await account.energy_sites()
    service.say(stored("tesla_live_status"))
    await site.live_status()
    await site.live_status()

    assert [request.headers["Authorization"] for request in service.requests] == [
        "Bearer first",
        "Bearer second",
        "Bearer third",
    ]


async def test_no_token_to_be_had_passes_unchanged(
    session: aiohttp.ClientSession, service: Service, open_account: Open
) -> None:
    error = UnavailableError("the other integration is away")

    def gone() -> str:
        raise error

    account = open_account(session, gone, service.url)
    site = account.site(ENERGY_SITE_ID)

    for call in (
        account.energy_sites,
        site.site_info,
        lambda: site.send_grid_charging(True),
    ):
        with pytest.raises(UnavailableError) as caught:
            await call()
        assert caught.value is error
    assert service.requests == []


@pytest.mark.parametrize(
    "token", ["", " ", f"{TOKEN}\nX: y", f"{TOKEN}\0", "\ud800", f"{TOKEN}\r\n\tx"]
)
@pytest.mark.parametrize("later", [False, True])
async def test_token_that_cannot_be_one_is_not_sent(
    session: aiohttp.ClientSession,
    service: Service,
    open_account: Open,
    token: str,
    later: bool,
) -> None:
    account = open_account(session, (lambda: token) if later else token, service.url)
    site = account.site(ENERGY_SITE_ID)

    for call in (
        account.energy_sites,
        site.live_status,
        lambda: site.send_backup_reserve(20),
    ):
        with pytest.raises(AuthError) as caught:
            await call()
        assert_discreet(caught.value)
    assert service.requests == []


async def test_refused_token(
    session: aiohttp.ClientSession, service: Service, open_account: Open
) -> None:
    service.say({"error": "Invalid access token"}, 401)

    with pytest.raises(AuthError) as caught:
        await open_account(session, TOKEN, service.url).energy_sites()
    assert_discreet(caught.value)


async def test_repr_is_discreet(
    session: aiohttp.ClientSession, service: Service, open_account: Open
) -> None:
    account = open_account(session, TOKEN, service.url)

    assert TOKEN not in repr(account)
    assert str(ENERGY_SITE_ID) not in repr(account.site(ENERGY_SITE_ID))


@pytest.mark.parametrize(
    ("service_class", "host"),
    [
        (TeslemetryAccount, "https://api.teslemetry.com"),
        (TessieAccount, "https://api.tessie.com"),
    ],
)
async def test_own_address_of_a_service(service_class: Any, host: str) -> None:
    asked = []

    class NoNetwork:
        def request(self, method: str, url: str, **_: Any) -> Any:
            asked.append(url)
            raise aiohttp.ClientConnectionError

    with pytest.raises(UnavailableError):
        await service_class(NoNetwork(), TOKEN).energy_sites()
    assert asked == [f"{host}/api/1/products"]


class TestBorrowedLogin:
    """The library's object belongs to someone else."""

    async def test_sites_of_whatever_lists_products(self) -> None:
        class Api:
            async def products(self) -> Any:
                return stored("tesla_products")

        [site] = await energy_sites_of(Api)

        assert site.site_id == ENERGY_SITE_ID

    async def test_object_that_lists_nothing(self) -> None:
        nothing: Any = object()

        with pytest.raises(RejectedError):
            await energy_sites_of(lambda: nothing)

    async def test_no_object_at_all_passes_unchanged(self) -> None:
        error = UnavailableError("the other integration is away")

        def gone() -> Any:
            raise error

        with pytest.raises(UnavailableError) as caught:
            await energy_sites_of(gone)
        assert caught.value is error

    async def test_guard_says_what_failures_mean(self) -> None:
        class ElsewhereError(Exception):
            pass

        class Api:
            async def products(self) -> Any:
                raise ElsewhereError

        async def guard(request: Any) -> object:
            try:
                return await request
            except ElsewhereError:
                raise AuthError("log in there") from None

        with pytest.raises(AuthError, match="log in there"):
            await energy_sites_of(Api, guard=guard)
