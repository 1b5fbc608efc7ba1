"""ComEd's prices: a Chicago market made of the same truth."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from .noise import uniform
from .prices import INTERVAL, PriceTruth

HOUR = 3600
SHIFT = 16 * HOUR
"""Seconds between an hour on Chicago's winter clock and the same on the market's."""
_LEAST, _MOST = -99.0, 370.0
_GAPS = 0.006
"""Share of the five minutes in which a gap of one to three rows begins."""
_LATE = 0.03
_AUCTION = timedelta(hours=16, minutes=30)


class ComedMarket:
    """Prices in c/kWh; times are unix seconds, an interval is known by its start.

    A price is ``0.7 + RRP / 48``, which turns Australian habits into the level of
    Illinois: 2.5 c as a rule, now and then below zero, rarely 100 and more. So that
    evenings stay dear the truth's day is moved to Chicago's: it is asked for prices
    SHIFT seconds back.
    """

    def __init__(self, truth: PriceTruth, zone: ZoneInfo, seed: int) -> None:
        """Put the truth into Chicago, whose time zone is passed ready-made."""
        self.zone = zone
        self._truth = truth
        self._seed = seed

    def settled(self, start: int) -> float:
        """Return the price of five minutes, to a tenth of a cent."""
        return _cents(self._truth.spot(_utc(start - SHIFT)))

    def hourly(self, start: int) -> float:
        """Return what an hour is billed at: the mean of its twelve prices."""
        prices = [self.settled(start + step) for step in range(0, HOUR, INTERVAL)]
        return round(sum(prices) / len(prices), 1) + 0.0

    def published(self, first: int, last: int, now: float) -> list[tuple[int, float]]:
        """Return the five minutes that the feed shows by now, oldest first.

        Both ends are included. Some rows arrive late and some never.
        """
        begin = -(-first // INTERVAL) * INTERVAL
        # Nothing of the future is there, however far the question reaches.
        end = min(last, int(now))
        return [
            (start, self.settled(start))
            for start in range(begin, end + 1, INTERVAL)
            if self._shown_at(start) <= now and not self._is_lost(start)
        ]

    def day_ahead(self, day: date, now: float) -> list[tuple[int, float]]:
        """Return what the auction expects of a day, by the label of the hour.

        A label is the END of its hour on Chicago's clock, so that 0 belongs to the
        evening before. There is nothing before 16:30 of the day before.
        """
        known = self._local(day - timedelta(days=1), _AUCTION)
        if now < known:
            return []
        return [
            (
                label,
                _cents(
                    self._truth.forecast(
                        _utc(end - HOUR - SHIFT), 60, _utc(known - SHIFT)
                    )
                ),
            )
            for label, end in self._hour_ends(day)
        ]

    def actual(self, day: date, now: float) -> list[tuple[int, float]]:
        """Return the hourly prices of a day as far as it is over, by label.

        On the day when clocks go forward the labels 1 and 7 are missing too, for
        reasons of their own.
        """
        ends = self._hour_ends(day)
        lost = (1, 7) if len(ends) < 24 else ()
        return [
            (label, self.hourly(end - HOUR))
            for label, end in ends
            if end + INTERVAL <= now and label not in lost
        ]

    def range_start(self, wall: datetime) -> int:
        """Return where a range begins that is asked for by the clock on the wall.

        The repeated hour of autumn is taken for the second one. A range that begins
        earlier on that day begins there as well: its first two hours cannot be had
        except by asking from the day before.
        """
        asked = self.range_end(wall)
        midnight = wall.replace(hour=0, minute=0)
        hours = self.range_end(midnight + timedelta(days=1)) - self.range_end(midnight)
        if hours <= 24 * HOUR:
            return asked
        return max(asked, self.range_end(wall.replace(hour=1, minute=0)))

    def range_end(self, wall: datetime) -> int:
        """Return where a range ends that is asked for by the clock on the wall."""
        return int(wall.replace(tzinfo=self.zone, fold=1).timestamp())

    def today(self, now: float) -> date:
        """Return the day in Chicago."""
        return datetime.fromtimestamp(now, self.zone).date()

    def _hour_ends(self, day: date) -> list[tuple[int, int]]:
        """Return label and END of the hours that exist."""
        ends = []
        for label in range(24):
            end = self._local(day, timedelta(hours=label))
            if datetime.fromtimestamp(end, self.zone).hour == label:
                ends.append((label, end))
        return ends

    def _local(self, day: date, clock: timedelta) -> int:
        wall = datetime(day.year, day.month, day.day, tzinfo=self.zone) + clock
        return int(wall.timestamp())

    def _shown_at(self, start: int) -> float:
        """Return when a row appears: a minute or three after its stamp, or more."""
        draw = uniform(self._seed, 61, start)
        return start + 60 + 120 * draw + (360 if draw < _LATE else 0)

    def _is_lost(self, start: int) -> bool:
        for back in range(3):
            begin = start - back * INTERVAL
            draw = uniform(self._seed, 62, begin)
            if draw < _GAPS and back <= int(draw / _GAPS * 3):
                return True
        return False


def _cents(rrp: float) -> float:
    """Return a price in c/kWh to one decimal; adding 0 turns -0.0 into 0.0."""
    return round(max(_LEAST, min(0.7 + rrp / 48, _MOST)), 1) + 0.0


def _utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
