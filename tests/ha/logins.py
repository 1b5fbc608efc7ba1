"""Other integrations' logins to Tesla, as PowerSync finds them in Home Assistant.

Tesla Fleet is Home Assistant's own integration, run for real against a simulated Fleet
API and a server that renews its tokens. What Teslemetry's and Tessie's need is not
among the tests' packages: here they are stand-ins that leave in ``runtime_data`` what
the originals of 2026.11 do, made of the same library, and lose it when they unload.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from aiohttp import web
from homeassistant.components.application_credentials import (
    ClientCredential,
    async_import_client_credential,
)
from homeassistant.config_entries import ConfigEntry, ConfigFlow
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    mock_config_flow,
    mock_integration,
    mock_platform,
)
from tesla_fleet_api.teslemetry import Teslemetry

from custom_components.power_sync.sim.config import (
    FLEET_TOKEN,
    TESLEMETRY_TOKEN,
    TESSIE_TOKEN,
)
from custom_components.power_sync.sim.server import SimulatorServer

AUTH_DOMAIN = "my_application"

type AccessToken = Callable[[], Awaitable[str]]


class TokenServer:
    """Renews Fleet's tokens, or refuses to."""

    def __init__(self) -> None:
        self.status = 200
        self.renewals = 0
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/token", self._renew)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/token"

    async def stop(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _renew(self, request: web.Request) -> web.Response:
        self.renewals += 1
        if self.status != 200:
            return web.json_response({"error": "login_required"}, status=self.status)
        return web.json_response(
            {
                "access_token": FLEET_TOKEN,
                "refresh_token": f"refresh-{self.renewals}",
                "expires_in": 28800,
                "token_type": "Bearer",
            }
        )


class FleetLogin:
    """Home Assistant's Tesla Fleet integration with one entry."""

    def __init__(self, hass: HomeAssistant, tokens: TokenServer) -> None:
        self._hass = hass
        self.tokens = tokens
        self.entry = MockConfigEntry(
            domain="tesla_fleet",
            title="me@example.com",
            unique_id="00000000-0000-4000-8000-0000000000f1",
            data={"auth_implementation": AUTH_DOMAIN, "token": self._token()},
        )

    @staticmethod
    def _token(expires_in: float = 28800) -> dict[str, Any]:
        return {
            "access_token": FLEET_TOKEN,
            "refresh_token": "refresh-0",
            "expires_in": 28800,
            "expires_at": dt_util.utcnow().timestamp() + expires_in,
            "token_type": "Bearer",
        }

    async def set_up(self) -> None:
        assert await async_setup_component(self._hass, "application_credentials", {})
        await async_import_client_credential(
            self._hass, "tesla_fleet", ClientCredential("id", "secret"), AUTH_DOMAIN
        )
        self.entry.add_to_hass(self._hass)
        assert await self._hass.config_entries.async_setup(self.entry.entry_id)
        await self._hass.async_block_till_done()

    def let_token_expire(self) -> None:
        """Make the token one that has to be renewed before the next use."""
        self._hass.config_entries.async_update_entry(
            self.entry,
            data={**self.entry.data, "token": self._token(expires_in=-1)},
        )


@contextmanager
def fleet_hosts(server: SimulatorServer, tokens: TokenServer) -> Iterator[None]:
    """Lead the integration to the simulated services; it has no entities."""
    package = "homeassistant.components.tesla_fleet"
    with (
        patch.dict("tesla_fleet_api.const.SERVERS", {"na": server.fleet_url}),
        patch(f"{package}.oauth.TOKEN_URL", tokens.url),
        patch(f"{package}.PLATFORMS", []),
    ):
        yield


@contextmanager
def stand_in_flows() -> Iterator[None]:
    """Let Home Assistant find config flows of the stand-ins."""

    class Flow(ConfigFlow):
        VERSION = 1

    with mock_config_flow("teslemetry", Flow), mock_config_flow("tessie", Flow):
        yield


class StandIn:
    """An integration that leaves the library's objects in its entries."""

    def __init__(
        self,
        hass: HomeAssistant,
        domain: str,
        runtime_data: Callable[[ConfigEntry], Any],
    ) -> None:
        async def set_up(_: HomeAssistant, entry: ConfigEntry) -> bool:
            entry.runtime_data = runtime_data(entry)
            return True

        async def unload(_: HomeAssistant, entry: ConfigEntry) -> bool:
            return True

        mock_integration(
            hass,
            MockModule(domain, async_setup_entry=set_up, async_unload_entry=unload),
        )
        mock_platform(hass, f"{domain}.config_flow", None)
        self._hass = hass
        self._domain = domain

    async def add(self, title: str, data: dict[str, Any]) -> MockConfigEntry:
        entry = MockConfigEntry(domain=self._domain, title=title, data=data)
        entry.add_to_hass(self._hass)
        assert await self._hass.config_entries.async_setup(entry.entry_id)
        return entry


def energy_sites(*pairs: tuple[int, Any]) -> SimpleNamespace:
    """Return what the integrations of 2026.11 keep of energy sites."""
    sites = [SimpleNamespace(id=site_id, api=api) for site_id, api in pairs]
    return SimpleNamespace(vehicles=[], energysites=sites)


async def teslemetry_login(
    hass: HomeAssistant,
    server: SimulatorServer,
    *,
    title: str = "Teslemetry",
    token: AccessToken | None = None,
) -> MockConfigEntry:
    """Return a loaded entry of Teslemetry's integration."""

    async def own_token() -> str:
        return TESLEMETRY_TOKEN

    def runtime_data(_: ConfigEntry) -> Any:
        api = Teslemetry(
            session=async_get_clientsession(hass),
            access_token=token or own_token,
            server=server.teslemetry_url,
        )
        return energy_sites(
            *(
                (site.site_id, api.energySites.create(site.site_id))
                for site in server.home.config.tesla_sites
            )
        )

    return await StandIn(hass, "teslemetry", runtime_data).add(title, {"token": {}})


async def tessie_login(
    hass: HomeAssistant, server: SimulatorServer, *, token: str = TESSIE_TOKEN
) -> MockConfigEntry:
    """Return a loaded entry of Tessie's integration, which has its token in plain."""

    def runtime_data(_: ConfigEntry) -> Any:
        return energy_sites(
            *((site.site_id, object()) for site in server.home.config.tesla_sites)
        )

    login = StandIn(hass, "tessie", runtime_data)
    return await login.add("Tessie", {"access_token": token})
