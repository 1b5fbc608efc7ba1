"""A site over objects that are not ours: whatever they raise, or that they are gone."""

from collections.abc import Awaitable, Callable
import inspect
from typing import Any, override

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy
import pytest
from tesla_fleet_api import exceptions
from tesla_fleet_api.router import EnergySiteRouter
from yarl import URL

from custom_components.power_sync.clients.errors import (
    AuthError,
    ClientError,
    InvalidDataError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
)
from custom_components.power_sync.clients.tesla.site import TeslaSite
from custom_components.power_sync.core.model.powerwall import (
    ExportRule,
    OperationMode,
)
from custom_components.power_sync.core.model.tariff_document import read_tariff

from .support import ENERGY_SITE_ID, TOKEN, assert_discreet, stored

# covers B-01

type Call = Callable[[TeslaSite], Awaitable[Any]]

TARIFF = read_tariff(
    stored("tesla_tou_settings_request")["tou_settings"]["tariff_content_v2"]
)
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
ANSWERS = {
    "live_status": "tesla_live_status",
    "site_info": "tesla_site_info",
    "energy_history": "tesla_calendar_history_energy",
}
DONE = {"response": {"code": 201, "message": "Updated"}}


class Api:
    """A library's site that answers, or raises what a test wants."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name not in {
            *ANSWERS,
            "time_of_use_settings",
            "operation",
            "backup",
            "grid_import_export",
            "storm_mode",
        }:
            raise AttributeError(name)

        async def ask(*_: Any, **__: Any) -> Any:
            self.asked.append(name)
            if self.error is not None:
                raise self.error
            return stored(ANSWERS[name]) if name in ANSWERS else DONE

        return ask


def library_errors() -> list[BaseException]:
    """Return one of each exception that the library has, made as it makes them."""
    found: list[BaseException] = []
    for kind in vars(exceptions).values():
        if not (inspect.isclass(kind) and issubclass(kind, BaseException)):
            continue
        if issubclass(kind, exceptions.PrivateKeyError):
            found.append(kind(TOKEN, "malformed"))
            continue
        found.append(kind())
        if issubclass(kind, exceptions.TeslaFleetError):
            found.append(kind({"error": TOKEN}))
    return found


def refresh_refused(status: int, **headers: str) -> aiohttp.ClientResponseError:
    """Return what a token service's refusal looks like."""
    url = URL(f"https://auth.invalid/token/{TOKEN}")
    request = aiohttp.RequestInfo(url, "POST", CIMultiDictProxy(CIMultiDict()), url)
    named = CIMultiDict(
        {name.replace("_", "-"): value for name, value in headers.items()}
    )
    return aiohttp.ClientResponseError(
        request, (), status=status, message=TOKEN, headers=named
    )


def test_the_library_has_errors() -> None:
    kinds = {type(error) for error in library_errors()}

    assert len(kinds) > 100
    assert {exceptions.LibraryError, exceptions.RateLimited} <= kinds
    assert not issubclass(exceptions.TeslaFleetError, Exception)


@pytest.mark.parametrize(
    "error", library_errors(), ids=lambda error: type(error).__name__
)
async def test_no_error_of_the_library_escapes(error: BaseException) -> None:
    for call in (*READS, *COMMANDS):
        api = Api(error)
        with pytest.raises(ClientError) as caught:
            await call(TeslaSite(lambda api=api: api))  # type: ignore[misc]
        assert_discreet(caught.value)
        assert len(api.asked) == 1
    for call in READS:
        with pytest.raises(ClientError) as caught:
            await call(TeslaSite(lambda: Api(error)))
        assert not isinstance(caught.value, OutcomeUnknownError)


@pytest.mark.parametrize(
    ("error", "read", "command"),
    [
        (exceptions.LibraryError(), RejectedError, RejectedError),
        (exceptions.SigningDisabled(), RejectedError, RejectedError),
        (exceptions.PrivateKeyError("malformed", "x"), RejectedError, RejectedError),
        (exceptions.MissingToken(), AuthError, AuthError),
        (exceptions.PaymentRequired(), RejectedError, RejectedError),
        (exceptions.RateLimited(), RateLimitedError, RateLimitedError),
        (exceptions.BluetoothTimeout(), UnavailableError, OutcomeUnknownError),
        (
            exceptions.BluetoothUnconfirmedCommand(),
            UnavailableError,
            OutcomeUnknownError,
        ),
        (exceptions.EnergyGatewayUnreachable(), UnavailableError, OutcomeUnknownError),
        (NotImplementedError(), RejectedError, RejectedError),
        (RuntimeError("Session is closed"), UnavailableError, OutcomeUnknownError),
        (RecursionError(), InvalidDataError, OutcomeUnknownError),
        (KeyError("expires_at"), InvalidDataError, OutcomeUnknownError),
        (TypeError(), InvalidDataError, OutcomeUnknownError),
        (ValueError(), InvalidDataError, OutcomeUnknownError),
        (AttributeError(), InvalidDataError, OutcomeUnknownError),
        (TimeoutError(), UnavailableError, OutcomeUnknownError),
        (OSError(), UnavailableError, OutcomeUnknownError),
        (aiohttp.ServerDisconnectedError(), UnavailableError, OutcomeUnknownError),
        (aiohttp.InvalidURL("x"), UnavailableError, UnavailableError),
        (refresh_refused(400), AuthError, AuthError),
        (refresh_refused(401), AuthError, AuthError),
        (refresh_refused(403), AuthError, AuthError),
        (refresh_refused(418), RejectedError, RejectedError),
        (refresh_refused(429), RateLimitedError, RateLimitedError),
        (refresh_refused(503), UnavailableError, OutcomeUnknownError),
    ],
    ids=repr,
)
async def test_meaning(
    error: BaseException, read: type[ClientError], command: type[ClientError]
) -> None:
    for call, expected in [
        *((call, read) for call in READS),
        *((call, command) for call in COMMANDS),
    ]:
        with pytest.raises(ClientError) as caught:
            await call(TeslaSite(lambda: Api(error)))
        assert type(caught.value) is expected
        assert_discreet(caught.value)


async def test_pace_of_a_token_service() -> None:
    api = Api(refresh_refused(429, Retry_After="37"))

    with pytest.raises(RateLimitedError) as caught:
        await TeslaSite(lambda: api).live_status()
    assert caught.value.retry_after is not None
    assert caught.value.retry_after.total_seconds() == 37


class TestObjectOfSomeoneElse:
    async def test_is_looked_up_for_every_request(self) -> None:
        first, second = Api(), Api()
        objects = iter((first, second, first))
        site = TeslaSite(lambda: next(objects))

        await site.live_status()
        await site.send_storm_watch(False)
        await site.site_info()

        assert first.asked == ["live_status", "site_info"]
        assert second.asked == ["storm_mode"]

    @pytest.mark.parametrize("call", [*READS, *COMMANDS])
    @pytest.mark.parametrize(
        "error", [UnavailableError("not loaded"), AuthError("gone"), RejectedError("?")]
    )
    async def test_that_is_gone(self, call: Call, error: ClientError) -> None:
        """What was never sent has a known outcome, also of a command."""

        def gone() -> Any:
            raise error

        with pytest.raises(ClientError) as caught:
            await call(TeslaSite(gone))
        assert caught.value is error

    @pytest.mark.parametrize("call", [*READS, *COMMANDS])
    async def test_without_the_methods_of_the_library(self, call: Call) -> None:
        class Other:
            def __getattr__(self, name: str) -> Any:
                raise AttributeError(f"{name} {ENERGY_SITE_ID}")

        with pytest.raises(RejectedError, match="AttributeError") as caught:
            await call(TeslaSite(Other))
        assert_discreet(caught.value)

    @pytest.mark.parametrize("call", [*READS, *COMMANDS])
    async def test_with_other_arguments_than_the_library(self, call: Call) -> None:
        class Other:
            def __getattr__(self, name: str) -> Any:
                async def other(*, unheard_of: int) -> None:
                    pass

                return other

        with pytest.raises(RejectedError, match="TypeError"):
            await call(TeslaSite(Other))


class ElsewhereError(Exception):
    """What only another program can name."""


class TestGuard:
    @pytest.mark.parametrize("call", [*READS, *COMMANDS])
    @pytest.mark.parametrize(
        "meaning", [AuthError("log in there"), UnavailableError("later")]
    )
    async def test_says_what_a_failure_means(
        self, call: Call, meaning: ClientError
    ) -> None:
        async def guard(request: Awaitable[object]) -> object:
            try:
                return await request
            except ElsewhereError:
                raise meaning from None

        with pytest.raises(ClientError) as caught:
            await call(TeslaSite(lambda: Api(ElsewhereError(TOKEN)), guard=guard))
        assert caught.value is meaning

    async def test_comes_before_what_is_known_here(self) -> None:
        """Home Assistant's errors of a token are aiohttp's as well."""

        class RefreshError(ElsewhereError, aiohttp.ClientConnectionError):
            pass

        async def guard(request: Awaitable[object]) -> object:
            try:
                return await request
            except ElsewhereError:
                raise UnavailableError("never sent") from None

        site = TeslaSite(lambda: Api(RefreshError()), guard=guard)
        with pytest.raises(UnavailableError, match="never sent"):
            await site.send_operation_mode(OperationMode.BACKUP)

    @pytest.mark.parametrize("call", [*READS, *COMMANDS])
    async def test_leaves_the_rest(self, call: Call) -> None:
        async def guard(request: Awaitable[object]) -> object:
            return await request

        await call(TeslaSite(Api, guard=guard))
        with pytest.raises(AuthError):
            await call(
                TeslaSite(lambda: Api(exceptions.InvalidToken()), guard=guard),
            )


class Gateway(Api):
    """A site in the local network, which has less to tell than the cloud."""

    @override
    def __getattr__(self, name: str) -> Any:
        if name == "site_info":
            raise AttributeError(name)
        if name == "live_status":
            return self._live_status
        return super().__getattr__(name)

    async def _live_status(self) -> Any:
        self.asked.append("live_status")
        answer = stored(ANSWERS["live_status"])
        for key in ("timestamp", "storm_mode_active", "grid_services_active"):
            answer["response"][key] = None
        return answer


class TestLocalGatewayBesideTheCloud:
    async def test_commands_take_the_short_way(self) -> None:
        gateway, cloud = Gateway(), Api()
        site = TeslaSite(lambda: EnergySiteRouter(gateway, cloud))

        for call in COMMANDS:
            await call(site)

        assert len(gateway.asked) == len(COMMANDS)
        assert cloud.asked == []

    async def test_flows_are_the_clouds(self) -> None:
        gateway, cloud = Gateway(), Api()
        site = TeslaSite(lambda: EnergySiteRouter(gateway, cloud))

        for call in READS:
            await call(site)

        assert "live_status" not in gateway.asked
        assert {"live_status", "site_info"} <= set(cloud.asked)

    async def test_what_the_gateway_cannot_do_the_cloud_does(self) -> None:
        gateway, cloud = Gateway(NotImplementedError()), Api()
        site = TeslaSite(lambda: EnergySiteRouter(gateway, cloud))

        for call in COMMANDS:
            await call(site)

        assert gateway.asked == cloud.asked

    @pytest.mark.parametrize(
        ("error", "read", "command"),
        [
            (exceptions.OAuthExpired(), AuthError, AuthError),
            (exceptions.GatewayTimeout(), UnavailableError, OutcomeUnknownError),
        ],
    )
    async def test_failure_of_both_is_the_clouds(
        self,
        error: BaseException,
        read: type[ClientError],
        command: type[ClientError],
    ) -> None:
        gateway, cloud = Gateway(ElsewhereError()), Api(error)
        site = TeslaSite(lambda: EnergySiteRouter(gateway, cloud))

        for call, expected in [
            *((call, read) for call in READS),
            *((call, command) for call in COMMANDS),
        ]:
            with pytest.raises(ClientError) as caught:
                await call(site)
            assert type(caught.value) is expected
