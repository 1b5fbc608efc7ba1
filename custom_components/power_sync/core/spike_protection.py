"""Keep the Powerwall from buying when a price spike may come.

While a source flags a half hour, its price is only a guess. A buy price above
whatever can be earned leaves nothing to gain from charging in it.
"""

from dataclasses import replace

from .day_tariff import DayTariff

PROTECTION = 1.0
"""$/kWh by which a flagged buy price is at least above every sell price."""


def protect(day: DayTariff) -> DayTariff:
    """Return a day whose flagged half hours are too dear to charge in.

    No price is ever lowered. To be applied after whatever raises sell prices.
    """
    if not any(slot.spike for slot in day.slots):
        return day
    least = max(slot.export_price for slot in day.slots) + PROTECTION
    return replace(
        day,
        slots=tuple(
            replace(slot, import_price=max(slot.import_price, least))
            if slot.spike
            else slot
            for slot in day.slots
        ),
    )
