"""Paths by which tests and the demo let something happen to a simulated home."""

from collections.abc import Mapping
from dataclasses import replace
import math
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .admin_state import situation, state
from .nem_market import SpikeError
from .powerwall import Powerwall
from .situation import SituationError
from .tesla_commands import RefusedError
from .tesla_host import Handler

if TYPE_CHECKING:
    from .home import SimulatedHome


class EventRefusedError(ValueError):
    """An event that is not understood or cannot be; the text says why."""


def event_routes(home: SimulatedHome) -> list[web.RouteDef]:
    """Return the paths; whatever names no ``site_id`` means the first Powerwall.

    ``POST /app`` with any of ``mode``, ``reserve``, ``export_rule``,
    ``grid_charging``, ``storm_watch`` and ``tariff``: the owner changes these in
    Tesla's app. ``POST /situation`` with any of ``storm``, ``grid_services`` and
    ``off_grid``, true or false. ``POST /spike`` with ``price`` ($/MWh), ``minutes``
    and, if it is another than the home's, ``region``; ``DELETE /spike`` ends it.
    """

    async def use_app(request: web.Request) -> web.Response:
        body = await _body(request)
        site = _site(home, body)
        home.tesla.use_app(site.config.site_id, **body)
        return web.json_response(state(home))

    async def set_situation(request: web.Request) -> web.Response:
        body = await _body(request)
        site = _site(home, body)
        if unknown := body.keys() - {"storm", "grid_services", "off_grid"}:
            raise EventRefusedError(f"unknown key {min(unknown)!r}")
        if not all(isinstance(flag, bool) for flag in body.values()):
            raise EventRefusedError("a situation is true or false")
        home.tesla.set_situation(site.config.site_id, replace(site.situation, **body))
        return web.json_response(situation(site))

    async def spike(request: web.Request) -> web.Response:
        body = await _body(request)
        if unknown := body.keys() - {"price", "minutes", "region"}:
            raise EventRefusedError(f"unknown key {min(unknown)!r}")
        region = body.get("region")
        if not isinstance(region, str | None):
            raise EventRefusedError("region is a text")
        home.spike(_number(body, "price"), math.ceil(_number(body, "minutes")), region)
        return web.json_response(state(home)["spikes"])

    async def calm(_request: web.Request) -> web.Response:
        home.calm()
        return web.json_response(state(home)["spikes"])

    return [
        web.post("/app", _explained(use_app)),
        web.post("/situation", _explained(set_situation)),
        web.post("/spike", _explained(spike)),
        web.delete("/spike", calm),
    ]


def _explained(handler: Handler) -> Handler:
    """Answer what is not understood with 400 and the reason."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except (EventRefusedError, RefusedError, SituationError, SpikeError) as err:
            return web.json_response({"message": str(err)}, status=400)

    return handle


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        raise EventRefusedError("the body is not JSON") from None
    if not isinstance(body, Mapping):
        raise EventRefusedError("the body is not an object")
    return dict(body)


def _site(home: SimulatedHome, body: dict[str, Any]) -> Powerwall:
    """Take the site out of a body."""
    site_id = body.pop("site_id", home.powerwall.config.site_id)
    try:
        return home.sites[site_id]
    except KeyError, TypeError:
        raise EventRefusedError(f"no site {site_id!r}") from None


def _number(body: Mapping[str, Any], name: str) -> float:
    value = body.get(name)
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not math.isfinite(value)
    ):
        raise EventRefusedError(f"{name} must be a number")
    return value
