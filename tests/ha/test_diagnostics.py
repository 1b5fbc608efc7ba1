"""What a report contains, and what neither it nor a log may contain."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
import json
import logging
from pathlib import Path
from typing import Any

from aiohttp import ClientError
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import get_system_health_info
from pytest_homeassistant_custom_component.test_util.aiohttp import (
    AiohttpClientMocker,
)

from custom_components.power_sync.const import (
    AEMO_URL,
    AMBER_URL,
    COMED_URL,
    DOMAIN,
    NEMWEB_URL,
    TESLEMETRY_URL,
)
from custom_components.power_sync.core.model.switches import Switch
from custom_components.power_sync.diagnostics import (
    async_get_config_entry_diagnostics,
)
from custom_components.power_sync.sim.config import (
    AMBER_TOKEN,
    TESLEMETRY_TOKEN,
    VEHICLE_VIN,
    TeslaSite,
)
from custom_components.power_sync.sim.faults import FaultKind, Service

from .conftest import NOW
from .house import House, Steady
from .kinds import BUY, DEMAND, HOMES, SELL, plan_home, stored_plan

type MakeHouse = Callable[..., Awaitable[House]]

INTEGRATION = Path(__file__).parents[2] / "custom_components" / "power_sync"


async def report(house: House) -> dict[str, Any]:
    """Return the report as it is downloaded."""
    data = await async_get_config_entry_diagnostics(house.hass, house.entry)
    loaded: dict[str, Any] = json.loads(json.dumps(data))
    return loaded


def secrets(house: House) -> list[str]:
    """Return everything that must not be told."""
    amber, wall = house.home.config.amber_sites[0], house.home.config.tesla_sites[0]
    return [
        AMBER_TOKEN,
        TESLEMETRY_TOKEN,
        amber.site_id,
        amber.nmi,
        str(wall.site_id),
        wall.name,
        VEHICLE_VIN,
        "1152100-14-J",  # the gateway's part and serial number
        "1457768-01-G",
        "Australia/Sydney",
        str(house.hass.config.latitude),
        str(house.hass.config.longitude),
        "127.0.0.1",
        house.entry.entry_id,
    ]


@pytest.fixture
async def named(
    make_house: MakeHouse, market: Steady, caplog: pytest.LogCaptureFixture
) -> House:
    """A home whose names cannot be mistaken for anything else."""
    for name in ("custom_components.power_sync", "power_sync"):
        caplog.set_level(logging.DEBUG, logger=name)
    house = await make_house(
        prices=market,
        tesla_sites=(TeslaSite(name="Wallaby Way 42"),),
        options={"time_zone": "Australia/Sydney"},
    )
    await house.set_up()
    return house


async def everything_goes_wrong(house: House) -> None:
    """Let every service fail in every way."""
    for service in Service:
        for kind in (
            FaultKind.STATUS_401,
            FaultKind.STATUS_404,
            FaultKind.STATUS_429_RETRY,
            FaultKind.STATUS_500,
            FaultKind.DROP,
            FaultKind.GARBAGE,
            FaultKind.HTML,
        ):
            house.break_(service, kind, count=3)
    house.break_(Service.AMBER, FaultKind.WORD_PRICES, count=3)
    for kind in (FaultKind.NOT_APPLIED, FaultKind.LOST_COMMAND):
        house.break_(Service.TESLA, kind, count=3)


async def test_no_secret_in_report_or_log(
    named: House, market: Steady, caplog: pytest.LogCaptureFixture
) -> None:
    texts = [json.dumps(await report(named))]
    await everything_goes_wrong(named)
    for step in range(12):
        market.price += 30
        await named.live(3, stride=60)
        if step % 4 == 0:
            texts.append(json.dumps(await report(named)))
    await named.unload()
    ours = [
        record.getMessage() + (record.exc_text or "")
        for when in ("setup", "call")
        for record in caplog.get_records(when)
        if "power_sync" in record.name
    ]
    assert len(ours) > 20, "the log was not kept"
    for secret in secrets(named):
        for text in texts:
            assert secret not in text
        for line in ours:
            assert secret not in line


async def test_report(named: House) -> None:
    await named.tick(20)
    data = await report(named)
    assert data["home"] == {
        "simulated": False,
        "parts": ["powerwall", "price_source"],
        "currency": "AUD",
    }
    assert data["options"] == {
        "forecast": "predicted",
        "fallback": "self_consumption",
        "dry_run": False,
        "own_time_zone": True,
        "demand": False,
        "demand_to_tariff": False,
    }
    prices = data["prices"]
    assert prices["answers"] is True
    assert prices["seconds_since_success"] == 20
    assert prices["error"] is None
    assert prices["provider"] == "amber"
    assert prices["stream"] == "not_offered"
    assert prices["origin"] is None
    assert prices["settlement_minutes"] is None
    assert prices["import"]["until"] == "2026-11-20T18:00:00+00:00"
    assert prices["import"]["minutes"] == [5, 30]

    wall = data["powerwall"]
    assert wall["site"]["operation_mode"] == "autonomous"
    assert wall["live"]["grid_status"] == "on_grid"
    assert wall["tariff"]["running"] == 26
    assert wall["tariff"]["buy"][26] == pytest.approx(0.183)
    control = wall["control"]
    assert control["owed"] == {
        "tariff": {
            "feature": "price_sync",
            "since": NOW.isoformat(),
            "confirmed": True,
            "owner_had_one": True,
            "late_commands": 0,
        }
    }
    assert control["switches"] == {
        switch.value: switch is Switch.AUTO_SYNC for switch in Switch
    }
    assert control["force"] is None
    assert control["manual_until"] is None
    assert control["profiles"] == 1
    assert wall["ways"] == {
        "offered": ["Teslemetry"],
        "used": "Teslemetry",
        "refused": [],
        "failures": {},
    }
    assert [item["action"] for item in control["decisions"]] == ["sent"]
    assert control["latest"]["tariff"]["action"] == "sent"


async def test_report_of_a_force(named: House) -> None:
    await named.tick(300)
    await named.call("force_discharge", duration=30)
    await named.call("save_profile", name="The Smiths")
    control = (await report(named))["powerwall"]["control"]
    assert control["in_charge"] == "force"
    assert control["force"]["direction"] == "discharge"
    assert control["profiles"] == 2
    owed = control["owed"]["grid_charging"]
    assert (owed["owner"], owed["sent"]) == (True, False)
    assert owed["feature"] == "force"
    assert "owner" not in control["owed"]["tariff"]
    assert "Smith" not in json.dumps(control)


async def test_report_of_the_last_decisions(named: House) -> None:
    log = named.entry.runtime_data.powerwall.controller.log
    last = log.records[-1]
    for minute in range(30):
        log.add(replace(last, at=last.at + timedelta(minutes=minute), error="x"))
    decisions = (await report(named))["powerwall"]["control"]["decisions"]
    assert len(decisions) == 20
    assert decisions[-1]["at"] == (last.at + timedelta(minutes=29)).isoformat()


async def test_report_of_a_refused_way(named: House) -> None:
    named.break_(Service.TESLA, FaultKind.STATUS_401)
    await named.tick(400)
    ways = (await report(named))["powerwall"]["ways"]
    assert ways["refused"] == ["Teslemetry"]
    assert set(ways["failures"]) == {"Teslemetry"}
    for secret in secrets(named):
        assert secret not in json.dumps(ways)


async def test_report_of_a_home_in_trouble(named: House) -> None:
    named.break_(Service.AMBER, FaultKind.STATUS_429_RETRY, seconds=100)
    named.break_(Service.TESLA, FaultKind.STATUS_503)
    await named.tick(200)
    data = await report(named)
    assert data["prices"]["answers"] is False
    assert data["prices"]["error"].startswith("Amber Electric asks to slow down")
    assert data["prices"]["not_before"] > NOW.isoformat()
    assert data["powerwall"]["live"]["answers"] is False


@pytest.mark.parametrize("part", ["price-source", "powerwall"])
async def test_report_of_half_a_home(make_house: MakeHouse, part: str) -> None:
    house = await make_house(parts=(part,), tesla_sites=(TeslaSite(tariff=None),))
    await house.set_up()
    data = await report(house)
    assert (data["prices"] is None) is (part == "powerwall")
    assert (data["powerwall"] is None) is (part == "price-source")


@pytest.mark.parametrize(
    ("kind", "origin", "minutes", "days"),
    [
        ("amber", None, None, 30.0),
        # AEMO tells but the last day, a plan the day that is running.
        ("aemo", "AEMO", None, 1.0),
        ("comed", "ComEd", 60, 30.0),
        ("plan", None, None, 0.75),
        ("sensor", None, None, 0.0),
    ],
)
async def test_report_of_each_source(
    make_house: MakeHouse, kind: str, origin: str, minutes: int, days: float
) -> None:
    house = await HOMES[kind](
        make_house, options={"demand": DEMAND | {"push": True}}, parts=("price-source",)
    )
    await house.set_up()
    await house.live(5, stride=5)
    data = await report(house)
    assert data["options"]["demand"] is True
    assert data["options"]["demand_to_tariff"] is True
    prices = data["prices"]
    assert prices["provider"] == kind
    assert prices["origin"] == origin
    assert prices["settlement_minutes"] == minutes
    assert prices["days_recorded"] == pytest.approx(days, abs=0.35)


@pytest.mark.parametrize("kind", HOMES)
async def test_no_secret_of_any_source(make_house: MakeHouse, kind: str) -> None:
    house = await HOMES[kind](
        make_house,
        options={"demand": DEMAND, "time_zone": "Australia/Sydney"},
        tesla_sites=(TeslaSite(name="Wallaby Way 42"),),
    )
    await house.set_up()
    texts = [json.dumps(await report(house))]
    await everything_goes_wrong(house)
    for entity in (BUY, SELL):
        house.hass.states.async_remove(entity)
    for _ in range(8):
        await house.live(3, stride=60)
        texts.append(json.dumps(await report(house)))
    if kind != "plan":
        assert any(
            '"answers": false' in text.partition('"powerwall": ')[0] for text in texts
        )
    for text in texts:
        for secret in (*secrets(house), BUY, SELL, "wallaby"):
            assert secret not in text


async def test_names_that_people_give_are_not_told(make_house: MakeHouse) -> None:
    house = await plan_home(make_house, plans=(stored_plan("The Smiths"),))
    await house.set_up()
    assert house.tariff_name == "The Smiths"
    assert house.state("decision").attributes["to"] == "The Smiths"
    assert "Smith" not in json.dumps(await report(house))


@pytest.mark.parametrize("away", [Service.AMBER, Service.TESLA])
async def test_report_of_what_never_answered(
    make_house: MakeHouse, away: Service
) -> None:
    house = await make_house()
    house.break_(away, FaultKind.STATUS_503)
    await house.set_up()
    data = await report(house)
    part = data["prices"] if away is Service.AMBER else data["powerwall"]["site"]
    assert part["seconds_since_success"] is None
    assert part["answers"] is False


async def test_system_health(
    hass: HomeAssistant, aioclient_mock: AiohttpClientMocker
) -> None:
    aioclient_mock.get(AMBER_URL, status=404)
    aioclient_mock.get(AEMO_URL, status=403)
    aioclient_mock.get(NEMWEB_URL, text="files")
    aioclient_mock.get(COMED_URL, exc=TimeoutError)
    aioclient_mock.get(TESLEMETRY_URL, exc=ClientError)
    assert await async_setup_component(hass, "system_health", {})
    hass.config.components.add(DOMAIN)
    await hass.async_block_till_done()
    info = await get_system_health_info(hass, DOMAIN)
    answers = {
        key: value if isinstance(value, str | dict) else await value
        for key, value in info.items()
    }
    assert answers == {
        "aemo": "ok",
        "amber": "ok",
        "comed": {"type": "failed", "error": "timeout"},
        "nemweb": "ok",
        "teslemetry": {"type": "failed", "error": "unreachable"},
    }
    texts = json.loads((INTEGRATION / "translations" / "en.json").read_text())
    assert texts["system_health"]["info"].keys() == answers.keys()
