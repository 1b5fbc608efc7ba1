"""The tariff of the coming day, from the source's prices to what is sent."""

from dataclasses import dataclass
from datetime import tzinfo

from .day_tariff import DayTariff
from .demand import DemandTerms, in_window
from .export_boost import BoostTerms, boost
from .model.prices import PriceSeries
from .model.tariff_plan import TariffPlan
from .model.tesla_tariff import TeslaTariff
from .plan_tariff import plan_tariff
from .price_mapping import MappedPrices, map_prices
from .spike_protection import protect
from .tesla_tariff import SLOTS_PER_DAY, daily_tariff

NAME = "PowerSync"
"""How a tariff of prices is called in the Tesla app."""
_PLAIN_BUY, _PLAIN_SELL = 0.30, 0.05
"""$/kWh of an ordinary day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffTerms:
    """What the user wants of a tariff beside the prices.

    Prices that come from a ``tariff_plan`` are sent as the whole plan, as it is; any
    others as the coming day, with half hours of spikes made dear if ``protect``, the
    feed-in made better by ``boost``, and the ``demand`` charge where the Powerwall
    is to know of it.
    """

    utility: str
    currency: str
    tariff_plan: TariffPlan | None = None
    demand: DemandTerms | None = None
    boost: BoostTerms | None = None
    protect: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The tariff of the coming day at each stage of its making.

    ``day`` is what the source says, ``mapped`` what is sent of it.
    """

    day: DayTariff
    mapped: MappedPrices
    tariff: TeslaTariff


def make_plan(
    day: DayTariff, series: PriceSeries, terms: TariffTerms, zone: tzinfo
) -> Plan:
    """Return the tariff that a day's prices become."""
    shaped = day
    if terms.boost is not None and series.exports is not None:
        shaped = boost(shaped, terms.boost)
    if terms.protect:
        # Last, because it goes by the dearest feed-in there is.
        shaped = protect(shaped)
    mapped = map_prices(
        [slot.import_price for slot in shaped.slots],
        [slot.export_price for slot in shaped.slots],
        shaped.running,
    )
    if terms.tariff_plan is not None:
        tariff = plan_tariff(
            terms.tariff_plan, utility=terms.utility, currency=terms.currency
        )
    else:
        tariff = daily_tariff(
            mapped.buy,
            mapped.sell,
            name=NAME,
            utility=terms.utility,
            currency=terms.currency,
            charges=series.charges,
            demand=_demand_rates(day, terms.demand, zone),
        )
    return Plan(day=day, mapped=mapped, tariff=tariff)


def _demand_rates(
    day: DayTariff, terms: DemandTerms | None, zone: tzinfo
) -> tuple[float, ...]:
    """Return what each half hour's peak costs per kW, nothing if that stays ours."""
    if terms is None:
        return ()
    return tuple(
        terms.rate
        if slot.start is not None and in_window(terms, slot.start, zone)
        else 0.0
        for slot in day.slots
    )


def plain_tariff(terms: TariffTerms) -> TeslaTariff:
    """Return a harmless tariff for an owner who has none to put back.

    An ordinary flat price and feed-in give no cause to charge or discharge.
    """
    return daily_tariff(
        [_PLAIN_BUY] * SLOTS_PER_DAY,
        [_PLAIN_SELL] * SLOTS_PER_DAY,
        name=NAME,
        utility=terms.utility,
        currency=terms.currency,
    )
