"""Show the tariff that is on the Powerwall as today's half hours."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from ..core.model.tesla_tariff import TeslaTariff
from ..core.tesla_tariff import SLOTS_PER_DAY, day_prices
from ..core.timeline import label_of


@dataclass(frozen=True, slots=True)
class TodaysTariff:
    """Prices per kWh of today's 48 half hours, and which one is running.

    A half hour that the tariff leaves open is None.
    """

    buy: tuple[float | None, ...]
    sell: tuple[float | None, ...]
    running: int


def todays_tariff(tariff: TeslaTariff, zone: tzinfo, now: datetime) -> TodaysTariff:
    """Return what a tariff says about the local day around ``now``."""
    today = now.astimezone(zone).date()
    return TodaysTariff(
        buy=day_prices(tariff.buy, today),
        sell=day_prices(tariff.sell, today)
        if tariff.sell is not None
        else (None,) * SLOTS_PER_DAY,
        running=label_of(now, zone),
    )
