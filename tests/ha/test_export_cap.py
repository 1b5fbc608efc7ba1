"""A tariff that pays for so many kWh a day only: what is exported is measured."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

import pytest

from custom_components.power_sync.coordinator.export_meter import ExportMeter
from custom_components.power_sync.coordinator.powerwall import LiveCoordinator
from custom_components.power_sync.core.household import Flow
from custom_components.power_sync.sim.faults import FaultKind, Service
from custom_components.power_sync.sim.powerwall import Powerwall
from custom_components.power_sync.sim.server import SimulatorServer

from .house import House
from .kinds import aemo

type MakeHouse = Callable[..., Awaitable[House]]

HAPPY_HOUR = {
    "name": "Happy Hour",
    "days": "every",
    "start": 14 * 60,
    "end": 16 * 60,
    "rate": 0.45,
}
UNTIL_14 = 58
"""Minutes from NOW, which is 13:02, until the window opens."""


def capped(server: SimulatorServer) -> dict[str, Any]:
    """Return a source that pays 45 c for the first 3 kWh, and then 1 c."""
    source = aemo(server)
    exports = {
        "kind": "windows",
        "rates": {"otherwise": 0.02, "windows": [HAPPY_HOUR]},
        "cap_kwh": 3.0,
        "beyond_cap": 0.01,
    }
    return source | {"retail": source["retail"] | {"exports": exports}}


@pytest.fixture(autouse=True)
def _exports() -> Iterator[None]:
    """Let the home export 6 kW, always."""
    flow = Flow(
        solar_w=6500.0,
        load_w=500.0,
        battery_w=0.0,
        grid_w=-6000.0,
        curtailed_w=0.0,
        stored_kwh=6.0,
    )
    shown = property(lambda _: flow, lambda _, __: None)
    with patch.object(Powerwall, "flow", shown, create=True):
        yield


def paid(house: House) -> float:
    return float(house.state("feed_in_price").state)


# covers P-06
async def test_after_the_cap_less_is_paid(make_house: MakeHouse) -> None:
    house = await make_house(source=capped)
    await house.set_up()
    assert paid(house) == 0.02
    await house.live(UNTIL_14 + 4, stride=60)
    assert paid(house) == 0.45, "what was exported before does not count"
    # At 6 kW the 3 kWh are reached after half an hour.
    await house.live(24, stride=60)
    assert paid(house) == 0.45
    await house.live(8, stride=60)
    assert paid(house) == 0.01
    await house.live(90, stride=120)
    assert paid(house) == 0.02, "the window is over"


# covers P-06
async def test_what_nobody_has_seen_is_not_counted(make_house: MakeHouse) -> None:
    house = await make_house(source=capped)
    await house.set_up()
    await house.live(UNTIL_14 + 10, stride=60)
    house.break_(Service.TESLA, FaultKind.STATUS_503)
    await house.live(15, stride=60)
    house.repair()
    await house.live(10, stride=60)
    assert paid(house) == 0.45, "35 minutes, of which 15 are unknown"
    await house.live(15, stride=60)
    assert paid(house) == 0.01


# covers P-06
def test_a_window_that_was_not_seen_from_its_start_is_not_measured() -> None:
    start = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
    live = SimpleNamespace(known=None, last_update_success=True)
    meter = ExportMeter(cast("LiveCoordinator", live))
    meter.observe()
    assert meter.exported_kwh(start, start) is None
    for minutes in (6, 8, 10):
        at = start + timedelta(minutes=minutes)
        live.known = SimpleNamespace(measured_at=at, grid_power=-6000.0)
        meter.observe()
        meter.observe()
    end = start + timedelta(minutes=10)
    assert meter.exported_kwh(start, end) is None
    # The first report after a start may come some minutes into it.
    assert meter.exported_kwh(start + timedelta(minutes=1), end) == pytest.approx(0.4)
    assert meter.exported_kwh(end - timedelta(minutes=1), end) == pytest.approx(0.1)
