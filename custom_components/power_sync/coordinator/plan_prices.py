"""A tariff plan as a price source. Nothing is fetched: a plan knows its prices."""

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from typing import override

from ..clients.protocols import PriceSource, Reach
from ..core.model.prices import PriceKind, PricePoint, PriceSeries, StandingCharges
from ..core.model.tariff_plan import TariffPlan
from ..core.plan_timeline import Stretch, stretches

BEHIND = timedelta(hours=2)
"""Covers what is over of any half hour of the tariff, even a repeated one."""
AHEAD = timedelta(hours=48)


class PlanPrices(PriceSource):
    """Prices by a sound plan, in the local time of ``zone``."""

    def __init__(self, plan: TariffPlan, zone: tzinfo) -> None:
        """Keep the plan."""
        self._plan = plan
        self._zone = zone

    @property
    @override
    def reach(self) -> Reach | None:
        """Return None: what a plan says of the past may never have been paid."""
        return None

    @override
    async def fetch_prices(self, now: datetime) -> PriceSeries:
        """Return the prices of the last two and the next 48 hours.

        An interval lasts as long as its rates do, up to a day.
        """
        return self._series(
            stretches(self._plan, now - BEHIND, now + AHEAD, self._zone), now
        )

    @override
    async def fetch_history(
        self, start: datetime, end: datetime, now: datetime
    ) -> PriceSeries:
        """Return what the plan charges between two instants, as far as it is over."""
        past = stretches(self._plan, start, min(end, now), self._zone)
        return self._series([item for item in past if item.end <= now], now)

    def _series(self, items: Iterable[Stretch], now: datetime) -> PriceSeries:
        items = tuple(items)
        return PriceSeries(
            fetched_at=now,
            imports=tuple(_point(item, item.import_rate, now) for item in items),
            exports=tuple(_point(item, item.export_rate, now) for item in items),
            charges=StandingCharges(daily=self._plan.daily_charge),
        )


def _point(item: Stretch, price: float, now: datetime) -> PricePoint:
    """Return one price; a plan's never change, so none is an estimate."""
    if item.end <= now:
        kind = PriceKind.ACTUAL
    elif item.start <= now:
        kind = PriceKind.CURRENT
    else:
        kind = PriceKind.FORECAST
    return PricePoint(
        start=item.start,
        end=item.end,
        price=price,
        kind=kind,
    )
