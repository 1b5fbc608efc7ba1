"""The Powerwall is moved on request, by every way there is, and given back."""

from typing import Any

import pytest

from harness.client import FlowKind, HomeAssistantError
from harness.stack import DOMAIN, Stack, wait_until_loaded

from .support import OURS, call, settings, until

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

NEW_TOKEN = "another-token-of-the-same-account"
FORCED = "PowerSync force discharge"


async def test_a_refused_token_is_replaced(house: Stack) -> None:
    """Covers B-01: the second way takes over until a new token is entered."""
    services, home = house.services, house.home

    async def way_in() -> str:
        return str((await house.state_of("way_in"))["state"])

    async def asked_for() -> list[dict[str, Any]]:
        return list(await home.command("config_entries/flow/progress"))

    assert await way_in() == "Teslemetry"
    await services.set_token("tesla", None)
    sent = await call(house, "sync_tou_schedule")
    assert sent["action"] == "sent"
    assert (await services.commands())[-1]["via"] == "tessie"
    await until(way_in, "Tessie")
    failures = (await house.state_of("way_in"))["attributes"]["failures"]
    assert failures.keys() == {"Teslemetry"}

    (flow,) = await asked_for()
    assert flow["context"]["source"] == "reauth"
    assert flow["context"]["entry_id"] == house.entry["entry_id"]
    step = await home.flow_step(FlowKind.CONFIG, flow["flow_id"])
    assert step["description_placeholders"]["service"] == "Teslemetry"
    wrong = await home.next_step(FlowKind.CONFIG, step, {"access_token": NEW_TOKEN})
    assert wrong["errors"] == {"access_token": "invalid_auth"}

    await services.set_token("tesla", NEW_TOKEN)
    await home.next_step(FlowKind.CONFIG, step, {"access_token": NEW_TOKEN})
    await wait_until_loaded(home, house.entry["entry_id"])
    await until(way_in, "Teslemetry")
    assert await asked_for() == []
    sent = await call(house, "sync_tou_schedule")
    assert sent["action"] == "sent"
    assert (await services.commands())[-1]["via"] == "tesla"


async def test_force_discharge_by_service(house: Stack) -> None:
    """Covers B-09, B-12 and B-14: done, told, and everything put back."""
    services = house.services
    await services.use_app(
        mode="self_consumption", export_rule="pv_only", grid_charging=True
    )
    await call(house, "sync_now")
    before = await settings(services)
    assert before == {
        "mode": "self_consumption",
        "export_rule": "pv_only",
        "grid_charging": True,
        "tariff": OURS,
    }

    done = await call(house, "force_discharge", duration=30)
    assert done["direction"] == "discharge"
    assert 29 <= done["remaining_minutes"] <= 30
    assert await settings(services) == {
        "mode": "autonomous",
        "export_rule": "battery_ok",
        "grid_charging": False,
        "tariff": FORCED,
    }
    told = await decisions(house, feature="force")
    assert told.keys() == done["levers"].keys()
    assert {decision["result"] for decision in told.values()} == {"sent"}
    assert told["tariff"]["from"] == OURS
    assert told["tariff"]["to"] == FORCED
    assert told["tariff"]["over"] == ["price_sync"]
    assert told["export_rule"]["from"] == "pv_only"

    back = await call(house, "restore")
    assert back["levers"].keys() == done["levers"].keys()
    assert await settings(services) == before
    told = await decisions(house)
    assert (told["tariff"]["feature"], told["tariff"]["to"]) == ("price_sync", OURS)
    assert told["operation_mode"]["to"] == "self_consumption"

    with pytest.raises(HomeAssistantError, match="duration must be a number from 15"):
        await call(house, "force_discharge", duration=5)


async def decisions(stack: Stack, **wanted: str) -> dict[str, Any]:
    """Return the newest decision about each setting that a WebSocket client is told."""
    answer = await stack.home.command(
        f"{DOMAIN}/decisions", config_entry_id=stack.entry["entry_id"], **wanted
    )
    return {decision["lever"]: decision for decision in reversed(answer["decisions"])}


async def test_a_tariff_is_kept_as_text(house: Stack) -> None:
    """Covers B-11: saved by itself, taken out, and brought in under another name."""
    (first,) = (await call(house, "list_profiles"))["profiles"]
    assert (first["tariff"], first["automatic"]) == ("Example TOU", True)
    text = (await call(house, "export_profile", name=first["name"]))["yaml"]
    assert "Example TOU" in text

    with pytest.raises(HomeAssistantError, match="The field yaml is no profile"):
        await call(house, "import_profile", name="Mine", yaml=text.splitlines()[0])
    assert (await call(house, "import_profile", name="Mine", yaml=text))[
        "name"
    ] == "Mine"

    again = await call(house, "export_profile", name="Mine")
    assert (again["yaml"], again["automatic"]) == (text, False)
    await call(house, "delete_profile", name="Mine")
    assert (await call(house, "list_profiles"))["profiles"] == [first]
