"""Decisions for other programs."""

from collections.abc import Awaitable, Callable
from typing import Any

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import (
    MockHAClientWebSocket,
    WebSocketGenerator,
)

from custom_components.power_sync.core.model.decisions import (
    Action,
    Feature,
    Lever,
    Reason,
    Record,
)
from custom_components.power_sync.sim.owners_tariff import OWNERS_TARIFF
from custom_components.power_sync.sim.tesla_tariff import Tariff
from custom_components.power_sync.websocket_api import explain

from .conftest import NOW
from .house import ENTRY_ID, PRICE_SOURCE, House, Steady

type MakeHouse = Callable[..., Awaitable[House]]

KEYS = {
    "time",
    "lever",
    "from",
    "to",
    "feature",
    "over",
    "reason",
    "prices",
    "largest_change",
    "blocked_from",
    "blocked_until",
    "result",
    "error",
}


async def ask(client: MockHAClientWebSocket, **message: Any) -> dict[str, Any]:
    """Send a command and return its answer."""
    await client.send_json_auto_id({"config_entry_id": ENTRY_ID, **message})
    answer: dict[str, Any] = await client.receive_json()
    return answer


async def decisions(client: MockHAClientWebSocket, **more: Any) -> list[dict[str, Any]]:
    """Return the decisions that a command finds."""
    answer = await ask(client, type="power_sync/decisions", **more)
    assert answer["success"], answer
    found: list[dict[str, Any]] = answer["result"]["decisions"]
    return found


@pytest.fixture
async def client(
    steady: House, hass_ws_client: WebSocketGenerator
) -> MockHAClientWebSocket:
    """A program connected to Home Assistant, and a home of steady prices."""
    return await hass_ws_client(steady.hass)


def log_of(house: House) -> Any:
    return house.entry.runtime_data.powerwall.controller.log


def record(number: int, lever: Lever = Lever.GRID_CHARGING) -> Record:
    """Return a decision that is news whatever was before."""
    return Record(
        at=NOW,
        lever=lever,
        action=Action.SENT,
        feature=Feature.FORCE if number % 2 else Feature.CURTAILMENT,
        reason=Reason.FORCED,
        value=str(number),
    )


# covers U-07 B-14
async def test_a_decision_is_explained(
    steady: House, client: MockHAClientWebSocket
) -> None:
    [decision] = await decisions(client)
    assert decision.keys() == KEYS
    assert decision["time"] == NOW.isoformat()
    assert decision["lever"] == "tariff"
    assert decision["from"] == "Example TOU"
    assert decision["to"] == "PowerSync"
    assert decision["feature"] == "price_sync"
    assert decision["over"] == []
    assert decision["reason"] == "prices_changed"
    assert decision["prices"] == {
        "import": pytest.approx(0.183),
        "export": pytest.approx(0.1048),
        "moved": None,
    }
    assert decision["result"] == "sent"
    assert decision["error"] is None


async def test_newest_first_and_no_more_than_asked_for(
    steady: House, client: MockHAClientWebSocket
) -> None:
    for number in range(250):
        log_of(steady).add(record(number))
    found = await decisions(client)
    assert [item["to"] for item in found] == [str(n) for n in range(249, 49, -1)]
    found = await decisions(client, limit=3)
    assert [item["to"] for item in found] == ["249", "248", "247"]


@pytest.mark.parametrize(
    ("message", "count"),
    [
        ({"lever": "tariff"}, 1),
        ({"lever": "grid_charging"}, 10),
        ({"feature": "force"}, 5),
        ({"feature": "curtailment", "lever": "grid_charging", "limit": 2}, 2),
        ({"feature": "force", "lever": "tariff"}, 0),
    ],
)
async def test_filters(
    steady: House, client: MockHAClientWebSocket, message: dict[str, Any], count: int
) -> None:
    for number in range(10):
        log_of(steady).add(record(number))
    found = await decisions(client, **message)
    assert len(found) == count
    for item in found:
        for key in ("lever", "feature"):
            assert item[key] == message.get(key, item[key])


def test_who_won_over_whom() -> None:
    said = explain(
        Record(
            at=NOW,
            lever=Lever.EXPORT_RULE,
            action=Action.FAILED,
            feature=Feature.FORCE,
            reason=Reason.FORCED,
            before="pv only",
            value="battery ok",
            over=(Feature.CURTAILMENT, Feature.PRICE_SYNC),
            error="unavailable",
        )
    )
    assert said.keys() == KEYS
    assert (said["from"], said["to"]) == ("pv only", "battery ok")
    assert said["over"] == ["curtailment", "price_sync"]
    assert said["prices"] is None
    assert said["result"] == "failed"
    assert said["error"] == "unavailable"


@pytest.mark.parametrize(
    "message",
    [
        {"limit": 0},
        {"limit": 201},
        {"limit": "many"},
        {"lever": "nonsense"},
        {"feature": "nonsense"},
        {"config_entry_id": []},
    ],
)
async def test_bad_questions(
    client: MockHAClientWebSocket, message: dict[str, Any]
) -> None:
    answer = await ask(client, type="power_sync/decisions", **message)
    assert not answer["success"]
    assert answer["error"]["code"] == "invalid_format"


@pytest.mark.parametrize("command", ["decisions", "decisions/subscribe"])
async def test_unknown_home(
    hass: HomeAssistant, client: MockHAClientWebSocket, command: str
) -> None:
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    for entry_id in ("nowhere", other.entry_id):
        answer = await ask(
            client, type=f"power_sync/{command}", config_entry_id=entry_id
        )
        assert not answer["success"]
        assert answer["error"]["code"] == "not_found"


async def test_a_home_that_does_not_run(
    steady: House, client: MockHAClientWebSocket
) -> None:
    await steady.unload()
    answer = await ask(client, type="power_sync/decisions")
    assert answer["error"]["code"] == "not_loaded"


async def test_a_home_without_a_powerwall(
    make_house: MakeHouse, hass_ws_client: WebSocketGenerator
) -> None:
    house = await make_house(parts=(PRICE_SOURCE,))
    await house.set_up()
    client = await hass_ws_client(house.hass)
    assert await decisions(client) == []
    answer = await ask(client, type="power_sync/decisions/subscribe")
    assert answer["success"]
    await house.hass.config_entries.async_reload(ENTRY_ID)
    await house.settle()
    assert await decisions(client) == []


async def test_whoever_may_look_may_ask(
    steady: House,
    client: MockHAClientWebSocket,
    hass_admin_user: MockUser,
) -> None:
    hass_admin_user.groups = []
    assert len(await decisions(client)) == 1


# covers U-07
async def test_each_new_decision_is_sent(
    steady: House, client: MockHAClientWebSocket, market: Steady
) -> None:
    answer = await ask(client, type="power_sync/decisions/subscribe")
    assert answer["success"]
    market.price = 200.0
    await steady.tick(300)
    pushed = await client.receive_json()
    assert pushed["type"] == "event"
    assert pushed["id"] == answer["id"]
    assert pushed["event"] == (await decisions(client))[0]
    assert pushed["event"]["time"] > NOW.isoformat()


async def test_only_what_is_asked_for_is_sent(
    steady: House, client: MockHAClientWebSocket
) -> None:
    await ask(client, type="power_sync/decisions/subscribe", feature="force")
    for number in range(4):
        log_of(steady).add(record(number))
    assert (await client.receive_json())["event"]["to"] == "1"
    assert (await client.receive_json())["event"]["to"] == "3"


async def test_a_subscription_survives_reloads(
    steady: House, client: MockHAClientWebSocket
) -> None:
    """And gets what was decided while the home was set up."""
    await ask(client, type="power_sync/decisions/subscribe")
    old = log_of(steady)
    old.add(record(0))
    assert (await client.receive_json())["event"]["to"] == "0"
    for _ in range(2):
        steady.home.powerwall.set_tariff(Tariff(OWNERS_TARIFF), steady.home.advance())
        await steady.hass.config_entries.async_reload(ENTRY_ID)
        await steady.settle()
        pushed = (await client.receive_json())["event"]
        assert (pushed["lever"], pushed["result"]) == ("tariff", "sent")
        log_of(steady).add(record(1))
        assert (await client.receive_json())["event"]["to"] == "1"
    assert log_of(steady) is not old
    old.add(record(2))
    await client.send_json_auto_id({"type": "ping"})
    assert (await client.receive_json())["type"] == "pong", "nobody listens any more"


async def test_a_subscription_ends(
    steady: House, client: MockHAClientWebSocket
) -> None:
    before = list(log_of(steady)._news_listeners)
    answer = await ask(client, type="power_sync/decisions/subscribe")
    assert len(log_of(steady)._news_listeners) == len(before) + 1
    ended = await ask_bare(client, type="unsubscribe_events", subscription=answer["id"])
    assert ended["success"]
    assert log_of(steady)._news_listeners == before
    log_of(steady).add(record(1))
    await steady.hass.config_entries.async_reload(ENTRY_ID)
    await steady.settle()
    await client.send_json_auto_id({"type": "ping"})
    assert (await client.receive_json())["type"] == "pong"


async def ask_bare(client: MockHAClientWebSocket, **message: Any) -> dict[str, Any]:
    """Send a command of Home Assistant's own."""
    await client.send_json_auto_id(message)
    answer: dict[str, Any] = await client.receive_json()
    return answer
