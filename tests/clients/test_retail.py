"""Retail prices as a source: what is passed on, what is asked, what is refused."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import override

import pytest

from custom_components.power_sync.clients.errors import UnavailableError
from custom_components.power_sync.clients.network_tariff import (
    NoNetworkRateError,
)
from custom_components.power_sync.clients.retail import RetailPrices
from custom_components.power_sync.core.model.prices import (
    PriceKind,
    PriceSeries,
    StandingCharges,
)
from custom_components.power_sync.core.model.retail import (
    FlowPowerImport,
    NetworkTariff,
    RetailTerms,
)

from .retail_support import (
    CAPPED,
    HALF_HOUR,
    NOW,
    PLAIN,
    REACH,
    SYDNEY,
    Wholesale,
    retail,
    wholesale_point,
)


def test_the_series_is_the_wholesale_sources() -> None:
    point = wholesale_point(NOW, 0.1)
    wholesale = Wholesale(point)
    source = RetailPrices(
        wholesale, CAPPED, SYDNEY, twap=lambda _: None, exported_kwh=None
    )

    series = asyncio.run(source.fetch_prices(NOW))

    assert source.reach == REACH
    assert wholesale.asked == [(NOW,)]
    assert replace(series, imports=(), exports=None) == replace(
        wholesale.series, imports=(), charges=StandingCharges(daily=1.2)
    )


def test_history_is_retail_too() -> None:
    point = wholesale_point(NOW - HALF_HOUR, 0.1, kind=PriceKind.ACTUAL)
    wholesale = Wholesale(point)
    source = RetailPrices(
        wholesale, CAPPED, SYDNEY, twap=lambda _: None, exported_kwh=None
    )
    start, end = NOW - timedelta(hours=5), NOW - timedelta(hours=1)

    series = asyncio.run(source.fetch_history(start, end, NOW))

    assert wholesale.asked == [(start, end, NOW)]
    assert [item.price for item in series.imports] == [pytest.approx(0.11)]
    assert series.exports is not None
    assert [item.price for item in series.exports] == [0.0]


def test_mean_spot_is_that_of_now() -> None:
    asked: list[datetime] = []

    def twap(moment: datetime) -> float:
        asked.append(moment)
        return 0.1

    source = RetailPrices(
        Wholesale(wholesale_point(NOW + HALF_HOUR, 0.1)),
        RetailTerms(
            imports=FlowPowerImport(base_rate=0.3, benchmark=0.0), exports=None
        ),
        SYDNEY,
        twap=twap,
        exported_kwh=None,
    )
    asyncio.run(source.fetch_prices(NOW))

    assert asked == [NOW]


def test_a_home_that_is_not_paid_for_export() -> None:
    terms = RetailTerms(imports=PLAIN, exports=None)

    assert retail([wholesale_point(NOW, 0.1)], terms).exports is None
    assert retail([], CAPPED).exports == ()


def test_what_the_wholesale_source_raises_is_raised() -> None:
    class Broken(Wholesale):
        @override
        async def fetch_prices(self, now: datetime) -> PriceSeries:
            raise UnavailableError("closed")

    source = RetailPrices(
        Broken(), CAPPED, SYDNEY, twap=lambda _: None, exported_kwh=None
    )

    with pytest.raises(UnavailableError, match="closed"):
        asyncio.run(source.fetch_prices(NOW))


def test_a_tariff_without_a_rate_is_an_error_not_a_price() -> None:
    made_up = NetworkTariff(network="energex", code="6950")
    terms = RetailTerms(imports=replace(PLAIN, network=made_up), exports=None)

    with pytest.raises(NoNetworkRateError):
        retail([wholesale_point(NOW, 0.1)], terms)
