"""ComEd's prices from the simulated service, whose truth is known."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import aiohttp
from aiohttp.test_utils import TestServer
import pytest

from custom_components.power_sync.clients.comed import ComedPrices
from custom_components.power_sync.core.model.prices import Channel, PriceKind
from custom_components.power_sync.core.settlement import billed
from custom_components.power_sync.sim.config import HomeConfig
from custom_components.power_sync.sim.home import SimulatedHome

from .comed_support import CHICAGO, HOUR, STEP, chicago

DAY = timedelta(days=1)


class Clock:
    def __init__(self) -> None:
        self.now = chicago("2026-06-15 12:00")

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def home(clock: Clock) -> SimulatedHome:
    return SimulatedHome(HomeConfig(lived_in=timedelta(), comed_zone=CHICAGO), clock)


@pytest.fixture
async def prices(
    home: SimulatedHome, session: aiohttp.ClientSession
) -> AsyncIterator[ComedPrices]:
    server = TestServer(home.comed_app(), shutdown_timeout=0.1)
    await server.start_server()
    yield ComedPrices(
        session,
        delivery=0.075,
        monthly_charge=19.56,
        zone=CHICAGO,
        base_url=str(server.make_url("")),
    )
    await server.close()


@pytest.fixture
def truth(home: SimulatedHome) -> Callable[[datetime], float]:
    """Return the supply price ($/kWh) of the five minutes that start at a moment."""
    market = home.comed.market  # type: ignore[union-attr]
    return lambda start: market.settled(int(start.timestamp())) / 100


# covers P-08
async def test_a_day_of_prices(
    prices: ComedPrices, clock: Clock, truth: Callable[[datetime], float]
) -> None:
    """At any time the running price is known, and the day ahead without a hole."""
    end = clock.now + DAY
    while clock.now < end:
        series = await prices.fetch_prices(clock.now)

        running = series.running(Channel.IMPORT, clock.now)
        assert running is not None
        known = [p for p in series.imports if p.kind is not PriceKind.FORECAST]
        assert all(p.supply == pytest.approx(truth(p.start)) for p in known)
        paid = billed(series, lambda _: None, clock.now).imports
        ahead = [p for p in paid if p.end > clock.now]
        assert all(before.end == after.start for before, after in pairwise(ahead))
        local = clock.now.astimezone(CHICAGO)
        days = 1 if (local.hour, local.minute) >= (16, 45) else 0
        horizon = chicago(f"{local.date() + days * DAY} 23:00")
        if ahead[-1].end != horizon:
            assert (local.hour, local.minute) in {(16, m) for m in range(30, 45)} | {
                (23, m) for m in range(60)
            }
        clock.now += timedelta(minutes=13, seconds=7)


@pytest.mark.parametrize(
    "day", ["2025-03-09", "2025-11-02", "2026-03-08", "2026-11-01", "2026-06-15"]
)
async def test_a_whole_day_of_history(
    prices: ComedPrices,
    clock: Clock,
    truth: Callable[[datetime], float],
    day: str,
) -> None:
    start = chicago(f"{day} 00:00")
    end = start + DAY
    clock.now = start + 3 * DAY

    series = await prices.fetch_history(start, end, clock.now)

    stamps = [p.start for p in series.imports]
    assert stamps == sorted(set(stamps))
    assert start <= stamps[0] < start + HOUR / 2
    assert end - HOUR / 2 < stamps[-1] < end
    assert 270 <= len(stamps) <= 288, "rows are missing, but no hours"
    assert len({stamp.replace(minute=0) for stamp in stamps}) == 24
    assert all(p.supply == pytest.approx(truth(p.start)) for p in series.imports)
    hours = billed(series, lambda _: None, clock.now).imports
    for hour in hours[1:]:
        known = [truth(stamp) for stamp in stamps if hour.start <= stamp < hour.end]
        assert hour.supply == pytest.approx(sum(known) / len(known))


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        ("2026-03-07 17:02", 29),  # to 23:00 of a day that lacks an hour
        ("2026-10-31 17:02", 7),  # to midnight: of 00:00 to 02:00 nothing is told
        ("2026-11-01 02:02", 21),
        ("2026-11-01 17:02", 30),
    ],
)
async def test_the_day_ahead_around_changes_of_the_clocks(
    prices: ComedPrices, clock: Clock, now: str, hours: int
) -> None:
    clock.now = chicago(now)

    series = await prices.fetch_prices(clock.now)

    later = [p for p in series.imports if p.kind is PriceKind.FORECAST]
    last = clock.now.replace(minute=0) + hours * HOUR
    assert later[-1].end.astimezone(UTC) == last
    assert all(before.end == after.start for before, after in pairwise(later))


async def test_a_month_is_complete_but_for_the_lost_rows(
    prices: ComedPrices, clock: Clock
) -> None:
    """The past is asked for a day at a time, as far back as it is offered."""
    clock.now = chicago("2026-11-20 10:10")
    stamps: set[datetime] = set()
    reach = prices.reach
    end = clock.now
    while end > clock.now - reach.back:
        series = await prices.fetch_history(end - reach.at_once, end, clock.now)
        stamps |= {p.start for p in series.imports}
        end -= reach.at_once
    assert len(stamps) > 0.975 * (reach.back // STEP)
