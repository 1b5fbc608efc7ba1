"""Requests to Teslemetry, and what becomes of each kind of answer."""

from collections.abc import Callable
from datetime import timedelta
import json
from typing import Any

import aiohttp
import pytest
from tesla_fleet_api.exceptions import SignedCommandRequired

from custom_components.power_sync.clients.errors import (
    AuthError,
    ClientError,
    InvalidDataError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
)
from custom_components.power_sync.clients.protocols import PowerwallClient
from custom_components.power_sync.clients.tesla import errors
from custom_components.power_sync.clients.tesla.teslemetry import TeslemetryAccount
from custom_components.power_sync.core.model.powerwall import (
    ExportRule,
    OperationMode,
)
from custom_components.power_sync.core.model.tariff_document import read_tariff

from .support import ENERGY_SITE_ID, TOKEN, Service, assert_discreet, drop, stored

DONE = {"response": {"code": 201, "message": "Updated"}}
TARIFF = read_tariff(
    stored("tesla_tou_settings_request")["tou_settings"]["tariff_content_v2"]
)
JSON = "application/json"

type Call = Callable[[PowerwallClient], Any]

READS: list[Call] = [
    lambda site: site.live_status(),
    lambda site: site.site_info(),
    lambda site: site.energy_today(),
    lambda site: site.energy_lifetime(),
]
COMMANDS: list[Call] = [
    lambda site: site.send_tariff(TARIFF),
    lambda site: site.send_operation_mode(OperationMode.AUTONOMOUS),
    lambda site: site.send_backup_reserve(20.0),
    lambda site: site.send_export_rule(ExportRule.NEVER),
    lambda site: site.send_grid_charging(False),
    lambda site: site.send_storm_watch(True),
]


@pytest.fixture
def account(session: aiohttp.ClientSession, service: Service) -> TeslemetryAccount:
    return TeslemetryAccount(session, TOKEN, service.url)


@pytest.fixture
def site(account: TeslemetryAccount) -> PowerwallClient:
    return account.site(ENERGY_SITE_ID)


async def test_energy_sites(account: TeslemetryAccount, service: Service) -> None:
    service.say(stored("tesla_products"))

    [found] = await account.energy_sites()

    assert found.site_id == ENERGY_SITE_ID
    [request] = service.requests
    assert (request.method, request.path) == ("GET", "/api/1/products")
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"


async def test_prefix_of_the_address_is_kept(
    session: aiohttp.ClientSession, service: Service
) -> None:
    service.say(stored("tesla_products"))

    await TeslemetryAccount(session, TOKEN, f"{service.url}/tesla/").energy_sites()

    assert service.requests[0].path == "/tesla/api/1/products"


@pytest.mark.parametrize(
    ("call", "answer", "path", "query"),
    [
        (READS[0], "tesla_live_status", "live_status", {}),
        (READS[1], "tesla_site_info", "site_info", {}),
        (
            READS[2],
            "tesla_calendar_history_energy",
            "calendar_history",
            {"kind": "energy", "period": "day"},
        ),
        (
            READS[3],
            "tesla_calendar_history_energy",
            "calendar_history",
            {"kind": "energy", "period": "lifetime"},
        ),
    ],
)
async def test_read(
    site: PowerwallClient,
    service: Service,
    call: Call,
    answer: str,
    path: str,
    query: dict[str, str],
) -> None:
    service.say(stored(answer))

    await call(site)

    [request] = service.requests
    assert request.method == "GET"
    assert request.path == f"/api/1/energy_sites/{ENERGY_SITE_ID}/{path}"
    assert dict(request.query) == query


async def test_history_in_the_time_zone_of_the_site(
    account: TeslemetryAccount, service: Service
) -> None:
    service.say(stored("tesla_calendar_history_energy"))

    await account.site(ENERGY_SITE_ID, "Australia/Sydney").energy_today()

    assert service.requests[0].query["time_zone"] == "Australia/Sydney"


async def test_tariff_is_sent_as_tesla_documents_it(
    site: PowerwallClient, service: Service
) -> None:
    service.say(DONE)

    await site.send_tariff(TARIFF)

    [request] = service.requests
    assert request.method == "POST"
    assert request.path == f"/api/1/energy_sites/{ENERGY_SITE_ID}/time_of_use_settings"
    sent = json.loads(service.bodies[0])
    assert list(sent) == ["tou_settings"]
    document = sent["tou_settings"]["tariff_content_v2"]
    assert read_tariff(document) == TARIFF
    assert document["energy_charges"]["AllYear"]["rates"]["ON_PEAK"] == 0.48
    assert document["sell_tariff"]["energy_charges"]["AllYear"]["rates"] == {
        "OFF_PEAK": 0.05,
        "ON_PEAK": 0.12,
        "SUPER_OFF_PEAK": 0.0,
    }


async def test_operation_mode_is_sent(site: PowerwallClient, service: Service) -> None:
    service.say(DONE)

    await site.send_operation_mode(OperationMode.SELF_CONSUMPTION)

    [request] = service.requests
    assert request.method == "POST"
    assert request.path == f"/api/1/energy_sites/{ENERGY_SITE_ID}/operation"
    assert json.loads(service.bodies[0]) == {"default_real_mode": "self_consumption"}


# covers B-16
@pytest.mark.parametrize(
    ("call", "path", "body"),
    [
        (
            lambda site: site.send_backup_reserve(20.0),
            "backup",
            '{"backup_reserve_percent": 20}',
        ),
        (
            lambda site: site.send_backup_reserve(79.6),
            "backup",
            '{"backup_reserve_percent": 80}',
        ),
        *(
            (
                lambda site, rule=rule: site.send_export_rule(rule),
                "grid_import_export",
                f'{{"customer_preferred_export_rule": "{rule.value}"}}',
            )
            for rule in ExportRule
        ),
        (
            lambda site: site.send_grid_charging(True),
            "grid_import_export",
            '{"disallow_charge_from_grid_with_solar_installed": false}',
        ),
        (
            lambda site: site.send_grid_charging(False),
            "grid_import_export",
            '{"disallow_charge_from_grid_with_solar_installed": true}',
        ),
        (
            lambda site: site.send_storm_watch(True),
            "storm_mode",
            '{"enabled": true}',
        ),
        (
            lambda site: site.send_storm_watch(False),
            "storm_mode",
            '{"enabled": false}',
        ),
    ],
)
async def test_setting_is_sent(
    site: PowerwallClient, service: Service, call: Call, path: str, body: str
) -> None:
    service.say(DONE)

    await call(site)

    [request] = service.requests
    assert request.method == "POST"
    assert request.path == f"/api/1/energy_sites/{ENERGY_SITE_ID}/{path}"
    assert service.bodies == [body]  # a whole number has no decimal point


type Failure = tuple[int, str, str, type[ClientError], type[ClientError]]

FAILURES: list[Failure] = [
    # Status, content type, body; what it means for a read, and for a command.
    (400, JSON, '{"error": "invalid_command"}', RejectedError, RejectedError),
    (400, JSON, '{"error": "?"}', RejectedError, RejectedError),
    (401, JSON, '{"error": "invalid_token"}', AuthError, AuthError),
    (401, JSON, '{"error": "login_required"}', AuthError, AuthError),
    (401, "text/html", "<html>", AuthError, AuthError),
    (401, "text/plain", "", AuthError, AuthError),
    (402, JSON, '{"error": "subscription_required"}', RejectedError, RejectedError),
    (403, JSON, '{"error": "Unauthorized missing scopes"}', AuthError, AuthError),
    (403, "text/plain", "account disabled", AuthError, AuthError),
    (404, JSON, '{"error": "not_found"}', RejectedError, RejectedError),
    (405, "text/plain", "", RejectedError, RejectedError),
    (408, JSON, "{}", UnavailableError, OutcomeUnknownError),
    (412, JSON, "{}", RejectedError, RejectedError),
    (418, "text/plain", "teapot", RejectedError, RejectedError),
    (418, JSON, '{"error": "teapot"}', RejectedError, RejectedError),
    (421, JSON, "{}", RejectedError, RejectedError),
    (422, JSON, "{}", RejectedError, RejectedError),
    (424, JSON, "{}", UnavailableError, OutcomeUnknownError),
    (429, "text/plain", "Retry in 7 seconds", RateLimitedError, RateLimitedError),
    (499, JSON, "{}", UnavailableError, OutcomeUnknownError),
    (
        500,
        JSON,
        '{"error": "upstream internal error", "response": null}',
        UnavailableError,
        OutcomeUnknownError,
    ),
    (500, "text/html", "<html>", UnavailableError, OutcomeUnknownError),
    (502, "text/plain", "", UnavailableError, OutcomeUnknownError),
    (503, "text/plain", "", UnavailableError, OutcomeUnknownError),
    (504, "text/plain", "", UnavailableError, OutcomeUnknownError),
    (520, "text/html", "<html>", UnavailableError, OutcomeUnknownError),
    (520, JSON, "{}", UnavailableError, OutcomeUnknownError),
    (540, JSON, "{}", UnavailableError, OutcomeUnknownError),
    (200, "text/html", "<html>", InvalidDataError, OutcomeUnknownError),
    (204, "text/plain", "", InvalidDataError, OutcomeUnknownError),
    (200, "application/jsonp", "x({})", InvalidDataError, OutcomeUnknownError),
    (200, JSON, "{", InvalidDataError, OutcomeUnknownError),
    (500, JSON, "{", InvalidDataError, OutcomeUnknownError),
    (200, JSON, "[" * 100_000, InvalidDataError, OutcomeUnknownError),
    (500, JSON, '["no"]', InvalidDataError, OutcomeUnknownError),
    (400, JSON, '"no"', InvalidDataError, OutcomeUnknownError),
    (200, JSON, "null", InvalidDataError, OutcomeUnknownError),
    (200, JSON, "[]", InvalidDataError, OutcomeUnknownError),
    (200, JSON, "NaN", InvalidDataError, OutcomeUnknownError),
    (200, JSON, "{}", InvalidDataError, OutcomeUnknownError),
    (200, JSON, '{"response": null}', InvalidDataError, OutcomeUnknownError),
    (200, JSON, '{"response": "ok"}', InvalidDataError, OutcomeUnknownError),
    (200, JSON, '{"error": "no"}', InvalidDataError, RejectedError),
    (200, JSON, '{"error": "no", "response": null}', InvalidDataError, RejectedError),
]


@pytest.mark.parametrize(("status", "kind", "text", "read", "command"), FAILURES)
async def test_failure(
    site: PowerwallClient,
    service: Service,
    status: int,
    kind: str,
    text: str,
    read: type[ClientError],
    command: type[ClientError],
) -> None:
    service.say_text(text, status, kind)

    for call, expected in [
        *((call, read) for call in READS),
        *((call, command) for call in COMMANDS),
    ]:
        with pytest.raises(ClientError) as caught:
            await call(site)
        assert type(caught.value) is expected
        assert_discreet(caught.value)
    # Nothing is repeated behind our back.
    assert len(service.requests) == len(READS) + len(COMMANDS)


@pytest.mark.parametrize("call", [*READS, *COMMANDS])
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "37", "RateLimit_Reset": "60"}, 37),
        ({"RateLimit_Reset": "60"}, 62),
        ({"Retry_After": "soon"}, None),
        ({}, None),
    ],
)
async def test_too_many_requests(
    site: PowerwallClient,
    service: Service,
    call: Call,
    headers: dict[str, str],
    seconds: int | None,
) -> None:
    service.say_text("Retry later", 429, "text/plain", **headers)

    with pytest.raises(RateLimitedError) as caught:
        await call(site)
    assert caught.value.retry_after == (
        None if seconds is None else timedelta(seconds=seconds)
    )


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        *((call, UnavailableError) for call in READS),
        *((call, OutcomeUnknownError) for call in COMMANDS),
    ],
)
class TestNoAnswer:
    async def test_dropped_connection(
        self,
        site: PowerwallClient,
        service: Service,
        call: Call,
        expected: type[ClientError],
    ) -> None:
        service.answer = drop

        with pytest.raises(expected) as caught:
            await call(site)
        assert_discreet(caught.value)

    async def test_no_answer_in_time(
        self,
        site: PowerwallClient,
        service: Service,
        call: Call,
        expected: type[ClientError],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(errors, "READ_TIMEOUT", 0.05)
        monkeypatch.setattr(errors, "COMMAND_TIMEOUT", 0.05)
        service.silent = True

        with pytest.raises(expected, match="in time") as caught:
            await call(site)
        assert_discreet(caught.value)


@pytest.mark.parametrize("call", [*READS, *COMMANDS])
async def test_nobody_listens(
    site: PowerwallClient, service: Service, call: Call
) -> None:
    """A command that never left has a known outcome."""
    await service.stop()

    with pytest.raises(UnavailableError) as caught:
        await call(site)
    assert_discreet(caught.value)


@pytest.mark.parametrize("call", COMMANDS)
@pytest.mark.parametrize(
    "body",
    [
        DONE,
        {"response": {"Code": 201, "Message": "Updated"}},
        {"response": {"code": 204}},
        {"response": {"code": "201"}},
        {"response": {"code": 201}, "error": None},
        {"response": {"code": 201}, "error": ""},
        {"response": {"result": True, "reason": ""}},
        {"response": {"code": None}},
    ],
)
async def test_accepted_command(
    site: PowerwallClient, service: Service, call: Call, body: Any
) -> None:
    service.say(body)

    await call(site)
    assert len(service.requests) == 1


@pytest.mark.parametrize("call", COMMANDS)
@pytest.mark.parametrize(
    "body",
    [
        {"response": {"code": 400, "message": "no"}},
        {"response": {"Code": 422}},
        {"response": {"CODE": "500"}},
        {"response": {}, "code": 400},
        {"response": {"code": 201}, "error": "something"},
        {"response": {"code": 201}, "error": {"text": "something"}},
        {"response": {"result": False, "reason": "no"}},
        {"response": {"code": 200, "error": "no"}},
    ],
)
async def test_command_refused_with_success(
    site: PowerwallClient, service: Service, call: Call, body: Any
) -> None:
    service.say(body)

    with pytest.raises(RejectedError) as caught:
        await call(site)
    assert_discreet(caught.value)


@pytest.mark.parametrize("ask", [errors.read, errors.command])
async def test_what_the_library_refuses_itself_is_rejected(ask: Any) -> None:
    async def refuse() -> object:
        raise SignedCommandRequired

    with pytest.raises(RejectedError, match="SignedCommandRequired"):
        await ask(refuse())


async def test_failure_of_products(
    account: TeslemetryAccount, service: Service
) -> None:
    service.say({"error": "invalid_token"}, 401)

    with pytest.raises(AuthError) as caught:
        await account.energy_sites()
    assert_discreet(caught.value)


@pytest.mark.parametrize("token", ["", f"{TOKEN}\nX: y", f"{TOKEN}\0", "\ud800"])
@pytest.mark.parametrize("call", [READS[0], COMMANDS[1]])
async def test_token_that_cannot_be_one_is_not_sent(
    session: aiohttp.ClientSession, service: Service, token: str, call: Call
) -> None:
    with pytest.raises(AuthError) as caught:
        await call(TeslemetryAccount(session, token, service.url).site(ENERGY_SITE_ID))
    assert_discreet(caught.value)
    assert service.requests == []


async def test_repr_is_discreet(
    account: TeslemetryAccount, site: PowerwallClient
) -> None:
    for secret in (TOKEN, str(ENERGY_SITE_ID)):
        assert secret not in repr(account)
        assert secret not in repr(site)
