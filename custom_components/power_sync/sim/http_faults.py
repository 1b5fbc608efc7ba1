"""How faults look on the wire: what the services have in common."""

import asyncio

from aiohttp import web

from .faults import Fault, FaultKind

_NO_PATIENCE = 600.0
"""Seconds (of the event loop) after which a request without answer is dropped."""
_STATUSES = {
    FaultKind.STATUS_400: 400,
    FaultKind.STATUS_401: 401,
    FaultKind.STATUS_403: 403,
    FaultKind.STATUS_404: 404,
    FaultKind.STATUS_500: 500,
    FaultKind.STATUS_502: 502,
    FaultKind.STATUS_503: 503,
    FaultKind.STATUS_504: 504,
}


def drop(request: web.Request) -> web.Response:
    """Close the connection; the returned response never leaves."""
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=500)


async def spoiled(request: web.Request, fault: Fault) -> web.Response | None:
    """Return the answer that a fault puts in place of the real one, if any.

    ``slow`` waits here and returns None. 429 is the services' own business.
    """
    match fault.kind:
        case FaultKind.SLOW:
            await asyncio.sleep(fault.seconds)
            return None
        case FaultKind.TIMEOUT:
            await asyncio.sleep(_NO_PATIENCE)
            return drop(request)
        case FaultKind.DROP | FaultKind.LOST_COMMAND:
            return drop(request)
        case FaultKind.HTML:
            return web.Response(
                text="<!DOCTYPE html><html><body>Maintenance</body></html>",
                content_type="text/html",
            )
        case FaultKind.GARBAGE:
            return web.Response(
                text='{"response": [{"perKwh": 12.', content_type="application/json"
            )
        case FaultKind.EMPTY:
            return web.Response(content_type="application/json")
        case FaultKind.NULL:
            return web.Response(text="null", content_type="application/json")
        case kind if kind in _STATUSES:
            return web.json_response(
                {"message": "Internal server error"}
                if _STATUSES[kind] >= 500
                else {"message": "Simulated fault"},
                status=_STATUSES[kind],
            )
        case _:
            return None


def bearer(request: web.Request) -> str | None:
    """Return the token of a request, None without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" and token else None
