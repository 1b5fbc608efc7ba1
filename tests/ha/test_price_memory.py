"""What is remembered of prices, and what follows from it."""

from datetime import UTC, datetime, timedelta
from typing import override

from homeassistant.core import HomeAssistant
import pytest

from custom_components.power_sync.clients.protocols import PriceSource, Reach
from custom_components.power_sync.coordinator.keeper import PRICES, Keeper
from custom_components.power_sync.coordinator.price_memory import PriceMemory
from custom_components.power_sync.coordinator.source import Source
from custom_components.power_sync.core.model.prices import (
    Channel,
    PriceKind,
    PricePoint,
    PriceSeries,
)
from custom_components.power_sync.core.poll_schedule import LOCAL_SCHEDULE
from custom_components.power_sync.core.price_record import PriceRecord
from custom_components.power_sync.sim.faults import FaultKind, Service

from .kinds import MakeHouse, plan_home, stored_plan

NOW = datetime(2026, 11, 20, 2, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
STEP = timedelta(minutes=5)
LABEL = 2
"""The half hour from 1:00, in UTC."""


class Uneven(PriceSource):
    """A source whose hours cost 10 c in their first half and 30 c in the second."""

    def __init__(self, settlement: timedelta | None, reach: Reach | None) -> None:
        self._settlement = settlement
        self._reach = reach

    @property
    @override
    def reach(self) -> Reach | None:
        return self._reach

    @override
    async def fetch_prices(self, now: datetime) -> PriceSeries:
        return self._series(now, now, now + STEP)

    @override
    async def fetch_history(
        self, start: datetime, end: datetime, now: datetime
    ) -> PriceSeries:
        return self._series(now, NOW.replace(minute=0) - 2 * HOUR, NOW)

    def _series(self, now: datetime, start: datetime, end: datetime) -> PriceSeries:
        start = start.replace(minute=start.minute // 5 * 5)
        points = []
        while start < end:
            points.append(
                PricePoint(
                    start=start,
                    end=start + STEP,
                    price=0.1 if start.minute < 30 else 0.3,
                    kind=PriceKind.ACTUAL if start + STEP <= now else PriceKind.CURRENT,
                )
            )
            start += STEP
        return PriceSeries(
            fetched_at=now, imports=tuple(points), settlement=self._settlement
        )


def memory(
    hass: HomeAssistant,
    settlement: timedelta | None,
    *,
    tells: bool,
    known: PriceRecord,
) -> tuple[PriceMemory, Uneven]:
    reach = Reach(back=3 * HOUR, at_once=3 * HOUR) if tells else None
    prices = Uneven(settlement, reach)
    source = Source(
        prices=prices,
        schedule=LOCAL_SCHEDULE,
        channels=frozenset({Channel.IMPORT}),
        zone=UTC,
    )
    keeper = Keeper(
        hass,
        PRICES,
        "memory",
        empty=known,
        encode=PriceRecord.to_stored,
        decode=PriceRecord.from_stored,
        save_every=HOUR,
    )
    return PriceMemory(source, keeper), prices


# covers P-08
async def test_the_past_is_as_it_was_billed(hass: HomeAssistant) -> None:
    """Half hours beyond a forecast take what they cost, not what was announced."""
    for settlement, expected in ((HOUR, 0.2), (None, 0.1)):
        remembered, prices = memory(hass, settlement, tells=True, known=PriceRecord())
        series = await prices.fetch_prices(NOW)
        remembered.learn(series, NOW)
        remembered.begin(series, NOW)
        assert remembered.has_holes
        assert await remembered.ask(NOW)
        history = remembered.prices(series, NOW).history
        usual = history.usual_price(Channel.IMPORT, LABEL, UTC, NOW)
        assert usual is not None
        assert round(usual, 9) == expected


# covers P-09
async def test_the_record_serves_where_nothing_can_be_asked(
    hass: HomeAssistant,
) -> None:
    """A tariff after a restart needs the prices of the day before."""
    record = PriceRecord()
    for settlement, expected in ((None, 0.1), (HOUR, 0.2)):
        remembered, prices = memory(hass, settlement, tells=False, known=record)
        record.learn(await prices.fetch_history(NOW, NOW, NOW), NOW)
        series = await prices.fetch_prices(NOW)
        remembered.begin(series, NOW)
        assert not await remembered.ask(NOW)
        history = remembered.prices(series, NOW).history
        usual = history.usual_price(Channel.IMPORT, LABEL, UTC, NOW)
        assert usual is not None
        assert round(usual, 9) == expected


# covers P-10
async def test_a_powerwall_that_answers_late_says_where_the_home_is(
    make_house: MakeHouse,
) -> None:
    """Until then the hours are Home Assistant's own."""
    house = await plan_home(make_house)
    house.break_(Service.TESLA, FaultKind.STATUS_503)
    await house.set_up()
    prices = house.entry.runtime_data.prices
    assert str(prices.source.zone) == "US/Pacific"
    house.repair()
    await house.live(3, stride=30)
    assert house.entry.runtime_data.prices is not prices
    assert str(house.entry.runtime_data.prices.source.zone) == "Australia/Sydney"


# covers P-07
async def test_a_damaged_plan_stops_neither_the_others_nor_the_home(
    make_house: MakeHouse, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = stored_plan("Torn", number=1)
    damaged["data"] = {"seasons": [{"name": "Summer"}]}
    house = await plan_home(make_house, plans=(damaged, stored_plan("Sound", number=2)))
    await house.set_up()
    assert "The tariff plan Torn cannot be read" in caplog.text
    assert house.entry.runtime_data.prices.source.plan.name == "Sound"
    assert house.tariff_name == "Sound"
