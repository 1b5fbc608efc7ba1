"""The wholesale market that the response to spikes watches."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import override

from homeassistant.helpers.update_coordinator import UpdateFailed
import pytest

from custom_components.power_sync.assembly.addresses import Addresses
from custom_components.power_sync.assembly.market import watch_market
from custom_components.power_sync.clients.protocols import PriceSource
from custom_components.power_sync.coordinator.market import MarketCoordinator
from custom_components.power_sync.core.model.market import MarketPrice
from custom_components.power_sync.core.model.prices import (
    PriceKind,
    PricePoint,
    PriceSeries,
)
from custom_components.power_sync.sim.faults import FaultKind, Service

from .conftest import NOW
from .house import POWERWALL, PRICE_SOURCE, House, Steady

# covers B-07

type MakeHouse = Callable[..., Awaitable[House]]

MINUTE = timedelta(minutes=1)
RUNNING = NOW - 2 * MINUTE
"""When the interval that runs at NOW began."""
BOTH = (Service.AEMO, Service.NEMWEB)


def interval(number: int, price: float) -> MarketPrice:
    """Return an interval counted from the one that runs at NOW; price in $/MWh."""
    start = RUNNING + number * 5 * MINUTE
    return MarketPrice(start=start, end=start + 5 * MINUTE, price=price / 1000)


def asked(house: House) -> list[float]:
    """Return when AEMO's dashboard was asked for prices, in seconds from NOW."""
    return [
        (request.at - NOW).total_seconds()
        for request in house.home.aemo.door.asked
        if request.path.endswith("/5MIN")
    ]


def works(coordinator: MarketCoordinator) -> bool:
    """Return whether the last look succeeded."""
    return coordinator.last_update_success


async def watch(house: House, region: str = "NSW1") -> MarketCoordinator:
    """Watch a region of the market that the simulated home is in."""
    addresses = Addresses(aemo=house.server.aemo_url, nemweb=house.server.nemweb_url)
    coordinator = await watch_market(
        house.hass, house.entry, addresses, region, subentry_id=POWERWALL
    )
    await house.settle()
    return coordinator


@pytest.fixture
async def house(make_house: MakeHouse, market: Steady) -> House:
    """A home that has its own prices from elsewhere."""
    house = await make_house(parts=(PRICE_SOURCE,), prices=market)
    await house.set_up()
    return house


async def test_the_running_interval(house: House, market: Steady) -> None:
    market.price = 420.0

    watched = await watch(house)

    assert watched.data == interval(0, 420.0)
    assert watched.known == watched.data
    assert watched.service == "AEMO"


async def test_the_region_that_was_chosen(house: House) -> None:
    home = await watch(house)
    away = await watch(house, "TAS1")

    assert home.data == interval(0, 100.0)
    assert away.data.start == home.data.start
    assert away.data.price != home.data.price


async def test_a_region_that_is_none(house: House) -> None:
    with pytest.raises(ValueError, match="WEM"):
        await watch(house, "WEM")


async def test_it_asks_no_more_than_it_has_to(house: House, market: Steady) -> None:
    watched = await watch(house)
    for price in (150.0, 14_500.0, -900.0):
        market.price = price
        await house.live(5, stride=5)

    assert watched.data == interval(3, -900.0)
    # The home's price is known at once, then 40 s into each interval, give or take
    # the second that Home Assistant gathers its timers in.
    assert [round(second / 10) for second in asked(house)] == [0, 22, 52, 82]


async def test_it_asks_every_minute_until_there_is_a_price(
    house: House, market: Steady
) -> None:
    watched = await watch(house)
    for service in BOTH:
        house.break_(service, FaultKind.STALE_FORECAST)
    market.price = 500.0
    await house.live(5, stride=5)
    assert watched.data == interval(0, 100.0)
    seconds = asked(house)
    assert [round(second / 10) for second in seconds[:3]] == [0, 22, 28]

    house.repair()
    await house.live(3, stride=5)

    assert watched.data == interval(1, 500.0)


async def test_the_files_when_the_dashboard_is_away(
    house: House, market: Steady
) -> None:
    house.break_(Service.AEMO, FaultKind.STATUS_503)
    market.price = 333.0

    watched = await watch(house)

    assert works(watched)
    assert watched.data == interval(0, 333.0)
    assert house.home.nemweb.door.requests


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.STATUS_403,
        FaultKind.STATUS_404,
        FaultKind.STATUS_429,
        FaultKind.STATUS_429_RETRY,
        FaultKind.STATUS_500,
        FaultKind.HTML,
        FaultKind.EMPTY,
        FaultKind.GARBAGE,
        FaultKind.NULL,
        FaultKind.DROP,
        FaultKind.EMPTY_LIST,
        FaultKind.NAN_PRICES,
        FaultKind.NULL_PRICES,
        FaultKind.WORD_PRICES,
    ],
)
async def test_a_market_that_is_away_or_out_of_its_mind(
    house: House, market: Steady, kind: FaultKind
) -> None:
    watched = await watch(house)
    market.price = 9_000.0
    for service in BOTH:
        house.break_(service, kind)
    await house.live(10)
    assert not works(watched)
    assert isinstance(watched.last_exception, UpdateFailed)
    # What was known stays known: whoever goes by it sees how old it is.
    assert watched.data == interval(0, 100.0)

    house.repair()
    await house.live(7)

    assert works(watched)
    assert watched.data == interval(3, 9_000.0)


async def test_nothing_at_the_start(house: House) -> None:
    for service in BOTH:
        house.break_(service, FaultKind.STATUS_500)
    watched = await watch(house)
    assert watched.known is None
    assert not works(watched)

    house.repair()
    await house.live(2)

    assert watched.known == interval(0, 100.0)


async def test_it_asks_no_more_once_the_home_is_unloaded(house: House) -> None:
    await watch(house)
    await house.unload()

    await house.live(10)

    assert asked(house) == [0.0]


class Spoken(PriceSource):
    """A market that says what the test wants."""

    def __init__(self, *points: PricePoint) -> None:
        self._points = points

    @property
    @override
    def reach(self) -> None:
        return None

    @override
    async def fetch_prices(self, now: datetime) -> PriceSeries:
        return PriceSeries(fetched_at=now, imports=self._points)

    @override
    async def fetch_history(
        self, start: datetime, end: datetime, now: datetime
    ) -> PriceSeries:
        raise NotImplementedError


def said(number: int, kind: PriceKind, price: float, spot: float | None) -> PricePoint:
    """Return the price of an interval counted from the running one."""
    start = RUNNING + number * 5 * MINUTE
    return PricePoint(
        start=start, end=start + 5 * MINUTE, price=price, kind=kind, spot=spot
    )


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        (
            [
                said(-1, PriceKind.ACTUAL, 0.2, 0.1),
                said(0, PriceKind.CURRENT, 0.5, 0.4),
                said(1, PriceKind.FORECAST, 9.0, 9.0),
            ],
            interval(0, 400.0),
        ),
        (
            [
                said(-2, PriceKind.ACTUAL, 0.3, 0.3),
                said(-1, PriceKind.ACTUAL, 0.2, None),
                said(0, PriceKind.FORECAST, 9.0, 9.0),
            ],
            interval(-1, 200.0),
        ),
        ([said(1, PriceKind.CURRENT, 9.0, 9.0)], None),
        ([said(0, PriceKind.FORECAST, 9.0, 9.0)], None),
        ([], None),
    ],
    ids=["running", "settled", "slow clock", "forecast", "nothing"],
)
async def test_the_newest_price_that_is_no_forecast(
    house: House, points: list[PricePoint], expected: MarketPrice | None
) -> None:
    coordinator = MarketCoordinator(
        house.hass, house.entry, Spoken(*points), subentry_id=POWERWALL
    )

    await coordinator.async_refresh()

    assert coordinator.data == expected
    assert works(coordinator) is (expected is not None)
    error = coordinator.last_exception
    assert isinstance(error, UpdateFailed) is (expected is None)
