"""Tariff plans: as the price source, and pushed by hand."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigSubentry,
    ConfigSubentryDataWithId,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.power_sync.control import helm as helm_module
from custom_components.power_sync.core.model.retail import Days
from custom_components.power_sync.core.model.tariff_plan import (
    PlanPeriod,
    PlanSeason,
    TariffPlan,
)
from custom_components.power_sync.core.tesla_tariff import OUR_CODE, day_prices
from custom_components.power_sync.sim.server import SimulatorServer
from custom_components.power_sync.stored.plan import plan_to_stored

from .conftest import NOW
from .house import POWERWALL, PRICE_SOURCE, House, Steady, subentries

type MakeHouse = Callable[..., Awaitable[House]]

TOU = "time_of_use_settings"
OWNERS = "Example TOU"
SWITCH = "auto_sync_tou_schedule"
MONDAY, SUNDAY = date(2027, 1, 4), date(2027, 1, 3)
JULY_MONDAY, JULY_SUNDAY = date(2027, 7, 5), date(2027, 7, 4)


def period(
    name: str,
    start: int,
    end: int,
    rates: tuple[float, float],
    days: Days = Days.EVERY,
) -> PlanPeriod:
    """Return a part of the day between two full hours."""
    return PlanPeriod(
        name=name,
        days=days,
        start=start * 60,
        end=end % 24 * 60,
        import_rate=rates[0],
        export_rate=rates[1],
    )


def season(
    name: str, first: tuple[int, int], last: tuple[int, int], *periods: PlanPeriod
) -> PlanSeason:
    """Return a part of the year."""
    return PlanSeason(
        name=name,
        from_month=first[0],
        from_day=first[1],
        to_month=last[0],
        to_day=last[1],
        periods=periods,
    )


def all_year(name: str, *periods: PlanPeriod, daily: float = 0.0) -> TariffPlan:
    whole = season("All year", (1, 1), (12, 31), *periods)
    return TariffPlan(name=name, seasons=(whole,), daily_charge=daily)


TWO_RATES = all_year(
    "Two rates",
    period("Peak", 7, 22, (0.38, 0.05)),
    period("Off peak", 22, 7, (0.22, 0.05)),
    daily=0.9,
)
SEASONS = TariffPlan(
    name="Summer and winter",
    seasons=(
        season(
            "Summer",
            (10, 1),
            (3, 31),
            period("Peak", 14, 20, (0.50, 0.12)),
            period("Off peak", 20, 14, (0.25, 0.04)),
        ),
        season(
            "Winter",
            (4, 1),
            (9, 30),
            period("Evening", 17, 21, (0.42, 0.10), Days.WEEKDAYS),
            period("Else", 21, 24, (0.24, 0.03), Days.WEEKDAYS),
            period("Else", 0, 17, (0.24, 0.03), Days.WEEKDAYS),
            period("Weekend", 0, 24, (0.20, 0.02), Days.WEEKENDS),
        ),
    ),
    daily_charge=1.1,
)


def stored(plan: TariffPlan, key: str) -> ConfigSubentryDataWithId:
    """Return a plan's subentry."""
    return ConfigSubentryDataWithId(
        data=plan_to_stored(plan),
        subentry_id=f"plan-{key}",
        subentry_type="tariff_plan",
        title=plan.name,
        unique_id=f"tariff_plan_{key}",
    )


PLANS = (stored(TWO_RATES, "two"), stored(SEASONS, "seasons"))


def by_plan(_: SimulatorServer) -> dict[str, Any]:
    """Return what a price source stores that follows the first plan."""
    return {"provider": "plan", "active_plan": "tariff_plan_two"}


@pytest.fixture
async def home(make_house: MakeHouse) -> House:
    """A home whose prices come from the first of two plans."""
    house = await make_house(source=by_plan, plans=PLANS)
    await house.set_up()
    return house


def price(house: House, key: str = "current_electricity_price") -> float:
    return float(house.state(key).state)


def sides(house: House, day: date) -> tuple[list[float | None], list[float | None]]:
    """Return the half hours of one date in the stored tariff, both ways."""
    tariff = house.stored_tariff
    assert tariff.sell is not None
    return list(day_prices(tariff.buy, day)), list(day_prices(tariff.sell, day))


def half_hours(
    otherwise: float, start: int = 0, end: int = 0, value: float = 0
) -> list[float]:
    """Return 48 half hours with another value between two hours."""
    return [value if start * 2 <= slot < end * 2 else otherwise for slot in range(48)]


# covers P-07
async def test_a_plan_is_on_the_powerwall(home: House) -> None:
    assert price(home) == 0.38
    assert price(home, "feed_in_price") == 0.05
    assert home.sent == [TOU]
    assert home.tariff_name == "Two rates"
    assert home.stored_tariff.buy.code == OUR_CODE
    assert [charge.amount for charge in home.stored_tariff.buy.daily_charges] == [0.9]
    for day in (MONDAY, SUNDAY, JULY_MONDAY):
        buy, sell = sides(home, day)
        assert buy == half_hours(0.22, 7, 22, 0.38)
        assert sell == half_hours(0.05)
    assert home.result == ("sent", "prices_changed")
    assert home.confirmed


async def test_another_plan_is_chosen(home: House, hass: HomeAssistant) -> None:
    state = home.state("active_plan")
    assert state.state == "Two rates"
    assert state.attributes["options"] == ["Two rates", "Summer and winter"]
    await home.tick(60)
    await hass.services.async_call(
        "select",
        "select_option",
        {"entity_id": state.entity_id, "option": "Summer and winter"},
        blocking=True,
    )
    await home.settle()
    await home.until(lambda: home.entry.state is ConfigEntryState.LOADED)
    await home.settle()
    assert home.state("active_plan").state == "Summer and winter"
    assert price(home) == 0.25
    assert price(home, "feed_in_price") == 0.04
    assert home.times == [NOW, NOW + timedelta(seconds=60)]

    document = home.home.powerwall.settings.tariff.document  # type: ignore[union-attr]
    assert document["name"] == "Summer and winter"
    for side in (document, document["sell_tariff"]):
        assert {
            name: tuple(
                dates[key] for key in ("fromMonth", "fromDay", "toMonth", "toDay")
            )
            for name, dates in side["seasons"].items()
        } == {"Summer": (10, 1, 3, 31), "Winter": (4, 1, 9, 30)}
    summer, winter = (0.25, 14, 20, 0.50), (0.24, 17, 21, 0.42)
    assert sides(home, MONDAY) == (half_hours(*summer), half_hours(0.04, 14, 20, 0.12))
    assert sides(home, SUNDAY)[0] == half_hours(*summer)
    assert sides(home, JULY_MONDAY) == (
        half_hours(*winter),
        half_hours(0.03, 17, 21, 0.10),
    )
    assert sides(home, JULY_SUNDAY) == (half_hours(0.20), half_hours(0.02))
    assert home.confirmed
    assert home.decisions[-1] == ("tariff", "sent", "prices_changed")

    # The owner's own tariff is still the one to put back.
    await home.act("switch", "turn_off", SWITCH)
    assert home.tariff_name == OWNERS


async def test_the_choice_outlives_a_restart(home: House, hass: HomeAssistant) -> None:
    await hass.services.async_call(
        "select",
        "select_option",
        {
            "entity_id": home.state("active_plan").entity_id,
            "option": "Summer and winter",
        },
        blocking=True,
    )
    await home.settle()
    uploads = len(home.sent)
    await hass.config_entries.async_reload(home.entry.entry_id)
    await home.settle()
    assert home.state("active_plan").state == "Summer and winter"
    assert len(home.sent) == uploads


async def test_a_plan_is_sent_once(home: House) -> None:
    """Peak and off-peak come and go; the Powerwall knows both."""
    seen = set()
    for _ in range(96):
        await home.tick(900)
        seen.add(price(home))
    assert seen == {0.38, 0.22}
    assert home.times == [NOW]
    assert home.home.tesla.requests > 96
    assert home.result[0] in {"sent", "unchanged"}


async def test_prices_change_at_the_boundary(home: House) -> None:
    """22:00 in Sydney is 11:00 UTC."""
    await home.tick(9 * 3600 - 3 * 60)
    assert home.home.now == NOW.replace(hour=10, minute=59)
    assert price(home) == 0.38
    attributes = home.state("current_electricity_price").attributes
    assert attributes["end"] == "2026-11-20T11:00:00+00:00"
    await home.tick(60.6)
    assert price(home) == 0.22
    attributes = home.state("current_electricity_price").attributes
    assert attributes["start"] == "2026-11-20T11:00:00+00:00"
    assert attributes["end"] == "2026-11-20T20:00:00+00:00"
    assert home.state("price_estimate").state == "off"


async def test_an_owner_without_plans_keeps_the_home(
    home: House, hass: HomeAssistant
) -> None:
    """Both are deleted on the integration's page."""
    for key in ("two", "seasons"):
        hass.config_entries.async_remove_subentry(home.entry, f"plan-{key}")
    await home.settle()
    assert home.entry.state is ConfigEntryState.LOADED
    assert home.state("current_electricity_price").state == "unavailable"
    assert home.state("battery_level").state not in {"unavailable", "unknown"}
    await home.live(31)
    assert "prices_missing" in home.issues
    back = ConfigSubentry(
        data=MappingProxyType(plan_to_stored(SEASONS)),
        subentry_id="plan-new",
        subentry_type="tariff_plan",
        title=SEASONS.name,
        unique_id="tariff_plan_new",
    )
    hass.config_entries.async_add_subentry(home.entry, back)
    await home.settle()
    assert price(home) == 0.25
    assert home.tariff_name == "Summer and winter"
    assert not home.issues


NIGHT_RATES = all_year(
    "Night",
    period("First", 0, 2, (0.10, 0.0)),
    period("Second", 2, 3, (0.20, 0.0)),
    period("Day", 3, 24, (0.30, 0.0)),
)


# covers P-10
@pytest.mark.parametrize(
    ("evening", "changes"),
    [
        # 2 to 3 h does not exist.
        (
            datetime(2026, 10, 3, 12, 2, tzinfo=UTC),
            {"14:00": 0.1, "16:00": 0.3},
        ),
        # 2 to 3 h lasts two hours.
        (
            datetime(2027, 4, 3, 11, 2, tzinfo=UTC),
            {"13:00": 0.1, "15:00": 0.2, "17:00": 0.3},
        ),
    ],
)
async def test_the_night_when_clocks_change(
    make_house: MakeHouse,
    freezer: FrozenDateTimeFactory,
    evening: datetime,
    changes: dict[str, float],
) -> None:
    freezer.move_to(evening)
    house = await make_house(source=by_plan, plans=(stored(NIGHT_RATES, "two"),))
    await house.set_up()
    assert price(house) == 0.30
    forecast = house.state("current_electricity_price").attributes["forecast"]
    assert {
        item["start"][11:16]: item["price"] for item in forecast[1 : len(changes) + 1]
    } == changes
    seen: dict[str, float] = {}
    last = 0.30
    while f"{house.home.now:%H:%M}" < "18:00":
        # A minute after each quarter hour.
        await house.tick(900 - (house.home.now.timestamp() - 60) % 900)
        if price(house) != last:
            last = price(house)
            seen[f"{house.home.now - timedelta(minutes=1):%H:%M}"] = last
    assert seen == changes
    assert house.times == [evening]


async def refused(house: House, plan: str) -> ServiceValidationError:
    """Push a plan that cannot be pushed; return why."""
    uploads = len(house.sent)
    with pytest.raises(ServiceValidationError) as caught:
        await house.call("push_tariff_plan", plan=plan)
    await house.settle()
    assert len(house.sent) == uploads
    assert "{" not in str(caught.value), "a placeholder is missing"
    return caught.value


@pytest.fixture
async def amber(make_house: MakeHouse, market: Steady) -> House:
    """A home with Amber's prices, and two plans besides."""
    house = await make_house(prices=market, plans=PLANS)
    await house.set_up()
    assert house.tariff_name == "PowerSync"
    return house


# covers B-13
async def test_a_pushed_plan_stays_while_the_sync_is_off(
    amber: House, market: Steady, hass: HomeAssistant
) -> None:
    await amber.act("switch", "turn_off", SWITCH)
    await amber.tick(300)
    answer = await amber.call("push_tariff_plan", plan="Summer and winter")
    assert (answer["action"], answer["reason"], answer["feature"]) == (
        "sent",
        "requested",
        "plan",
    )
    assert amber.tariff_name == "Summer and winter"
    assert sides(amber, JULY_SUNDAY)[0] == half_hours(0.20)
    pushed_at = NOW + timedelta(seconds=300)
    assert (
        amber.stored["pushed"]["until"] == (pushed_at + timedelta(days=366)).isoformat()
    )

    uploads = len(amber.sent)
    market.price = 200.0
    await amber.live(60, stride=300)
    await hass.config_entries.async_reload(amber.entry.entry_id)
    await amber.settle()
    await amber.live(10, stride=300)
    assert len(amber.sent) == uploads
    assert amber.tariff_name == "Summer and winter"

    await amber.act("switch", "turn_on", SWITCH)
    assert amber.tariff_name == "PowerSync"
    assert amber.stored["pushed"] is None
    await amber.tick(300)
    await amber.act("switch", "turn_off", SWITCH)
    assert amber.tariff_name == OWNERS


async def test_a_pushed_plan_ends(
    amber: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helm_module, "PLAN_PUSH_HOLDS", timedelta(hours=2))
    await amber.act("switch", "turn_off", SWITCH)
    await amber.tick(300)
    await amber.call("push_tariff_plan", plan="Two rates")
    await amber.live(115, stride=300)
    assert amber.tariff_name == "Two rates"
    await amber.live(10, stride=300)
    assert amber.tariff_name == OWNERS
    assert amber.decisions[-1] == ("tariff", "restored", "sync_off")


async def test_turning_off_ends_a_pushed_plan(amber: House) -> None:
    await amber.act("switch", "turn_off", SWITCH)
    await amber.tick(300)
    await amber.call("push_tariff_plan", plan="Two rates")
    await amber.tick(300)
    await amber.act("switch", "turn_off", SWITCH)
    assert amber.tariff_name == OWNERS


async def test_a_plan_that_prices_would_replace(amber: House) -> None:
    error = await refused(amber, "Two rates")
    assert error.translation_key == "sync_is_on"
    assert amber.tariff_name == "PowerSync"


async def test_a_plan_that_is_none(amber: House) -> None:
    error = await refused(amber, "Three rates")
    assert error.translation_key == "unknown_plan"
    for name in ("Three rates", "Two rates", "Summer and winter"):
        assert name in str(error)


async def test_the_plan_that_is_followed(home: House) -> None:
    """Pushing it anew is no contradiction; pushing the other one is."""
    await home.tick(300)
    answer = await home.call("push_tariff_plan", plan="Two rates")
    assert answer["action"] == "sent"
    assert home.sent == [TOU, TOU]
    assert (await refused(home, "Summer and winter")).translation_key == "sync_is_on"
    await home.live(10, stride=60)
    assert home.sent == [TOU, TOU]
    assert home.tariff_name == "Two rates"


async def test_a_plan_for_a_home_without_prices(make_house: MakeHouse) -> None:
    """Nobody else wants a tariff there, whatever the switch says."""
    house = await make_house(parts=(POWERWALL,), plans=PLANS)
    await house.set_up()
    assert house.tariff_name == OWNERS
    await house.call("push_tariff_plan", plan="Two rates")
    assert house.tariff_name == "Two rates"
    await house.live(40, stride=60)
    assert house.tariff_name == "Two rates"
    assert house.sent == [TOU]
    assert not house.issues, "it never had prices that could be missing"


async def test_prices_that_come_later_end_a_pushed_plan(
    make_house: MakeHouse, hass: HomeAssistant
) -> None:
    house = await make_house(parts=(POWERWALL,), plans=PLANS)
    await house.set_up()
    await house.call("push_tariff_plan", plan="Two rates")
    await house.tick(300)
    [source] = subentries(house.server, (PRICE_SOURCE,), ("export", "import"), None)
    hass.config_entries.async_add_subentry(
        house.entry,
        ConfigSubentry(**{**source, "data": MappingProxyType(source["data"])}),
    )
    await house.settle()
    assert house.tariff_name == "PowerSync"
    assert house.stored["pushed"] is None
    hass.config_entries.async_remove_subentry(house.entry, PRICE_SOURCE)
    await house.settle()
    await house.tick(60)
    assert house.tariff_name == OWNERS


async def test_a_plan_for_a_home_without_a_powerwall(make_house: MakeHouse) -> None:
    house = await make_house(parts=(PRICE_SOURCE,), plans=PLANS)
    await house.set_up()
    assert (await refused(house, "Two rates")).translation_key == "no_powerwall"


async def test_the_button_pushes_the_whole_plan(home: House) -> None:
    """What it pushes does not age by the day, other than prices."""
    await home.act("switch", "turn_off", SWITCH)
    await home.tick(300)
    await home.act("button", "press", "push_tariff")
    assert home.tariff_name == "Two rates"
    await home.live(48 * 60, stride=3600)
    assert home.tariff_name == "Two rates"


async def test_other_prices_leave_nothing_to_choose(
    amber: House, hass: HomeAssistant
) -> None:
    registry = er.async_get(hass)
    keys = {
        entity.unique_id.partition("_")[2]
        for entity in er.async_entries_for_config_entry(registry, amber.entry.entry_id)
    }
    assert "active_plan" not in keys
