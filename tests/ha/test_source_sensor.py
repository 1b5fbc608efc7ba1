"""Prices from entities of Home Assistant, from their attributes to the Powerwall."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.power_sync.core.tesla_tariff import day_prices
from custom_components.power_sync.sim.server import SimulatorServer

from .conftest import NOW
from .house import House

type MakeHouse = Callable[..., Awaitable[House]]

TOU = "time_of_use_settings"
BUY, SELL = "sensor.nordpool_kwh_fi_eur", "sensor.sold"
MIDNIGHT = datetime(2026, 11, 19, 22, tzinfo=UTC)
"""In Helsinki, where it is 04:02 now."""
HOUR = timedelta(hours=1)
PRICE = "current_electricity_price"


@pytest.fixture(autouse=True)
def _euros(hass: HomeAssistant, make_house: MakeHouse) -> None:
    hass.config.currency = "EUR"


def cents(hour: int) -> float:
    """Return what the hour costs that begins at a local time, in cents."""
    return 5.0 + hour


def hours(day: int, factor: float = 0.01, extra: float = 0.0) -> list[dict[str, Any]]:
    """Return a day as Nord Pool's integration lists it, in local times."""
    zone = ZoneInfo("Europe/Helsinki")
    first = (MIDNIGHT + day * 24 * HOUR).astimezone(zone)
    return [
        {
            "start": first + number * HOUR,
            "end": first + (number + 1) * HOUR,
            "value": round((cents(number) + extra) * factor, 5),
        }
        for number in range(24)
    ]


def put(
    hass: HomeAssistant,
    entity: str = BUY,
    *,
    unit: str | None = "EUR/kWh",
    factor: float = 0.01,
    extra: float = 0.0,
    tomorrow: bool = False,
) -> None:
    """Set the state of an entity of Nord Pool."""
    attributes: dict[str, Any] = {
        "raw_today": hours(0, factor, extra),
        "raw_tomorrow": hours(1, factor, extra) if tomorrow else [],
        "tomorrow_valid": tomorrow,
    }
    if unit is not None:
        attributes["unit_of_measurement"] = unit
    hass.states.async_set(entity, "0.09", attributes)


def entities(**more: Any) -> Callable[[SimulatorServer], dict[str, Any]]:
    """Return what the subentry stores."""
    return lambda _: {"provider": "sensor", "import_entity": BUY} | more


@pytest.fixture
def make_home(make_house: MakeHouse) -> MakeHouse:
    """Make a home in Finland."""

    async def make(**more: Any) -> House:
        house = await make_house(
            source=entities(**more), time_zone=ZoneInfo("Europe/Helsinki")
        )
        await house.set_up()
        return house

    return make


@pytest.fixture
async def home(hass: HomeAssistant, make_home: MakeHouse) -> House:
    put(hass)
    return await make_home()


def slots(house: House, *, sell: bool = False) -> list[Any]:
    """Return the half hours of the stored tariff."""
    tariff = house.stored_tariff
    assert tariff.sell is not None
    return list(day_prices(tariff.sell if sell else tariff.buy, NOW.date()))


def usual(extra: float = 0.0) -> list[Any]:
    """Return what the half hours cost on any day, in EUR."""
    return [
        pytest.approx((cents(slot // 2) + extra) / 100, abs=6e-5) for slot in range(48)
    ]


# covers P-13
async def test_the_price_of_the_hour(home: House, hass: HomeAssistant) -> None:
    state = home.state(PRICE)
    assert float(state.state) == pytest.approx(0.09)  # 4 o'clock
    assert state.attributes["unit_of_measurement"] == "EUR/kWh"
    assert state.attributes["start"] == "2026-11-20T02:00:00+00:00"
    assert state.attributes["end"] == "2026-11-20T03:00:00+00:00"
    assert home.state("price_estimate").state == "off"
    assert len(state.attributes["forecast"]) == 20
    # What is known of today, and in place of tomorrow what it cost this morning.
    assert slots(home) == usual()
    assert slots(home, sell=True) == [0.0] * 48
    assert home.stored_tariff.buy.currency == "EUR"
    assert home.times == [NOW]
    registry = er.async_get(hass)
    keys = {
        entity.unique_id.partition("_")[2]
        for entity in er.async_entries_for_config_entry(registry, home.entry.entry_id)
    }
    assert not {"feed_in_price", "live_prices", "wholesale_price"} & keys


@pytest.mark.parametrize(
    ("unit", "stored", "factor"),
    [
        ("ct/kWh", None, 1.0),
        ("EUR/MWh", None, 10.0),
        (None, "cents_per_kwh", 1.0),
        # The user's word counts for more than the entity's.
        ("EUR/kWh", "cents_per_kwh", 1.0),
    ],
)
async def test_other_units(
    hass: HomeAssistant,
    make_home: MakeHouse,
    unit: str | None,
    stored: str | None,
    factor: float,
) -> None:
    put(hass, unit=unit, factor=factor)
    house = await make_home(**({"unit": stored} if stored else {}))
    assert float(house.state(PRICE).state) == pytest.approx(0.09)
    assert slots(house) == usual()


async def test_the_next_hour_begins(home: House) -> None:
    await home.tick(57 * 60)
    assert float(home.state(PRICE).state) == pytest.approx(0.09)
    await home.tick(61)
    assert float(home.state(PRICE).state) == pytest.approx(0.10)
    assert home.sent == [TOU], "it was in the tariff already"


async def test_a_change_is_taken_at_once(home: House, hass: HomeAssistant) -> None:
    await home.tick(90)
    put(hass, extra=20.0)
    await home.settle()
    assert float(home.state(PRICE).state) == pytest.approx(0.29)
    assert home.times == [NOW, NOW + timedelta(seconds=90)]
    # Of this morning's hours the entity says the same of the past now.
    assert slots(home) == usual(20.0)


async def test_tomorrow_arrives(home: House, hass: HomeAssistant) -> None:
    """In the afternoon; what was assumed of its first hours is known then."""
    await home.tick(10 * 3600)
    assert slots(home) == usual()
    await home.tick(20)
    attributes = dict(hass.states.get(BUY).attributes)  # type: ignore[union-attr]
    tomorrow = hours(1, extra=7.0)
    hass.states.async_set(BUY, "0.19", attributes | {"raw_tomorrow": tomorrow})
    await home.settle()
    # 14:02: from the hour that is running on it is today.
    assert slots(home) == usual(7.0)[:28] + usual()[28:]
    assert len(home.sent) == 2


async def test_an_entity_that_is_gone(home: House, hass: HomeAssistant) -> None:
    hass.states.async_remove(BUY)
    await home.settle()
    assert not home.entry.runtime_data.prices.last_update_success
    assert float(home.state(PRICE).state) == pytest.approx(0.09), "so it is until 5"
    await home.live(29)
    assert not home.issues
    await home.live(3)
    assert home.issues == {"prices_missing"}
    await home.live(26)
    assert f"{home.home.now:%H:%M}" == "03:00"
    await home.tick(60)
    for key in (PRICE, "price_estimate"):
        assert home.state(key).state == "unavailable"
    assert home.sent == [TOU]
    assert home.result == ("blocked", "stale")

    put(hass)
    await home.settle()
    assert float(home.state(PRICE).state) == pytest.approx(0.10)
    assert not home.issues
    assert home.result[0] == "unchanged"


async def test_an_entity_that_comes_late(
    make_home: MakeHouse, hass: HomeAssistant
) -> None:
    """Other integrations may start after this one."""
    house = await make_home()
    assert house.state(PRICE).state == "unavailable"
    assert house.tariff_name == "Example TOU"
    hass.states.async_set(BUY, "unavailable")
    await house.settle()
    assert house.state(PRICE).state == "unavailable"
    await house.tick(20)
    put(hass)
    await house.settle()
    assert float(house.state(PRICE).state) == pytest.approx(0.09)
    assert house.times == [NOW + timedelta(seconds=20)]
    assert slots(house) == usual()


@pytest.mark.parametrize(
    "broken",
    [
        {"unit_of_measurement": "EUR/kWh", "raw_today": []},
        {"unit_of_measurement": "EUR/kWh"},
        {"unit_of_measurement": "apples", "raw_today": hours(0)},
        {"unit_of_measurement": "EUR/kWh", "raw_today": hours(-1)},
        {
            "unit_of_measurement": "EUR/kWh",
            "raw_today": [*hours(0)[:12], {"start": "noon", "value": 1}],
        },
    ],
)
async def test_nonsense_changes_nothing(
    home: House, hass: HomeAssistant, broken: dict[str, Any]
) -> None:
    await home.tick(60)
    hass.states.async_set(BUY, "9", broken)
    await home.live(20)
    assert home.sent == [TOU]
    assert home.result == ("blocked", "stale")
    assert not home.entry.runtime_data.prices.last_update_success


async def test_export(make_home: MakeHouse, hass: HomeAssistant) -> None:
    put(hass, unit="ct/kWh", factor=1.0)
    put(hass, SELL, extra=-4.0)
    house = await make_home(export_entity=SELL)
    assert float(house.state(PRICE).state) == pytest.approx(0.09)
    assert float(house.state("feed_in_price").state) == pytest.approx(0.05)
    assert slots(house) == usual()
    assert slots(house, sell=True) == usual(-4.0)

    await house.tick(90)
    put(hass, SELL, extra=-3.0)
    await house.settle()
    assert float(house.state("feed_in_price").state) == pytest.approx(0.06)
    assert slots(house, sell=True) == usual(-3.0)
    assert len(house.sent) == 2

    # One of the two is no price.
    await house.tick(300)
    hass.states.async_remove(SELL)
    put(hass, unit="ct/kWh", factor=1.0, extra=9.0)
    await house.live(9)
    assert len(house.sent) == 2
    assert slots(house) == usual()
    assert house.result == ("blocked", "stale")


async def test_nothing_is_watched_after_an_unload(
    home: House, hass: HomeAssistant
) -> None:
    await home.unload()
    put(hass, extra=50.0)
    await home.live(6, stride=60)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await home.settle()
    assert home.sent == [TOU]
