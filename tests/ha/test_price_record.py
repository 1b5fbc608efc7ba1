"""The record of prices: completed bit by bit, kept on disk, and gone with the home."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
import pytest

from custom_components.power_sync.const import DOMAIN
from custom_components.power_sync.sim.amber_service import Served

from .conftest import NOW
from .house import POWERWALL, PRICE_SOURCE, House, Steady
from .kinds import DEMAND, HOMES, comed_home
from .test_setup import ours

type MakeHouse = Callable[..., Awaitable[House]]

PRICES = f"{DOMAIN}.prices.{PRICE_SOURCE}"
ALERTS = f"{DOMAIN}.alerts.{PRICE_SOURCE}"
PEAK = f"{DOMAIN}.demand.{POWERWALL}"


class Questions:
    """What Amber has been asked about the past."""

    def __init__(self, house: House) -> None:
        self.asked: list[Served] = []
        for served in house.home.amber.served:
            self.note(served)
        house.home.amber.listeners.append(self.note)

    def note(self, served: Served) -> None:
        if "startDate" in served.query:
            self.asked.append(served)

    @property
    def times(self) -> list[float]:
        """When it was asked, in seconds after NOW."""
        return [(served.served_at - NOW).total_seconds() for served in self.asked]


@pytest.fixture
def questions(steady: House) -> Questions:
    return Questions(steady)


@contextmanager
def forgetful(house: House) -> Iterator[None]:
    """Let Amber give no sensible answer about the past."""
    board = house.home.amber._boards[house.home.config.amber_sites[0].site_id]
    with patch.object(type(board), "days", return_value="[{}]"):
        yield


def days(house: House) -> float:
    return float(house.state("price_days").state)


def price(house: House) -> float:
    return float(house.state("current_electricity_price").state)


def recorded(storage: dict[str, Any]) -> int:
    """Return how many prices are on disk."""
    imports = storage[PRICES]["data"]["imports"]
    return sum(price is not None for day in imports.values() for price in day["prices"])


# covers P-09
async def test_a_month_is_asked_for_bit_by_bit(
    steady: House, questions: Questions
) -> None:
    """The newest first, because a tariff needs yesterday at once."""
    assert questions.times == [0]
    assert days(steady) == pytest.approx(6, abs=0.6)
    await steady.live(1, stride=1)
    assert questions.times == [0, 5, 10, 15, 20]
    ranges = [
        (served.query["startDate"], served.query["endDate"])
        for served in questions.asked
    ]
    # NOW is 12:02 in the market's time.
    assert ranges == [
        ("2026-11-14", "2026-11-20"),
        ("2026-11-08", "2026-11-14"),
        ("2026-11-02", "2026-11-08"),
        ("2026-10-27", "2026-11-02"),
        ("2026-10-21", "2026-10-27"),
    ]
    assert days(steady) == pytest.approx(30, abs=0.1)
    await steady.live(30)
    assert len(questions.asked) == 5, "there is nothing left to ask for"


# covers P-09
async def test_a_source_that_forgets_does_no_harm(
    make_house: MakeHouse, market: Steady
) -> None:
    house = await make_house(prices=market)
    questions = Questions(house)
    with forgetful(house):
        await house.set_up()
        assert house.entry.state is ConfigEntryState.LOADED
        assert questions.times == [0]
        await house.tick(5)
        market.price = 200.0
        for _ in range(24):
            await house.tick(30)
            assert house.state("current_electricity_price").state != "unavailable"
        assert price(house) == pytest.approx(0.293)
        assert questions.times == [0, 5, 605], "again ten minutes later"
        assert days(house) == 0.1, "just the last hour and since"
    await house.tick(485)
    assert questions.times == [0, 5, 605, 1210]
    await house.live(1, stride=5)
    assert questions.times[4:] == [1215, 1220, 1225, 1230]
    assert days(house) == pytest.approx(30, abs=0.1)


class Hanging:
    """Questions about the past that are answered when the test says so."""

    def __init__(self, house: House) -> None:
        self.asked, self.answer = asyncio.Event(), asyncio.Event()
        self._source = house.entry.runtime_data.prices.source.prices
        self._fetch = self._source.fetch_history

    async def __call__(self, start: datetime, end: datetime, now: datetime) -> Any:
        self.asked.set()
        await self.answer.wait()
        return await self._fetch(start, end, now)

    @contextmanager
    def instead(self) -> Iterator[None]:
        with patch.object(type(self._source), "fetch_history", self):
            yield


async def test_prices_do_not_wait_for_the_past(steady: House, market: Steady) -> None:
    hanging = Hanging(steady)
    with hanging.instead():
        await steady.tick(5, settle=False)
        await hanging.asked.wait()
        market.price = 200.0
        await steady.tick(200, settle=False)
        await steady.until(lambda: price(steady) > 0.29)
        hanging.answer.set()
        await steady.settle()
    # What was answered late did not bring back what was known before.
    assert price(steady) == pytest.approx(0.293)
    assert days(steady) > 10


async def test_a_late_answer_is_of_the_hour_that_has_begun(
    make_house: MakeHouse, market: Steady
) -> None:
    house = await comed_home(make_house, prices=market, parts=("price-source",))
    await house.tick(57 * 60)
    await house.set_up()
    hanging = Hanging(house)
    with hanging.instead():
        await house.tick(5, settle=False)
        await hanging.asked.wait()
        await house.tick(150, settle=False)
        prices = house.entry.runtime_data.prices
        await house.until(lambda: prices.known.series.fetched_at == house.home.now)
        hanging.answer.set()
        await house.settle()
    assert house.state("expected_hour_price").state != "unavailable"


@pytest.mark.parametrize("gone", ["subentry", "entry"])
async def test_an_answer_after_the_end_changes_nothing(
    steady: House, hass_storage: dict[str, Any], gone: str
) -> None:
    await steady.live(0.25, stride=5)
    hanging = Hanging(steady)
    entries = steady.hass.config_entries
    with hanging.instead():
        await steady.tick(5, settle=False)
        await hanging.asked.wait()
        if gone == "entry":
            await entries.async_remove(steady.entry.entry_id)
        else:
            entries.async_remove_subentry(steady.entry, PRICE_SOURCE)
            await steady.until(lambda: PRICES not in hass_storage)
        hanging.answer.set()
        await steady.settle()
    assert PRICES not in hass_storage
    if gone == "entry":
        assert ours(steady.hass) == []
    await steady.live(1, stride=5)
    assert PRICES not in hass_storage


async def test_a_poll_after_the_end_changes_nothing(
    steady: House, hass_storage: dict[str, Any]
) -> None:
    prices = steady.entry.runtime_data.prices
    fetch = prices.source.prices.fetch_prices
    asked, answer = asyncio.Event(), asyncio.Event()

    async def slow(_: Any, now: datetime) -> Any:
        asked.set()
        await answer.wait()
        return await fetch(now)

    await steady.tick(3600)
    with patch.object(type(prices.source.prices), "fetch_prices", slow):
        await steady.tick(300, settle=False)
        await asked.wait()
        await steady.hass.config_entries.async_remove(steady.entry.entry_id)
        answer.set()
        await steady.settle()
    assert PRICES not in hass_storage
    assert ours(steady.hass) == []


# covers P-09
async def test_only_what_is_missing_is_asked_for_after_a_restart(
    steady: House, questions: Questions
) -> None:
    await steady.live(1, stride=5)
    before = len(questions.asked)
    await steady.unload()
    await steady.tick(3 * 3600)
    await steady.set_up()
    await steady.live(1, stride=5)
    (again,) = questions.asked[before:]
    assert again.query["startDate"] == again.query["endDate"] == "2026-11-20"
    assert days(steady) == pytest.approx(30, abs=0.1)


# covers P-09
async def test_prices_of_other_terms_are_no_measure(make_house: MakeHouse) -> None:
    """Whoever changes the retail terms begins anew; an address is no such change."""
    house = await HOMES["aemo"](make_house)
    await house.set_up()
    subentry = house.entry.subentries[PRICE_SOURCE]
    mean = float(house.state("price_mean").state)

    def change(**changes: Any) -> None:
        house.hass.config_entries.async_update_subentry(
            house.entry, subentry, data={**subentry.data, **changes}
        )

    change(nemweb_url=f"{subentry.data['nemweb_url']}/")
    await house.settle()
    assert float(house.state("price_mean").state) == pytest.approx(mean, abs=1e-3)

    retail = deepcopy(subentry.data["retail"])
    retail["imports"]["fees"] += 1.0
    change(retail=retail)
    await house.settle()
    # With 10 % GST; had the old prices stayed it would be half of that.
    assert float(house.state("price_mean").state) == pytest.approx(mean + 1.1, abs=1e-3)


async def test_holes_are_looked_for_again(steady: House, questions: Questions) -> None:
    await steady.live(1, stride=5)
    before = len(questions.asked)
    # Two hours of which nothing was seen, as if the machine had slept.
    await steady.tick(2 * 3600)
    await steady.live(5 * 60, stride=300)
    assert len(questions.asked) == before + 1
    assert days(steady) == pytest.approx(30, abs=0.1)


async def test_it_is_written_once_an_hour(
    steady: House, hass_storage: dict[str, Any]
) -> None:
    await steady.live(1, stride=5)
    await steady.live(5, stride=60)
    first = recorded(hass_storage)
    assert first > 8500
    await steady.live(50, stride=300)
    hass_storage[PRICES]["data"]["imports"].clear()
    await steady.live(5, stride=300)
    assert recorded(hass_storage) == 0, "not yet"
    await steady.live(10, stride=300)
    assert recorded(hass_storage) > 8500


@pytest.mark.parametrize("end", ["unload", "stop"])
async def test_an_orderly_end_loses_nothing(
    make_house: MakeHouse, hass_storage: dict[str, Any], end: str
) -> None:
    """Home Assistant does not unload anything when it stops."""
    house = await make_house(options={"demand": DEMAND})
    await house.set_up()
    await house.live(1, stride=5)
    await house.live(30, stride=60)
    for key in (PRICES, PEAK):
        hass_storage[key]["data"].clear()
    if end == "unload":
        await house.unload()
    else:
        house.hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
        await house.settle()
    assert recorded(hass_storage) > 8500
    sampled = datetime.fromisoformat(hass_storage[PEAK]["data"]["sampled_at"])
    assert sampled >= NOW + timedelta(minutes=30)


@pytest.mark.parametrize("part", [PRICE_SOURCE, POWERWALL])
async def test_files_go_with_their_subentry(
    make_house: MakeHouse, hass_storage: dict[str, Any], part: str
) -> None:
    house = await make_house(options={"demand": DEMAND})
    await house.set_up()
    await house.live(6)
    assert {PRICES, ALERTS, PEAK} <= hass_storage.keys()
    house.hass.config_entries.async_remove_subentry(house.entry, part)
    await house.settle()
    await house.live(6)
    left = {PRICES, ALERTS, PEAK} & hass_storage.keys()
    assert left == ({PEAK} if part == PRICE_SOURCE else {PRICES, ALERTS})


async def test_files_go_with_their_home(
    make_house: MakeHouse, hass_storage: dict[str, Any]
) -> None:
    house = await make_house(options={"demand": DEMAND})
    await house.set_up()
    await house.live(6)
    await house.hass.config_entries.async_remove(house.entry.entry_id)
    await house.live(6)
    assert not {PRICES, ALERTS, PEAK} & hass_storage.keys()


@pytest.mark.parametrize(
    "data",
    [
        [],
        "prices",
        {"imports": 5},
        {"imports": {"2026-11-19": {"prices": [1], "minutes": [[5, 288]]}}},
        {"imports": {"19.11.2026": {"prices": [1] * 288, "minutes": [[5, 288]]}}},
        {"low": "dear", "high": None, "memory": 7},
        {"low": "nan", "high": 1, "memory": {}},
        {"low": 0.1, "high": 0.5, "memory": {"unheard_of": {"active": True}}},
        {"period": "today"},
    ],
)
@pytest.mark.parametrize(
    ("key", "name"), [(PRICES, "prices"), (ALERTS, "alerts"), (PEAK, "demand")]
)
async def test_damage_is_dropped_and_said(
    make_house: MakeHouse,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    key: str,
    name: str,
    data: Any,
) -> None:
    hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": data}
    house = await make_house(options={"demand": DEMAND})
    await house.set_up()
    assert house.entry.state is ConfigEntryState.LOADED
    assert f"Stored {name} are damaged, starting afresh" in caplog.text
    assert house.tariff_name == "PowerSync"
    assert days(house) > 5
    assert float(house.state("low_price_alert").state) == 0.1
    assert float(house.state("peak_demand").state) == 0
    await house.unload()
    assert isinstance(hass_storage[key]["data"], dict)
