"""The options of a home: how it is run, and its demand charge."""

from collections.abc import Iterator
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import InvalidData
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.power_sync.const import DOMAIN
from custom_components.power_sync.core.demand import DemandRate, DemandTerms
from custom_components.power_sync.core.model.retail import Days
from custom_components.power_sync.stored.demand import terms_from_stored

from .flow_walk import Walk, not_run

GENERAL = {"forecast": "high", "fallback": "keep", "dry_run": True}
DEMAND = {
    "enabled": True,
    "days": "every",
    "start": "14:00:00",
    "end": "20:30:00",
    "rate": 12.3456,
    "per": "month",
    "billing_day": 17,
    "push": True,
}
STORED = {
    "enabled": True,
    "push": True,
    "days": "every",
    "start": 840,
    "end": 1230,
    "rate": 12.3456,
    "per": "month",
    "billing_day": 17,
}


@pytest.fixture(autouse=True)
def _not_run() -> Iterator[None]:
    with not_run():
        yield


@pytest.fixture
def walk(hass: HomeAssistant) -> Walk:
    return Walk(hass)


@pytest.fixture
async def entry(hass: HomeAssistant) -> MockConfigEntry:
    entry = MockConfigEntry(domain=DOMAIN, title="Home")
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    return entry


async def test_menu(walk: Walk, entry: MockConfigEntry) -> None:
    await walk.options(entry)
    assert walk.menu == ["general", "demand"]


# covers P-11
async def test_demand_charge(walk: Walk, entry: MockConfigEntry) -> None:
    await walk.options(entry, "demand")
    assert (walk.step, walk.shown) == (
        "demand",
        {
            "enabled": True,
            "days": "weekdays",
            "start": "15:00:00",
            "end": "21:00:00",
            "rate": 0,
            "per": "month",
            "billing_day": 1,
            "push": False,
        },
    )
    await walk.give(DEMAND)
    assert walk.created
    assert entry.options == {"demand": STORED}
    assert terms_from_stored(entry.options["demand"]) == DemandTerms(
        days=Days.EVERY,
        start=840,
        end=1230,
        rate=12.3456,
        per=DemandRate.MONTH,
        billing_day=17,
    )

    await walk.options(entry, "demand")
    assert walk.shown == DEMAND
    await walk.accept(enabled=False, per="day", push=False)
    assert entry.options["demand"] == STORED | {
        "enabled": False,
        "per": "day",
        "push": False,
    }


async def test_each_form_keeps_what_the_other_stored(
    walk: Walk, entry: MockConfigEntry
) -> None:
    await walk.options(entry, "general")
    await walk.give(GENERAL | {"time_zone": "Australia/Perth"})
    await walk.options(entry, "demand")
    await walk.give(DEMAND)
    assert entry.options == {
        **GENERAL,
        "time_zone": "Australia/Perth",
        "demand": STORED,
    }
    await walk.options(entry, "general")
    assert walk.shown == {**GENERAL, "time_zone": "Australia/Perth"}
    await walk.accept(time_zone=None, dry_run=False)
    assert entry.options == {**GENERAL, "dry_run": False, "demand": STORED}


@pytest.mark.parametrize("field", ["rate", "billing_day"])
async def test_numbers(walk: Walk, entry: MockConfigEntry, field: str) -> None:
    await walk.options(entry, "demand")
    await walk.give(DEMAND | {field: float("nan")})
    assert walk.errors == {field: "implausible_number"}
    assert walk.shown["start"] == "14:00:00", "what was typed is lost"
    for value in (-1, 1001):
        with pytest.raises(InvalidData):
            await walk.accept(**{field: value})
    await walk.accept(**{field: 5})
    assert entry.options["demand"][field] == 5


@pytest.mark.parametrize(
    ("end", "minutes"), [("00:00:00", 0), ("15:30:00", 930), ("15:30", 930)]
)
async def test_times(
    walk: Walk, entry: MockConfigEntry, end: str, minutes: int
) -> None:
    await walk.options(entry, "demand")
    answers: dict[str, Any] = DEMAND | {"end": end}
    await walk.give(answers)
    assert entry.options["demand"]["end"] == minutes
