"""What AEMO's public dashboard knows at a moment, row by row."""

from datetime import datetime
import json

from .nem_market import REGIONS, NemMarket
from .nem_timetable import horizon_end, last_dispatched, last_run
from .noise import uniform
from .price_faults import Row
from .prices import HALF_HOUR, INTERVAL, INTERVALS_PER_DAY, NEM

_FLOWS = {
    "NSW1": ("VIC1-NSW1", "NSW1-QLD1", "N-Q-MNSP1"),
    "QLD1": ("NSW1-QLD1", "N-Q-MNSP1"),
    "SA1": ("V-SA", "V-S-MNSP1"),
    "TAS1": ("T-V-MNSP1",),
    "VIC1": ("VIC1-NSW1", "V-SA", "V-S-MNSP1", "T-V-MNSP1"),
}
_LIMITS = {
    "VIC1-NSW1": (1200.0, -400.0),
    "NSW1-QLD1": (300.0, -1150.0),
    "N-Q-MNSP1": (20.0, -160.0),
    "V-SA": (600.0, -500.0),
    "V-S-MNSP1": (200.0, -200.0),
    "T-V-MNSP1": (462.0, -462.0),
}
_ANCILLARY = {
    "RAISEREGRRP": 8.49,
    "LOWERREGRRP": 3.12,
    "RAISE1SECRRP": 0.02,
    "RAISE6SECRRP": 0.39,
    "RAISE60SECRRP": 0.42,
    "RAISE5MINRRP": 0.38,
    "LOWER1SECRRP": 0.01,
    "LOWER6SECRRP": 0.12,
    "LOWER60SECRRP": 0.15,
    "LOWER5MINRRP": 0.2,
}
_FIRM_SHARE = 0.97


class Dashboard:
    """The rows behind AEMO's dashboard. Every stamp is an END in market time."""

    def __init__(self, market: NemMarket, seed: int) -> None:
        """Prepare the dashboard; nothing is computed yet."""
        self._market = market
        self._seed = seed
        self._actual: dict[tuple[str, int], str] = {}
        self._forecast: tuple[int, dict[tuple[str, int], str]] = (-1, {})

    def five_minutes(self, now: float) -> str:
        """Return the report ``5MIN`` as a JSON list.

        Per region the settled five minutes of 24 hours and the half hours of the
        newest forecast that are not over. The half hour in progress is among them,
        so that it overlaps with settled rows.
        """
        last = last_dispatched(self._seed, now)
        first = last - (INTERVALS_PER_DAY - 1) * INTERVAL
        run = last_run(self._seed, now)
        if self._forecast[0] != run:
            self._forecast = (run, {})
        rows = []
        for region in REGIONS:
            rows += [
                self._settled(region, start)
                for start in range(first, last + INTERVAL, INTERVAL)
            ]
            rows += [
                self._expected(region, start, run)
                for start in range(run, horizon_end(run), HALF_HOUR)
                if start + HALF_HOUR > now
            ]
        return f"[{','.join(rows)}]"

    def summary(self, now: float) -> tuple[list[Row], list[Row]]:
        """Return the newest settled prices by region, and those of the reserves."""
        start = last_dispatched(self._seed, now)
        rows, reserves = [], []
        for region in REGIONS:
            price = self._market.spot(region, start)
            stamp = end_label(start + INTERVAL)
            demand = self._market.demand(region, start)
            firm = uniform(self._seed, 58, start) < _FIRM_SHARE
            rows.append(
                {
                    "SETTLEMENTDATE": stamp,
                    "REGIONID": region,
                    "PRICE": price,
                    "PRICE_STATUS": "FIRM" if firm else "NOT FIRM",
                    "APCFLAG": 0.0,
                    "MARKETSUSPENDEDFLAG": 0.0,
                    "TOTALDEMAND": demand,
                    "NETINTERCHANGE": self._interchange(region, start),
                    "SCHEDULEDGENERATION": round(demand * 0.75, 5),
                    "SEMISCHEDULEDGENERATION": round(demand * 0.2, 5),
                    # JSON within JSON, as the real service has it.
                    "INTERCONNECTORFLOWS": json.dumps(self._flows(region, start)),
                }
            )
            reserves.append(
                {"SETTLEMENTDATE": stamp, "REGIONID": region, "RRP": price} | _ANCILLARY
            )
        return rows, reserves

    def _settled(self, region: str, start: int) -> str:
        if (row := self._actual.get((region, start))) is None:
            if len(self._actual) > 10_000:
                self._actual.clear()
            demand = self._market.demand(region, start)
            row = self._actual[region, start] = json.dumps(
                {
                    "SETTLEMENTDATE": end_label(start + INTERVAL),
                    "REGIONID": region,
                    "REGION": region,
                    "RRP": self._market.spot(region, start),
                    "TOTALDEMAND": demand,
                    "PERIODTYPE": "ACTUAL",
                    "NETINTERCHANGE": self._interchange(region, start),
                    "SCHEDULEDGENERATION": round(demand * 0.75, 5),
                    "SEMISCHEDULEDGENERATION": round(demand * 0.2, 5),
                    "APCFLAG": 0.0,
                }
            )
        return row

    def _expected(self, region: str, start: int, run: int) -> str:
        known = self._forecast[1]
        if (row := known.get((region, start))) is None:
            row = known[region, start] = json.dumps(
                {
                    "SETTLEMENTDATE": end_label(start + HALF_HOUR),
                    "REGIONID": region,
                    "REGION": region,
                    "RRP": self._market.forecast(region, start, 30, run),
                    "TOTALDEMAND": self._market.demand(region, start),
                    "PERIODTYPE": "FORECAST",
                    "NETINTERCHANGE": 0.0,
                    "SCHEDULEDGENERATION": 0.0,
                    "SEMISCHEDULEDGENERATION": 0.0,
                    "APCFLAG": 0.0,
                }
            )
        return row

    def _interchange(self, region: str, start: int) -> float:
        flows = (float(flow["value"]) for flow in self._flows(region, start))
        return round(sum(flows), 2)

    def _flows(self, region: str, start: int) -> list[Row]:
        """Return the lines to the neighbours; both ends see the same figures."""
        flows: list[Row] = []
        for name in _FLOWS[region]:
            out, back = _LIMITS[name]
            share = uniform(self._seed, 59, list(_LIMITS).index(name), start)
            flows.append(
                {
                    "name": name,
                    "value": round(back + (out - back) * share, 2),
                    "exportlimit": out,
                    "importlimit": back,
                }
            )
        return flows


def end_label(end: int) -> str:
    """Return the dashboard's stamp of an interval's end: market time without a zone."""
    return f"{datetime.fromtimestamp(end, NEM):%Y-%m-%dT%H:%M:%S}"
