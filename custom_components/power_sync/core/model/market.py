"""The wholesale price of electricity, apart from what a home pays."""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketPrice:
    """What one dispatch interval ``[start, end)`` of a region costs, in $/kWh.

    Without tax; the market's own unit is $/MWh, a thousandth of which this is. Raises
    ValueError for an interval that is empty or not in UTC.
    """

    start: datetime
    end: datetime
    price: float

    def __post_init__(self) -> None:
        """Refuse intervals that could not be told apart or put in order."""
        if self.start.tzinfo is not UTC or self.end.tzinfo is not UTC:
            raise ValueError("market intervals must be in UTC")
        if self.end <= self.start:
            raise ValueError("a market interval must end after it starts")
