"""From a day's prices to the tariff that is sent. Covers B-05, B-06 and P-11."""

from dataclasses import replace
from datetime import time
from typing import cast

import pytest

from custom_components.power_sync.core.day_plan import (
    NAME,
    Plan,
    TariffTerms,
    make_plan,
    plain_tariff,
)
from custom_components.power_sync.core.day_tariff import DayTariff, build
from custom_components.power_sync.core.demand import DemandTerms
from custom_components.power_sync.core.export_boost import BoostTerms
from custom_components.power_sync.core.model.prices import (
    ForecastChoice,
    PriceSeries,
    SpikeStatus,
    StandingCharges,
)
from custom_components.power_sync.core.model.retail import Days
from custom_components.power_sync.core.model.tesla_tariff import TariffSide
from custom_components.power_sync.core.plan_tariff import plan_tariff
from custom_components.power_sync.core.price_history import PriceHistory
from custom_components.power_sync.core.tesla_tariff import (
    OUR_CODE,
    day_prices,
    period_label,
)

from .plans import SYDNEYS
from .support import SYDNEY, at, day_ahead, series

NOON = at("2026-06-15 12:00", SYDNEY)
TERMS = TariffTerms(utility="Amber", currency="AUD")
FOUR, FIVE, NINE = 32, 34, 42
"""Half hours from midnight: 16:00, 17:00 and 21:00."""


def prices(
    buy: float = 0.3, sell: float | None = 0.05, *, spike_at: int | None = None
) -> PriceSeries:
    """Return a day's prices, one half hour of which may be flagged."""
    imports = day_ahead(NOON, [buy] * 59, first=buy)
    if spike_at is not None:
        index = (spike_at - 24) % 48
        imports[index] = replace(imports[index], spike=SpikeStatus.POTENTIAL)
    exports = None if sell is None else day_ahead(NOON, [sell] * 59, first=sell)
    return series(imports, exports, fetched_at=NOON)


def planned(source: PriceSeries, terms: TariffTerms = TERMS) -> Plan:
    day = build(source, PriceHistory(), ForecastChoice.PREDICTED, SYDNEY, NOON)
    assert isinstance(day, DayTariff)
    return make_plan(day, source, terms, SYDNEY)


def shown(side: TariffSide | None) -> tuple[float, ...]:
    assert side is not None
    return cast("tuple[float, ...]", day_prices(side, NOON.date()))


def demand_rates(plan: Plan) -> list[float]:
    (rates,) = (season.rates for season in plan.tariff.buy.demand_rates)
    by_label = dict(rates)
    return [by_label.get(period_label(slot), 0.0) for slot in range(48)]


def test_plain_prices_are_sent_as_they_are() -> None:
    plan = planned(prices())

    assert shown(plan.tariff.buy) == plan.mapped.buy == (0.3,) * 48
    assert shown(plan.tariff.sell) == plan.mapped.sell == (0.05,) * 48
    buy = plan.tariff.buy
    assert (buy.name, buy.utility, buy.currency) == (NAME, "Amber", "AUD")
    assert buy.code == OUR_CODE
    assert buy.daily_charges[0].amount == buy.monthly_charges == 0
    assert not any(season.rates for season in buy.demand_rates)


def test_what_is_sent_is_the_mapping() -> None:
    """Covers B-04."""
    plan = planned(prices(-0.2))

    assert {slot.import_price for slot in plan.day.slots} == {-0.2}
    assert plan.mapped.compressed == 48
    assert min(plan.mapped.buy) >= 0
    assert shown(plan.tariff.buy) == plan.mapped.buy


def test_the_margin_that_counts_is_that_of_the_running_half_hour() -> None:
    # At noon none; 17:00 is cheaper and worth more, and would lift noon.
    buy = day_ahead(NOON, [0.5] * 59, first=0.2)
    sell = day_ahead(NOON, [0.1] * 59, first=0.2)
    buy[10], sell[10] = replace(buy[10], price=0.1), replace(sell[10], price=0.3)

    plan = planned(series(buy, sell, fetched_at=NOON))

    assert plan.mapped.buy[24] == plan.mapped.sell[24]
    assert not plan.mapped.order_kept


def test_half_hours_of_spikes_are_dear_if_the_user_wants_that() -> None:
    """Covers B-05."""
    source = prices(spike_at=FIVE)

    assert planned(source).mapped.buy == (0.3,) * 48
    plan = planned(source, replace(TERMS, protect=True))
    expected = [0.3] * 48
    expected[FIVE] = 1.05
    assert list(plan.mapped.buy) == pytest.approx(expected)
    assert list(shown(plan.tariff.buy)) == pytest.approx(expected)
    # What the source says is still what is explained.
    assert plan.day.slots[FIVE].import_price == 0.3


def test_the_feed_in_is_boosted_if_the_user_wants_that() -> None:
    """Covers B-06."""
    boost = BoostTerms(offset=0.1, start=time(17), end=time(21))

    plan = planned(prices(), replace(TERMS, boost=boost))

    assert planned(prices()).mapped.sell == (0.05,) * 48
    for label, price in enumerate(plan.mapped.sell):
        boosted = FIVE <= label < NINE
        assert price == pytest.approx(0.15 if boosted else 0.05)
    assert shown(plan.tariff.sell) == plan.mapped.sell
    assert {slot.export_price for slot in plan.day.slots} == {0.05}


def test_a_boost_is_acceptable_to_tesla() -> None:
    """Covers B-06: it is applied before the mapping."""
    boost = BoostTerms(offset=1.0, start=time(0), end=time(0))

    plan = planned(prices(), replace(TERMS, boost=boost))

    assert all(
        buy >= sell for buy, sell in zip(plan.mapped.buy, plan.mapped.sell, strict=True)
    )
    assert plan.mapped.lifted


def test_protection_goes_by_the_boosted_feed_in() -> None:
    terms = replace(
        TERMS,
        protect=True,
        boost=BoostTerms(offset=0.5, start=time(17), end=time(21)),
    )

    assert planned(prices(0.6, spike_at=FOUR), terms).mapped.buy[FOUR] == (
        pytest.approx(1.55)
    )


def test_a_home_without_feed_in_is_not_boosted() -> None:
    boost = BoostTerms(floor=0.2, start=time(0), end=time(0))

    plan = planned(prices(sell=None), replace(TERMS, boost=boost))

    assert plan.mapped.sell == (0.0,) * 48
    assert planned(prices(sell=0.0), replace(TERMS, boost=boost)).mapped.sell == (
        (0.2,) * 48
    )


def test_what_is_charged_beside_the_energy() -> None:
    source = replace(prices(), charges=StandingCharges(daily=1.1, monthly=15.0))

    buy = planned(source).tariff.buy

    assert (buy.daily_charges[0].amount, buy.monthly_charges) == (1.1, 15.0)


def test_a_demand_charge_in_its_window() -> None:
    """Covers P-11."""
    demand = DemandTerms(days=Days.WEEKDAYS, start=16 * 60, end=21 * 60, rate=12.5)

    rates = demand_rates(planned(prices(), replace(TERMS, demand=demand)))

    # Of Monday afternoon; 16:00 to 21:00 is still ahead at noon.
    assert rates == [12.5 if FOUR <= label < NINE else 0.0 for label in range(48)]
    weekend = replace(demand, days=Days.WEEKENDS)
    assert demand_rates(planned(prices(), replace(TERMS, demand=weekend))) == [0.0] * 48
    # Half hours that are over today are tomorrow's, Tuesday's: all the same on weekdays.
    morning = replace(demand, start=7 * 60, end=9 * 60)
    rates = demand_rates(planned(prices(), replace(TERMS, demand=morning)))
    assert [label for label, rate in enumerate(rates) if rate] == [14, 15, 16, 17]


def test_the_half_hours_that_daylight_saving_skips_cost_no_demand() -> None:
    night = at("2026-10-03 12:00", SYDNEY)
    source = series(day_ahead(night, [0.3] * 59, first=0.3), fetched_at=night)
    day = build(source, PriceHistory(), ForecastChoice.PREDICTED, SYDNEY, night)
    assert isinstance(day, DayTariff)
    demand = DemandTerms(days=Days.EVERY, start=0, end=0, rate=2.0)

    plan = make_plan(day, source, replace(TERMS, demand=demand), SYDNEY)

    rates = demand_rates(plan)
    assert [label for label, rate in enumerate(rates) if not rate] == [4, 5]


def test_a_whole_plan_is_sent_as_it_is() -> None:
    """Covers P-06: no shape of a day, whatever is switched on."""
    terms = replace(
        TERMS,
        tariff_plan=SYDNEYS,
        protect=True,
        boost=BoostTerms(offset=1.0, start=time(0), end=time(0)),
        demand=DemandTerms(days=Days.EVERY, start=0, end=0, rate=2.0),
    )

    plan = planned(prices(spike_at=FIVE), terms)

    assert plan.tariff == plan_tariff(SYDNEYS, utility="Amber", currency="AUD")


def test_a_tariff_for_an_owner_who_has_none() -> None:
    """Covers B-12: nothing in it to charge or discharge for."""
    tariff = plain_tariff(replace(TERMS, currency="USD"))

    assert shown(tariff.buy) == (0.3,) * 48
    assert shown(tariff.sell) == (0.05,) * 48
    assert (tariff.buy.code, tariff.buy.name) == (OUR_CODE, NAME)
    assert (tariff.buy.utility, tariff.buy.currency) == ("Amber", "USD")
