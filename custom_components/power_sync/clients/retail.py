"""Retail prices from any source of wholesale prices."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import override

from ..core.model.prices import PricePoint, PriceSeries, StandingCharges
from ..core.model.retail import ExportTerms, ImportTerms, RetailTerms
from .protocols import PriceSource, Reach
from .retail_rates import (
    LineAt,
    border_minutes,
    export_lines,
    import_lines,
    local_minute,
)

_MINUTE = timedelta(minutes=1)


class RetailPrices(PriceSource):
    """A source of wholesale prices, seen through a home's retail terms.

    The source's ``imports`` are what a kWh costs at wholesale, in $/kWh without GST.
    They become what the home pays and, unless it is not paid for export at all, what
    it earns. ``spot`` of every point keeps the wholesale price, still without GST:
    the mean that ``twap`` gives is taken over those.

    A point in which a rate changes is split there, so that exactly the same time is
    covered. Prices may be negative.
    """

    def __init__(
        self,
        wholesale: PriceSource,
        terms: RetailTerms,
        zone: tzinfo,
        *,
        twap: Callable[[datetime], float | None],
        exported_kwh: Callable[[datetime, datetime], float | None] | None,
    ) -> None:
        """Keep what prices are made of; nothing is asked yet.

        ``zone`` is the network's. ``twap`` gives the mean wholesale price of the
        last 30 days in $/kWh, and None as long as there is not enough of it.
        ``exported_kwh`` gives what the home exported between two moments, None if
        that is not known.
        """
        self._wholesale = wholesale
        self._terms = terms
        self._zone = zone
        self._twap = twap
        self._exported_kwh = exported_kwh

    @property
    @override
    def reach(self) -> Reach | None:
        """Return how much of the past the wholesale source can tell."""
        return self._wholesale.reach

    @override
    async def fetch_prices(self, now: datetime) -> PriceSeries:
        """Return the running price and the forecast.

        Raises what the wholesale source does, and InvalidDataError if the network
        tariff has no rate for some of the time.
        """
        return self._retail(await self._wholesale.fetch_prices(now), now)

    @override
    async def fetch_history(
        self, start: datetime, end: datetime, now: datetime
    ) -> PriceSeries:
        """Return settled prices of the past, raising what ``fetch_prices`` does.

        Means over time are those of now, and a cap on export is not applied: when
        it was reached is not known any more.
        """
        return self._retail(await self._wholesale.fetch_history(start, end, now), now)

    def _retail(self, series: PriceSeries, now: datetime) -> PriceSeries:
        imports, exports = self._terms.imports, self._terms.exports
        return replace(
            series,
            imports=self._priced(
                series.imports,
                imports,
                import_lines(imports, self._zone, self._twap(now)),
            ),
            exports=None
            if exports is None
            else self._priced(
                series.imports,
                exports,
                export_lines(exports, self._zone, now, self._exported_kwh),
            ),
            charges=StandingCharges(daily=self._terms.daily_charge),
        )

    def _priced(
        self,
        points: Sequence[PricePoint],
        terms: ImportTerms | ExportTerms,
        line_at: LineAt,
    ) -> tuple[PricePoint, ...]:
        """Return wholesale points at their retail price, split where it changes."""
        minutes = border_minutes(terms)
        return tuple(
            piece
            for point in points
            for piece in _pieces(point, line_at, _borders(point, self._zone, minutes))
        )


def _pieces(
    point: PricePoint, line_at: LineAt, borders: Iterator[datetime]
) -> Iterator[PricePoint]:
    """Yield the parts of a point that have one rate each."""
    spot = point.price
    start, line = point.start, line_at(point.start)

    def piece(end: datetime) -> PricePoint:
        price = line.price(spot)
        return replace(point, start=start, end=end, price=price, spot=spot, band=None)

    for border in borders:
        following = line_at(border)
        if following != line:
            yield piece(border)
            start, line = border, following
    yield piece(point.end)


def _borders(
    point: PricePoint, zone: tzinfo, minutes: frozenset[int]
) -> Iterator[datetime]:
    """Yield the moments inside a point at which a rate may change.

    Network rates change at most every five minutes, and so do clocks; windows that
    were entered by hand may begin and end at any minute.
    """
    moment = point.start.replace(second=0, microsecond=0) + _MINUTE
    while moment < point.end:
        if moment.minute % 5 == 0 or local_minute(moment.astimezone(zone)) in minutes:
            yield moment
        moment += _MINUTE
