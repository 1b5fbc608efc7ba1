"""Requests to Amber, and what becomes of each kind of answer."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest.mock import AsyncMock, Mock

import aiohttp
from aiohttp import web
from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.clients import amber
from custom_components.power_sync.clients.amber import AmberClient, AmberPrices
from custom_components.power_sync.clients.errors import (
    AuthError,
    ClientError,
    InvalidDataError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
)
from custom_components.power_sync.clients.request_budget import RequestBudget
from custom_components.power_sync.core.model.prices import Channel

from .support import SITE_ID, TOKEN, Service, assert_discreet, drop, stored

NOW = datetime(2026, 11, 20, 4, 40, tzinfo=UTC)
CHANNELS = frozenset({Channel.IMPORT, Channel.EXPORT})
STRETCH = NOW - timedelta(days=6), NOW


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def client(session: aiohttp.ClientSession, service: Service) -> AmberClient:
    return AmberClient(session, TOKEN, service.url + "/v1")


@pytest.fixture
def prices(client: AmberClient) -> AmberPrices:
    return AmberPrices(client, SITE_ID, CHANNELS)


async def test_sites(client: AmberClient, service: Service) -> None:
    service.say(stored("amber_sites"))

    assert len(await client.sites()) == 4
    [request] = service.requests
    assert request.path == "/v1/sites"
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.headers["Accept"] == "application/json"


async def test_prices_are_one_request(prices: AmberPrices, service: Service) -> None:
    service.say(stored("amber_prices_30min"))

    series = await prices.fetch_prices(NOW)

    assert series.fetched_at == NOW
    assert len(series.imports) == len(series.exports or ()) == 15
    [request] = service.requests
    assert request.path == f"/v1/sites/{SITE_ID}/prices/current"
    assert "resolution" not in request.query
    ahead, back = int(request.query["next"]), int(request.query["previous"])
    # Amber answers 422 beyond 2048; 40 hours of forecast and the half hour behind
    # must fit.
    assert ahead + back <= 2048
    assert ahead >= 40 * 12
    assert back >= 6


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        # Midnight of the market is 14:00 UTC; a stretch ends before its end.
        ("2026-11-13T14:00", "2026-11-19T14:00", "2026-11-14", "2026-11-19"),
        ("2026-11-13T13:59", "2026-11-19T13:59", "2026-11-13", "2026-11-19"),
        ("2026-11-13T14:00", "2026-11-19T14:01", "2026-11-14", "2026-11-20"),
        ("2026-11-20T04:00", "2026-11-20T04:30", "2026-11-20", "2026-11-20"),
    ],
)
async def test_history_asks_for_the_market_days_of_a_stretch(
    prices: AmberPrices, service: Service, start: str, end: str, first: str, last: str
) -> None:
    service.say(stored("amber_prices_30min"))

    series = await prices.fetch_history(utc(start), utc(end), NOW)

    assert series.fetched_at == NOW
    assert len(series.imports) == 2
    [request] = service.requests
    assert request.path == f"/v1/sites/{SITE_ID}/prices"
    assert dict(request.query) == {
        "startDate": first,
        "endDate": last,
        "resolution": "30",
    }


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(2020, 1, 1)))  # noqa: DTZ001
def test_longest_stretch_touches_no_more_dates_than_amber_answers(
    start: datetime,
) -> None:
    client = Mock(get=AsyncMock(return_value=[]))
    prices = AmberPrices(client, SITE_ID, CHANNELS)

    assert prices.reach.back == timedelta(days=30)
    asyncio.run(prices.fetch_history(start, start + prices.reach.at_once, NOW))

    asked = client.get.await_args.kwargs
    dates = [date.fromisoformat(asked[name]) for name in ("startDate", "endDate")]
    assert (dates[1] - dates[0]).days in {5, 6}


async def test_import_is_always_billed(client: AmberClient, service: Service) -> None:
    service.say([])

    with pytest.raises(InvalidDataError, match="lacks the import channel"):
        await AmberPrices(client, SITE_ID, frozenset()).fetch_prices(NOW)


async def test_strange_site_id_stays_one_segment(
    client: AmberClient, service: Service
) -> None:
    service.say([])

    await AmberPrices(client, "a/../b?c=#d", CHANNELS).fetch_history(*STRETCH, NOW)

    assert service.requests[0].raw_path.startswith(
        "/v1/sites/a%2F..%2Fb%3Fc=%23d/prices?"
    )


STATUSES = [
    (400, RejectedError),
    (401, AuthError),
    (403, AuthError),
    (404, RejectedError),
    (418, RejectedError),
    (422, RejectedError),
    (429, RateLimitedError),
    (500, UnavailableError),
    (502, UnavailableError),
    (503, UnavailableError),
    (599, UnavailableError),
    (302, UnavailableError),
    (304, UnavailableError),
]


@pytest.mark.parametrize(("status", "expected"), STATUSES)
@pytest.mark.parametrize("kind", ["application/json", "text/html"])
async def test_status(
    prices: AmberPrices,
    service: Service,
    status: int,
    expected: type[ClientError],
    kind: str,
) -> None:
    service.say_text(f'{{"message": "{SITE_ID}"}}', status, kind)

    with pytest.raises(expected, match=str(status)) as caught:
        await prices.fetch_prices(NOW)
    assert type(caught.value) is expected
    assert_discreet(caught.value)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "30"}, 30),
        ({"RateLimit_Reset": "119"}, 121),
        ({"Retry_After": "30", "RateLimit_Reset": "119"}, 30),
        ({"Retry_After": "later", "RateLimit_Reset": "119"}, 121),
        ({"Retry_After": "30", "RateLimit_Remaining": "7"}, 30),
        ({"RateLimit_Reset": "119", "RateLimit_Remaining": "0"}, 121),
        # A whim: requests are left.
        ({"RateLimit_Reset": "119", "RateLimit_Remaining": "7"}, 1),
        ({"Retry_After": "later"}, 1),
        ({}, 1),
    ],
)
async def test_too_many_requests(
    client: AmberClient, service: Service, headers: dict[str, str], seconds: int
) -> None:
    service.say_text("slow down", 429, RateLimit_Limit="50", **headers)

    with pytest.raises(RateLimitedError) as caught:
        await client.sites()
    assert caught.value.retry_after == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    ["<html>Sign in to the hotel's network</html>", "", "[", "[1,", "[" * 100_000],
)
async def test_what_is_no_json_is_refused(
    prices: AmberPrices, service: Service, text: str
) -> None:
    service.say_text(text)

    with pytest.raises(InvalidDataError, match="is not JSON") as caught:
        await prices.fetch_prices(NOW)
    assert_discreet(caught.value)


async def test_bytes_that_are_no_text_are_refused(
    client: AmberClient, service: Service
) -> None:
    service.answer = lambda _: web.Response(body=b"\xff\xfe\xfd[]")

    with pytest.raises(InvalidDataError, match="is not JSON"):
        await client.sites()


async def test_nan_in_a_price_is_refused(prices: AmberPrices, service: Service) -> None:
    rows = stored("amber_prices_30min")
    rows[3]["perKwh"] = float("nan")
    service.say(rows)

    with pytest.raises(InvalidDataError, match="row 3 perKwh"):
        await prices.fetch_prices(NOW)


async def test_dropped_connection(prices: AmberPrices, service: Service) -> None:
    service.answer = drop

    with pytest.raises(UnavailableError, match="cannot be reached") as caught:
        await prices.fetch_prices(NOW)
    assert_discreet(caught.value)


async def test_answer_cut_short(prices: AmberPrices, service: Service) -> None:
    def cut(request: web.Request) -> web.StreamResponse:
        request.transport.write(  # type: ignore[union-attr]
            b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[{"
        )
        return drop(request)

    service.answer = cut

    with pytest.raises(UnavailableError, match="cannot be reached") as caught:
        await prices.fetch_prices(NOW)
    assert_discreet(caught.value)


async def test_nobody_listens(prices: AmberPrices, service: Service) -> None:
    await service.stop()

    with pytest.raises(UnavailableError, match="cannot be reached") as caught:
        await prices.fetch_prices(NOW)
    assert_discreet(caught.value)


async def test_no_answer_in_time(
    prices: AmberPrices, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(amber, "REQUEST_TIMEOUT", 0.05)
    service.silent = True

    with pytest.raises(UnavailableError, match="in time") as caught:
        await prices.fetch_prices(NOW)
    assert_discreet(caught.value)


async def test_address_that_is_none(session: aiohttp.ClientSession) -> None:
    with pytest.raises(UnavailableError) as caught:
        await AmberPrices(
            AmberClient(session, TOKEN, "http://:port"), SITE_ID, CHANNELS
        ).fetch_prices(NOW)
    assert_discreet(caught.value)


async def test_redirect_is_not_followed(prices: AmberPrices, service: Service) -> None:
    service.say_text("", 302, Location=f"{service.url}/elsewhere")

    with pytest.raises(UnavailableError):
        await prices.fetch_prices(NOW)
    assert len(service.requests) == 1


async def test_blanks_around_the_key_are_dropped(
    session: aiohttp.ClientSession, service: Service
) -> None:
    service.say([])

    await AmberClient(session, f" {TOKEN}\n", service.url).sites()

    assert service.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("token", ["", "  ", f"{TOKEN}\nX: y", f"{TOKEN}\0", "\ud800"])
async def test_key_that_cannot_be_one_is_not_sent(
    session: aiohttp.ClientSession, service: Service, token: str
) -> None:
    with pytest.raises(AuthError) as caught:
        await AmberClient(session, token, service.url).sites()
    assert_discreet(caught.value)
    assert service.requests == []


async def test_repr_is_discreet(client: AmberClient, prices: AmberPrices) -> None:
    for secret in (TOKEN, SITE_ID):
        assert secret not in repr(client)
        assert secret not in repr(prices)


async def test_key_that_is_used_up_is_not_sent(
    client: AmberClient, service: Service
) -> None:
    service.say(
        [], RateLimit_Limit="50", RateLimit_Remaining="0", RateLimit_Reset="200"
    )
    await client.sites()

    with pytest.raises(RateLimitedError) as caught:
        await client.sites()
    assert caught.value.retry_after is not None
    assert 190 < caught.value.retry_after.total_seconds() <= 202
    assert_discreet(caught.value)
    assert len(service.requests) == 1


@pytest.mark.parametrize("status", [401, 404, 429, 500])
async def test_every_answer_says_what_is_left(
    client: AmberClient, service: Service, status: int
) -> None:
    service.say(
        {}, status, RateLimit_Limit="50", RateLimit_Remaining="0", RateLimit_Reset="200"
    )
    with pytest.raises(ClientError):
        await client.sites()

    with pytest.raises(RateLimitedError):
        await client.sites()
    assert len(service.requests) == 1


async def test_clients_of_one_key_share_its_budget(
    session: aiohttp.ClientSession, service: Service
) -> None:
    budget = RequestBudget(limit=3)
    first, second = (
        AmberClient(session, TOKEN, service.url, budget=budget) for _ in range(2)
    )
    stranger = AmberClient(session, TOKEN, service.url)
    service.say([])

    await first.sites()
    await second.sites()
    await first.sites()

    for client in (first, second):
        with pytest.raises(RateLimitedError):
            await client.sites()
    await stranger.sites()
    assert len(service.requests) == 4


# covers P-03
async def test_past_leaves_requests_to_the_running_prices(
    prices: AmberPrices, service: Service
) -> None:
    service.say(
        stored("amber_prices_30min"),
        RateLimit_Limit="50",
        RateLimit_Remaining="20",
        RateLimit_Reset="200",
    )
    await prices.fetch_prices(NOW)
    await prices.fetch_history(*STRETCH, NOW)

    with pytest.raises(RateLimitedError):
        await prices.fetch_history(*STRETCH, NOW)
    await prices.fetch_prices(NOW)

    assert len(service.requests) == 3
    assert all("spare" not in request.query for request in service.requests)


async def test_request_that_is_not_sent_costs_nothing(
    session: aiohttp.ClientSession, service: Service
) -> None:
    budget = RequestBudget(limit=1)
    with pytest.raises(AuthError):
        await AmberClient(session, "", service.url, budget=budget).sites()
    service.say([])

    await AmberClient(session, TOKEN, service.url, budget=budget).sites()


@pytest.mark.parametrize(
    "call",
    [
        lambda client, _: client.sites(),
        lambda _, prices: prices.fetch_prices(NOW),
        lambda _, prices: prices.fetch_history(*STRETCH, NOW),
    ],
)
async def test_every_call_reports_a_wrong_key(
    client: AmberClient,
    prices: AmberPrices,
    service: Service,
    call: Callable[[AmberClient, AmberPrices], Any],
) -> None:
    service.say({"message": "Forbidden"}, 403)

    with pytest.raises(AuthError):
        await call(client, prices)
