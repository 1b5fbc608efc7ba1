"""A demand charge: measured from the grid's power, billed, and told to the Powerwall."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.power_sync.core.household import Flow
from custom_components.power_sync.core.tesla_tariff import period_label
from custom_components.power_sync.sim.faults import FaultKind, Service
from custom_components.power_sync.sim.powerwall import Powerwall

from .house import House, Steady
from .kinds import DEMAND

type MakeHouse = Callable[..., Awaitable[House]]

STRIDE = 120.0
UNTIL_15 = 118
"""Minutes from NOW, which is 13:02, until the window opens."""


class Grid:
    """The power at the grid, in W, as the test says."""

    def __init__(self) -> None:
        self.power = 0.0

    def flow(self) -> Flow:
        return Flow(
            solar_w=0.0,
            load_w=self.power,
            battery_w=0.0,
            grid_w=self.power,
            curtailed_w=0.0,
            stored_kwh=6.0,
        )


@pytest.fixture
def grid() -> Iterator[Grid]:
    """Let all Powerwalls report what the test says of the grid."""
    grid = Grid()
    flow = property(lambda _: grid.flow(), lambda _, __: None)
    with patch.object(Powerwall, "flow", flow, create=True):
        yield grid


async def charged(make_house: MakeHouse, **changes: Any) -> House:
    """Return a home that pays for its peaks, set up."""
    house = await make_house(options={"demand": DEMAND | changes}, parts=("powerwall",))
    await house.set_up()
    return house


async def draw(house: House, grid: Grid, power: float, minutes: float) -> None:
    """Let the home draw so much for some time."""
    grid.power = power
    await house.live(minutes, stride=STRIDE)


def peak(house: House) -> float:
    return float(house.state("peak_demand").state)


def cost(house: House) -> float:
    return float(house.state("demand_cost").state)


# covers P-11
async def test_the_mean_of_a_half_hour_in_the_window(
    make_house: MakeHouse, grid: Grid
) -> None:
    house = await charged(make_house)
    assert (peak(house), cost(house)) == (0, 0)
    assert house.state("peak_demand").attributes["at"] is None
    await draw(house, grid, 9000, 88)
    await draw(house, grid, 4000, 30)
    assert house.state("demand_charged").state == "on"
    assert peak(house) == 0, "nothing is charged before 15:00"
    await draw(house, grid, 4000, 28)
    assert peak(house) == 0, "the half hour is not over yet"
    await draw(house, grid, 4000, 4)
    assert peak(house) == pytest.approx(4.0)
    assert cost(house) == pytest.approx(40.0)
    at = house.state("peak_demand").attributes["at"]
    assert at == datetime(2026, 11, 20, 4, 0, tzinfo=UTC).isoformat()


# covers P-11
async def test_a_mean_is_neither_the_highest_moment_nor_set_off_by_export(
    make_house: MakeHouse, grid: Grid
) -> None:
    house = await charged(make_house)
    await draw(house, grid, 0, UNTIL_15)
    await draw(house, grid, 6000, 14)
    await draw(house, grid, -9000, 18)
    # 14 of 30 minutes, and on both sides a change within two minutes, of which the
    # first and the last are exports of nothing.
    mean = 6.0 * 14 / 30
    assert peak(house) == pytest.approx(mean, abs=0.21)
    assert peak(house) < 3.1
    # A lower half hour changes nothing, a higher one does.
    before = peak(house)
    await draw(house, grid, 1000, 30)
    assert peak(house) == before
    await draw(house, grid, 8000, 60)
    assert peak(house) == pytest.approx(8.0)


# covers P-11
async def test_outside_the_window_nothing_counts(
    make_house: MakeHouse, grid: Grid
) -> None:
    house = await charged(make_house, start=16 * 60, end=16 * 60 + 30)
    await draw(house, grid, 9000, UNTIL_15 + 30)
    await draw(house, grid, 2000, 32)
    assert house.state("demand_charged").state == "on"
    await draw(house, grid, 2000, 28)
    await draw(house, grid, 9000, 62)
    assert house.state("demand_charged").state == "off"
    assert peak(house) == pytest.approx(2.0, abs=0.1)


# covers P-11
@pytest.mark.parametrize(("days", "power"), [("weekends", 0.0), ("weekdays", 5.0)])
async def test_days(make_house: MakeHouse, grid: Grid, days: str, power: float) -> None:
    """NOW is a Friday."""
    house = await charged(make_house, days=days)
    await draw(house, grid, 5000, UNTIL_15 + 32)
    assert peak(house) == pytest.approx(power)


# covers P-11
async def test_a_new_billing_period_begins_with_nothing(
    make_house: MakeHouse, grid: Grid
) -> None:
    house = await charged(make_house, billing_day=21)
    await draw(house, grid, 5000, UNTIL_15 + 32)
    assert cost(house) == pytest.approx(50.0)
    # The last minute of the 20th, local time, and the first of the 21st.
    midnight = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
    await house.tick((midnight - house.home.now).total_seconds() - 30)
    assert cost(house) == pytest.approx(50.0)
    await house.tick(60)
    assert (peak(house), cost(house)) == (0, 0)
    assert house.state("peak_demand").attributes["at"] is None


# covers P-11
async def test_a_rate_per_day(make_house: MakeHouse, grid: Grid) -> None:
    """The period began on the 17th, so the 20th is its fourth day."""
    house = await charged(make_house, per="day", rate=0.5)
    await draw(house, grid, 5000, UNTIL_15 + 32)
    assert cost(house) == pytest.approx(5.0 * 0.5 * 4)
    await house.tick(24 * 3600)
    assert cost(house) == pytest.approx(5.0 * 0.5 * 5)


# covers P-11
async def test_a_restart_in_the_midst_of_a_half_hour(
    make_house: MakeHouse, grid: Grid
) -> None:
    house = await charged(make_house)
    await draw(house, grid, 4000, UNTIL_15 + 14)
    await house.unload()
    await house.tick(200)
    await house.set_up()
    await draw(house, grid, 4000, 16)
    assert peak(house) == pytest.approx(4.0)
    assert await house.hass.config_entries.async_reload(house.entry.entry_id)
    await house.settle()
    assert peak(house) == pytest.approx(4.0)
    assert house.state("peak_demand").attributes["at"] is not None


# covers P-11
async def test_of_a_half_hour_that_was_hardly_seen_nothing_is_said(
    make_house: MakeHouse, grid: Grid
) -> None:
    house = await charged(make_house)
    await draw(house, grid, 4000, UNTIL_15 + 4)
    house.break_(Service.TESLA, FaultKind.STATUS_503)
    await draw(house, grid, 4000, 14)
    house.repair()
    await draw(house, grid, 4000, 14)
    assert peak(house) == 0
    # What was measured stays on show while the service is away.
    await draw(house, grid, 4000, 30)
    house.break_(Service.TESLA, FaultKind.STATUS_503)
    await draw(house, grid, 4000, 4)
    assert house.state("grid_power").state == "unavailable"
    assert peak(house) == pytest.approx(4.0)


def demand_rates(side: Any) -> dict[str, float]:
    """Return the rates of one side of a document that are not zero, by period."""
    return {
        label: rate
        for season in side["demand_charges"].values()
        for label, rate in season.get("rates", season).items()
        if rate
    }


IN_WINDOW = {period_label(slot): 10.0 for slot in range(30, 42)}


def documents(house: House) -> list[Any]:
    """Return the tariff as it was sent and as it is stored."""
    stored = house.home.powerwall.settings.tariff
    assert stored is not None
    return [house.home.tesla.uploads[-1].tariff, stored.document]


# covers P-11
async def test_the_powerwall_is_told_if_that_is_wanted(
    make_house: MakeHouse, market: Steady
) -> None:
    house = await make_house(prices=market, options={"demand": DEMAND | {"push": True}})
    await house.set_up()
    assert house.tariff_name == "PowerSync"
    for document in documents(house):
        assert demand_rates(document) == IN_WINDOW
        assert demand_rates(document["sell_tariff"]) == {}
    assert house.confirmed
    await house.live(15, stride=150)
    assert house.sent == ["time_of_use_settings"], "what is read back is the same"


# covers P-11
@pytest.mark.parametrize("changes", [{}, {"push": True, "enabled": False}])
async def test_the_powerwall_is_not_told_unless_that_is_wanted(
    make_house: MakeHouse, market: Steady, changes: dict[str, Any]
) -> None:
    house = await make_house(prices=market, options={"demand": DEMAND | changes})
    await house.set_up()
    assert house.tariff_name == "PowerSync"
    for document in documents(house):
        assert demand_rates(document) == {}
        assert demand_rates(document["sell_tariff"]) == {}


# covers P-11
async def test_only_on_the_days_of_the_charge(
    make_house: MakeHouse, market: Steady
) -> None:
    """The tariff is of the coming day: from Friday 15:00 on that is Saturday's."""
    house = await make_house(
        prices=market, options={"demand": DEMAND | {"push": True, "days": "weekdays"}}
    )
    await house.set_up()
    assert demand_rates(documents(house)[0]) == IN_WINDOW
    await house.tick((UNTIL_15 + 62) * 60)
    market.price = 150.0
    await house.live(6)
    later = {period_label(slot): 10.0 for slot in range(32, 42)}
    assert demand_rates(documents(house)[0]) == later


# covers P-11
async def test_a_change_of_mind_is_sent_though_no_price_changes(
    make_house: MakeHouse, market: Steady
) -> None:
    house = await make_house(prices=market, options={"demand": DEMAND})
    await house.set_up()
    for push, expected in ((True, IN_WINDOW), (False, {})):
        house.hass.config_entries.async_update_entry(
            house.entry, options={"demand": DEMAND | {"push": push}}
        )
        await house.settle()
        await house.live(6)
        assert demand_rates(documents(house)[1]) == expected
    assert len(house.sent) == 3
    await house.live(11, stride=60)
    assert len(house.sent) == 3, "once is enough"
