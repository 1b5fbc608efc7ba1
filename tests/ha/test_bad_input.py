"""Bad input: what the user sees; the last good tariff stays, nothing is uploaded."""

from collections.abc import Awaitable, Callable
import logging

import pytest

from custom_components.power_sync.core.tesla_tariff import day_prices
from custom_components.power_sync.sim.config import AmberSite
from custom_components.power_sync.sim.faults import FaultKind, Service

from .conftest import NOW
from .house import House, Steady

type MakeHouse = Callable[..., Awaitable[House]]

TOU = "time_of_use_settings"
NEXT = 200.0
"""Seconds from NOW to a moment of the next interval at which its price is known."""

REFUSED = [
    FaultKind.EMPTY_LIST,
    FaultKind.NAN_PRICES,
    FaultKind.TEXT_PRICES,
    FaultKind.WORD_PRICES,
    FaultKind.NO_FEED_IN,
    FaultKind.STATUS_400,
    FaultKind.STATUS_404,
    FaultKind.STATUS_429,
    FaultKind.STATUS_429_RETRY,
    FaultKind.STATUS_500,
    FaultKind.STATUS_502,
    FaultKind.STATUS_503,
    FaultKind.HTML,
    FaultKind.GARBAGE,
    FaultKind.EMPTY,
    FaultKind.NULL,
    FaultKind.DROP,
]
"""Answers of Amber of which nothing is used."""


@pytest.mark.parametrize("kind", REFUSED)
async def test_refused_answers_of_amber(
    steady: House, market: Steady, kind: FaultKind, caplog: pytest.LogCaptureFixture
) -> None:
    before = steady.stored_tariff
    market.price = 200.0
    steady.break_(Service.AMBER, kind)
    await steady.live(35, stride=300)
    assert steady.state("current_electricity_price").state == "unavailable"
    assert steady.state("price_estimate").state == "unavailable"
    assert steady.state("battery_level").state != "unavailable"
    assert steady.issues == {"prices_missing"}
    assert steady.stored_tariff == before
    assert steady.sent == [TOU]
    gone = [
        record
        for record in caplog.records
        if record.levelno == logging.ERROR and "Amber Electric prices" in record.message
    ]
    assert len(gone) == 1, "one line when it goes"

    steady.repair()
    caplog.clear()
    await steady.live(5, stride=75)
    assert steady.state("current_electricity_price").state != "unavailable"
    assert not steady.issues
    assert steady.stored_tariff != before
    back = [
        record
        for record in caplog.records
        if record.levelno == logging.INFO and "recovered" in record.message
    ]
    assert len(back) == 1, "one line when it is back"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (FaultKind.EMPTY_FORECAST, "horizon_too_short"),
        (FaultKind.PARTIAL_FORECAST, "hole"),
    ],
)
async def test_incomplete_forecasts(
    steady: House, market: Steady, kind: FaultKind, reason: str
) -> None:
    before = steady.stored_tariff
    market.price = 200.0
    steady.break_(Service.AMBER, kind)
    await steady.tick(NEXT)
    assert steady.result == ("blocked", reason)
    record = steady.state("last_sync_result").attributes
    assert record["blocked_from"] < record["blocked_until"]
    # What is running is known all the same.
    assert float(steady.state("current_electricity_price").state) == pytest.approx(
        0.293
    )
    assert steady.stored_tariff == before
    await steady.live(30, stride=300)
    assert steady.issues == {"prices_missing"}
    assert steady.sent == [TOU]
    assert steady.decisions.count(("tariff", "blocked", reason)) == 1
    steady.repair()
    await steady.live(5, stride=75)
    assert steady.stored_tariff != before
    assert not steady.issues


async def test_late_prices(steady: House, market: Steady) -> None:
    before = steady.stored_tariff
    market.price = 200.0
    steady.break_(Service.AMBER, FaultKind.STALE_FORECAST)
    await steady.tick(NEXT)
    assert steady.state("current_electricity_price").state == "unavailable"
    # The interval is only just over: its price still counts for a while.
    assert steady.result == ("sent", "prices_changed")
    await steady.live(20, stride=280)
    assert steady.stored_tariff == before
    steady.repair()
    await steady.live(5, stride=75)
    assert steady.stored_tariff != before


async def test_prices_of_long_ago(steady: House) -> None:
    site = steady.home.config.amber_sites[0].site_id
    board = steady.home.amber._boards[site]
    current = board.current
    steady.home.amber._boards[site].current = (  # type: ignore[method-assign]
        lambda now, *args: current(now - 1800, *args)
    )
    await steady.tick(NEXT + 300)
    assert steady.result == ("blocked", "stale")
    assert steady.sent == [TOU]


@pytest.mark.parametrize("kind", [FaultKind.DUPLICATED_ROWS, FaultKind.UNSORTED_ROWS])
async def test_untidy_answers_are_understood(
    steady: House, market: Steady, kind: FaultKind
) -> None:
    steady.break_(Service.AMBER, kind)
    market.price = 180.0
    await steady.tick(NEXT)
    assert steady.sent == [TOU, TOU]
    buy = day_prices(steady.stored_tariff.buy, NOW.date())
    assert buy[27] == pytest.approx(0.271)


async def test_slow_amber(steady: House, market: Steady) -> None:
    steady.break_(Service.AMBER, FaultKind.TIMEOUT, count=1)
    market.price = 180.0
    await steady.tick(NEXT, settle=False)
    await steady.until(lambda: not steady.home.faults.as_json())
    await steady.tick(11)
    assert steady.entry.runtime_data.prices.last_update_success is False
    await steady.live(1)
    assert steady.sent == [TOU, TOU]


async def test_slow_tesla(steady: House) -> None:
    steady.break_(Service.TESLA, FaultKind.TIMEOUT, match="live_status", count=1)
    await steady.tick(30, settle=False)
    await steady.until(lambda: not steady.home.faults.as_json())
    await steady.tick(21)
    assert steady.state("battery_level").state == "unavailable"
    assert steady.state("operation_mode").state == "autonomous"
    await steady.live(1)
    assert steady.state("battery_level").state != "unavailable"


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.STATUS_429,
        FaultKind.STATUS_429_RETRY,
        FaultKind.STATUS_500,
        FaultKind.STATUS_503,
        FaultKind.HTML,
        FaultKind.GARBAGE,
        FaultKind.EMPTY,
        FaultKind.NULL,
        FaultKind.DROP,
    ],
)
async def test_refused_answers_of_tesla(
    steady: House, market: Steady, kind: FaultKind
) -> None:
    market.price = 200.0
    steady.break_(Service.TESLA, kind)
    await steady.tick(NEXT)
    await steady.live(5)
    assert steady.state("battery_level").state == "unavailable"
    assert steady.state("operation_mode").state == "unavailable"
    assert steady.state("tariff_schedule").state == "unavailable"
    # What we did and may do is known all the same.
    for key in ("last_sync", "last_sync_result", "auto_sync_tou_schedule", "decision"):
        assert steady.state(key).state != "unavailable", key
    assert steady.state("current_electricity_price").state != "unavailable"
    assert steady.result[0] in {"failed", "postponed", "not_applied"}
    assert steady.tariff_name == "PowerSync"
    steady.repair()
    await steady.live(8)
    assert steady.state("battery_level").state != "unavailable"
    newest = steady.entry.runtime_data.powerwall.controller.plan.tariff
    assert day_prices(steady.stored_tariff.buy, NOW.date()) == day_prices(
        newest.buy, NOW.date()
    )


async def test_amber_is_left_alone_as_long_as_it_asks(steady: House) -> None:
    steady.break_(Service.AMBER, FaultKind.STATUS_429_RETRY, seconds=240, count=1)
    await steady.tick(NEXT)
    before = steady.home.amber.requests
    await steady.live(3.5, stride=15)
    assert steady.home.amber.requests == before
    await steady.live(1, stride=15)
    assert steady.home.amber.requests > before
    assert steady.state("current_electricity_price").state != "unavailable"


@pytest.mark.parametrize(
    ("rrp", "imports", "exports"),
    [(-1000.0, -1.027, -1.048), (20_000.0, 22.073, 20.96)],
)
async def test_extreme_prices(
    steady: House, market: Steady, rrp: float, imports: float, exports: float
) -> None:
    """From -$1 to +$22 per kWh: shown as they are, sent as Tesla takes them."""
    market.price = rrp
    await steady.live(10)
    price = steady.state("current_electricity_price")
    assert float(price.state) == pytest.approx(imports)
    assert float(steady.state("feed_in_price").state) == pytest.approx(exports)
    assert steady.decisions[-1] == ("tariff", "sent", "prices_changed")
    upload = steady.home.tesla.uploads[-1]
    assert upload.warnings == ()
    assert upload.stored
    buy = day_prices(steady.stored_tariff.buy, NOW.date())
    sell = day_prices(steady.stored_tariff.sell or steady.stored_tariff.buy, NOW.date())
    pairs = list(zip(buy, sell, strict=True))
    assert all(b is not None and s is not None and b >= s >= 0 for b, s in pairs)
    if rrp > 0:
        assert max(b for b in buy if b is not None) > 10


async def test_import_only_site(make_house: MakeHouse) -> None:
    house = await make_house(
        amber_sites=(AmberSite(feed_in=False),), channels=("import",)
    )
    await house.set_up()
    assert house.tariff_name == "PowerSync"
    sell = house.stored_tariff.sell
    assert sell is not None
    assert set(day_prices(sell, NOW.date())) == {0.0}
    with pytest.raises(AssertionError, match="no entity"):
        house.state("feed_in_price")


async def test_half_hourly_site_with_controlled_load(make_house: MakeHouse) -> None:
    house = await make_house(
        amber_sites=(AmberSite(interval_minutes=30, controlled_load=True),),
        channels=("controlled_load", "export", "import"),
    )
    await house.set_up()
    await house.live(10)
    assert house.tariff_name == "PowerSync"
    assert house.state("controlled_load_price").state != "unavailable"


async def test_site_that_is_closed_later(steady: House) -> None:
    """Amber answers with an empty list for it."""
    boards = steady.home.amber._boards
    steady.home.amber.sites = (AmberSite(status="closed"),)
    await steady.live(35, stride=300)
    assert boards
    assert steady.issues == {"prices_missing"}
    assert steady.sent == [TOU]
