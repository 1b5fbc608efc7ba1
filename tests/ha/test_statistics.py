"""What prices have been: exact values, through the entities that show them."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
import statistics
from typing import Any
from unittest.mock import PropertyMock, patch

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
import pytest

from .conftest import NOW
from .house import House, Steady
from .kinds import BUY, comed_home, sensor_home

type MakeHouse = Callable[..., Awaitable[House]]

FIRST = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
PRICES = [round(0.2 + 0.13 * ((7 * n) % 11 - 4) / 5 + n / 1000, 4) for n in range(60)]
"""Five hours of prices, some of them negative, no two alike."""
SEEN = 37
"""How many of them have begun three hours after NOW."""


@pytest.fixture(autouse=True)
def _all_enabled() -> Iterator[None]:
    """Show those, too, that have to be enabled first."""
    with patch.object(
        Entity,
        "entity_registry_enabled_default",
        new_callable=PropertyMock(return_value=True),
    ):
        yield


def announce(hass: HomeAssistant, first: int = 0) -> None:
    """Let the price entity tell its prices, from one on."""
    rows = [
        {
            "start": (FIRST + number * timedelta(minutes=5)).isoformat(),
            "end": (FIRST + (number + 1) * timedelta(minutes=5)).isoformat(),
            "price": price,
        }
        for number, price in enumerate(PRICES)
        if number >= first
    ]
    hass.states.async_set(
        BUY, "0.1", {"unit_of_measurement": "AUD/kWh", "forecast": rows}
    )


@pytest.fixture
async def fed(make_house: MakeHouse) -> House:
    """A home that has seen three hours of prices."""
    house = await sensor_home(make_house, parts=("price-source",))
    announce(house.hass)
    await house.set_up()
    await house.live(180, stride=300)
    return house


def shown(house: House) -> dict[str, float]:
    """Return all statistics."""
    keys = (
        *("mean", "median", "deviation", "minimum", "maximum"),
        *("p10", "p25", "p75", "p90", "p95", "count", "days", "percentile"),
    )
    return {key: float(house.state(f"price_{key}").state) for key in keys}


def expected(prices: list[float], running: float) -> dict[str, Any]:
    """Return what Python's own statistics say of some prices."""
    percentiles = statistics.quantiles(prices, n=100, method="inclusive")
    below = sum(price < running for price in prices)
    equal = prices.count(running)
    figures = {
        "mean": statistics.fmean(prices),
        "median": statistics.median(prices),
        "deviation": statistics.pstdev(prices),
        "minimum": min(prices),
        "maximum": max(prices),
        **{f"p{rank}": percentiles[rank - 1] for rank in (10, 25, 75, 90, 95)},
        "count": len(prices),
        "days": round(len(prices) / 288, 1),
        "percentile": 100 * (below + equal / 2) / len(prices),
    }
    return {key: pytest.approx(value, abs=1e-6) for key, value in figures.items()}


# covers P-09
async def test_exact_values(fed: House) -> None:
    prices = PRICES[:SEEN]
    assert shown(fed) == expected(prices, prices[-1])


# covers P-09
async def test_they_go_on_with_every_price(fed: House) -> None:
    await fed.tick(300)
    prices = PRICES[: SEEN + 1]
    assert shown(fed) == expected(prices, prices[-1])
    await fed.tick(100)
    assert shown(fed) == expected(prices, prices[-1]), "the same five minutes"


# covers P-09
async def test_they_survive_a_restart(fed: House) -> None:
    before = shown(fed)
    await fed.unload()
    # From now on the source does not tell any more what has been.
    announce(fed.hass, first=SEEN - 1)
    await fed.set_up()
    assert shown(fed) == pytest.approx(before, abs=1e-5)


async def test_a_missing_price_takes_nothing_away(fed: House) -> None:
    before = shown(fed)
    fed.hass.states.async_remove(BUY)
    await fed.live(10, stride=300)
    assert fed.state("price_percentile").state == "unavailable"
    assert float(fed.state("price_mean").state) == before["mean"]
    assert float(fed.state("price_count").state) == SEEN


async def test_without_any_price_there_are_none(make_house: MakeHouse) -> None:
    house = await sensor_home(make_house)
    house.hass.states.async_remove(BUY)
    await house.set_up()
    for key in ("mean", "count", "days", "percentile"):
        assert house.state(f"price_{key}").state == "unavailable"
    announce(house.hass)
    await house.settle()
    assert float(house.state("price_count").state) == 1
    assert float(house.state("price_percentile").state) == 50


# covers P-08 and P-09
async def test_comeds_are_of_the_price_people_know(
    make_house: MakeHouse, market: Steady
) -> None:
    """Three cents is cheap there, whatever delivery adds."""
    house = await comed_home(make_house, prices=market, parts=("price-source",))
    await house.set_up()
    # Nothing is known of the new hour yet, and its price is expected anyway.
    assert house.state("hour_average_price").state == "unavailable"
    supply = float(house.state("supply_price").state)
    assert float(house.state("expected_hour_price").state) == pytest.approx(supply)
    await house.live(20, stride=60)
    assert float(house.state("price_mean").state) == pytest.approx(supply)
    assert float(house.state("price_p90").state) == pytest.approx(supply)
    assert float(house.state("hour_average_price").state) == pytest.approx(supply)
    assert float(house.state("expected_hour_price").state) == pytest.approx(supply)
    paid = float(house.state("current_electricity_price").state)
    assert paid == pytest.approx(supply + 0.075)


class DearHalves(Steady):
    """A market where the second half of each hour is dear."""

    def spot(self, start: datetime) -> float:
        return 400.0 if start.minute >= 30 else self.price


# covers P-08
async def test_comeds_hour(make_house: MakeHouse) -> None:
    """So far it is the mean of what is known; what is expected comes to that."""
    hour = NOW.replace(minute=0)
    house = await comed_home(make_house, prices=DearHalves(), parts=("price-source",))
    await house.set_up()
    await house.live(25, stride=60)
    cheap = float(house.state("supply_price").state)
    await house.live(30, stride=60)
    dear = float(house.state("supply_price").state)
    so_far = float(house.state("hour_average_price").state)
    to_come = float(house.state("expected_hour_price").state)
    assert house.home.comed is not None
    told = house.home.comed.market.published(
        round(hour.timestamp()),
        round(hour.timestamp()) + 3599,
        house.home.now.timestamp(),
    )
    known = [price for _, price in told]
    assert {round(price / 100, 5) for price in known} == {cheap, dear}
    assert so_far == pytest.approx(statistics.fmean(known) / 100)
    assert cheap < to_come < dear
    # Two prices are missing at the most, and both of them at the end.
    assert to_come == pytest.approx(so_far, abs=(dear - cheap) / 6)
