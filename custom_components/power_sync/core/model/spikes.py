"""What counts as a price spike, and how one may be rehearsed."""

from dataclasses import dataclass
from math import isfinite

SHORTEST_REHEARSAL, LONGEST_REHEARSAL = 1, 60
"""Minutes."""


class RehearsalError(ValueError):
    """A rehearsal that is impossible; ``field`` names what is wrong with it."""

    def __init__(self, field_name: str, message: str) -> None:
        """Keep which argument it is about."""
        super().__init__(f"{field_name}: {message}")
        self.field = field_name


@dataclass(frozen=True, slots=True, kw_only=True)
class SpikeTerms:
    """From which wholesale price on to respond, and what to tell the Powerwall.

    Both in $/kWh: the usual threshold is the market's 300 $/MWh, and ``sell_price`` is
    what the tariff of a spike pays for export. Raises ValueError unless both are
    positive.
    """

    threshold: float = 0.30
    sell_price: float = 10.0

    def __post_init__(self) -> None:
        """Refuse a threshold with no calm prices below it, and a tariff for nothing."""
        for price in (self.threshold, self.sell_price):
            if not (isfinite(price) and price > 0):
                raise ValueError("the prices of a spike must be positive")
