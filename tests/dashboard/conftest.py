"""Run the strategy as a browser does, only without one."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from harness.dashboard import run_strategy

type JsonObject = dict[str, Any]
type Generate = Callable[[JsonObject], JsonObject]


@pytest.fixture
def generate() -> Generate:
    """Return a function from the frontend's `hass` to a dashboard."""
    return lambda hass: run_strategy(hass)["dashboard"]


def cards(part: JsonObject) -> Iterator[JsonObject]:
    """Return all cards of a dashboard, a view or a section, headers included."""
    for view in part.get("views", ()):
        yield from cards(view)
    if "header" in part:
        yield part["header"]["card"]
    for section in part.get("sections", ()):
        yield from cards(section)
    yield from part.get("cards", ())
