"""A service for tests and the demo: look behind the scenes, break and repair."""

from datetime import UTC, datetime
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .amber_service import AmberCloud
from .config import AMBER_TOKEN, TESLEMETRY_TOKEN
from .faults import FaultError, fault_from_json
from .front_door import FrontDoor
from .tesla_service import TeslaCloud

if TYPE_CHECKING:
    from .home import SimulatedHome


def app(home: SimulatedHome) -> web.Application:
    """Return a new application over a home.

    ``GET /state``, ``/uploads`` and ``/served?last=N`` (all that is kept without N); ``GET``, ``POST`` and ``DELETE
    /faults``; ``GET /asked?service=NAME`` for what a service without an account was
    asked; ``POST /tokens`` with ``{"service": ..., "token": NEW or null}`` (null
    refuses every token) and ``DELETE /tokens`` to accept the first ones again.
    """
    admin = web.Application()
    clouds: dict[str, AmberCloud | TeslaCloud] = {
        "amber": home.amber,
        "tesla": home.tesla,
    }

    async def state(_request: web.Request) -> web.Response:
        return web.json_response(_state(home))

    async def uploads(_request: web.Request) -> web.Response:
        return web.json_response(
            [
                {
                    "received_at": upload.received_at.isoformat(),
                    "site_id": upload.site_id,
                    "tariff": upload.tariff,
                    "stored": upload.stored,
                    "warnings": upload.warnings,
                }
                for upload in home.tesla.uploads
            ]
        )

    async def served(request: web.Request) -> web.Response:
        last = request.query.get("last", "1000000")
        if not last.isdecimal() or not int(last):
            return _refused("last must be a whole number above 0")
        parts = (
            json.dumps(
                {
                    "served_at": answer.served_at.isoformat(),
                    "site_id": answer.site_id,
                    "path": answer.path,
                    "query": answer.query,
                }
            )[:-1]
            + f',"rows":{answer.body}}}'
            for answer in list(home.amber.served)[-int(last) :]
        )
        return web.Response(
            text=f"[{','.join(parts)}]", content_type="application/json"
        )

    async def asked(request: web.Request) -> web.Response:
        door = _doors(home).get(request.query.get("service", ""))
        if door is None:
            return _refused(f"service must be one of {', '.join(_doors(home))}")
        return web.json_response(
            [
                {
                    "at": entry.at.isoformat(),
                    "method": entry.method,
                    "path": entry.path,
                    "query": entry.query,
                }
                for entry in door.asked
            ]
        )

    async def get_faults(_request: web.Request) -> web.Response:
        return web.json_response(home.faults.as_json())

    async def add_fault(request: web.Request) -> web.Response:
        try:
            home.faults.add(fault_from_json(await request.json()))
        except FaultError as err:
            return _refused(str(err))
        except ValueError:
            return _refused("the body is not JSON")
        return web.json_response(home.faults.as_json())

    async def clear_faults(_request: web.Request) -> web.Response:
        home.faults.clear()
        return web.json_response([])

    async def set_token(request: web.Request) -> web.Response:
        try:
            body = await request.json()
            service, token = body["service"], body.get("token")
            cloud = clouds[service]
        except ValueError, KeyError, TypeError, AttributeError:
            return _refused('expected {"service": "amber" or "tesla", "token": ...}')
        if not isinstance(token, str | None):
            return _refused("token must be a text or null")
        cloud.token = token
        return web.json_response({"service": service, "token": token})

    async def reset_tokens(_request: web.Request) -> web.Response:
        home.amber.token, home.tesla.token = AMBER_TOKEN, TESLEMETRY_TOKEN
        return web.json_response({})

    admin.add_routes(
        [
            web.get("/state", state),
            web.get("/uploads", uploads),
            web.get("/served", served),
            web.get("/asked", asked),
            web.get("/faults", get_faults),
            web.post("/faults", add_fault),
            web.delete("/faults", clear_faults),
            web.post("/tokens", set_token),
            web.delete("/tokens", reset_tokens),
        ]
    )
    return admin


def _doors(home: SimulatedHome) -> dict[str, FrontDoor]:
    """Return the doors of the services without an account, by service."""
    doors = {"aemo": home.aemo.door, "nemweb": home.nemweb.door}
    if home.comed is not None:
        doors["comed"] = home.comed.door
    return doors


def _refused(message: str) -> web.Response:
    return web.json_response({"message": message}, status=400)


def _state(home: SimulatedHome) -> dict[str, Any]:
    """Return what is true at the moment."""
    at = home.advance()
    buy, sell = home.price_now(at)
    return {
        "now": datetime.fromtimestamp(at, UTC).isoformat(),
        "import_price": buy,
        "export_price": sell,
        "cost": home.account.cost,
        "amber_requests": home.amber.requests,
        "amber_subscribers": home.amber_socket.subscribers,
        "tesla_requests": home.tesla.requests,
        **{f"{name}_requests": door.requests for name, door in _doors(home).items()},
        "sites": [
            {
                "site_id": site_id,
                "solar_w": site.flow.solar_w,
                "load_w": site.flow.load_w,
                "battery_w": site.flow.battery_w,
                "grid_w": site.flow.grid_w,
                "curtailed_w": site.flow.curtailed_w,
                "charge_percent": site.charge_percent,
                "action": site.action,
                "plans": site.plans,
                "mode": site.settings.mode,
                "reserve_percent": site.settings.reserve_percent,
                "export_rule": site.settings.export_rule,
                "grid_charging": site.settings.grid_charging,
                "storm_watch": site.settings.storm_watch,
                "stored_tariff": site.settings.tariff and site.settings.tariff.document,
                "tariff_noticed": site.noticed_tariff is site.settings.tariff,
                "commands": len(
                    [c for c in home.tesla.commands if c.site_id == site_id]
                ),
            }
            for site_id, site in home.sites.items()
        ],
    }
