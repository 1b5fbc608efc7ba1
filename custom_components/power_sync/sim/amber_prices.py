"""Which price rows Amber serves when: horizon, resolution, estimates.

Rows are made as JSON text and kept, because nearly all of a response is the same as
in the one before: the half-hourly forecast changes every 30 minutes only.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from .amber_rows import Interval, RowWriter
from .config import AmberSite
from .nem_timetable import horizon_end
from .noise import uniform
from .prices import HALF_HOUR, INTERVAL, PriceTruth
from .retail import RetailPlan

_NEM_OFFSET = 36_000
_DAY = 86_400


def estimate_pushed_at(seed: int, interval_start: int) -> float:
    """Return when the socket tells of five minutes that have begun (unix seconds).

    2 to 12 s after the boundary, before the price can be final.
    """
    return interval_start + 2 + 10 * uniform(seed, 43, interval_start)


def settles_at(seed: int, interval_end: int, minutes: int) -> float:
    """Return when the price of an interval becomes final (unix seconds).

    16 to 37 s after the last five minutes of the interval began, 22 s as a rule.
    """
    last = interval_end - INTERVAL
    draw = uniform(seed, 41, last, minutes)
    return last + (16 + 12 * draw if draw < 0.8 else 25.6 + (draw - 0.8) * 57)


class PriceBoard:
    """The price rows of one Amber site."""

    def __init__(
        self,
        site: AmberSite,
        truth: PriceTruth,
        retail: RetailPlan,
        time_zone: ZoneInfo,
        seed: int,
    ) -> None:
        """Prepare the board; nothing is computed yet."""
        self.site = site
        self._truth = truth
        self._rows = RowWriter(retail, time_zone, seed)
        self._seed = seed
        self._channels = ["general"]
        if site.controlled_load:
            self._channels.append("controlledLoad")
        if site.feed_in:
            self._channels.append("feedIn")
        self._past: dict[tuple[str, int, int], str] = {}
        self._half_hours: tuple[int, dict[str, list[str]]] = (-1, {})
        self._latest: dict[tuple[int, ...], str] = {}
        self._latest_at = -1

    def current(
        self, now: float, ahead: int, back: int, minutes: int | None = None
    ) -> str:
        """Return the rows around the running interval as a JSON list.

        ``ahead`` and ``back`` are numbers of rows per channel, ``minutes`` the wanted
        resolution (the site's own without it).
        """
        minutes = minutes or self.site.interval_minutes
        instant = int(now // INTERVAL) * INTERVAL
        running = int(now // (minutes * 60)) * minutes * 60
        final = now >= settles_at(self._seed, running + minutes * 60, minutes)
        key = (minutes, ahead, back, final)
        if self._latest_at != instant:
            self._latest.clear()
            self._latest_at = instant
        if (text := self._latest.get(key)) is None:
            coming = self._coming(instant, minutes, final=final)
            rows = []
            for channel in self._channels:
                rows += [
                    self._actual(channel, running - steps * minutes * 60, minutes)
                    for steps in range(back, 0, -1)
                ]
                rows += coming[channel][: ahead + 1]
            text = self._latest[key] = f"[{','.join(rows)}]"
        return text

    def days(self, now: float, first: int, last: int, minutes: int | None) -> str:
        """Return the rows of whole market days as a JSON list.

        ``first`` and ``last`` are days since 1970 in market time, both included. Past
        intervals are actual, later ones forecast as far as the horizon reaches.
        """
        minutes = minutes or self.site.interval_minutes
        begin = first * _DAY - _NEM_OFFSET
        end = (last + 1) * _DAY - _NEM_OFFSET
        running = int(now // (minutes * 60)) * minutes * 60
        final = now >= settles_at(self._seed, running + minutes * 60, minutes)
        instant = int(now // INTERVAL) * INTERVAL
        coming = self._coming(instant, minutes, final=final) if end > running else {}
        starts = self._coming_starts(instant, minutes)
        rows = []
        for channel in self._channels:
            rows += [
                self._actual(channel, start, minutes)
                for start in range(begin, min(end, running), minutes * 60)
            ]
            rows += [
                row
                for start, row in zip(starts, coming.get(channel, ()), strict=False)
                if begin <= start < end
            ]
        return f"[{','.join(rows)}]"

    def _coming_starts(self, instant: int, minutes: int) -> list[int]:
        """Return where the running and all forecast intervals begin."""
        half = instant // HALF_HOUR * HALF_HOUR
        if minutes == 5:
            near = list(range(instant, half + 2 * HALF_HOUR, INTERVAL))
            return near + list(
                range(half + 2 * HALF_HOUR, horizon_end(instant), HALF_HOUR)
            )
        return list(range(half, horizon_end(instant), HALF_HOUR))

    def _coming(
        self, instant: int, minutes: int, *, final: bool
    ) -> dict[str, list[str]]:
        """Return the running interval and all forecasts, by channel."""
        half = instant // HALF_HOUR * HALF_HOUR
        if minutes == 5:
            near = [self._running(instant, final=final)]
            near += [
                self._expected(start, 5, instant)
                for start in range(instant + INTERVAL, half + 2 * HALF_HOUR, INTERVAL)
            ]
            skipped = 1
        else:
            near = [self._blended(half, instant, final=final)]
            skipped = 0
        far = self._far(half)
        return {
            channel: [self._rows.text(channel, interval) for interval in near]
            + far[channel][skipped:]
            for channel in self._channels
        }

    def _far(self, half: int) -> dict[str, list[str]]:
        """Return the half-hourly forecast after the running half hour."""
        if self._half_hours[0] != half:
            intervals = [
                self._expected(start, 30, half)
                for start in range(half + HALF_HOUR, horizon_end(half), HALF_HOUR)
            ]
            self._half_hours = (
                half,
                {
                    channel: [
                        self._rows.text(channel, interval) for interval in intervals
                    ]
                    for channel in self._channels
                },
            )
        return self._half_hours[1]

    def _expected(self, start: int, minutes: int, known: int) -> Interval:
        rrp = self._truth.forecast(_utc(start), minutes, _utc(known))
        return Interval(start, minutes, rrp, "ForecastInterval")

    def _running(self, start: int, *, final: bool) -> Interval:
        """Return the running five minutes: a forecast until the price is final."""
        rrp = (
            self._truth.spot(_utc(start))
            if final
            else self._truth.forecast(_utc(start), 5, _utc(start - INTERVAL))
        )
        return Interval(start, 5, rrp, "CurrentInterval", estimate=not final)

    def _blended(self, half: int, instant: int, *, final: bool) -> Interval:
        """Return the running half hour: known five minutes and forecast ones."""
        prices = [
            self._truth.spot(_utc(start))
            if start < instant or final
            else self._truth.forecast(_utc(start), 5, _utc(instant - INTERVAL))
            for start in range(half, half + HALF_HOUR, INTERVAL)
        ]
        return Interval(
            half, 30, sum(prices) / 6, "CurrentInterval", estimate=not final
        )

    def _actual(self, channel: str, start: int, minutes: int) -> str:
        key = (channel, start, minutes)
        if (row := self._past.get(key)) is None:
            prices = [
                self._truth.spot(_utc(at))
                for at in range(start, start + minutes * 60, INTERVAL)
            ]
            row = self._rows.text(
                channel,
                Interval(start, minutes, sum(prices) / len(prices), "ActualInterval"),
            )
            if len(self._past) > 20_000:
                self._past.clear()
            self._past[key] = row
        return row


def _utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
