"""What prices have been over the last weeks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSummary:
    """Statistics over one price per 5 minutes, in $/kWh.

    ``deviation`` is the population's standard deviation; percentiles interpolate
    between the two prices around them. ``days`` is how many days' worth of prices
    there are, to one decimal. ``ready`` says that they are enough to judge by.
    """

    mean: float
    median: float
    deviation: float
    minimum: float
    maximum: float
    p10: float
    p25: float
    p75: float
    p90: float
    p95: float
    count: int
    days: float
    ready: bool
