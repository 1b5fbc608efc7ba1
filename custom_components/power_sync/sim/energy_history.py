"""What a site measured, as Tesla's energy history tells it."""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from ..core.household import Flow, Routes, routes

_BUCKET = 300
_KEPT_BUCKETS = 3 * 288
_FIELDS = (
    "solar_energy_exported",
    "generator_energy_exported",
    "grid_energy_imported",
    "grid_services_energy_imported",
    "grid_services_energy_exported",
    "grid_energy_exported_from_solar",
    "grid_energy_exported_from_generator",
    "grid_energy_exported_from_battery",
    "battery_energy_exported",
    "battery_energy_imported_from_grid",
    "battery_energy_imported_from_solar",
    "battery_energy_imported_from_generator",
    "consumer_energy_imported_from_grid",
    "consumer_energy_imported_from_solar",
    "consumer_energy_imported_from_battery",
    "consumer_energy_imported_from_generator",
)
_ROUTES = tuple(Routes.__dataclass_fields__)

type _Wh = list[float]
"""Energy by route, in the order of the fields of Routes."""


class EnergyHistory:
    """Energy by route: in five-minute buckets for some days, by local day for ever."""

    def __init__(self, time_zone: ZoneInfo) -> None:
        """Begin with nothing."""
        self._zone = time_zone
        self._buckets: dict[int, _Wh] = {}
        self._days: dict[date, _Wh] = {}
        self._texts: dict[int, str] = {}
        self._day_of_hour: tuple[int, date] = (-1, date.min)

    def add(self, at: float, flow: Flow, hours: float) -> None:
        """Add the energy of a step that began at ``at`` (unix seconds)."""
        way = routes(flow)
        energy = [getattr(way, name) * hours for name in _ROUTES]
        bucket = int(at) // _BUCKET
        if (known := self._buckets.get(bucket)) is None:
            known = self._buckets[bucket] = [0.0] * len(_ROUTES)
            if len(self._buckets) > _KEPT_BUCKETS:
                oldest = next(iter(self._buckets))
                del self._buckets[oldest]
                self._texts.pop(oldest, None)
        total = self._days.setdefault(self._day(int(at)), [0.0] * len(_ROUTES))
        for index, wh in enumerate(energy):
            known[index] += wh
            total[index] += wh

    def totals(self) -> Routes:
        """Return all energy ever, Wh by route."""
        return Routes(*(sum(day[i] for day in self._days.values()) for i in range(7)))

    def five_minutes(self, start: float, end: float, now: float) -> str:
        """Return the buckets of a period as a JSON list, the running one included."""
        rows = []
        for bucket, energy in self._buckets.items():
            at = bucket * _BUCKET
            if not start <= at < end:
                continue
            text = self._texts.get(bucket)
            if text is None:
                text = _row(datetime.fromtimestamp(at, self._zone), energy)
                if at + _BUCKET <= now:
                    self._texts[bucket] = text
            rows.append(text)
        return f"[{','.join(rows)}]"

    def days(self, start: date, end: date) -> str:
        """Return daily totals of a period (both days included) as a JSON list."""
        return self._list(
            (day, energy) for day, energy in self._days.items() if start <= day <= end
        )

    def months(self, start: date, end: date) -> str:
        """Return monthly totals of a period (both days included) as a JSON list."""
        months: dict[date, _Wh] = {}
        for day, energy in self._days.items():
            if start <= day <= end:
                month = months.setdefault(day.replace(day=1), [0.0] * len(_ROUTES))
                for index, wh in enumerate(energy):
                    month[index] += wh
        return self._list(months.items())

    def _list(self, totals: Iterable[tuple[date, _Wh]]) -> str:
        rows = [
            _row(datetime(day.year, day.month, day.day, tzinfo=self._zone), energy)
            for day, energy in totals
        ]
        return f"[{','.join(rows)}]"

    def _day(self, at: int) -> date:
        """Return the local day; asked once an hour, since zones change on hours."""
        quarter = at // 900
        if self._day_of_hour[0] != quarter:
            self._day_of_hour = (
                quarter,
                datetime.fromtimestamp(at, self._zone).date(),
            )
        return self._day_of_hour[1]


def _row(at: datetime, energy: _Wh) -> str:
    """Return one bucket as Tesla writes it: all fields, whole Wh, totals if any."""
    flow = dict(zip(_ROUTES, energy, strict=True))
    wh = {
        "solar_energy_exported": flow["solar_to_load"]
        + flow["solar_to_battery"]
        + flow["solar_to_grid"],
        "grid_energy_imported": flow["grid_to_load"] + flow["grid_to_battery"],
        "grid_energy_exported_from_solar": flow["solar_to_grid"],
        "grid_energy_exported_from_battery": flow["battery_to_grid"],
        "battery_energy_exported": flow["battery_to_load"] + flow["battery_to_grid"],
        "battery_energy_imported_from_grid": flow["grid_to_battery"],
        "battery_energy_imported_from_solar": flow["solar_to_battery"],
        "consumer_energy_imported_from_grid": flow["grid_to_load"],
        "consumer_energy_imported_from_solar": flow["solar_to_load"],
        "consumer_energy_imported_from_battery": flow["battery_to_load"],
    }
    stamp = at.isoformat()
    text = f'{{"timestamp":"{stamp}"'
    for name in _FIELDS:
        text += f',"{name}":{round(wh.get(name, 0.0), 3)}'
    text += f',"raw_timestamp":"{stamp}"'
    totals = {
        "total_home_usage": flow["grid_to_load"]
        + flow["solar_to_load"]
        + flow["battery_to_load"],
        "total_solar_generation": wh["solar_energy_exported"],
        "total_battery_charge": flow["grid_to_battery"] + flow["solar_to_battery"],
        "total_battery_discharge": wh["battery_energy_exported"],
        "total_grid_energy_exported": flow["solar_to_grid"] + flow["battery_to_grid"],
    }
    for name, total in totals.items():
        if round(total, 3):
            text += f',"{name}":{round(total, 3)}'
    return text + "}"
