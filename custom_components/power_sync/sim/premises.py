"""The house itself: what its roof makes and what it uses at any moment."""

from datetime import datetime
from zoneinfo import ZoneInfo

from ..core.household import usual_day
from .residents import Residents
from .weather import Weather

DAY = 86_400
HALF_HOUR = 1_800
PANEL_YIELD = 0.82
"""AC power per rated DC power under full sun (wiring, heat, inverter)."""
USUAL_DAYS = 5
"""Days of which the Powerwall takes the mean as its forecast."""


class Premises:
    """Solar and load power as functions of time (unix seconds), nothing else.

    The past can be asked for at any time, even from before the simulation began,
    and asking leaves no trace.
    """

    def __init__(
        self, seed: int, time_zone: ZoneInfo, solar_kwp: float, latitude: float
    ) -> None:
        """Build the house; nothing is computed yet."""
        self.weather = Weather(seed, latitude)
        self._residents = Residents(seed)
        self._zone = time_zone
        self._panel_w = solar_kwp * 1000 * PANEL_YIELD
        self._shift = solar_shift(time_zone)
        self._days: dict[int, tuple[list[float], list[float]]] = {}
        self._means: dict[int, tuple[float, float]] = {}
        self._usual: dict[int, tuple[float, float]] = {}

    def power(self, at: float) -> tuple[float, float]:
        """Return (solar, load) in W in the minute of ``at``."""
        day, second = divmod(int(at) + self._shift, DAY)
        solar, load = self._day(day)
        return solar[second // 60], load[second // 60]

    def mean_power(self, start: int, minutes: int) -> tuple[float, float]:
        """Return mean (solar, load) in W of some minutes within one solar day."""
        day, second = divmod(start + self._shift, DAY)
        solar, load = self._day(day)
        first = second // 60
        return (
            sum(solar[first : first + minutes]) / minutes,
            sum(load[first : first + minutes]) / minutes,
        )

    def usual_power(self, half_hour: int) -> tuple[float, float]:
        """Return the (solar, load) one would expect in a half hour, in W.

        ``half_hour`` is unix time // 1800. The mean of the same half hour of the
        days before: the forecast a Powerwall makes of its own.
        """
        if (known := self._usual.get(half_hour)) is None:
            days = [
                self._half_hour(half_hour - 48 * back)
                for back in range(1, USUAL_DAYS + 1)
            ]
            solar, load = usual_day(days)
            known = (solar, load)
            if len(self._usual) > 500:
                self._usual.clear()
            self._usual[half_hour] = known
        return known

    def _half_hour(self, half_hour: int) -> tuple[float, float]:
        if (known := self._means.get(half_hour)) is None:
            known = self.mean_power(half_hour * HALF_HOUR, 30)
            if len(self._means) > 1_000:
                self._means.clear()
            self._means[half_hour] = known
        return known

    def _day(self, day: int) -> tuple[list[float], list[float]]:
        if (known := self._days.get(day)) is None:
            begin = day * DAY - self._shift
            locals_ = [
                datetime.fromtimestamp(begin + 3600 * hour, self._zone)
                for hour in range(24)
            ]
            known = (
                [self._panel_w * sun for sun in self.weather.irradiance(day)],
                self._residents.load(
                    day,
                    [local.hour for local in locals_],
                    weekend=locals_[12].weekday() >= 5,
                ),
            )
            if len(self._days) > 2 * USUAL_DAYS:
                del self._days[min(self._days)]
            self._days[day] = known
        return known


def solar_shift(time_zone: ZoneInfo) -> int:
    """Return the seconds between UTC and solar time, in whole half hours.

    Taken from the zone's standard time, so that the sun culminates near noon in
    every zone without asking for a longitude.
    """
    offsets = [
        datetime(2025, month, 1, tzinfo=time_zone).utcoffset() for month in (1, 7)
    ]
    seconds = min(offset.total_seconds() for offset in offsets if offset is not None)
    return round(seconds / HALF_HOUR) * HALF_HOUR
