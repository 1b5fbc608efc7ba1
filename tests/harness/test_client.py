"""Answers to the steps of a config flow."""

from typing import Any

import pytest

from harness.client import Choose, FlowError, HomeAssistantClient, first_option


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

    async def request(self, method: str, path: str, body: object = None) -> Any:
        self.sent.append(body)
        return self.steps.pop(0)


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
        ({"type": "progress", "step_id": "user"}, "unknown kind progress"),
    ],
)
async def test_a_flow_that_does_not_go_on_says_why(
    step: dict[str, Any], message: str
) -> None:
    with pytest.raises(FlowError, match=message):
        await Flow(step).run_flow("power_sync", {"user": {}})
