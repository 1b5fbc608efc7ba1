"""ComEd's prices, from the feed to the Powerwall.

The figures are worked out here by hand; prices of the feed are in c/kWh.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.power_sync.clients.comed import ComedPrices
from custom_components.power_sync.core.model.prices import Channel
from custom_components.power_sync.core.tesla_tariff import day_prices
from custom_components.power_sync.sim.comed_prices import ComedMarket
from custom_components.power_sync.sim.faults import Fault, FaultKind, Service
from custom_components.power_sync.sim.server import SimulatorServer

from .conftest import NOW
from .house import House, Steady

type MakeHouse = Callable[..., Awaitable[House]]

CHICAGO = ZoneInfo("America/Chicago")
HOUR = NOW.replace(minute=0)
"""20:00 in Chicago, half hours 40 and 41 of the tariff."""
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


class Chicago(Steady):
    """A market in which five minutes cost what the test says, in c/kWh."""

    def __init__(self, cents: float = 3.0) -> None:
        super().__init__()
        self.cents = cents
        self.settled: dict[datetime, float] = {}
        """What single five minutes cost."""

    def spot(self, start: datetime) -> float:
        # The simulated service asks for the prices of 16 hours before.
        at = start + timedelta(hours=16)
        return _rrp(self.settled.get(at, self.cents))

    def forecast(self, start: datetime, minutes: int, known_at: datetime) -> float:
        return _rrp(self.cents)


def _rrp(cents: float) -> float:
    """Return $/MWh for what becomes a number of cents there."""
    return (cents - 0.7) * 48


@pytest.fixture(autouse=True)
def _dollars(hass: HomeAssistant, make_house: MakeHouse) -> None:
    hass.config.currency = "USD"


@pytest.fixture(autouse=True)
def _no_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each price appear a minute after its stamp, and none be lost."""
    monkeypatch.setattr(ComedMarket, "_is_lost", lambda *_: False)
    monkeypatch.setattr(ComedMarket, "_shown_at", lambda _, start: start + 60)


@pytest.fixture
def chicago() -> Chicago:
    return Chicago()


def comed(server: SimulatorServer) -> dict[str, Any]:
    """Return what the subentry stores."""
    return {
        "provider": "comed",
        "delivery": 0.075,
        "monthly_charge": 19.56,
        "base_url": server.comed_url,
    }


@pytest.fixture
def make_home(make_house: MakeHouse, chicago: Chicago) -> MakeHouse:
    """Make a home in Chicago."""

    async def make(**config: Any) -> House:
        return await make_house(
            source=comed,
            prices=chicago,
            comed_zone=CHICAGO,
            time_zone=CHICAGO,
            latitude=41.9,
            **config,
        )

    return make


@pytest.fixture
async def home(make_home: MakeHouse) -> House:
    house = await make_home()
    await house.set_up()
    return house


def price(house: House, key: str) -> float:
    return float(house.state(key).state)


def slots(house: House) -> list[float | None]:
    """Return what import costs in the half hours of the stored tariff."""
    return list(day_prices(house.stored_tariff.buy, NOW.date()))


def known(house: House) -> list[datetime]:
    """Return the five minutes of the last week whose price is known."""
    record = house.entry.runtime_data.prices._memory._keeper.value
    return [point.start for point in record.points(Channel.IMPORT, house.home.now)]


# covers P-08
async def test_the_full_price(home: House, hass: HomeAssistant) -> None:
    assert price(home, "supply_price") == pytest.approx(0.03)
    # 3 c and 7.5 c.
    assert price(home, "current_electricity_price") == pytest.approx(0.105)
    unit = home.state("current_electricity_price").attributes["unit_of_measurement"]
    assert unit == "USD/kWh"
    assert home.state("current_electricity_price").attributes["origin"] == "ComEd"
    assert slots(home) == [pytest.approx(0.105)] * 48


async def test_what_is_in_the_tariff_besides(home: House, hass: HomeAssistant) -> None:
    tariff = home.stored_tariff
    assert tariff.buy.monthly_charges == pytest.approx(19.56)
    assert sum(charge.amount for charge in tariff.buy.daily_charges) == 0
    assert tariff.buy.currency == "USD"
    assert tariff.sell is not None
    assert tariff.sell.monthly_charges == 0
    assert set(day_prices(tariff.sell, NOW.date())) == {0.0}
    registry = er.async_get(hass)
    keys = {
        entity.unique_id.partition("_")[2]
        for entity in er.async_entries_for_config_entry(registry, home.entry.entry_id)
    }
    assert "feed_in_price" not in keys
    assert "wholesale_price" not in keys
    assert {"supply_price", "hour_average_price", "expected_hour_price"} <= keys


async def test_the_running_hour(home: House, chicago: Chicago) -> None:
    """20:10: the hour has seen 3 c and 9 c, and everything else has cost 3 c."""
    chicago.settled[HOUR + 5 * MINUTE] = 9.0
    await home.tick(8 * 60)
    assert price(home, "supply_price") == pytest.approx(0.09)
    assert price(home, "current_electricity_price") == pytest.approx(0.165)
    assert price(home, "hour_average_price") == pytest.approx((0.03 + 0.09) / 2)
    # What is missing counts as the median of the last six prices, and that of the
    # same hour of other days: both are 3 c. 2 of 12 parts are known.
    expected = 2 / 12 * 0.06 + 10 / 12 * 0.03
    assert price(home, "expected_hour_price") == pytest.approx(expected)
    # Both half hours of it cost that, with delivery; all others what they always do.
    assert slots(home) == [
        pytest.approx(expected + 0.075 if slot in (40, 41) else 0.105, abs=6e-5)
        for slot in range(48)
    ]

    # 20:35: 3 c, 9 c and five times 21 c; the last of them is not there yet.
    for minutes in range(10, 35, 5):
        chicago.settled[HOUR + minutes * MINUTE] = 21.0
    for _ in range(5):
        await home.tick(5 * 60)
    so_far = (0.03 + 0.09 + 5 * 0.21) / 7
    assert price(home, "hour_average_price") == pytest.approx(so_far)
    # The median of 9 c and five times 21 c is 21 c.
    expected = 7 / 12 * so_far + 5 / 12 * (0.21 + 0.03) / 2
    assert price(home, "expected_hour_price") == pytest.approx(expected, abs=1e-5)
    buy = slots(home)
    assert buy[41] == pytest.approx(expected + 0.075, abs=6e-5)
    # 20:00 is over; tomorrow it costs what the auction says.
    assert buy[40] == pytest.approx(0.105)


async def test_a_new_hour_begins_without_a_price(home: House, chicago: Chicago) -> None:
    await home.tick(58 * 60)
    assert home.state("hour_average_price").state == "unavailable"
    # The last price still stands for the running one.
    assert price(home, "supply_price") == pytest.approx(0.03)
    await home.tick(5 * 60)
    assert price(home, "hour_average_price") == pytest.approx(0.03)


def record_questions(
    monkeypatch: pytest.MonkeyPatch,
) -> list[tuple[datetime, datetime]]:
    """Return a list that will hold every stretch of the past that is asked for."""
    asked: list[tuple[datetime, datetime]] = []
    fetch = ComedPrices.fetch_history

    async def spy(self: Any, start: datetime, end: datetime, now: datetime) -> Any:
        asked.append((start, end))
        return await fetch(self, start, end, now)

    monkeypatch.setattr(ComedPrices, "fetch_history", spy)
    return asked


async def test_a_month_is_asked_for_day_by_day(
    make_home: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = record_questions(monkeypatch)
    house = await make_home()
    await house.set_up()
    await house.live(2, stride=5)
    failing = len(asked)
    assert 10 < failing < 30, "one question every five seconds"
    house.break_(Service.COMED, FaultKind.STATUS_503, match="/api")
    await house.live(2, stride=5)
    assert len(asked) == failing + 1, "it does not insist"
    assert asked[-1][0] < asked[-2][0]
    house.repair()
    await house.live(10, stride=60)
    assert asked[failing + 1] == asked[failing], "the same day again"
    await house.live(4, stride=5)

    answered = asked[:failing] + asked[failing + 1 :]
    # The last day came with the first answer.
    assert answered[0][1] > NOW - DAY - timedelta(minutes=10)
    assert_complete(answered)
    assert len(answered) == 29
    before = len(asked)
    await house.live(60, stride=300)
    assert len(asked) == before, "everything is known"
    assert house.state("current_electricity_price").state == "0.105"


async def test_a_month_is_asked_for_though_the_first_answer_failed(
    make_home: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = record_questions(monkeypatch)
    house = await make_home(
        faults=(Fault(service=Service.COMED, kind=FaultKind.STATUS_503),)
    )
    await house.set_up()
    assert house.state("current_electricity_price").state == "unavailable"
    await house.live(2)
    house.repair()
    await house.live(15, stride=60)
    await house.live(4, stride=5)
    assert_complete(asked)


def assert_complete(asked: list[tuple[datetime, datetime]]) -> None:
    """Check that a month was asked for day by day, newest first, without a gap."""
    assert all(end - start <= DAY for start, end in asked)
    for newer, older in pairwise(asked):
        assert older[1] == newer[0]
    assert timedelta(0) <= asked[-1][0] - (NOW - 30 * DAY) <= timedelta(hours=1)


# covers P-10
async def test_the_night_with_an_hour_twice(
    make_home: MakeHouse, chicago: Chicago, freezer: FrozenDateTimeFactory
) -> None:
    """1 to 2 h exists twice on 1 November 2026 in Chicago, at different prices."""
    first, second = (datetime(2026, 11, 1, hour, tzinfo=UTC) for hour in (6, 7))
    for minutes in range(0, 60, 5):
        chicago.settled[first + minutes * MINUTE] = 5.0
        chicago.settled[second + minutes * MINUTE] = 9.0
    freezer.move_to(first - timedelta(hours=2) + 2 * MINUTE)
    house = await make_home()
    await house.set_up()
    assert slots(house) == [pytest.approx(0.105)] * 48
    seen = {}
    while house.home.now < second + timedelta(hours=2):
        await house.tick(5 * 60)
        seen[house.home.now] = [
            house.state(key).state
            for key in ("hour_average_price", "current_electricity_price")
        ]
    assert seen[first + 57 * MINUTE] == ["0.05", "0.125"]
    assert seen[second + 57 * MINUTE] == ["0.09", "0.165"]
    every = [first + minutes * MINUTE for minutes in range(0, 120, 5)]
    assert set(every) <= set(known(house))


async def test_a_night_with_an_hour_twice_is_asked_for_whole(
    make_home: MakeHouse, chicago: Chicago, freezer: FrozenDateTimeFactory
) -> None:
    """Two days later: the service itself loses hours of such a day if asked badly."""
    midnight = datetime(2026, 11, 1, 5, tzinfo=UTC)
    freezer.move_to(midnight + 2 * DAY + 2 * MINUTE)
    house = await make_home()
    await house.set_up()
    await house.live(1, stride=5)
    every = [midnight + minutes * MINUTE for minutes in range(0, 25 * 60, 5)]
    assert set(every) <= set(known(house))


async def test_the_day_ahead_of_such_a_night(
    make_home: MakeHouse, chicago: Chicago, freezer: FrozenDateTimeFactory
) -> None:
    """The evening before, the tariff has every half hour."""
    freezer.move_to(datetime(2026, 10, 31, 23, 2, tzinfo=UTC))
    house = await make_home()
    await house.set_up()
    assert slots(house) == [pytest.approx(0.105)] * 48
    forecast = house.state("current_electricity_price").attributes["forecast"]
    ends = [datetime.fromisoformat(item["end"]) for item in forecast]
    starts = [datetime.fromisoformat(item["start"]) for item in forecast]
    assert starts[1:] == ends[:-1], "without a hole"
