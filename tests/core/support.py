"""Prices in few words, and the time zones that matter."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from custom_components.power_sync.core.model.prices import (
    Channel,
    PriceBand,
    PriceKind,
    PricePoint,
    PriceSeries,
)
from custom_components.power_sync.core.price_history import PriceHistory

ACTUAL, CURRENT, FORECAST = PriceKind.ACTUAL, PriceKind.CURRENT, PriceKind.FORECAST
IMPORT, EXPORT = Channel.IMPORT, Channel.EXPORT
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

SYDNEY = ZoneInfo("Australia/Sydney")
ADELAIDE = ZoneInfo("Australia/Adelaide")
HOBART = ZoneInfo("Australia/Hobart")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
BRISBANE = ZoneInfo("Australia/Brisbane")
CHICAGO = ZoneInfo("America/Chicago")
ZONES = tuple(
    ZoneInfo(name)
    for name in (
        "Australia/Sydney",
        "Australia/Adelaide",
        "Australia/Hobart",
        "Australia/Lord_Howe",
        "America/Chicago",
        "Australia/Brisbane",
        "Australia/Perth",
        "Australia/Darwin",
        "UTC",
        "Asia/Kathmandu",  # +5:45
        "Pacific/Chatham",  # +12:45, changes at 02:45
    )
)


def utc(text: str) -> datetime:
    """Return an instant given in UTC, such as ``2026-06-15 02:00``."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


LONG_AGO = utc("2026-01-01 00:00")


def at(text: str, zone: ZoneInfo, fold: int = 0) -> datetime:
    """Return an instant given on a wall clock, in UTC."""
    local = datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)
    return local.astimezone(UTC)


def point(
    start: datetime,
    price: float,
    *,
    minutes: int = 30,
    kind: PriceKind = FORECAST,
    band: PriceBand | None = None,
) -> PricePoint:
    """Return one price."""
    return PricePoint(
        start=start,
        end=start + minutes * MINUTE,
        price=price,
        kind=kind,
        band=band,
    )


def row(
    start: datetime,
    prices: Iterable[float],
    *,
    minutes: int = 30,
    kind: PriceKind = FORECAST,
) -> list[PricePoint]:
    """Return consecutive prices."""
    return [
        point(start + index * minutes * MINUTE, price, minutes=minutes, kind=kind)
        for index, price in enumerate(prices)
    ]


def series(
    imports: Iterable[PricePoint],
    exports: Iterable[PricePoint] | None = None,
    *,
    fetched_at: datetime = LONG_AGO,
) -> PriceSeries:
    """Return a series in the order given."""
    return PriceSeries(
        fetched_at=fetched_at,
        imports=tuple(imports),
        exports=None if exports is None else tuple(exports),
    )


def day_ahead(
    start: datetime, prices: Iterable[float], *, first: float = 0.5
) -> list[PricePoint]:
    """Return a running half hour at ``first`` and forecast ones after it."""
    return [
        point(start, first, kind=CURRENT),
        *row(start + 30 * MINUTE, prices),
    ]


def history(
    imports: Iterable[PricePoint],
    now: datetime,
    exports: Iterable[PricePoint] | None = None,
) -> PriceHistory:
    """Return a history that has seen these settled prices."""
    return PriceHistory().with_series(series(imports, exports), now)
