"""Tariff plans: entered, copied, changed, and used as the price source."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest

from custom_components.power_sync.core.plan_templates import TEMPLATES
from custom_components.power_sync.sim.config import TeslaSite
from custom_components.power_sync.sim.server import SimulatorServer
from custom_components.power_sync.stored.plan import plan_from_stored, plan_to_stored

from .flow_walk import Walk, not_run, only, row
from .house import POWERWALL, House

type Serve = Callable[..., Awaitable[SimulatorServer]]
type MakeHouse = Callable[..., Awaitable[House]]

ALL_YEAR = {"name": "All year", "from": "01/01", "to": "31/12"}
SUMMER = {"name": "Summer", "from": "01/10", "to": "31/03"}
WINTER = {"name": "Winter", "from": "01/04", "to": "30/09"}


@pytest.fixture
def walk(hass: HomeAssistant) -> Walk:
    return Walk(hass)


@pytest.fixture
def idle() -> Iterator[None]:
    """Keep what flows create from being run."""
    with not_run():
        yield


def period(
    name: str, days: str, start: str, end: str, buy: float, sell: float = 5
) -> dict[str, Any]:
    """Return a row of the list of periods; times as HH:MM."""
    rates = {"import_rate": buy, "export_rate": sell}
    return row(name, days, f"{start}:00", f"{end}:00", **rates)


async def begin(walk: Walk, template: str = "flat", **changes: Any) -> None:
    await walk.start("plan")
    assert walk.step == "plan"
    await walk.accept(name="My plan", template=template, **changes)
    assert walk.step == "plan_seasons"


async def home(walk: Walk, server: SimulatorServer) -> ConfigEntry:
    """Set up a home with a flat plan."""
    await begin(walk)
    await walk.accept()
    await walk.accept()
    return await walk.finish(server)


# covers P-07
@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("template", TEMPLATES)
async def test_plan_from_a_template(walk: Walk, serve: Serve, template: str) -> None:
    """Whoever only clicks gets the template, under the name that was typed."""
    server = await serve()
    await walk.start("plan")
    assert walk.options_of("template") == list(TEMPLATES)
    await begin(walk, template)
    await walk.accept()
    for number, season in enumerate(TEMPLATES[template].seasons, start=1):
        assert walk.step == "plan_periods"
        assert walk.placeholders == {
            "season": season.name,
            "number": str(number),
            "count": str(len(TEMPLATES[template].seasons)),
        }
        await walk.accept()
    entry = await walk.finish(server)
    (plan,) = entry.get_subentries_of_type("tariff_plan")
    assert plan_from_stored(plan.title, plan.data) == replace(
        TEMPLATES[template], name="My plan"
    )
    assert plan.unique_id is not None
    assert plan.unique_id.startswith("tariff_plan_")
    assert only(entry, "price_source") == {
        "provider": "plan",
        "active_plan": plan.unique_id,
    }
    (source,) = entry.get_subentries_of_type("price_source")
    assert source.title == "Tariff plan"


@pytest.mark.usefixtures("idle")
async def test_plan_of_ones_own(walk: Walk, serve: Serve) -> None:
    server = await serve()
    await begin(walk, daily_charge=1.2345)
    assert walk.shown == {"seasons": [ALL_YEAR]}
    await walk.accept(seasons=[SUMMER, WINTER])
    assert walk.placeholders["season"] == "Summer"
    assert walk.shown == {"periods": [period("Anytime", "every", "00:00", "00:00", 30)]}
    summer = [
        period(" Peak ", "weekdays", "15:00", "21:00", 19.367, -1.5),
        period("Off-peak", "weekdays", "21:00", "15:00", 12),
        period("Off-peak", "weekends", "15:00", "15:00", 12),
    ]
    await walk.accept(periods=summer)
    assert walk.placeholders["season"] == "Winter"
    copied = [{**summer[0], "name": "Peak"}, *summer[1:]]
    assert walk.shown == {"periods": copied}, "a copy of the season before"
    await walk.accept(periods=[period("Anytime", "every", "07:00", "07:00", 22.5, 0)])
    entry = await walk.finish(server)
    data = only(entry, "tariff_plan")
    assert data["daily_charge"] == 1.2345
    assert [(item["name"], item["from"], item["to"]) for item in data["seasons"]] == [
        ("Summer", "10-01", "03-31"),
        ("Winter", "04-01", "09-30"),
    ]
    assert data["seasons"][0]["periods"][0] == {
        "name": "Peak",
        "days": "weekdays",
        "start": 900,
        "end": 1260,
        "import_rate": 0.19367,
        "export_rate": -0.015,
    }
    assert len(data["seasons"][1]["periods"]) == 1


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("name", ["", "   "])
async def test_plan_without_a_name(walk: Walk, name: str) -> None:
    await walk.start("plan")
    await walk.give({"name": name, "template": "solar_soak", "daily_charge": 2})
    assert (walk.step, walk.errors) == ("plan", {"name": "plan_no_name"})
    assert walk.shown["template"] == "solar_soak"
    await walk.accept(name="x", daily_charge=float("nan"))
    assert walk.errors == {"daily_charge": "implausible_number"}
    await walk.accept(daily_charge=None)
    assert walk.step == "plan_seasons"


def season(name: str, first: str, last: str) -> dict[str, str]:
    return {"name": name, "from": first, "to": last}


SEASONS = [
    ([], "plan_no_season", {}),
    ([season(" ", "01/01", "31/12")], "nameless_row", {"row": "1"}),
    ([season("A", "1 January", "31/12")], "plan_bad_date", {"row": "A"}),
    ([season("A", "01/01", "31/02")], "plan_bad_date", {"row": "A"}),
    ([season("A", "01/01", "00/12")], "plan_bad_date", {"row": "A"}),
    ([season("A", "12/31", "31/12")], "plan_bad_date", {"row": "A"}),
    (
        [season("A", "01/01", "30/06")],
        "plan_date_hole",
        {"first": "01/07", "last": "31/12"},
    ),
    (
        [season("A", "01/01", "28/02"), season("B", "01/03", "31/12")],
        "plan_date_hole",
        {"first": "29/02", "last": "29/02"},
    ),
    (
        [season("A", "01/01", "01/07"), season("B", "01/07", "31/12")],
        "plan_date_overlap",
        {"first": "01/07", "last": "01/07", "names": "A, B"},
    ),
]


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize(("seasons", "error", "named"), SEASONS)
async def test_seasons_that_make_no_year(
    walk: Walk, seasons: list[dict[str, str]], error: str, named: dict[str, str]
) -> None:
    await begin(walk)
    await walk.accept(seasons=seasons)
    assert (walk.step, walk.errors) == ("plan_seasons", {"seasons": error})
    assert walk.placeholders.items() >= named.items()
    assert walk.shown == {"seasons": seasons}, "what was typed is lost"
    await walk.accept(seasons=[ALL_YEAR])
    assert walk.step == "plan_periods"


@pytest.mark.usefixtures("idle")
async def test_no_season_at_all(walk: Walk) -> None:
    """An emptied list may be left out of the answers altogether."""
    await begin(walk)
    await walk.give({})
    assert walk.errors == {"seasons": "plan_no_season"}


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize(
    ("first", "last"), [("1/1", "31/12"), (" 01.01. ", "31.12."), ("1 - 1", "31-12")]
)
async def test_ways_to_write_dates(walk: Walk, first: str, last: str) -> None:
    await begin(walk)
    await walk.accept(seasons=[season("A", first, last)])
    assert walk.step == "plan_periods"


DAY = ("every", "07:00", "22:00")
PERIODS = [
    ([], "plan_no_period", {"season": "All year"}),
    ([period(" ", *DAY, 1)], "nameless_row", {"row": "1"}),
    ([period("Day", *DAY, 3000.5)], "implausible_import", {"row": "Day"}),
    ([period("Day", *DAY, -1000.5)], "implausible_import", {"row": "Day"}),
    ([period("Day", *DAY, 1, 3000.5)], "implausible_export", {"row": "Day"}),
    ([period("Day", *DAY, 1, float("nan"))], "implausible_export", {"row": "Day"}),
    (
        [period("Day", *DAY, 1)],
        "plan_hole",
        {"season": "All year", "days": "Every day", "start": "00:00", "end": "07:00"},
    ),
    (
        [
            period("Day", *DAY, 1),
            period("Night", "every", "21:30", "07:00", 1),
        ],
        "plan_overlap",
        {"names": "Day, Night", "days": "Every day", "start": "21:30", "end": "22:00"},
    ),
    (
        [
            period("Peak", "weekdays", "15:00", "21:00", 1),
            period("Rest", "weekdays", "21:00", "15:00", 1),
            period("Weekend", "weekends", "00:00", "00:00", 1),
        ],
        # Friday evening's period runs to Saturday afternoon.
        "plan_hole",
        {"days": "Monday", "start": "00:00", "end": "15:00"},
    ),
    (
        [
            period("Weekdays", "weekdays", "00:00", "00:00", 1),
            period("Weekends", "weekends", "00:00", "12:00", 1),
        ],
        "plan_hole",
        {"days": "Saturday and Sunday", "start": "12:00", "end": "24:00"},
    ),
    (
        [
            period("Day", "weekdays", "00:00", "00:00", 1),
            period("Day", "weekends", "00:00", "00:00", 2),
        ],
        "plan_conflicting_rates",
        {"season": "All year", "names": "Day"},
    ),
]


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize(("periods", "error", "named"), PERIODS)
async def test_periods_that_make_no_week(
    walk: Walk, periods: list[dict[str, Any]], error: str, named: dict[str, str]
) -> None:
    await begin(walk)
    await walk.accept()
    await walk.accept(periods=periods)
    assert (walk.step, walk.errors) == ("plan_periods", {"periods": error})
    assert walk.placeholders.items() >= named.items()
    assert walk.shown == {"periods": periods}, "what was typed is lost"
    await walk.accept(periods=[period("Day", "every", "00:00", "00:00", 1)])
    assert walk.step == "tesla"


@pytest.mark.usefixtures("idle")
async def test_no_period_at_all(walk: Walk) -> None:
    await begin(walk)
    await walk.accept()
    await walk.give({})
    assert walk.errors == {"periods": "plan_no_period"}


@pytest.mark.usefixtures("idle")
async def test_mistake_in_the_second_season(walk: Walk) -> None:
    await begin(walk, "seasonal")
    await walk.accept()
    await walk.accept()
    wrong = [period("Peak", "every", "17:00", "21:00", 40)]
    await walk.accept(periods=wrong)
    assert walk.errors == {"periods": "plan_hole"}
    assert walk.placeholders["season"] == "Winter"
    assert walk.placeholders["number"] == "2"
    assert walk.shown == {"periods": wrong}


# A home's plans


@pytest.mark.usefixtures("idle")
async def test_several_plans(walk: Walk, serve: Serve) -> None:
    entry = await home(walk, await serve())
    await walk.add(entry, "tariff_plan")
    assert walk.step == "plan"
    await walk.accept(name="Another", template="two_rates")
    await walk.accept()
    await walk.accept()
    assert walk.created
    plans = list(entry.get_subentries_of_type("tariff_plan"))
    assert [plan.title for plan in plans] == ["My plan", "Another"]
    assert len({plan.unique_id for plan in plans}) == 2

    await walk.change(entry, "price_source")
    assert walk.step == "active_plan"
    assert walk.choices == ["My plan", "Another"]
    assert walk.shown == {"active_plan": plans[0].unique_id}
    await walk.accept(active_plan=plans[1].unique_id)
    assert walk.reason == "reconfigure_successful"
    assert only(entry, "price_source")["active_plan"] == plans[1].unique_id
    await walk.change(entry, "price_source")
    assert walk.shown == {"active_plan": plans[1].unique_id}


@pytest.mark.usefixtures("idle")
async def test_plans_go_by_their_names(walk: Walk, serve: Serve) -> None:
    entry = await home(walk, await serve())
    await walk.add(entry, "tariff_plan")
    await walk.accept(name=" My plan ", template="two_rates")
    assert (walk.step, walk.errors) == ("plan", {"name": "plan_name_taken"})
    await walk.accept(name="Another")
    await walk.accept()
    await walk.accept()
    assert walk.created

    await walk.change(entry, "tariff_plan")
    await walk.accept(name="Another")
    assert walk.errors == {"name": "plan_name_taken"}
    await walk.accept(name="My plan")
    assert walk.step == "plan_seasons"


@pytest.mark.usefixtures("idle")
async def test_active_plan_is_gone(walk: Walk, serve: Serve) -> None:
    entry = await home(walk, await serve())
    await walk.add(entry, "tariff_plan")
    await walk.accept(name="Another", template="two_rates")
    await walk.accept()
    await walk.accept()
    first, second = entry.get_subentries_of_type("tariff_plan")
    walk.hass.config_entries.async_remove_subentry(entry, first.subentry_id)
    await walk.change(entry, "price_source")
    assert walk.shown == {"active_plan": second.unique_id}

    walk.hass.config_entries.async_remove_subentry(entry, second.subentry_id)
    await walk.change(entry, "price_source")
    assert walk.step == "plan"
    await walk.accept(name="New", template="flat")
    await walk.accept()
    await walk.accept()
    assert walk.reason == "reconfigure_successful"
    (plan,) = entry.get_subentries_of_type("tariff_plan")
    assert plan.title == "New"
    assert only(entry, "price_source")["active_plan"] == plan.unique_id


@pytest.mark.usefixtures("idle")
async def test_change_a_plan(walk: Walk, serve: Serve) -> None:
    entry = await home(walk, await serve())
    (plan,) = entry.get_subentries_of_type("tariff_plan")
    before = (plan.title, plan.unique_id, dict(plan.data))
    await walk.change(entry, "tariff_plan")
    assert walk.step == "plan"
    assert walk.shown == {"name": "My plan", "daily_charge": 1.1}
    await walk.accept()
    assert walk.shown == {"seasons": [ALL_YEAR]}
    await walk.accept()
    await walk.accept()
    assert walk.reason == "reconfigure_successful"
    (plan,) = entry.get_subentries_of_type("tariff_plan")
    assert (plan.title, plan.unique_id, dict(plan.data)) == before

    await walk.change(entry, "tariff_plan")
    await walk.accept(name="Better", daily_charge=0.5)
    await walk.accept(seasons=[WINTER, SUMMER])
    await walk.accept()
    await walk.accept(periods=[period("Anytime", "every", "00:00", "00:00", 20)])
    assert walk.reason == "reconfigure_successful"
    (plan,) = entry.get_subentries_of_type("tariff_plan")
    assert (plan.title, plan.unique_id) == ("Better", before[1])
    winter, summer = plan.data["seasons"]
    assert winter["periods"][0]["import_rate"] == 0.3
    assert summer["periods"][0]["import_rate"] == 0.2
    assert plan.data["daily_charge"] == 0.5


async def test_home_without_a_source_gets_plan_and_source(
    walk: Walk, make_house: MakeHouse
) -> None:
    """Both are stored by one flow, and the home runs on them."""
    house = await make_house(parts=(POWERWALL,))
    await house.set_up()
    await walk.add(house.entry, "price_source", "plan")
    assert walk.step == "plan"
    await walk.accept(name="My plan", template="solar_soak")
    await walk.accept()
    await walk.accept()
    assert walk.created
    await house.settle()
    (plan,) = house.entry.get_subentries_of_type("tariff_plan")
    assert only(house.entry, "price_source")["active_plan"] == plan.unique_id
    assert house.entry.state is ConfigEntryState.LOADED
    assert float(house.state("current_electricity_price").state) == 0.12


async def test_plan_from_elsewhere_meanwhile(walk: Walk, make_house: MakeHouse) -> None:
    """Whoever has begun to enter a plan is not asked to choose another."""
    house = await make_house(parts=(POWERWALL,))
    await house.set_up()
    await walk.add(house.entry, "price_source", "plan")
    other = Walk(walk.hass)
    await other.add(house.entry, "tariff_plan")
    await other.accept(name="Theirs", template="flat")
    await other.accept()
    await other.accept()
    assert other.created
    await walk.accept(name="Mine", template="flat")
    assert walk.step == "plan_seasons"


async def test_home_with_a_plan_chooses_it(walk: Walk, make_house: MakeHouse) -> None:
    house = await make_house(parts=(POWERWALL,))
    await house.set_up()
    await walk.add(house.entry, "tariff_plan")
    await walk.accept(name="My plan", template="flat")
    await walk.accept()
    await walk.accept()
    await house.settle()
    await walk.add(house.entry, "price_source", "plan")
    assert walk.step == "active_plan"
    await walk.accept()
    assert walk.created
    assert len(list(house.entry.get_subentries_of_type("tariff_plan"))) == 1


# What the Powerwall has


async def test_copy_of_the_owners_tariff(walk: Walk, house: House) -> None:
    """Also while the Powerwall has PowerSync's own."""
    assert house.tariff_name == "PowerSync"
    await walk.add(house.entry, "tariff_plan")
    assert walk.options_of("template")[-1] == "powerwall"
    await walk.accept(name="As it was", template="powerwall")
    owners = house.home.config.tesla_sites[0].tariff
    assert owners is not None
    seasons = walk.shown["seasons"]
    assert len(seasons) >= 1
    await walk.accept()
    for _ in seasons:
        await walk.accept()
    assert walk.created
    await house.settle()
    (plan,) = house.entry.get_subentries_of_type("tariff_plan")
    rates = {
        item["import_rate"] for part in plan.data["seasons"] for item in part["periods"]
    }
    assert rates == set(owners["energy_charges"]["AllYear"]["rates"].values())


async def test_copy_before_anything_was_sent(walk: Walk, make_house: MakeHouse) -> None:
    house = await make_house(parts=(POWERWALL,))
    await house.set_up()
    assert house.tariff_name != "PowerSync"
    await walk.add(house.entry, "price_source", "plan")
    assert "powerwall" in walk.options_of("template")


async def test_powerwall_without_a_tariff(walk: Walk, make_house: MakeHouse) -> None:
    house = await make_house(parts=(POWERWALL,), tesla_sites=(TeslaSite(tariff=None),))
    await house.set_up()
    await walk.add(house.entry, "tariff_plan")
    assert "powerwall" not in walk.options_of("template")


async def test_home_without_a_powerwall(walk: Walk, make_house: MakeHouse) -> None:
    house = await make_house(parts=())
    await house.set_up()
    await walk.add(house.entry, "tariff_plan")
    assert "powerwall" not in walk.options_of("template")


async def test_home_that_is_not_loaded(walk: Walk, make_house: MakeHouse) -> None:
    house = await make_house(parts=(POWERWALL,))
    await house.set_up()
    await house.unload()
    await walk.add(house.entry, "tariff_plan")
    assert "powerwall" not in walk.options_of("template")
    await house.set_up()


async def test_tariff_that_is_no_plan(walk: Walk, make_house: MakeHouse) -> None:
    """Such as one that charges for demand, which a plan has no place for."""
    owners: dict[str, Any] = dict(TeslaSite().tariff or {})
    owners["demand_charges"] = {
        name: {"rates": {"ALL": 10.0}} if name == "ALL" else {}
        for name in owners["demand_charges"]
    }
    house = await make_house(
        parts=(POWERWALL,), tesla_sites=(TeslaSite(tariff=owners),)
    )
    await house.set_up()
    await walk.add(house.entry, "tariff_plan")
    assert "powerwall" not in walk.options_of("template")


@pytest.mark.usefixtures("idle")
async def test_simulated_home_has_no_plans(walk: Walk) -> None:
    await walk.start("simulated")
    await walk.accept()
    entry = walk.entry
    await walk.add(entry, "tariff_plan")
    assert walk.reason == "simulated"


def test_templates_can_be_stored() -> None:
    for plan in TEMPLATES.values():
        assert plan_from_stored(plan.name, plan_to_stored(plan)) == plan
