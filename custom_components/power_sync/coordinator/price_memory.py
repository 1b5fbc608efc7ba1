"""What is known of a home's prices beside the newest ones, and what follows from it."""

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime

from ..clients.errors import ClientError
from ..const import LOGGER
from ..core.model.prices import Channel, PriceSeries
from ..core.model.statistics import PriceSummary
from ..core.price_history import PriceHistory
from ..core.price_record import PriceRecord
from ..core.settlement import UsualPrice, billed
from .keeper import Keeper
from .source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """The newest prices and what is known of those before.

    ``series`` is what the source says; ``billed`` is what will be paid, which
    differs where energy is settled at the mean of a longer time.
    """

    series: PriceSeries
    billed: PriceSeries
    history: PriceHistory
    summary: PriceSummary | None


class PriceMemory:
    """The price record of a source, and its holes, which the source is asked to fill."""

    def __init__(self, source: Source, keeper: Keeper[PriceRecord]) -> None:
        """Remember with ``keeper``, which has been loaded."""
        self._source = source
        self._keeper = keeper
        self._history = PriceHistory()
        self._holes: deque[tuple[datetime, datetime]] | None = None

    @property
    def has_begun(self) -> bool:
        """Return whether it is known what is missing of the past."""
        return self._holes is not None

    @property
    def has_holes(self) -> bool:
        """Return whether the source has not been asked for all that is missing."""
        return bool(self._holes)

    def begin(self, series: PriceSeries, now: datetime) -> None:
        """Take up what earlier runs have left, with the first series of this one."""
        record = self._keeper.value
        past = replace(
            series,
            imports=record.points(Channel.IMPORT, now),
            exports=record.points(Channel.EXPORT, now),
            controlled_load=None,
        )
        self._history = self._history.with_series(self._billed(past, now), now)
        self.look_for_holes(now)

    def learn(self, series: PriceSeries, now: datetime) -> None:
        """Remember what a series says for certain."""
        self._keeper.value.learn(series, now)

    def prices(self, series: PriceSeries, now: datetime) -> Prices:
        """Return a series with everything that follows from it."""
        paid = self._billed(series, now)
        self._history = self._history.with_series(paid, now)
        return Prices(
            series=series,
            billed=paid,
            history=self._history,
            summary=self._keeper.value.statistics.summary(now),
        )

    def rank(self, price: float) -> float | None:
        """Return where a price stands among those of the last weeks, in percent."""
        return self._keeper.value.statistics.rank(price)

    def usual(self, now: datetime) -> UsualPrice:
        """Return what tells the usual price of an hour."""
        record, zone = self._keeper.value, self._source.zone
        return lambda moment: record.typical(moment, zone, now)

    def look_for_holes(self, now: datetime) -> None:
        """Find out what is missing of the past, newest first."""
        reach = self._source.prices.reach
        self._holes = deque(
            ()
            if reach is None
            else self._keeper.value.holes(now, reach.back, reach.at_once)
        )

    async def ask(self, now: datetime) -> bool:
        """Ask the source for the newest hole; return whether an answer came."""
        if not self._holes:
            return False
        start, end = self._holes[0]
        try:
            past = await self._source.prices.fetch_history(start, end, now)
        except ClientError as error:
            # The past is a help, not a need: nothing else waits for it.
            LOGGER.debug("No older prices now, asking again later: %s", error)
            return False
        self._holes.popleft()
        self.learn(past, now)
        self._history = self._history.with_series(self._billed(past, now), now)
        return True

    async def save(self) -> None:
        """Write down what is only in memory so far."""
        await self._keeper.save()

    async def save_sometimes(self, now: datetime) -> None:
        """Write down what is only in memory, unless that was done a while ago."""
        await self._keeper.save_sometimes(now)

    def _billed(self, series: PriceSeries, now: datetime) -> PriceSeries:
        """Return a series as it will be paid."""
        return billed(series, self.usual(now), now)
