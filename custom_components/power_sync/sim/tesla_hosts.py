"""The three services that lead to a Tesla account, each with its own words."""

import json
from typing import ClassVar, override

from aiohttp import web

from .config import FLEET_TOKEN, TESLEMETRY_TOKEN, TESSIE_TOKEN, VEHICLE_VIN
from .faults import FaultKind, Service
from .tesla_host import ALL_SCOPES, TeslaHost, envelope

_REGION = "/api/1/users/region"
_ELSEWHERE = "https://fleet-api.prd.eu.vn.cloud.tesla.com"


class Teslemetry(TeslaHost):
    """``api.teslemetry.com``."""

    service = Service.TESLA
    first_token = TESLEMETRY_TOKEN
    no_token = 401, {"error": "missing_token"}
    wrong_token = 401, {"error": "invalid_token"}
    refusals: ClassVar = {
        FaultKind.STATUS_402: (402, {"error": "subscription_required"})
    }

    @override
    def add_own_paths(self, router: web.UrlDispatcher) -> None:
        router.add_get("/api/metadata", self.read(self._metadata))

    def _metadata(self, _request: web.Request, _at: float) -> str:
        return json.dumps(
            {
                "uid": "simulated-home",
                "region": "NA",
                "scopes": ALL_SCOPES,
                "vehicles": {
                    VEHICLE_VIN: {
                        "access": True,
                        "polling": False,
                        "proxy": True,
                        "firmware": "2026.38.6",
                        "name": "Blue",
                    }
                },
                "energy_sites": {
                    str(site_id): {"access": True}
                    for site_id, site in self.account.sites.items()
                    if site.config.powerwalls
                },
            }
        )


class Fleet(TeslaHost):
    """``fleet-api.prd.na.vn.cloud.tesla.com``, and proxies that speak like it."""

    service = Service.FLEET
    first_token = FLEET_TOKEN
    no_token = 401, None
    wrong_token = 401, envelope("invalid bearer token")
    refusals: ClassVar = {
        FaultKind.STATUS_401: (401, envelope("token expired (401)")),
        FaultKind.STATUS_412: (
            412,
            envelope("Account must be registered in the current region"),
        ),
        FaultKind.STATUS_421: (
            421,
            envelope(f"user out of region, use base URL: {_ELSEWHERE}"),
        ),
    }

    @override
    def add_own_paths(self, router: web.UrlDispatcher) -> None:
        router.add_get("/status", self._status)
        router.add_get(_REGION, self.read(self._region))

    async def _status(self, request: web.Request) -> web.StreamResponse:
        _, answer = await self.admit(request, anybody=True)
        return web.Response(text="ok") if answer is None else answer

    def _region(self, request: web.Request, _at: float) -> str:
        # The service cannot know where it stands except from who asks.
        base = f"{request.url.origin()}{request.path.removesuffix(_REGION)}"
        return json.dumps({"response": {"region": "na", "fleet_api_base_url": base}})


class Tessie(TeslaHost):
    """``api.tessie.com``: its own paths, and Tesla's passed on."""

    service = Service.TESSIE
    first_token = TESSIE_TOKEN
    no_token = 401, {"error": "Access token is required"}
    wrong_token = 401, {"error": "Invalid access token"}

    @override
    def add_own_paths(self, router: web.UrlDispatcher) -> None:
        router.add_get("/auth/tesla_scopes", self.read(self._scopes))
        router.add_get("/vehicles", self.read(self._vehicles))

    @override
    def token_of(self, request: web.Request) -> str | None:
        return super().token_of(request) or request.query.get("access_token")

    def _scopes(self, _request: web.Request, _at: float) -> str:
        return json.dumps({"scopes": ALL_SCOPES})

    def _vehicles(self, _request: web.Request, _at: float) -> str:
        # The car has slept ever since it was added, so that nothing is known of it.
        car = {"vin": VEHICLE_VIN, "is_active": True, "last_state": None}
        return json.dumps({"results": [car]})
