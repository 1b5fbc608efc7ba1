"""Prices from entities of Home Assistant, from the form to what is stored."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from custom_components.power_sync.sim.server import SimulatorServer

from .flow_walk import Walk, not_run, only

type Serve = Callable[..., Awaitable[SimulatorServer]]

BUY, SELL = "sensor.buy", "sensor.sell"


@pytest.fixture(autouse=True)
def _not_run() -> Iterator[None]:
    with not_run():
        yield


@pytest.fixture
def walk(hass: HomeAssistant) -> Walk:
    return Walk(hass)


@pytest.fixture
async def server(serve: Serve) -> SimulatorServer:
    return await serve()


def forecast(*, with_end: bool = True, rows: int = 4) -> list[dict[str, Any]]:
    """Return half hours from the one that is running on."""
    now = dt_util.utcnow()
    first = now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0)
    found = []
    for number in range(rows):
        start = first + number * timedelta(minutes=30)
        row = {"start": start.isoformat(), "value": 20 + number}
        if with_end:
            row["end"] = (start + timedelta(minutes=30)).isoformat()
        found.append(row)
    return found


def put(
    hass: HomeAssistant,
    entity: str = BUY,
    unit: str | None = "c/kWh",
    **attributes: Any,
) -> None:
    """Set the state of an entity that has a forecast, unless told otherwise."""
    if not attributes:
        attributes = {"forecast": forecast()}
    if unit is not None:
        attributes["unit_of_measurement"] = unit
    hass.states.async_set(entity, "20", attributes)


async def begin(walk: Walk, **entities: str) -> None:
    await walk.start("sensor")
    assert walk.step == "sensor"
    await walk.give({"import_entity": BUY} | entities)


# covers P-13
async def test_one_entity(
    hass: HomeAssistant, walk: Walk, server: SimulatorServer
) -> None:
    put(hass)
    await begin(walk)
    entry = await walk.finish(server)
    assert only(entry, "price_source") == {"provider": "sensor", "import_entity": BUY}
    (source,) = entry.get_subentries_of_type("price_source")
    assert source.title == "Home Assistant entity"
    assert source.unique_id is not None
    assert source.unique_id.startswith("price_source_sensor_")


async def test_import_and_export(
    hass: HomeAssistant, walk: Walk, server: SimulatorServer
) -> None:
    put(hass)
    put(hass, "event.sell")
    await begin(walk, export_entity="event.sell")
    entry = await walk.finish(server)
    assert only(entry, "price_source") == {
        "provider": "sensor",
        "import_entity": BUY,
        "export_entity": "event.sell",
    }


async def test_which_entities_are_offered(walk: Walk) -> None:
    await walk.start("sensor")
    assert walk.shown == {}
    for field in ("import_entity", "export_entity"):
        assert walk.fields[field].config["domain"] == ["sensor", "event"]


@pytest.mark.parametrize("field", ["import_entity", "export_entity"])
async def test_entity_that_is_not_there(
    hass: HomeAssistant, walk: Walk, field: str
) -> None:
    put(hass)
    await begin(walk, **{field: "sensor.gone"})
    assert (walk.step, walk.errors) == ("sensor", {field: "entity_missing"})
    assert walk.placeholders == {"entity": "sensor.gone"}
    assert walk.shown[field] == "sensor.gone"
    hass.states.async_set("sensor.gone", "unavailable")
    await walk.accept()
    assert walk.errors == {field: "entity_missing"}
    put(hass, "sensor.gone")
    await walk.accept()
    assert walk.step == "tesla"


@pytest.mark.parametrize("field", ["import_entity", "export_entity"])
async def test_entity_without_a_forecast(
    hass: HomeAssistant, walk: Walk, field: str
) -> None:
    put(hass)
    put(hass, "sensor.other", colour="red", forecasted="no")
    await begin(walk, **{field: "sensor.other"})
    assert walk.errors == {field: "no_forecast"}
    assert walk.placeholders == {
        "entity": "sensor.other",
        "attributes": "colour, forecasted, unit_of_measurement",
    }


async def test_entity_without_attributes(hass: HomeAssistant, walk: Walk) -> None:
    hass.states.async_set(BUY, "20")
    await begin(walk)
    assert walk.placeholders == {"entity": BUY, "attributes": "-"}


async def test_forecast_of_another_day(hass: HomeAssistant, walk: Walk) -> None:
    late = [
        {**item, "start": item["start"].replace("2026", "2025")}
        | {"end": item["end"].replace("2026", "2025")}
        for item in forecast()
    ]
    put(hass, forecast=late)
    await begin(walk)
    assert walk.errors == {"import_entity": "entity_unreadable"}
    assert walk.placeholders["entity"] == BUY
    assert walk.placeholders["reason"]


async def test_unknown_unit(
    hass: HomeAssistant, walk: Walk, server: SimulatorServer
) -> None:
    put(hass, unit="Taler")
    await begin(walk)
    assert (walk.step, walk.errors, walk.shown) == ("sensor_details", {}, {})
    assert walk.placeholders == {"entity": BUY}
    await walk.give({})
    assert walk.errors == {"unit": "unit_unknown"}
    await walk.give({"unit": "cents_per_kwh"})
    entry = await walk.finish(server)
    assert only(entry, "price_source") == {
        "provider": "sensor",
        "import_entity": BUY,
        "unit": "cents_per_kwh",
    }


async def test_unknown_interval(
    hass: HomeAssistant, walk: Walk, server: SimulatorServer
) -> None:
    put(hass, unit=None, forecast=forecast(with_end=False, rows=1))
    await begin(walk)
    assert walk.step == "sensor_details"
    await walk.give({"unit": "per_kwh"})
    assert walk.errors == {"interval_minutes": "interval_unknown"}
    assert walk.shown == {"unit": "per_kwh"}
    await walk.accept(interval_minutes="30")
    entry = await walk.finish(server)
    assert only(entry, "price_source") == {
        "provider": "sensor",
        "import_entity": BUY,
        "unit": "per_kwh",
        "interval_minutes": 30,
    }


async def test_entity_goes_away_meanwhile(hass: HomeAssistant, walk: Walk) -> None:
    """The form about the entities comes back, filled in."""
    put(hass, unit="Taler")
    await begin(walk)
    hass.states.async_remove(BUY)
    await walk.give({"unit": "per_kwh"})
    assert (walk.step, walk.errors) == ("sensor", {"import_entity": "entity_missing"})
    assert walk.shown == {"import_entity": BUY}
    put(hass)
    await walk.accept()
    assert walk.step == "tesla"


async def test_change_entities(
    hass: HomeAssistant, walk: Walk, server: SimulatorServer
) -> None:
    put(hass)
    put(hass, SELL)
    await begin(walk, export_entity=SELL)
    entry = await walk.finish(server)
    await walk.change(entry, "price_source")
    assert walk.shown == {"import_entity": BUY, "export_entity": SELL}
    await walk.accept()
    assert walk.reason == "reconfigure_successful"
    assert only(entry, "price_source") == {
        "provider": "sensor",
        "import_entity": BUY,
        "export_entity": SELL,
    }
    await walk.change(entry, "price_source")
    await walk.accept(export_entity=None)
    assert walk.reason == "reconfigure_successful"
    assert only(entry, "price_source") == {"provider": "sensor", "import_entity": BUY}


async def test_change_what_was_said_about_an_entity(
    hass: HomeAssistant, walk: Walk, server: SimulatorServer
) -> None:
    put(hass, unit=None, forecast=forecast(with_end=False, rows=1))
    await begin(walk)
    await walk.give({"unit": "per_kwh", "interval_minutes": "30"})
    entry = await walk.finish(server)
    await walk.change(entry, "price_source")
    await walk.accept()
    assert walk.step == "sensor_details"
    assert walk.shown == {"unit": "per_kwh", "interval_minutes": "30"}
    await walk.accept(unit="per_mwh")
    assert walk.reason == "reconfigure_successful"
    assert only(entry, "price_source")["unit"] == "per_mwh"

    # Nothing of it is taken for true of another entity.
    put(hass, "sensor.other")
    await walk.change(entry, "price_source")
    await walk.accept(import_entity="sensor.other")
    assert walk.reason == "reconfigure_successful"
    assert only(entry, "price_source") == {
        "provider": "sensor",
        "import_entity": "sensor.other",
    }
