"""What the user wants to be told about prices."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AlertKind(StrEnum):
    """What is news about a price."""

    LOW = "low"
    """The price has fallen below the low threshold."""
    HIGH = "high"
    """The price has risen above the high threshold."""
    SPIKE = "spike"
    NEGATIVE_FEED_IN = "negative_feed_in"
    """Exporting costs money."""
    OPTIMAL = "optimal"
    """The price is back among the cheapest quarter of the last weeks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Prices in $/kWh, as the source announces them, beyond which there is news."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEvent:
    """One piece of news: ``price`` is what was looked at, ``limit`` what it crossed.

    A spike that the source flags crosses no limit.
    """

    kind: AlertKind
    price: float
    limit: float | None
    at: datetime
