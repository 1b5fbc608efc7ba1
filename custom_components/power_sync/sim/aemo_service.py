"""The reports behind AEMO's public dashboard, over HTTP."""

from collections.abc import Callable
from datetime import datetime
import json
from typing import Any

from aiohttp import web

from .aemo_dashboard import Dashboard, end_label
from .faults import ODD_FORECASTS, PRICE_KINDS, Fault, FaultKind, Faults, Service
from .front_door import FrontDoor
from .nem_market import NemMarket
from .price_faults import Row, RowForm, damaged
from .prices import INTERVAL

REPORTS = "/aemo/apps/api/report"
_FIVE_MINUTES = RowForm(
    prices=("RRP",), end="SETTLEMENTDATE", kind="PERIODTYPE", forecast="FORECAST"
)
_SUMMARY = RowForm(prices=("PRICE",))
_NO_NEWS = "Simulated market; nobody's lights go out."


class AemoReports:
    """``POST 5MIN`` and ``GET ELEC_NEM_SUMMARY`` as the dashboard asks for them."""

    def __init__(
        self, market: NemMarket, faults: Faults, now: Callable[[], datetime], seed: int
    ) -> None:
        """Open the service."""
        self.door = FrontDoor(Service.AEMO, faults, now, turns_robots_away=True)
        self._dashboard = Dashboard(market, seed)
        self._now = now

    def app(self) -> web.Application:
        """Return a web application with the paths of the real host."""
        app = web.Application()
        app.router.add_post(f"{REPORTS}/5MIN", self._post_five_minutes)
        app.router.add_get(f"{REPORTS}/ELEC_NEM_SUMMARY", self._get_summary)
        return app

    async def _post_five_minutes(self, request: web.Request) -> web.Response:
        fault, answer = await self.door.admit(request, PRICE_KINDS)
        if answer is not None:
            return answer
        if request.content_type != "application/json":
            return web.Response(status=415)
        if not _names_scale(await request.text()):
            # Whatever is wrong with it, the real service just breaks.
            return web.Response(status=500, text="Internal Server Error")
        rows = self._dashboard.five_minutes(self._seen_at(fault))
        if fault is not None:
            listed = damaged(json.loads(rows), fault.kind, _FIVE_MINUTES)
            rows = json.dumps(listed)
        return _report(f'{{"5MIN":{rows}}}')

    async def _get_summary(self, request: web.Request) -> web.Response:
        fault, answer = await self.door.admit(request, PRICE_KINDS - ODD_FORECASTS)
        if answer is not None:
            return answer
        rows, reserves = self._dashboard.summary(self._seen_at(fault))
        if fault is not None:
            rows = damaged(rows, fault.kind, _SUMMARY)
        notice: Row = {
            "NOTICEID": 130001.0,
            "EFFECTIVEDATE": end_label(int(self._now().timestamp()) // 86_400 * 86_400),
            "TYPEID": "GENERAL NOTICE",
            "REASON": _NO_NEWS,
        }
        return _report(
            json.dumps(
                {
                    "ELEC_NEM_SUMMARY": rows,
                    "ELEC_NEM_SUMMARY_PRICES": reserves,
                    "ELEC_NEM_SUMMARY_MARKET_NOTICE": [notice],
                }
            )
        )

    def _seen_at(self, fault: Fault | None) -> float:
        """Return the moment whose knowledge is served."""
        now = self._now().timestamp()
        late = fault is not None and fault.kind is FaultKind.STALE_FORECAST
        return now - INTERVAL if late else now


def _names_scale(text: str) -> bool:
    """Say whether a body names time scales, which is mandatory."""
    try:
        body: Any = json.loads(text)
    except ValueError:
        return False
    scales = body.get("timeScale") if isinstance(body, dict) else None
    return isinstance(scales, list) and bool(scales) and set(scales) <= _SCALES


_SCALES = {"5MIN", "30MIN"}


def _report(text: str) -> web.Response:
    return web.Response(
        text=text,
        content_type="application/json",
        headers={"Cache-Control": "public,max-age=4"},
    )
