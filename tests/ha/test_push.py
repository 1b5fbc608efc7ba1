"""The tariff on demand: button and service."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from custom_components.power_sync.const import DOMAIN
from custom_components.power_sync.control.orders import Look, Orders, Push
from custom_components.power_sync.core.plan_templates import TEMPLATES
from custom_components.power_sync.sim.faults import FaultKind, Service

from .conftest import NOW
from .house import House, Steady

TOU = "time_of_use_settings"
NEXT = 180.2
"""Seconds from NOW to the next interval, before its first poll."""


async def failed(house: House, service: str = "sync_tou_schedule") -> str:
    """Call a service that cannot do it; return which text explains it."""
    with pytest.raises(HomeAssistantError) as caught:
        await house.call(service)
    await house.settle()
    assert caught.value.translation_domain == DOMAIN
    assert caught.value.translation_key
    assert "{" not in str(caught.value), "a placeholder is missing"
    return caught.value.translation_key


# covers B-13
async def test_push_sends_what_is_there_already(steady: House) -> None:
    answer = await steady.call("sync_tou_schedule")
    assert steady.sent == [TOU, TOU]
    assert answer["action"] == "sent"
    assert answer["reason"] == "requested"
    assert answer["feature"] == "price_sync"
    assert answer["at"] == NOW.isoformat()
    assert len(answer["slots"]) == 48
    assert answer["slots"][26] == {
        "start": "13:00",
        "import_price": pytest.approx(0.183),
        "export_price": pytest.approx(0.1048),
        "buy": pytest.approx(0.183),
        "sell": pytest.approx(0.1048),
        "source": "priced",
    }


async def test_push_uses_the_newest_prices(steady: House, market: Steady) -> None:
    await steady.tick(NEXT)
    before = steady.home.amber.requests
    market.price = 180.0
    await steady.call("sync_tou_schedule")
    assert steady.home.amber.requests == before + 1
    assert steady.sent == [TOU, TOU], "once, not for the prices and for the push"


async def test_push_by_button(steady: House) -> None:
    await steady.act("button", "press", "push_tariff")
    assert steady.decisions[-1] == ("tariff", "sent", "requested")


async def test_two_pushes_at_once(steady: House, hass: HomeAssistant) -> None:
    await steady.tick(NEXT)
    calls = [
        hass.async_create_task(
            hass.services.async_call(
                DOMAIN, "sync_tou_schedule", blocking=True, return_response=True
            )
        )
        for _ in range(2)
    ]
    answers: list[Any] = [await call for call in calls]
    await steady.settle()
    assert answers[0]["action"] in {"sent", "superseded"}
    assert answers[1]["action"] == "sent"
    assert len(steady.sent) <= 3


async def test_push_beyond_the_pace_says_so(steady: House) -> None:
    await steady.call("sync_tou_schedule")
    assert await failed(steady) == "push_postponed"
    assert steady.sent == [TOU, TOU]


async def test_push_while_blocked(steady: House) -> None:
    await steady.tick(NEXT)
    steady.break_(Service.AMBER, FaultKind.PARTIAL_FORECAST)
    assert await failed(steady) == "push_blocked"
    assert steady.sent == [TOU]
    assert steady.result == ("blocked", "hole")
    assert steady.tariff_name == "PowerSync"


async def test_push_without_prices(steady: House) -> None:
    steady.break_(Service.AMBER, FaultKind.STATUS_500)
    assert await failed(steady) == "refresh_failed"
    assert steady.sent == [TOU]


async def test_push_refused(steady: House) -> None:
    steady.break_(Service.TESLA, FaultKind.STATUS_400, match=TOU)
    assert await failed(steady) == "push_failed"


async def test_push_not_applied(steady: House, market: Steady) -> None:
    steady.break_(Service.TESLA, FaultKind.NOT_APPLIED)
    await steady.tick(NEXT)
    market.price = 180.0
    assert await failed(steady) == "push_not_applied"


async def test_push_into_half_a_home(make_house: Any) -> None:
    house = await make_house(parts=("powerwall",))
    await house.set_up()
    with pytest.raises(ServiceValidationError) as caught:
        await house.call("sync_tou_schedule")
    assert caught.value.translation_key == "home_incomplete"


@pytest.mark.parametrize(
    ("service", "path"), [(Service.TESLA, TOU), (Service.AMBER, "prices")]
)
async def test_push_interrupted_by_unload(
    steady: House, hass: HomeAssistant, service: Service, path: str
) -> None:
    seconds = 5.0
    steady.break_(service, FaultKind.SLOW, match=path, count=1, seconds=seconds)
    call = hass.async_create_task(
        hass.services.async_call(DOMAIN, "sync_tou_schedule", blocking=True)
    )
    await steady.until(lambda: not steady.home.faults.as_json())
    await hass.config_entries.async_unload(steady.entry.entry_id)
    await steady.tick(seconds, settle=False)
    await steady.until(call.done)
    error = call.exception()
    assert isinstance(error, HomeAssistantError)
    assert error.translation_key == "push_interrupted"


async def test_pushed_tariff_stays_while_the_sync_is_off(
    steady: House, market: Steady
) -> None:
    await steady.act("switch", "turn_off", "auto_sync_tou_schedule")
    assert steady.tariff_name == "Example TOU"
    await steady.tick(300)
    await steady.call("sync_tou_schedule")
    assert steady.tariff_name == "PowerSync"
    assert steady.decisions[-1] == ("tariff", "sent", "requested")

    uploads = len(steady.sent)
    market.price = 200.0
    await steady.live(30, stride=300)
    assert len(steady.sent) == uploads
    assert steady.decisions[-1] == ("tariff", "sent", "requested")
    assert steady.result == ("sent", "requested")
    # It is made of one day's prices.
    await steady.live(24 * 60, stride=1800)
    assert steady.tariff_name == "Example TOU"
    assert steady.decisions[-1] == ("tariff", "restored", "sync_off")


async def test_failed_push_holds_nothing(steady: House) -> None:
    await steady.act("switch", "turn_off", "auto_sync_tou_schedule")
    await steady.tick(300)
    steady.break_(Service.TESLA, FaultKind.STATUS_400, match=TOU)
    assert await failed(steady) == "push_failed"
    assert steady.stored["pushed"] is None
    steady.repair()
    await steady.live(6)
    assert steady.tariff_name == "Example TOU"


async def test_refresh(steady: House) -> None:
    answer = await steady.call("sync_now")
    assert steady.sent == [TOU]
    assert answer["prices"] == {
        "fetched_at": NOW.isoformat(),
        "import_price": pytest.approx(0.183),
        "export_price": pytest.approx(0.1048),
    }
    assert set(answer["powerwall"]) == {
        "measured_at",
        "solar_power",
        "grid_power",
        "battery_power",
        "home_load",
        "battery_level",
    }


async def test_refresh_names_who_does_not_answer(steady: House) -> None:
    steady.break_(Service.AMBER, FaultKind.STATUS_500)
    with pytest.raises(HomeAssistantError, match="No answer from Amber Electric"):
        await steady.call("sync_now")
    steady.break_(Service.TESLA, FaultKind.HTML)
    with pytest.raises(
        HomeAssistantError, match="No answer from Amber Electric, Tesla"
    ):
        await steady.act("button", "press", "sync_now")


async def test_refresh_of_parts(make_house: Any) -> None:
    house = await make_house(parts=("price-source",))
    await house.set_up()
    assert set(await house.call("sync_now")) == {"prices"}
    await house.unload()
    with pytest.raises(ServiceValidationError):
        await house.call("sync_now")


async def test_services_need_to_know_which_home(steady: House, make_house: Any) -> None:
    other = await make_house(parts=(), entry_id="01JTESTHOME0000000000000001")
    await other.set_up()
    with pytest.raises(ServiceValidationError):
        await steady.call("sync_now", config_entry_id="no such entry")
    answer = await steady.call("sync_now", config_entry_id=steady.entry.entry_id)
    assert "prices" in answer


async def test_push_does_not_ask_a_source_that_wants_to_be_left_alone(
    steady: House,
) -> None:
    steady.break_(Service.AMBER, FaultKind.STATUS_429_RETRY, seconds=240, count=1)
    await steady.tick(NEXT + 2)
    before = steady.home.amber.requests
    assert await failed(steady) == "refresh_failed"
    assert await failed(steady, "sync_now") == "refresh_failed"
    assert steady.home.amber.requests == before


async def test_whoever_wants_something_else_waits_on(hass: HomeAssistant) -> None:
    plan = Push(TEMPLATES["flat"])
    orders = Orders()
    asked = [orders.ask(wanted) for wanted in (Look(), plan, Look())]
    first = orders.take()
    assert first is not None
    assert (first.order, first.waiting) == (Look(), [asked[0], asked[2]])
    assert orders
    orders.put_back(first)
    second = orders.take()
    assert second is not None
    assert (second.order, second.waiting) == (plan, [asked[1]])
    assert orders.take() is first
    assert orders.take() is None
    first.answer()
    second.refuse()
    assert asked[0].result() == asked[2].result() == {}
    assert isinstance(asked[1].exception(), HomeAssistantError)
