"""Answers to the steps of a config flow."""

import asyncio
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
import pytest

from harness.client import FlowKind, HomeAssistantClient
from harness.flows import Choose, FlowError, first_option


@pytest.mark.parametrize(
    "field",
    [
        {"name": "site", "type": "select", "options": [["a", "A"], ["b", "B"]]},
        {"name": "site", "selector": {"select": {"options": ["a", "b"]}}},
        {
            "name": "site",
            "selector": {"select": {"options": [{"value": "a", "label": "A"}]}},
        },
    ],
)
def test_the_first_option_is_found_in_every_form(field: dict[str, Any]) -> None:
    form = {"step_id": "x", "data_schema": [{"name": "other"}, field]}
    assert first_option("site")(form) == {"site": "a"}


class Flow(HomeAssistantClient):
    """A client whose Home Assistant is a list of answers."""

    def __init__(self, *steps: dict[str, Any]) -> None:
        super().__init__("")
        self.steps = [{"flow_id": "1", **step} for step in steps]
        self.sent: list[object] = []
        self.asked: list[str] = []

    async def request(self, method: str, path: str, body: object = None) -> Any:
        self.sent.append(body)
        self.asked.append(f"{method} {path}")
        return self.steps.pop(0)

    async def command(self, kind: str, **fields: object) -> Any:
        self.asked.append(kind)
        return [
            {"subentry_id": "s1", "subentry_type": "price_source"},
            {"subentry_id": "s2", "subentry_type": "powerwall"},
        ]


async def test_a_flow_is_answered_step_by_step() -> None:
    flow = Flow(
        {"type": "menu", "step_id": "user", "menu_options": ["amber"]},
        {"type": "form", "step_id": "amber", "errors": None, "data_schema": []},
        {"type": "create_entry", "result": {"entry_id": "e"}},
    )
    answers = {"user": Choose("amber"), "amber": {"token": "t"}, "site": {}}
    assert await flow.run_flow("power_sync", answers) == {"entry_id": "e"}
    assert flow.sent == [
        {"handler": "power_sync"},
        {"next_step_id": "amber"},
        {"token": "t"},
    ]


async def test_a_subentry_is_changed() -> None:
    flow = Flow(
        {"type": "menu", "step_id": "reconfigure", "menu_options": ["tesla"]},
        {"type": "form", "step_id": "tesla", "errors": {}, "data_schema": []},
        {"type": "abort", "reason": "reconfigure_successful"},
    )
    answers = {"reconfigure": Choose("tesla"), "tesla": {"token": "t"}}
    await flow.reconfigure("e", "powerwall", answers)
    assert flow.sent[0] == {"handler": ["e", "powerwall"], "subentry_id": "s2"}
    assert flow.steps == []


async def test_what_takes_a_while_is_waited_for() -> None:
    progress = {"type": "progress", "step_id": "again"}
    flow = Flow(
        {"type": "menu", "step_id": "init", "menu_options": ["again"]},
        *(progress, progress),
        {"type": "create_entry", "data": {}},
    )
    step = await flow.start_flow(FlowKind.REPAIR, handler="power_sync", issue_id="i")
    done = await flow.answer_flow(FlowKind.REPAIR, step, {"init": Choose("again")})
    assert done["type"] == "create_entry"
    path = "/api/repairs/issues/fix"
    assert flow.asked == [f"POST {path}", f"POST {path}/1", *[f"GET {path}/1"] * 2]


async def test_what_takes_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.client.PROGRESS_PATIENCE", 0.0)
    flow = Flow(
        {"type": "menu", "step_id": "init", "menu_options": ["again"]},
        {"type": "progress", "step_id": "again"},
    )
    step = await flow.start_flow(FlowKind.REPAIR, handler="power_sync", issue_id="i")
    with pytest.raises(FlowError, match="again does not come to an end"):
        await flow.next_step(FlowKind.REPAIR, step, Choose("again"))


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"type": "abort", "reason": "already_configured"}, "already_configured"),
        (
            {"type": "form", "step_id": "user", "errors": {"base": "invalid_auth"}},
            "invalid_auth",
        ),
        (
            {"type": "form", "step_id": "new", "data_schema": [{"name": "what"}]},
            "no answer for step new, which asks for .*what",
        ),
        ({"type": "external", "step_id": "user"}, "unknown kind external"),
    ],
)
async def test_a_flow_that_does_not_go_on_says_why(
    step: dict[str, Any], message: str
) -> None:
    with pytest.raises(FlowError, match=message):
        await Flow(step).run_flow("power_sync", {"user": {}})


async def test_who_was_hung_up_on_calls_again() -> None:
    logins = 0

    async def answer_once(request: web.Request) -> web.WebSocketResponse:
        nonlocal logins
        logins += 1
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "auth_required"})
        await socket.receive_json()
        await socket.send_json({"type": "auth_ok"})
        asked = await socket.receive_json()
        await socket.send_json(
            {"id": asked["id"], "type": "result", "success": True, "result": logins}
        )
        request.transport.abort()
        return socket

    app = web.Application()
    app.router.add_get("/api/websocket", answer_once)
    async with (
        TestServer(app) as server,
        HomeAssistantClient(str(server.make_url("")).rstrip("/")) as client,
    ):
        assert await client.command("what") == 1
        await asyncio.sleep(0.05)  # the end of the connection is on its way
        assert await client.command("what") == 2
