"""Statistics of the prices of the last weeks, kept up to date price by price.

One value per 5-minute stamp; stamps without a value carry no weight. Prices are held
as whole millionths of a dollar, so that sums stay exact however long they run.
"""

from bisect import bisect_left, bisect_right, insort
from datetime import datetime, timedelta
import math

from .model.statistics import PriceSummary

STAMP = timedelta(minutes=5)
STAMPS_PER_DAY = 288
WINDOW = timedelta(days=30)
LEAST_AGE = timedelta(days=7)
"""Prices must have been known for so long to be judged by."""
LEAST_KNOWN = 0.8
"""Of the stamps of that time so many must have a price."""

_SCALE = 1_000_000


class RollingPrices:
    """The prices of a rolling window, in time order and in order of price.

    One update costs two searches and the shifting of two lists: microseconds.
    """

    def __init__(self, window: timedelta = WINDOW) -> None:
        """Hold prices for as long as ``window``."""
        self._window = window
        self._known: dict[datetime, int] = {}
        self._stamps: list[datetime] = []
        self._ordered: list[int] = []
        self._sum = 0
        self._sum_of_squares = 0

    def __len__(self) -> int:
        """Return how many stamps have a price."""
        return len(self._ordered)

    def put(self, stamp: datetime, price: float) -> None:
        """Take the price of the 5 minutes that start at ``stamp``; the last counts."""
        value = round(price * _SCALE)
        known = self._known.get(stamp)
        if known == value:
            return
        if known is None:
            insort(self._stamps, stamp)
        else:
            self._drop(known)
        self._known[stamp] = value
        insort(self._ordered, value)
        self._sum += value
        self._sum_of_squares += value * value

    def expire(self, now: datetime) -> None:
        """Forget what began longer ago than the window."""
        gone = bisect_left(self._stamps, now - self._window)
        for stamp in self._stamps[:gone]:
            self._drop(self._known.pop(stamp))
        del self._stamps[:gone]

    def rank(self, price: float) -> float | None:
        """Return where a price stands among those held, in percent.

        The share of lower prices and half of the equal ones; None if there are none.
        """
        if not self._ordered:
            return None
        value = round(price * _SCALE)
        below = bisect_left(self._ordered, value)
        equal = bisect_right(self._ordered, value) - below
        return (below + equal / 2) / len(self._ordered) * 100

    def ready(self, now: datetime) -> bool:
        """Return whether enough is known to judge a price by.

        Prices are known for a week, and 80 % of the last week's stamps have one.
        """
        since = now - LEAST_AGE
        if not self._stamps or self._stamps[0] > since:
            return False
        recent = len(self._stamps) - bisect_left(self._stamps, since)
        return recent >= LEAST_KNOWN * (LEAST_AGE / STAMP)

    def summary(self, now: datetime) -> PriceSummary | None:
        """Return the statistics of the window up to now, None without any price."""
        self.expire(now)
        count = len(self._ordered)
        if count == 0:
            return None
        variance = count * self._sum_of_squares - self._sum * self._sum
        return PriceSummary(
            mean=self._sum / count / _SCALE,
            median=self._percentile(50),
            deviation=math.sqrt(variance) / count / _SCALE,
            minimum=self._ordered[0] / _SCALE,
            maximum=self._ordered[-1] / _SCALE,
            p10=self._percentile(10),
            p25=self._percentile(25),
            p75=self._percentile(75),
            p90=self._percentile(90),
            p95=self._percentile(95),
            count=count,
            days=round(count / STAMPS_PER_DAY, 1),
            ready=self.ready(now),
        )

    def _percentile(self, percent: int) -> float:
        """Return a percentile, straight between the two closest ranks.

        Ranks run from 0 % at the lowest price to 100 % at the highest.
        """
        index, part = divmod((len(self._ordered) - 1) * percent, 100)
        low = self._ordered[index]
        if part == 0:
            return low / _SCALE
        return (low + (self._ordered[index + 1] - low) * part / 100) / _SCALE

    def _drop(self, value: int) -> None:
        """Take one price out of the order and the sums."""
        del self._ordered[bisect_left(self._ordered, value)]
        self._sum -= value
        self._sum_of_squares -= value * value
