"""What the home's grid connection costs, at settled prices."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from .prices import INTERVAL, PriceTruth
from .retail import RetailPlan


@dataclass(slots=True)
class Account:
    """What the first site's grid connection really cost since the home began, $."""

    import_cost: float = 0.0
    export_income: float = 0.0

    @property
    def cost(self) -> float:
        """Import less export."""
        return self.import_cost - self.export_income


class Billing:
    """Charges energy to an account, by billing intervals of some minutes."""

    def __init__(
        self, prices: PriceTruth, retail: RetailPlan, time_zone: ZoneInfo, minutes: int
    ) -> None:
        """Begin with an empty account."""
        self.account = Account()
        self._prices = prices
        self._retail = retail
        self._zone = time_zone
        self._seconds = minutes * 60
        self._known: tuple[int, float, float] = (-1, 0.0, 0.0)
        self._running = -1
        self._bought = self._sold = 0.0
        self._charged = (0.0, 0.0)

    def price(self, at: float) -> tuple[float, float]:
        """Return what a kWh of import costs and one of export pays, $ at the time.

        The settled price of the billing interval, whatever was forecast for it.
        """
        begin = int(at) // self._seconds * self._seconds
        if self._known[0] != begin:
            rrps = [
                self._prices.spot(datetime.fromtimestamp(start, UTC))
                for start in range(begin, begin + self._seconds, INTERVAL)
            ]
            rrp = sum(rrps) / len(rrps)
            local = datetime.fromtimestamp(begin, self._zone)
            self._known = (
                begin,
                self._retail.import_price(rrp, local) / 100,
                self._retail.export_price(rrp) / 100,
            )
        return self._known[1], self._known[2]

    def charge(self, at: float, kwh: float) -> None:
        """Charge energy taken from the grid at a time; negative was fed into it."""
        begin = int(at) // self._seconds * self._seconds
        if self._running != begin:
            self._running, self._bought, self._sold = begin, 0.0, 0.0
        buy, sell = self._charged = self.price(at)
        if kwh > 0:
            self._bought += kwh
            self.account.import_cost += kwh * buy
        else:
            self._sold -= kwh
            self.account.export_income -= kwh * sell

    def reprice(self) -> None:
        """Charge the running interval anew after its price was changed on demand."""
        self._known = (-1, 0.0, 0.0)
        if self._running < 0:
            return
        buy, sell = self._charged
        new_buy, new_sell = self._charged = self.price(self._running)
        self.account.import_cost += self._bought * (new_buy - buy)
        self.account.export_income += self._sold * (new_sell - sell)
