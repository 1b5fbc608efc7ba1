"""What a retailer makes of the wholesale price."""

from dataclasses import dataclass
from datetime import datetime

GST = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class RetailPlan:
    """Network and market charges on top of the wholesale price, c/kWh with GST.

    The peak is charged from 15:00 to 21:00 local time in the months of ``peak_months``
    only. ``loss_factor`` applies to export, which is paid without GST. The figures
    are those found in real Amber prices of a Sydney home.
    """

    base: float = 9.3
    peak: float = 36.0
    solar_sponge: float = -2.0
    controlled_load: float = 4.7
    peak_months: frozenset[int] = frozenset({1, 2, 3, 6, 7, 8, 11, 12})
    loss_factor: float = 1.048

    def spot(self, rrp: float) -> float:
        """Return the wholesale part in c/kWh with GST of a price in $/MWh."""
        return rrp * GST / 10

    def import_price(self, rrp: float, local: datetime) -> float:
        """Return the all-in price of general use in c/kWh at a local time."""
        price = self.spot(rrp) + self.base
        match self.period(local):
            case "peak":
                return price + self.peak
            case "solarSponge":
                return price + self.solar_sponge
            case _:
                return price

    def controlled_price(self, rrp: float) -> float:
        """Return the all-in price of controlled load in c/kWh."""
        return self.spot(rrp) + self.controlled_load

    def export_price(self, rrp: float) -> float:
        """Return what is paid for export in c/kWh; negative costs money."""
        return rrp / 10 * self.loss_factor

    def period(self, local: datetime) -> str:
        """Return the network period of a local time, in Amber's words."""
        if 15 <= local.hour < 21:
            return "peak" if local.month in self.peak_months else "shoulder"
        return "solarSponge" if 10 <= local.hour < 15 else "offPeak"

    @staticmethod
    def season(local: datetime) -> str:
        """Return the network season of a local time, in Amber's words."""
        names = ("summer", "autumn", "winter", "spring")
        return names[local.month % 12 // 3]
