"""Services that take the battery in hand: what they do, and what they say of it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from custom_components.power_sync.actions.outcome import outcomes
from custom_components.power_sync.const import DOMAIN
from custom_components.power_sync.core.model.decisions import (
    Action,
    Feature,
    Lever,
    Reason,
    Record,
)
from custom_components.power_sync.core.model.powerwall import (
    ExportRule,
    OperationMode,
)
from custom_components.power_sync.services import SERVICES
from custom_components.power_sync.sim.faults import FaultKind, Service

from .conftest import NOW
from .house import POWERWALL, PRICE_SOURCE, House

type MakeHouse = Callable[..., Awaitable[House]]

TOU = "time_of_use_settings"


async def refused(house: House, service: str, **data: Any) -> ServiceValidationError:
    """Call a service in a way that cannot be; return the error."""
    with pytest.raises(ServiceValidationError) as caught:
        await house.call(service, **data)
    assert caught.value.translation_domain == DOMAIN
    assert "{" not in str(caught.value), "a placeholder is missing"
    return caught.value


async def failed(house: House, service: str, **data: Any) -> str:
    """Call a service that comes to nothing; return what it says."""
    with pytest.raises(HomeAssistantError) as caught:
        await house.call(service, **data)
    await house.settle()
    assert not isinstance(caught.value, ServiceValidationError)
    assert caught.value.translation_domain == DOMAIN
    text = str(caught.value)
    assert "{" not in text, "a placeholder is missing"
    return text


# covers B-09 B-13
async def test_force_charge(steady: House) -> None:
    await steady.tick(300)
    sent = len(steady.sent)
    answer = await steady.call("force_charge", duration=30)
    settings = steady.home.powerwall.settings
    assert answer["direction"] == "charge"
    assert answer["until"] == (NOW + timedelta(minutes=35)).isoformat()
    assert answer["remaining_minutes"] == 30
    assert answer["reserve"] is None
    levers = answer["levers"]
    assert levers["tariff"]["action"] == "sent"
    assert levers["tariff"]["feature"] == "force"
    assert levers["tariff"]["from"] == "PowerSync"
    assert levers["operation_mode"]["action"] in {"sent", "unchanged"}
    assert "backup_reserve" not in levers
    assert settings.grid_charging is True
    assert TOU in steady.sent[sent:]


async def test_force_charge_with_a_reserve(steady: House) -> None:
    await steady.tick(300)
    before = steady.home.powerwall.settings.reserve_percent
    answer = await steady.call("force_charge", duration="45", reserve=60)
    assert answer["reserve"] == 60
    assert answer["levers"]["backup_reserve"]["to"] == "60 %"
    assert steady.home.powerwall.settings.reserve_percent == 60
    await steady.call("restore")
    assert steady.home.powerwall.settings.reserve_percent == before


# covers B-09 B-13
async def test_force_discharge_and_restore(steady: House) -> None:
    await steady.tick(300)
    settings = steady.home.powerwall.settings
    before = (settings.export_rule, settings.grid_charging, settings.mode)
    answer = await steady.call("force_discharge", duration=60)
    assert answer["direction"] == "discharge"
    assert settings.export_rule is ExportRule.BATTERY_OK
    assert settings.grid_charging is False
    await steady.tick(60)
    assert settings.mode is OperationMode.AUTONOMOUS

    answer = await steady.call("restore")
    await steady.tick(60)
    assert (settings.export_rule, settings.grid_charging, settings.mode) == before
    for lever in ("grid_charging", "tariff"):
        assert answer["levers"][lever]["action"] in {"restored", "sent"}, lever
    assert steady.tariff_name == "PowerSync"
    assert steady.entry.runtime_data.powerwall.controller.force is None
    assert set(steady.journal) == {"tariff"}


async def test_extend_and_shorten(steady: House) -> None:
    await steady.tick(300)
    await steady.call("force_charge", duration=30)
    answer = await steady.call("extend_force", minutes=20)
    assert answer["remaining_minutes"] == 50
    answer = await steady.call("extend_force", minutes=-40)
    assert answer["remaining_minutes"] == 10
    assert answer["direction"] == "charge"
    answer = await steady.call("extend_force", minutes=-10)
    assert answer["remaining_minutes"] == 0
    assert answer["levers"]["tariff"]["action"] in {"restored", "sent"}
    assert steady.tariff_name == "PowerSync"


async def test_nothing_to_extend(steady: House) -> None:
    error = await refused(steady, "extend_force", minutes=15)
    assert error.translation_key == "nothing_to_extend"


async def test_nothing_to_restore(steady: House) -> None:
    before = list(steady.sent)
    answer = await steady.call("restore")
    assert {record["action"] for record in answer["levers"].values()} <= {"unchanged"}
    assert steady.sent == before


async def test_nothing_to_restore_without_prices(steady: House) -> None:
    """That the prices allow no tariff has nothing to do with it."""
    steady.break_(Service.AMBER, FaultKind.PARTIAL_FORECAST)
    await steady.live(6)
    assert steady.result == ("blocked", "hole")
    await steady.call("restore")


@pytest.mark.parametrize(
    ("service", "data", "key", "named"),
    [
        ("force_charge", {"duration": 14}, "not_between", "duration"),
        ("force_charge", {"duration": 241}, "not_between", "duration"),
        ("force_charge", {"duration": "nan"}, "not_between", "15 to 240"),
        ("force_charge", {"duration": 10**400}, "not_between", "duration"),
        ("force_charge", {"duration": True}, "not_between", "duration"),
        ("force_charge", {"duration": None}, "not_between", "duration"),
        ("force_charge", {"duration": {"minutes": 30}}, "not_between", "duration"),
        ("force_charge", {"duration": "half an hour"}, "not_between", "duration"),
        ("force_charge", {"duration": 30.5}, "not_whole", "duration"),
        ("force_charge", {"duration": 30, "reserve": 101}, "not_between", "reserve"),
        ("force_charge", {"duration": 30, "reserve": -1}, "not_between", "reserve"),
        ("force_charge", {"duration": 30, "reserve": 90}, "bad_reserve", "reserve"),
        ("force_discharge", {"duration": 0}, "not_between", "duration"),
        ("extend_force", {"minutes": 241}, "not_between", "minutes"),
        ("extend_force", {"minutes": -300}, "not_between", "minutes"),
        ("simulate_spike", {"duration": 0}, "not_between", "1 to 60"),
        ("simulate_spike", {"duration": 61}, "not_between", "duration"),
        ("simulate_spike", {"price": "inf"}, "not_between", "price"),
        ("simulate_spike", {"price": 10**6}, "not_between", "price"),
    ],
)
async def test_bad_input_names_the_field(
    steady: House, service: str, data: dict[str, Any], key: str, named: str
) -> None:
    before = list(steady.sent)
    error = await refused(steady, service, **data)
    assert error.translation_key == key
    assert named in str(error)
    assert steady.sent == before
    assert steady.entry.runtime_data.powerwall.controller.force is None


async def test_extending_beyond_what_is_possible(steady: House) -> None:
    await steady.tick(300)
    await steady.call("force_charge", duration=200)
    error = await refused(steady, "extend_force", minutes=60)
    assert "40" in str(error), "that much is possible"
    assert "minutes" in str(error)


# covers B-07 B-13
async def test_simulate_spike(steady: House) -> None:
    await steady.tick(300)
    answer = await steady.call("simulate_spike")
    assert answer["price"] == 1000
    assert answer["responds"] is True
    assert answer["until"] == (NOW + timedelta(minutes=10)).isoformat()
    assert answer["levers"]["tariff"]["reason"] == "rehearsal"
    assert answer["levers"]["tariff"]["feature"] == "spike_response"
    await steady.live(6)
    assert steady.tariff_name == "PowerSync"


async def test_simulated_calm(steady: House) -> None:
    await steady.tick(300)
    before = list(steady.sent)
    answer = await steady.call("simulate_spike", price=100, duration=10)
    assert answer["responds"] is False
    assert steady.sent == before


# covers B-13
async def test_failure_is_no_success(steady: House) -> None:
    await steady.tick(300)
    steady.break_(Service.TESLA, FaultKind.STATUS_503)
    text = await failed(steady, "force_discharge", duration=30)
    assert text.startswith("Nothing was changed.")
    for lever in ("grid charging", "tariff"):
        assert lever in text


async def test_some_of_it(steady: House) -> None:
    await steady.tick(300)
    steady.break_(Service.TESLA, FaultKind.STATUS_400, match=TOU)
    text = await failed(steady, "force_discharge", duration=30)
    assert "Not done: tariff could not be sent (rejected)" in text
    assert text.startswith("Done: grid charging.")
    steady.repair()
    await steady.tick(60)
    await steady.call("restore")


async def test_not_applied_is_no_success(steady: House) -> None:
    await steady.tick(300)
    steady.break_(Service.TESLA, FaultKind.NOT_APPLIED, match=TOU)
    text = await failed(steady, "force_charge", duration=30)
    assert "tariff was accepted, but the Powerwall still shows" in text


async def test_restore_in_vain_names_what_is_left(steady: House) -> None:
    await steady.tick(300)
    await steady.call("force_discharge", duration=30)
    steady.break_(Service.TESLA, FaultKind.STATUS_503, match="grid_import_export")
    text = await failed(steady, "restore")
    assert "grid charging" in text.partition("Not done")[2]
    steady.repair()
    await steady.live(3)
    assert steady.home.powerwall.settings.grid_charging is True


async def test_dry_run_says_so(make_house: MakeHouse) -> None:
    house = await make_house(options={"dry_run": True})
    await house.set_up()
    answer = await house.call("force_discharge", duration=30)
    assert answer["levers"]["grid_charging"]["action"] == "dry_run"
    assert house.sent == []


@pytest.mark.parametrize("service", sorted(SERVICES.keys() - {"sync_now"}))
async def test_home_without_a_powerwall(make_house: MakeHouse, service: str) -> None:
    house = await make_house(parts=(PRICE_SOURCE,))
    await house.set_up()
    data = {
        "push_tariff_plan": {"plan": "x"},
        "force_charge": {"duration": 30},
        "force_discharge": {"duration": 30},
        "extend_force": {"minutes": 30},
        "import_profile": {"name": "x", "yaml": "x"},
    }.get(service, {})
    if service.endswith("_profile"):
        data = {"name": "x"} | data
    error = await refused(house, service, **data)
    assert error.translation_key in {
        "no_powerwall",
        "home_incomplete",
        "unknown_plan",
    }


async def test_which_home(make_house: MakeHouse) -> None:
    one = await make_house(parts=(POWERWALL,))
    await one.set_up()
    two = await make_house(parts=(POWERWALL,), entry_id="two")
    await two.set_up()
    with pytest.raises(ServiceValidationError):
        await one.call("restore")
    await one.call("force_charge", duration=30, config_entry_id="two")
    assert one.sent == []
    assert two.sent != []
    with pytest.raises(ServiceValidationError):
        await one.call("restore", config_entry_id="three")


@pytest.mark.parametrize(
    ("service", "data"),
    [("force_charge", {"duration": 30}), ("simulate_spike", {})],
)
async def test_called_off_before_it_began(
    steady: House, service: str, data: dict[str, Any]
) -> None:
    """Who is not told that it ended would believe that it runs."""
    await steady.tick(300)
    begun, ended = await asyncio.gather(
        *(
            steady.hass.services.async_call(
                DOMAIN, name, fields, blocking=True, return_response=True
            )
            for name, fields in ((service, data), ("restore", {}))
        ),
        return_exceptions=True,
    )
    await steady.settle()
    assert isinstance(begun, HomeAssistantError)
    assert begun.translation_key == "ended_meanwhile"
    assert not isinstance(ended, BaseException)
    assert steady.tariff_name == "PowerSync"


async def test_without_a_response(steady: House) -> None:
    await steady.tick(300)
    answer = await steady.hass.services.async_call(
        DOMAIN, "force_charge", {"duration": 15}, blocking=True
    )
    assert answer is None
    assert steady.entry.runtime_data.powerwall.controller.force is not None


# The words, for everything that can become of a lever


def record(lever: Lever, action: Action, **more: Any) -> Record:
    """Return what became of a lever."""
    return Record(
        at=NOW,
        lever=lever,
        action=action,
        **{"feature": Feature.FORCE, "reason": Reason.FORCED} | more,
    )


def told(*records: Record) -> str:
    """Return what is said of records that are not all a success."""
    by_lever = {item.lever: item for item in records}
    with pytest.raises(HomeAssistantError) as caught:
        outcomes(by_lever, by_lever, Feature.FORCE)
    return str(caught.value.translation_placeholders)


@pytest.mark.parametrize(
    ("action", "more", "said"),
    [
        (Action.FAILED, {"error": "rate_limited"}, "could not be sent (rate limited)"),
        (Action.NOT_APPLIED, {}, "was accepted"),
        (Action.POSTPONED, {}, "has to wait"),
        (Action.BLOCKED, {"reason": Reason.HOLE}, "is left as it is (hole)"),
        (
            Action.BLOCKED,
            {"reason": Reason.NOT_OFFERED},
            "is left as it is (not offered)",
        ),
        (Action.SENT, {"feature": Feature.SAFETY}, "belongs to safety"),
    ],
)
def test_every_failure_is_told(action: Action, more: dict[str, Any], said: str) -> None:
    assert f"tariff {said}" in told(record(Lever.TARIFF, action, **more))


def test_what_a_site_does_not_have_is_no_failure_of_the_rest() -> None:
    missing = record(Lever.EXPORT_RULE, Action.BLOCKED, reason=Reason.NOT_OFFERED)
    done = record(Lever.TARIFF, Action.SENT)
    records = {item.lever: item for item in (missing, done)}
    answer = outcomes(records, records, Feature.FORCE)
    assert answer["export_rule"]["reason"] == "not_offered"
    assert "export rule" in told(missing, record(Lever.TARIFF, Action.FAILED))


def test_what_was_so_already_was_not_done() -> None:
    done = record(Lever.GRID_CHARGING, Action.SENT)
    same = record(Lever.OPERATION_MODE, Action.UNCHANGED)
    text = told(done, same, record(Lever.TARIFF, Action.FAILED))
    assert "'done': 'grid charging'" in text
    assert "done" not in told(same, record(Lever.TARIFF, Action.FAILED))


def test_what_nobody_asked_about_does_not_count() -> None:
    records = {Lever.TARIFF: record(Lever.TARIFF, Action.FAILED)}
    assert outcomes(records, [])["tariff"]["action"] == "failed"
    assert outcomes({}, [Lever.TARIFF]) == {}
