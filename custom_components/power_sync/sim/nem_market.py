"""The wholesale market of all regions, around the one whose prices are true."""

from datetime import UTC, datetime
from math import cos, pi

from .nem_timetable import NEM_OFFSET
from .noise import bell
from .prices import INTERVAL, PriceTruth

REGIONS = ("NSW1", "QLD1", "SA1", "TAS1", "VIC1")
_HABITS = {
    "NSW1": (1.0, 0.0, 7_900),
    "QLD1": (0.93, -3.0, 6_600),
    "SA1": (1.15, -24.0, 1_450),
    "TAS1": (0.85, 9.0, 1_130),
    "VIC1": (0.9, -14.0, 5_200),
}
"""How a region's price relates to New South Wales: factor and $/MWh; mean MW."""
_FLOOR, _CAP = -1_000.0, 23_200.0
_DAY = 86_400


class NemMarket:
    """Prices ($/MWh) and demand (MW) by region.

    The home's region costs what the truth says; the others follow it in their own
    manner, so that whoever reads the wrong row is found out. Times are unix seconds.
    """

    def __init__(self, truth: PriceTruth, region: str, seed: int) -> None:
        """Put the truth into a region."""
        self.region = region
        self._truth = truth
        self._seed = seed

    def spot(self, region: str, start: int) -> float:
        """Return the settled price of the five minutes from ``start``."""
        price = self._truth.spot(_utc(start))
        return self._in(region, price, start, start)

    def forecast(self, region: str, start: int, minutes: int, known: int) -> float:
        """Return the mean price of a coming interval as expected at ``known``."""
        price = self._truth.forecast(_utc(start), minutes, _utc(known))
        return self._in(region, price, start, known)

    def demand(self, region: str, start: int) -> float:
        """Return what a region uses: least at four in the morning."""
        hour = (start + NEM_OFFSET) % _DAY / 3600
        swing = 1 - 0.18 * cos((hour - 4) / 12 * pi)
        wobble = 0.02 * bell(self._seed, 56, REGIONS.index(region), start)
        return round(_HABITS[region][2] * (swing + wobble), 2)

    def _in(self, region: str, price: float, start: int, known: int) -> float:
        """Return what a price of the home's region is in another one."""
        if region == self.region:
            return round(price, 5)
        factor, extra, _ = _HABITS[region]
        own_factor, own_extra, _ = _HABITS[self.region]
        price = price * factor / own_factor + extra - own_extra
        number = REGIONS.index(region)
        price += 2.5 * bell(self._seed, 55, number, start // INTERVAL, known)
        return round(max(_FLOOR, min(price, _CAP)), 5)


def _utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
