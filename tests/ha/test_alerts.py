"""Price alerts: told once each, by the user's own thresholds, also after a restart."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event
import pytest

from custom_components.power_sync.const import DOMAIN
from custom_components.power_sync.sim.faults import FaultKind, Service

from .house import PRICE_SOURCE, House, Steady
from .kinds import aemo_home, comed_home, plan_home

type MakeHouse = Callable[..., Awaitable[House]]
type News = list[tuple[str, float, float | None]]

INTERVAL = 300.0
STORED = f"{DOMAIN}.alerts.{PRICE_SOURCE}"


class Surprise(Steady):
    """A market whose prices differ from what was forecast until they are final."""

    def __init__(self) -> None:
        super().__init__()
        self.forecast_price = 100.0

    def forecast(self, start: datetime, minutes: int, known_at: datetime) -> float:
        return self.forecast_price


def listen(house: House) -> News:
    """Return where all alerts will be: kind, price and limit."""
    news: News = []
    seen = {house.state("price_alert").state}

    @callback
    def changed(event: Event[EventStateChangedData]) -> None:
        after = event.data["new_state"]
        # The last event comes back with the entity, and is none.
        if after is None or after.state in seen:
            return
        seen.add(after.state)
        if (kind := after.attributes.get("event_type")) is not None:
            limit = after.attributes["limit"]
            news.append(
                (
                    kind,
                    round(after.attributes["price"], 4),
                    None if limit is None else round(limit, 4),
                )
            )

    async_track_state_change_event(
        house.hass, house.state("price_alert").entity_id, changed
    )
    return news


def of_kind(news: News, kind: str) -> News:
    """Return the alerts of one kind."""
    return [item for item in news if item[0] == kind]


async def choose(house: House, key: str, value: float) -> None:
    """Let the user choose a threshold."""
    await house.hass.services.async_call(
        "number",
        "set_value",
        {"entity_id": house.state(key).entity_id, "value": value},
        blocking=True,
    )
    await house.settle()


async def costs(house: House, market: Steady, price: float) -> None:
    """Let the next interval cost so many $/MWh, and wait until that is final."""
    market.price = price
    await house.tick(INTERVAL)


# covers P-12
async def test_thresholds_fit_the_source(
    make_house: MakeHouse, steady: House, market: Steady
) -> None:
    def both(house: House) -> tuple[float, float]:
        return (
            float(house.state("low_price_alert").state),
            float(house.state("high_price_alert").state),
        )

    assert both(steady) == (0.10, 0.50)
    await steady.hass.config_entries.async_remove(steady.entry.entry_id)
    chicago = await comed_home(make_house, prices=market)
    await chicago.set_up()
    assert both(chicago) == (0.03, 0.08)


# covers P-12
async def test_ordinary_prices_are_no_news(steady: House) -> None:
    news = listen(steady)
    await steady.live(60, stride=INTERVAL)
    assert news == []
    assert steady.state("price_alert").state == "unknown"


# covers P-12
async def test_high(steady: House, market: Steady) -> None:
    news = listen(steady)
    await costs(steady, market, 400.0)
    assert news == [("high", 0.513, 0.5)]
    await costs(steady, market, 420.0)
    # A little below the threshold is not the end of it.
    await costs(steady, market, 380.0)
    await costs(steady, market, 400.0)
    assert of_kind(news, "high") == [("high", 0.513, 0.5)], "it is high still"
    await costs(steady, market, 200.0)
    await costs(steady, market, 400.0)
    assert of_kind(news, "high") == [("high", 0.513, 0.5)] * 2


# covers P-12
async def test_low(steady: House, market: Steady) -> None:
    news = listen(steady)
    await costs(steady, market, 20.0)
    assert news == [("low", 0.095, 0.1)]


# covers P-12
async def test_negative_feed_in(steady: House, market: Steady) -> None:
    news = listen(steady)
    await costs(steady, market, -10.0)
    assert ("negative_feed_in", -0.0105, 0.0) in news
    assert {kind for kind, _, _ in news} == {"negative_feed_in", "low"}


# covers P-12
async def test_spike_that_the_source_flags(steady: House, market: Steady) -> None:
    news = listen(steady)
    await costs(steady, market, 5000.0)
    assert ("spike", 5.573, None) in news
    assert {kind for kind, _, _ in news} == {"spike", "high"}


# covers P-12
async def test_spike_that_nobody_flags(make_house: MakeHouse, market: Steady) -> None:
    """Far above what the month has seen, and above the user's own threshold."""
    house = await comed_home(make_house, prices=market, parts=("price-source",))
    await house.set_up()
    await house.live(6, stride=10)
    assert float(house.state("price_days").state) > 29
    ordinary = float(house.state("price_mean").state)
    news = listen(house)
    await choose(house, "high_price_alert", ordinary + 0.01)
    market.price = 250.0
    await house.live(20, stride=60)
    (spike,) = of_kind(news, "spike")
    assert spike[2] == pytest.approx(2 * ordinary, abs=1e-4)


# covers P-12
async def test_back_to_optimal(make_house: MakeHouse) -> None:
    """Among the cheapest quarter of the month, after it was not."""
    market = Steady(100.0)
    house = await make_house(prices=market, parts=("price-source",))
    await house.set_up()
    await house.live(1, stride=5)
    assert float(house.state("price_days").state) > 29
    news = listen(house)
    # Noon is the cheapest time of every day; the evening is not.
    await house.tick(3 * 3600)
    await costs(house, market, 100.0)
    assert of_kind(news, "optimal") == []
    await costs(house, market, -400.0)
    quarter = float(house.state("price_p25").state)
    (optimal,) = of_kind(news, "optimal")
    assert optimal[2] == pytest.approx(quarter, abs=0.001)


async def test_without_a_week_of_prices_nothing_is_optimal(
    make_house: MakeHouse,
) -> None:
    market = Steady(100.0)
    house = await aemo_home(make_house, prices=market, parts=("price-source",))
    await house.set_up()
    news = listen(house)
    await house.tick(3 * 3600)
    await house.live(1)
    market.price = 50.0
    await house.live(10)
    assert of_kind(news, "optimal") == []


# covers P-12
async def test_an_estimate_is_no_news(make_house: MakeHouse) -> None:
    market = Surprise()
    house = await make_house(prices=market)
    await house.set_up()
    news = listen(house)
    market.forecast_price = 5000.0
    # Five seconds into the next interval there is but a guess at its price.
    await house.tick(180 + 5)
    assert house.state("price_estimate").state == "on"
    assert float(house.state("current_electricity_price").state) > 5
    assert news == []
    await house.tick(60)
    assert house.state("price_estimate").state == "off"
    assert news == [], "it was a false alarm"


# covers P-12
async def test_thresholds_are_the_users(steady: House, market: Steady) -> None:
    news = listen(steady)
    await choose(steady, "high_price_alert", 0.2)
    assert news == []
    await costs(steady, market, 120.0)
    assert news == [("high", 0.205, 0.2)]
    await choose(steady, "low_price_alert", 0.205 + 0.001)
    assert news[1:] == [("low", 0.205, 0.206)], "at once, with the price that is"


# covers P-12
async def test_thresholds_survive_a_restart(steady: House) -> None:
    await choose(steady, "high_price_alert", 0.275)
    await choose(steady, "low_price_alert", -0.015)
    assert await steady.hass.config_entries.async_reload(steady.entry.entry_id)
    await steady.settle()
    assert float(steady.state("high_price_alert").state) == 0.275
    assert float(steady.state("low_price_alert").state) == -0.015


# covers P-12
async def test_what_was_told_is_not_told_again_after_a_restart(
    steady: House, market: Steady
) -> None:
    news = listen(steady)
    await costs(steady, market, 400.0)
    assert news == [("high", 0.513, 0.5)]
    await steady.unload()
    await steady.set_up()
    await costs(steady, market, 410.0)
    assert of_kind(news, "high") == [("high", 0.513, 0.5)]
    await costs(steady, market, 100.0)
    await costs(steady, market, 400.0)
    assert len(of_kind(news, "high")) == 2


# covers P-12
async def test_what_began_while_away_is_told(steady: House, market: Steady) -> None:
    """Home Assistant was off when the price rose: the listeners have not heard it."""
    news = listen(steady)
    await steady.unload()
    market.price = 400.0
    await steady.tick(INTERVAL)
    await steady.set_up()
    assert news == [("high", 0.513, 0.5)]


# covers P-12
async def test_no_prices_no_news(steady: House, market: Steady) -> None:
    news = listen(steady)
    steady.break_(Service.AMBER, FaultKind.STATUS_503)
    await costs(steady, market, 400.0)
    await costs(steady, market, 400.0)
    assert news == []
    # And what is chosen meanwhile is kept.
    await choose(steady, "high_price_alert", 0.25)
    assert float(steady.state("high_price_alert").state) == 0.25
    steady.repair()
    await costs(steady, market, 400.0)
    assert news == [("high", 0.513, 0.25)]


async def test_a_plan_has_alerts_too(make_house: MakeHouse) -> None:
    house = await plan_home(make_house)
    await house.set_up()
    news = listen(house)
    price = float(house.state("current_electricity_price").state)
    await choose(house, "high_price_alert", price - 0.05)
    assert news == [("high", round(price, 4), round(price - 0.05, 4))]


# covers P-12
async def test_what_holds_at_the_start_is_told_at_once(
    make_house: MakeHouse, hass_storage: dict[str, Any]
) -> None:
    hass_storage[STORED] = {
        "version": 1,
        "minor_version": 1,
        "key": STORED,
        "data": {"low": -1.0, "high": 0.0, "memory": {}},
    }
    house = await plan_home(make_house)
    await house.set_up()
    assert house.state("price_alert").attributes["event_type"] == "high"
    assert house.state("price_alert").attributes["limit"] == 0


async def test_watched_without_the_entity(
    hass: HomeAssistant, steady: House, market: Steady, hass_storage: dict[str, Any]
) -> None:
    """What is known is known, whether or not anybody has enabled the entity."""
    hass_storage[STORED]["data"].clear()
    await costs(steady, market, 400.0)
    memory = hass_storage[STORED]["data"]["memory"]
    assert memory["high"]["active"] is True
    assert memory["low"]["active"] is False
