"""Several sources of the same prices as one, of which the best that works is asked."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
import logging
from typing import override

from ..core.model.prices import Channel, PriceSeries
from .errors import ClientError, RateLimitedError, UnavailableError
from .protocols import PriceSource, Reach

PROBE_AFTER = timedelta(minutes=5)
"""How long a source that failed is left alone."""

_LOGGER = logging.getLogger(__name__)


class FailoverPrices(PriceSource):
    """Sources of the same prices, best first.

    A source is passed over when it fails or lags: its answer has a known price for
    neither now nor two minutes ago. It is also passed over for another one whose
    forecast is longer than a fragment and has no hole, where its own is not. The
    source that works is kept, and the better ones are asked again after five minutes.
    """

    def __init__(self, sources: Sequence[PriceSource]) -> None:
        """Keep the sources; raises ValueError if there is none."""
        if not sources:
            raise ValueError("there must be a source")
        self._sources = tuple(sources)
        self._used = 0
        self._failed_at: datetime | None = None
        self._wait = PROBE_AFTER

    @property
    @override
    def reach(self) -> Reach | None:
        """Return what the best source can be asked for that knows the past."""
        return next((s.reach for s in self._sources if s.reach is not None), None)

    @override
    async def fetch_prices(self, now: datetime) -> PriceSeries:
        """Return the prices of the best source that works.

        If none does, an answer that lacks only forecasts is better than none; without
        one it raises the error of the first source (UnavailableError if that lags).
        """
        errors: dict[int, ClientError] = {}
        fragments: dict[int, PriceSeries] = {}
        for index in self._order(now):
            try:
                series = await self._sources[index].fetch_prices(now)
                _raise_if_lagging(series, now)
            except ClientError as error:
                errors[index] = error
                continue
            if flaw := _flaw(series, now):
                fragments[index] = series
                errors[index] = UnavailableError(flaw)
                continue
            self._use(index, errors, series.origin, now)
            return series
        if fragments:
            return fragments[min(fragments)]
        raise errors[0]

    @override
    async def fetch_history(
        self, start: datetime, end: datetime, now: datetime
    ) -> PriceSeries:
        """Return the past from the best source that knows it and answers.

        Raises the error of the first of those, or UnavailableError if none knows any.
        """
        first: ClientError | None = None
        for source in self._sources:
            if source.reach is None:
                continue
            try:
                return await source.fetch_history(start, end, now)
            except ClientError as error:
                first = first or error
        raise first or UnavailableError("no source knows the past")

    def _order(self, now: datetime) -> Iterator[int]:
        """Yield which sources to ask, one after the other."""
        rested = self._failed_at is None or abs(now - self._failed_at) >= self._wait
        first = 0 if rested else self._used
        yield from range(first, len(self._sources))
        yield from range(first)

    def _use(
        self,
        index: int,
        errors: dict[int, ClientError],
        origin: str | None,
        now: datetime,
    ) -> None:
        """Stay with a source, and tell if it is another one than before."""
        name = origin or f"source {index + 1}"
        if index > self._used:
            _LOGGER.warning("Prices now come from %s: %s", name, errors[self._used])
        elif index < self._used:
            _LOGGER.info("Prices come from %s again", name)
        if 0 in errors:
            self._failed_at = now
            self._wait = max(PROBE_AFTER, _asked_to_wait(errors[0]))
        self._used = index


def _raise_if_lagging(series: PriceSeries, now: datetime) -> None:
    """Raise UnavailableError unless the running price is known, or just about due."""
    if not series.is_fresh(Channel.IMPORT, now):
        raise UnavailableError(f"the prices of {series.origin or 'the source'} lag")


def _flaw(series: PriceSeries, now: datetime) -> str | None:
    """Return what is wrong with a forecast, None if it serves."""
    name = series.origin or "the source"
    edge = now
    for point in sorted(series.imports, key=lambda point: point.start):
        if point.end <= edge:
            continue
        if point.start > edge:
            return f"the forecast of {name} has a hole"
        edge = point.end
    if edge < now + series.least_horizon:
        return f"the forecast of {name} ends too soon"
    return None


def _asked_to_wait(error: ClientError) -> timedelta:
    """Return how long a source wants to be left alone."""
    asked = error.retry_after if isinstance(error, RateLimitedError) else None
    return asked or timedelta(0)
