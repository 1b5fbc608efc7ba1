"""A wholesale source that says what a test wants, and its prices at retail."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import override
from zoneinfo import ZoneInfo

from custom_components.power_sync.clients.protocols import PriceSource, Reach
from custom_components.power_sync.clients.retail import RetailPrices
from custom_components.power_sync.core.flow_power import HappyHourPlan, happy_hour
from custom_components.power_sync.core.model.prices import (
    PriceKind,
    PricePoint,
    PriceSeries,
)
from custom_components.power_sync.core.model.retail import (
    Days,
    ManualRates,
    NetworkTariff,
    RateWindow,
    RetailTerms,
    SpotImport,
)

BRISBANE = ZoneInfo("Australia/Brisbane")
SYDNEY = ZoneInfo("Australia/Sydney")
ADELAIDE = ZoneInfo("Australia/Adelaide")
ZONES = {
    "NSW1": SYDNEY,
    "QLD1": BRISBANE,
    "SA1": ADELAIDE,
    "TAS1": ZoneInfo("Australia/Hobart"),
    "VIC1": ZoneInfo("Australia/Melbourne"),
}
MINUTE = timedelta(minutes=1)
HALF_HOUR = timedelta(minutes=30)
NOW = datetime(2026, 11, 20, 2, 2, tzinfo=UTC)
REACH = Reach(back=timedelta(days=2), at_once=timedelta(days=1))

ENERGEX = NetworkTariff(network="energex", code="6900")
NO_NETWORK = ManualRates(otherwise=0.0)
PLAIN = SpotImport(network=NO_NETWORK, fees=0.0, loss_factor=1.0, add_gst=False)
"""Only the wholesale price, with GST."""
CAPPED = RetailTerms(
    imports=PLAIN, exports=happy_hour("NSW1", HappyHourPlan.CAPPED), daily_charge=1.2
)
"""The middle of 2026: 35 c for 15 kWh between 17:30 and 21:30, then 10 c."""


class Wholesale(PriceSource):
    """A source that has one answer, and remembers what it was asked."""

    def __init__(self, *points: PricePoint) -> None:
        self.series = PriceSeries(
            fetched_at=NOW + timedelta(seconds=3),
            imports=points,
            least_horizon=timedelta(hours=3),
            settlement=HALF_HOUR,
            origin="nemweb",
        )
        self.asked: list[tuple[datetime, ...]] = []

    @property
    @override
    def reach(self) -> Reach | None:
        return REACH

    @override
    async def fetch_prices(self, now: datetime) -> PriceSeries:
        self.asked.append((now,))
        return self.series

    @override
    async def fetch_history(
        self, start: datetime, end: datetime, now: datetime
    ) -> PriceSeries:
        self.asked.append((start, end, now))
        return self.series


def local(zone: ZoneInfo, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def wholesale_point(
    start: datetime,
    spot: float,
    length: timedelta = HALF_HOUR,
    kind: PriceKind = PriceKind.FORECAST,
) -> PricePoint:
    return PricePoint(
        start=start, end=start + length, price=spot, spot=spot, kind=kind, estimate=True
    )


def retail(
    points: Sequence[PricePoint],
    terms: RetailTerms,
    zone: ZoneInfo = BRISBANE,
    *,
    now: datetime = NOW,
    twap: float | None = None,
    exported: Callable[[datetime, datetime], float | None] | None = None,
) -> PriceSeries:
    source = RetailPrices(
        Wholesale(*points), terms, zone, twap=lambda _: twap, exported_kwh=exported
    )
    return asyncio.run(source.fetch_prices(now))


def window(start: str, end: str, rate: float, days: Days = Days.EVERY) -> RateWindow:
    def minute(text: str) -> int:
        hours, minutes = text.split(":")
        return int(hours) * 60 + int(minutes)

    return RateWindow(
        name="w", days=days, start=minute(start), end=minute(end), rate=rate
    )


def shape(points: Sequence[PricePoint], zone: ZoneInfo) -> list[tuple[str, float]]:
    """Return the local start and the price of each point."""
    return [
        (f"{point.start.astimezone(zone):%H:%M}", round(point.price, 6))
        for point in points
    ]
