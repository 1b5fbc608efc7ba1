"""Prices that are made of AEMO's wholesale price, from the feed to the Powerwall.

The figures are worked out here by hand from the retailer's terms.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
import logging
from typing import Any
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.power_sync.core.model.prices import (
    PriceKind,
    PricePoint,
    PriceSeries,
)
from custom_components.power_sync.core.model.retail import (
    Days,
    FlowPowerImport,
    ImportTerms,
    ManualRates,
    NetworkTariff,
    RateWindow,
    RetailTerms,
    SpotExport,
    SpotImport,
    WindowExport,
)
from custom_components.power_sync.core.price_record import PriceRecord
from custom_components.power_sync.core.tesla_tariff import day_prices
from custom_components.power_sync.sim.config import TeslaSite
from custom_components.power_sync.sim.faults import FaultKind, Service
from custom_components.power_sync.sim.server import SimulatorServer
from custom_components.power_sync.stored.retail import terms_to_stored

from .conftest import NOW
from .house import PRICE_SOURCE, House, Steady

type MakeHouse = Callable[..., Awaitable[House]]

TOU = "time_of_use_settings"
SOON = 225.0
"""Seconds from NOW to a moment of the next interval at which its price is known."""
HAPPY_HOUR = WindowExport(
    rates=ManualRates(
        otherwise=0.0,
        windows=(
            RateWindow(
                name="Happy Hour",
                days=Days.EVERY,
                start=17 * 60 + 30,
                end=19 * 60 + 30,
                rate=0.45,
            ),
        ),
    )
)


class Timed(Steady):
    """A market that costs by the time, in $/MWh."""

    def __init__(self, price_at: Callable[[datetime], float]) -> None:
        super().__init__()
        self._price_at = price_at

    def spot(self, start: datetime) -> float:
        return self._price_at(start)

    def forecast(self, start: datetime, minutes: int, known_at: datetime) -> float:
        return self._price_at(start)


def rates(otherwise: float, *windows: tuple[int, int, float]) -> ManualRates:
    """Return rates by hours of every day."""
    return ManualRates(
        otherwise=otherwise,
        windows=tuple(
            RateWindow(
                name=f"{start} to {end}",
                days=Days.EVERY,
                start=start * 60,
                end=end % 24 * 60,
                rate=rate,
            )
            for start, end, rate in windows
        ),
    )


PLAIN = SpotImport(
    network=rates(0.10, (15, 21, 0.40)), fees=0.035, loss_factor=1.05, add_gst=True
)


def aemo(
    imports: ImportTerms = PLAIN,
    exports: SpotExport | WindowExport | None = HAPPY_HOUR,
    region: str = "NSW1",
    daily_charge: float = 0.0,
) -> Callable[[SimulatorServer], dict[str, Any]]:
    """Return what the subentry of a home with these terms stores."""
    terms = RetailTerms(imports=imports, exports=exports, daily_charge=daily_charge)

    def stored(server: SimulatorServer) -> dict[str, Any]:
        return {
            "provider": "aemo",
            "region": region,
            "retailer": "other",
            "retail": terms_to_stored(terms),
            "base_url": server.aemo_url,
            "nemweb_url": server.nemweb_url,
        }

    return stored


@pytest.fixture
async def steady(make_house: MakeHouse, market: Steady) -> House:
    """A home in Sydney."""
    house = await make_house(source=aemo(), prices=market)
    await house.set_up()
    return house


def price(house: House, key: str = "current_electricity_price") -> float:
    return float(house.state(key).state)


def origin(house: House) -> str:
    told = house.state("current_electricity_price").attributes["origin"]
    assert isinstance(told, str)
    return told


def tariff(house: House) -> tuple[list[float | None], list[float | None]]:
    """Return the half hours of the stored tariff, both ways."""
    stored = house.stored_tariff
    assert stored.sell is not None
    sides = (stored.buy, stored.sell)
    buy, sell = (list(day_prices(side, NOW.date())) for side in sides)
    return buy, sell


def half_hours(otherwise: float, *hours: tuple[float, float, float]) -> list[Any]:
    """Return what 48 half hours should be, by local hours; Tesla has 4 decimals."""
    slots = [otherwise] * 48
    for start, end, value in hours:
        for slot in range(int(start * 2), int(end * 2)):
            slots[slot] = value
    return [pytest.approx(value, abs=6e-5) for value in slots]


# covers P-05
async def test_the_price_is_what_the_terms_say(steady: House) -> None:
    # 10 c wholesale with losses and GST, 10 c and 3.5 c with GST.
    noon = 1.1 * 0.1 * 1.05 + 1.1 * 0.10 + 1.1 * 0.035
    assert noon == pytest.approx(0.264)
    assert price(steady) == pytest.approx(noon)
    assert steady.state("feed_in_price").state == "0.0"
    assert origin(steady) == "AEMO"
    buy, sell = tariff(steady)
    peak = 0.1155 + 1.1 * 0.40 + 0.0385
    assert buy == half_hours(0.264, (15, 21, peak))
    assert sell == half_hours(0.0, (17.5, 19.5, 0.45))
    assert steady.stored_tariff.buy.utility == "AEMO"


async def test_rates_that_have_gst(make_house: MakeHouse, market: Steady) -> None:
    terms = SpotImport(network=rates(0.10), fees=0.035, loss_factor=1.05, add_gst=False)
    export = SpotExport(loss_factor=1.02, fee=0.01)
    house = await make_house(
        source=aemo(terms, export, daily_charge=1.25), prices=market
    )
    await house.set_up()
    # GST is on the wholesale part alone: 11.55 c and 13.5 c.
    assert price(house) == pytest.approx(0.2505)
    # And on none of what export earns: 10.2 c less 1 c.
    assert price(house, "feed_in_price") == pytest.approx(0.092)
    buy, sell = tariff(house)
    assert buy == half_hours(0.2505)
    assert sell == half_hours(0.092)
    assert [charge.amount for charge in house.stored_tariff.buy.daily_charges] == [1.25]


async def test_a_new_price_is_sent_at_once(steady: House, market: Steady) -> None:
    market.price = 300.0
    await steady.tick(SOON)
    # 20 c more at wholesale, with GST and losses.
    assert price(steady) == pytest.approx(0.264 + 0.231)
    assert steady.times == [NOW, NOW + timedelta(seconds=SOON)]
    assert steady.result == ("sent", "prices_changed")


# covers P-04
async def test_half_hours_of_adelaide(make_house: MakeHouse, market: Steady) -> None:
    """Its clock is half an hour off, and the network's rates go by it."""
    terms = SpotImport(
        network=NetworkTariff(network="sapn", code="RELE2W"),
        fees=0.035,
        loss_factor=1.05,
        add_gst=True,
    )
    house = await make_house(
        source=aemo(terms, region="SA1"),
        prices=market,
        region="SA1",
        time_zone=ZoneInfo("Australia/Adelaide"),
    )
    await house.set_up()
    # The tariff's list for 2026-27: 3.21 c from 10 to 16 h, 36.01 c from 17 to 21 h,
    # else 10.68 c, all without GST; 12:32 in Adelaide.
    base = 0.1155 + 0.0385
    sponge = base + 1.1 * 0.0321
    assert price(house) == pytest.approx(sponge)
    buy, sell = tariff(house)
    assert buy == half_hours(
        base + 1.1 * 0.1068, (10, 16, sponge), (17, 21, base + 1.1 * 0.3601)
    )
    assert sell == half_hours(0.0, (17.5, 19.5, 0.45))
    # 16:00 there is half past a market hour.
    await house.tick((3 * 60 + 27) * 60)
    assert house.home.now == datetime(2026, 11, 20, 5, 29, tzinfo=UTC)
    assert price(house) == pytest.approx(sponge)
    await house.tick(105)
    assert price(house) == pytest.approx(base + 1.1 * 0.1068)


async def test_the_other_source_of_the_same_prices(
    steady: House, market: Steady, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="custom_components.power_sync")
    steady.break_(Service.AEMO, FaultKind.STATUS_503)
    market.price = 300.0
    await steady.tick(SOON)
    assert origin(steady) == "NEMWEB"
    assert price(steady) == pytest.approx(0.495)
    assert len(steady.sent) == 2
    await steady.live(20)
    assert origin(steady) == "NEMWEB"
    assert told(caplog, "NEMWEB") == ["WARNING"]
    assert not steady.issues
    steady.repair()
    await steady.live(11)
    assert origin(steady) == "AEMO"
    assert told(caplog, "AEMO again") == ["INFO"]
    assert price(steady) == pytest.approx(0.495)
    assert told(caplog, "NEMWEB") == ["WARNING"]


def told(caplog: pytest.LogCaptureFixture, where: str) -> list[str]:
    """Return the levels at which a change of the source was told."""
    return [
        record.levelname
        for record in caplog.records
        if record.name.endswith("failover")
        and record.getMessage().split(":")[0].endswith(f"from {where}")
    ]


async def test_a_feed_that_lags(steady: House, market: Steady) -> None:
    """It goes on giving answers that look well, of an interval that is over."""
    for service in (Service.AEMO, Service.NEMWEB):
        steady.break_(service, FaultKind.STALE_FORECAST)
    market.price = 300.0
    await steady.tick(175)
    assert steady.state("current_electricity_price").state == "0.264"
    await steady.tick(8)
    for _ in range(24):
        await steady.tick(30)
        for key in ("current_electricity_price", "feed_in_price", "price_estimate"):
            assert steady.state(key).state == "unavailable"
    assert steady.sent == [TOU]
    assert steady.result == ("blocked", "stale")
    assert steady.decisions == [
        ("tariff", "sent", "prices_changed"),
        ("tariff", "blocked", "stale"),
    ]
    steady.repair()
    await steady.live(6)
    assert price(steady) == pytest.approx(0.495)
    assert len(steady.sent) >= 2
    assert steady.decisions[2:] == [("tariff", "sent", "prices_changed")]


async def test_both_sources_away_for_long(steady: House) -> None:
    for service in (Service.AEMO, Service.NEMWEB):
        steady.break_(service, FaultKind.STATUS_500)
    await steady.live(29)
    assert "prices_missing" not in steady.issues
    await steady.live(3)
    assert "prices_missing" in steady.issues
    assert steady.sent == [TOU]
    steady.repair()
    await steady.live(6)
    assert not steady.issues


NIGHT_RATES = SpotImport(
    network=rates(0.30, (0, 2, 0.10), (3, 5, 0.20)),
    fees=0.0,
    loss_factor=1.0,
    add_gst=False,
)


# covers P-10
async def test_the_night_without_an_hour(
    make_house: MakeHouse, market: Steady, freezer: FrozenDateTimeFactory
) -> None:
    """2 to 3 h does not exist on 4 October 2026 in Sydney."""
    freezer.move_to(datetime(2026, 10, 3, 12, 2, tzinfo=UTC))
    house = await make_house(source=aemo(NIGHT_RATES, None), prices=market)
    await house.set_up()
    spot = 0.11
    buy, _ = tariff(house)
    assert buy == half_hours(
        # What is skipped takes what was before it.
        spot + 0.3,
        (0, 3, spot + 0.1),
        (3, 5, spot + 0.2),
    )
    seen = {}
    for _ in range(50):  # 22:12 to 6:22
        await house.tick(600 - (house.home.now.timestamp() % 600) + 60)
        local = house.home.now.astimezone(ZoneInfo("Australia/Sydney"))
        seen[local.hour, local.minute] = round(price(house), 5)
    assert (2, 1) not in seen
    assert seen[1, 51] == pytest.approx(0.21)
    assert seen[3, 1] == pytest.approx(0.31)
    assert seen[4, 51] == pytest.approx(0.31)
    assert seen[5, 1] == pytest.approx(0.41)
    buy, _ = tariff(house)
    # The next night has all its hours.
    assert buy == half_hours(spot + 0.3, (0, 2, spot + 0.1), (3, 5, spot + 0.2))


async def test_the_night_with_an_hour_twice(
    make_house: MakeHouse, freezer: FrozenDateTimeFactory
) -> None:
    """2 to 3 h exists twice on 4 April 2027 in Sydney, at different prices."""
    first, second = (datetime(2027, 4, 3, hour, tzinfo=UTC) for hour in (15, 16))
    hour = timedelta(hours=1)

    def spot(start: datetime) -> float:
        if first <= start < first + hour:
            return 200.0
        return 400.0 if second <= start < second + hour else 100.0

    freezer.move_to(datetime(2027, 4, 3, 12, 2, tzinfo=UTC))
    house = await make_house(source=aemo(NIGHT_RATES, None), prices=Timed(spot))
    await house.set_up()
    buy, _ = tariff(house)
    assert buy == half_hours(
        0.11 + 0.3,
        (0, 2, 0.11 + 0.1),
        (2, 3, (0.22 + 0.44) / 2 + 0.3),
        (3, 5, 0.11 + 0.2),
    )
    seen = {}
    while house.home.now < second + 2 * hour:
        await house.tick(1800 - (house.home.now.timestamp() % 1800) + 60)
        now = house.home.now.replace(second=0, microsecond=0)
        seen[now] = price(house)
        if second <= now < second + hour / 2:
            # What is left of the two is the second.
            buy, _ = tariff(house)
            assert buy[4:6] == half_hours(0.44 + 0.3)[4:6]
    minute = timedelta(minutes=1)
    assert seen[first + minute] == pytest.approx(0.22 + 0.3)
    assert seen[second + minute] == pytest.approx(0.44 + 0.3)
    assert seen[second + hour + minute] == pytest.approx(0.11 + 0.2)


FLOW_POWER = FlowPowerImport(base_rate=0.34, benchmark=0.017)


# covers P-06
async def test_flow_power_before_the_mean_is_known(
    make_house: MakeHouse, market: Steady
) -> None:
    house = await make_house(source=aemo(FLOW_POWER, None), prices=market)
    await house.set_up()
    # 34 c and 10 c wholesale, less 8 c for want of a mean and 1.7 c.
    assert price(house) == pytest.approx(0.343)
    buy, sell = tariff(house)
    assert buy == half_hours(0.343)
    assert sell == half_hours(0.0)


async def test_flow_power_with_the_mean_of_the_record(
    make_house: MakeHouse, market: Steady, hass_storage: dict[str, Any]
) -> None:
    """Eight days at 6 c are remembered; the feed says that the last one cost 10 c."""
    days = 8 * 288
    first = int((NOW.replace(minute=0) - timedelta(days=8)).timestamp()) // 300
    hass_storage[f"power_sync.prices.{PRICE_SOURCE}"] = record(first, days, 0.06)
    house = await make_house(source=aemo(FLOW_POWER, None), prices=market)
    await house.set_up()
    assert price(house) == pytest.approx(0.34 + 0.10 - 0.06 - 0.017)
    # Now the 288 intervals to 2:05 are known at 10 c, 287 of them in place of 6 c.
    await house.tick(SOON)
    mean = ((days - 287) * 0.06 + 288 * 0.10) / (days + 1)
    assert price(house) == pytest.approx(0.34 + 0.10 - mean - 0.017, abs=1e-5)


def record(first: int, count: int, spot: float) -> dict[str, Any]:
    """Return a stored record of a price that never changed."""
    points = tuple(
        PricePoint(
            start=datetime.fromtimestamp(stamp * 300, UTC),
            end=datetime.fromtimestamp((stamp + 1) * 300, UTC),
            price=0.3,
            kind=PriceKind.ACTUAL,
            spot=spot,
        )
        for stamp in range(first, first + count)
    )
    kept = PriceRecord()
    kept.learn(PriceSeries(fetched_at=NOW, imports=points), NOW)
    return {"version": 1, "minor_version": 1, "key": "", "data": kept.to_stored()}


async def capped_house(make_house: MakeHouse, cap: float) -> House:
    """Return a home that exports 10 kW, as much as it may, from 13:02 on.

    From 13 to 15 h the first ``cap`` kWh earn more.
    """
    house = await make_house(
        source=aemo(
            SpotImport(network=rates(0.5), fees=0.0, loss_factor=1.0, add_gst=False),
            WindowExport(
                rates=rates(0.02, (13, 15, 0.35)), cap_kwh=cap, beyond_cap=0.10
            ),
        ),
        prices=Steady(),
        solar_kwp=15.0,
        tesla_sites=(TeslaSite(charge_percent=100.0),),
    )
    await house.set_up()
    return house


# 0.5 kWh take 3 minutes.
@pytest.mark.parametrize(
    ("cap", "used_up"), [(0.45, "13:05"), (1.0, "13:10"), (1.5, "13:15")]
)
async def test_a_cap_on_what_export_earns(
    make_house: MakeHouse, cap: float, used_up: str
) -> None:
    """From the first price after it is used up, what is beyond it counts."""
    house = await capped_house(make_house, cap)
    _, sell = tariff(house)
    assert sell == half_hours(0.02, (13, 15, 0.35))
    sydney = ZoneInfo("Australia/Sydney")
    while (now := house.home.now.astimezone(sydney)).minute < 18:
        assert price(house, "grid_power") == -10_000
        late = now - timedelta(seconds=30)
        expected = 0.35 if f"{late:%H:%M}" < used_up else 0.10
        assert price(house, "feed_in_price") == expected, now
        await house.tick(30)
    _, sell = tariff(house)
    # What is left of the window; the running half hour has its own test.
    assert sell[27:] == half_hours(0.02, (13.5, 15, 0.10))[27:]
    # Tomorrow is another day.
    await house.tick(2 * 3600)
    _, sell = tariff(house)
    assert sell == half_hours(0.02, (13, 15, 0.35))


async def test_what_was_beyond_the_cap_stays_beyond_it(make_house: MakeHouse) -> None:
    house = await capped_house(make_house, 0.45)
    await house.live(16)
    # Used up at 13:05, give or take an interval: 20 minutes or more are beyond it.
    _, sell = tariff(house)
    assert sell[26] is not None
    assert sell[26] < (10 * 0.35 + 20 * 0.10) / 30 + 0.0001
