"""A service for tests and the demo: look behind the scenes, break and repair."""

import json
from typing import TYPE_CHECKING

from aiohttp import web

from .admin_events import event_routes
from .admin_state import command, doors, state
from .amber_service import AmberCloud
from .config import AMBER_TOKEN
from .faults import FaultError, fault_from_json
from .tesla_host import TeslaHost

if TYPE_CHECKING:
    from .home import SimulatedHome


def app(home: SimulatedHome) -> web.Application:
    """Return a new application over a home.

    ``GET /state``, ``/uploads``, ``/commands`` and ``/served?last=N`` (all that is
    kept without N); ``GET``, ``POST`` and ``DELETE /faults``; ``GET
    /asked?service=NAME`` for what a service without an account was asked; ``POST
    /tokens`` with ``{"service": ..., "token": NEW or null}`` (null refuses every
    token; ``tesla`` is Teslemetry) and ``DELETE /tokens`` to accept the first ones
    again; and the paths of ``admin_events``.
    """
    admin = web.Application()
    clouds: dict[str, AmberCloud | TeslaHost] = {"amber": home.amber}
    clouds |= {service.value: host for service, host in home.tesla.hosts.items()}

    async def get_state(_request: web.Request) -> web.Response:
        return web.json_response(state(home))

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

    async def commands(_request: web.Request) -> web.Response:
        return web.json_response(
            [command(accepted) for accepted in home.tesla.commands]
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
        door = doors(home).get(request.query.get("service", ""))
        if door is None:
            return _refused(f"service must be one of {', '.join(doors(home))}")
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
            return _refused(
                f'expected {{"service": one of {", ".join(clouds)}, "token": ...}}'
            )
        if not isinstance(token, str | None):
            return _refused("token must be a text or null")
        cloud.token = token
        return web.json_response({"service": service, "token": token})

    async def reset_tokens(_request: web.Request) -> web.Response:
        home.amber.token = AMBER_TOKEN
        for host in home.tesla.hosts.values():
            host.token = host.first_token
        return web.json_response({})

    admin.add_routes(
        [
            web.get("/state", get_state),
            web.get("/uploads", uploads),
            web.get("/commands", commands),
            web.get("/served", served),
            web.get("/asked", asked),
            web.get("/faults", get_faults),
            web.post("/faults", add_fault),
            web.delete("/faults", clear_faults),
            web.post("/tokens", set_token),
            web.delete("/tokens", reset_tokens),
            *event_routes(home),
        ]
    )
    return admin


def _refused(message: str) -> web.Response:
    return web.json_response({"message": message}, status=400)
