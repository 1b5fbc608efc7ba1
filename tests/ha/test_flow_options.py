"""The options of a home: how it is run, its demand charge, and its features."""

from collections.abc import Iterator
from datetime import time
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import InvalidData
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.power_sync.const import DOMAIN
from custom_components.power_sync.core.demand import DemandRate, DemandTerms
from custom_components.power_sync.core.export_boost import BoostTerms
from custom_components.power_sync.core.model.retail import Days
from custom_components.power_sync.core.model.spikes import SpikeTerms
from custom_components.power_sync.preferences import Preferences
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
FEATURES = ("export_boost", "spike_response", "curtailment")
SHIPPED = {
    "export_boost": {
        "offset": 0.0,
        "floor": 0.0,
        "threshold": 0.0,
        "start": "17:00",
        "end": "21:00",
    },
    "spike_response": {"region": None, "threshold": 300.0, "sell_price": 10.0},
    "curtailment": {"margin": 0.002},
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
    assert walk.menu == [
        "general",
        "demand",
        "export_boost",
        "spike_response",
        "curtailment",
    ]


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
    for features in FEATURES:
        await walk.options(entry, features)
        await walk.accept()
    await walk.options(entry, "general")
    assert walk.shown == {**GENERAL, "time_zone": "Australia/Perth"}
    await walk.accept(time_zone=None, dry_run=False)
    assert entry.options == {
        **GENERAL,
        "dry_run": False,
        "demand": STORED,
        **SHIPPED,
    }


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


# Features


def chosen(entry: MockConfigEntry) -> Preferences:
    return Preferences.from_options(entry.options)


@pytest.mark.parametrize("step", FEATURES)
async def test_what_is_shipped(walk: Walk, entry: MockConfigEntry, step: str) -> None:
    """Storing what is shown changes nothing."""
    before = chosen(entry)
    await walk.options(entry, step)
    shown = walk.shown
    await walk.accept()
    assert entry.options == {step: SHIPPED[step]}
    assert chosen(entry) == before == Preferences()
    await walk.options(entry, step)
    assert walk.shown == shown


# covers B-06
async def test_export_boost(walk: Walk, entry: MockConfigEntry) -> None:
    """People know their prices in c/kWh."""
    await walk.options(entry, "export_boost")
    assert walk.shown == {
        "offset": 0.0,
        "floor": 0.0,
        "threshold": 0.0,
        "start": "17:00:00",
        "end": "21:00:00",
    }
    typed = {
        "offset": 5,
        "floor": 20,
        "threshold": 10.1,
        "start": "22:30:00",
        "end": "01:15",
    }
    await walk.give(typed)
    assert entry.options["export_boost"] == {
        "offset": 0.05,
        "floor": 0.2,
        "threshold": 0.101,
        "start": "22:30",
        "end": "01:15",
    }
    assert chosen(entry).boost == BoostTerms(
        offset=0.05, floor=0.2, threshold=0.101, start=time(22, 30), end=time(1, 15)
    )
    await walk.options(entry, "export_boost")
    assert walk.shown == typed | {"end": "01:15:00"}


# covers B-07
async def test_spike_response(walk: Walk, entry: MockConfigEntry) -> None:
    await walk.options(entry, "spike_response")
    assert walk.shown == {"region": "none", "threshold": 300.0, "sell_price": 10.0}
    assert walk.options_of("region") == ["none", "nsw1", "qld1", "sa1", "tas1", "vic1"]
    await walk.give({"region": "vic1", "threshold": 1000, "sell_price": 4.5})
    assert entry.options["spike_response"] == {
        "region": "VIC1",
        "threshold": 1000.0,
        "sell_price": 4.5,
    }
    preferences = chosen(entry)
    assert preferences.market_region == "VIC1"
    assert preferences.spike == SpikeTerms(threshold=1.0, sell_price=4.5)
    await walk.options(entry, "spike_response")
    assert walk.shown["region"] == "vic1"
    await walk.accept(region="none")
    assert chosen(entry).market_region is None


# covers B-08
async def test_curtailment(walk: Walk, entry: MockConfigEntry) -> None:
    await walk.options(entry, "curtailment")
    assert walk.shown == {"margin": 0.2}
    await walk.give({"margin": 0})
    assert entry.options["curtailment"] == {"margin": 0.0}
    assert chosen(entry).curtailment_margin == 0.0
    await walk.options(entry, "curtailment")
    await walk.give({"margin": 1.5})
    assert chosen(entry).curtailment_margin == 0.015


@pytest.mark.parametrize(
    ("step", "field", "error", "refused"),
    [
        ("export_boost", "offset", "implausible_rate", (-0.1, 3001)),
        ("export_boost", "floor", "implausible_rate", (-0.1, 3001)),
        ("export_boost", "threshold", "implausible_rate", (-0.1, 3001)),
        ("spike_response", "threshold", "implausible_number", (0, 100_001)),
        ("spike_response", "sell_price", "implausible_number", (0, 101)),
        ("curtailment", "margin", "implausible_rate", (-0.1, 101)),
    ],
)
async def test_numbers_of_features(
    walk: Walk,
    entry: MockConfigEntry,
    step: str,
    field: str,
    error: str,
    refused: tuple[float, ...],
) -> None:
    await walk.options(entry, step)
    await walk.accept(**{field: float("nan")})
    assert (walk.step, walk.errors) == (step, {field: error})
    for value in refused:
        with pytest.raises(InvalidData) as caught:
            await walk.accept(**{field: value})
        assert field in caught.value.schema_errors
    await walk.accept(**{field: 7})
    assert walk.created
