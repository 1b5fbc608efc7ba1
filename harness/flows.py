"""Answers to the steps of Home Assistant's flows, as somebody at the screen gives them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

type JsonObject = dict[str, Any]


class FlowError(Exception):
    """A flow did not end well; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Choose:
    """The answer to a menu: the step to go to."""

    step: str


type Fields = Mapping[str, object]
# The answer to a form: its fields, or a function of the form that Home Assistant sent.
type Answer = Choose | Fields | Callable[[JsonObject], Fields]


def body_of(answer: Answer, step: JsonObject) -> Fields:
    """Return what is sent to answer a step."""
    if isinstance(answer, Choose):
        return {"next_step_id": answer.step}
    return answer if isinstance(answer, Mapping) else answer(step)


def first_option(field: str) -> Callable[[JsonObject], Fields]:
    """Return an answer that takes the first option a form offers for `field`."""

    def answer(form: JsonObject) -> Fields:
        for item in form["data_schema"]:
            if item["name"] == field:
                options = item.get("options") or item["selector"]["select"]["options"]
                first = options[0]
                if isinstance(first, dict):
                    return {field: first["value"]}
                return {field: first[0] if isinstance(first, list) else first}
        raise FlowError(f"step {form['step_id']} has no field {field}")

    return answer


def as_suggested(**changes: object) -> Callable[[JsonObject], Fields]:
    """Return an answer that accepts what a form shows, but for some fields."""

    def answer(form: JsonObject) -> Fields:
        return {**_shown(form["data_schema"]), **changes}

    return answer


def _shown(fields: Sequence[JsonObject]) -> dict[str, object]:
    """Return what a form shows before anything is typed."""
    shown: dict[str, object] = {}
    for item in fields:
        if item.get("type") == "expandable":
            shown[item["name"]] = _shown(item["schema"])
            continue
        suggested = (item.get("description") or {}).get("suggested_value")
        value = item.get("default") if suggested is None else suggested
        if value is not None:
            shown[item["name"]] = value
    return shown


def check_step(step: JsonObject, answers: Mapping[str, Answer]) -> None:
    """Raise FlowError unless the step asks for something that we can answer."""
    if step["type"] == "abort":
        raise FlowError(f"the flow gave up: {step['reason']}")
    name = step.get("step_id")
    if step["type"] not in {"form", "menu"}:
        raise FlowError(f"step {name} is of the unknown kind {step['type']}")
    if step.get("errors"):
        raise FlowError(f"step {name} refused its answer: {step['errors']}")
    if name not in answers:
        asked = step.get("menu_options") or [
            item["name"] for item in step.get("data_schema") or ()
        ]
        raise FlowError(f"no answer for step {name}, which asks for {asked}")
