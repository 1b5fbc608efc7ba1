"""Describe decisions in the logbook."""

from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.components.logbook.const import (
    LOGBOOK_ENTRY_ENTITY_ID,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import Event, HomeAssistant, callback

from .const import DOMAIN, EVENT_DECISION
from .core.model.decisions import Lever


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[
        [str, str, Callable[[Event], dict[str, str | None]]], None
    ],
) -> None:
    """Tell the logbook how to put a decision into words."""

    @callback
    def describe(event: Event) -> dict[str, str | None]:
        return {
            LOGBOOK_ENTRY_NAME: "PowerSync",
            LOGBOOK_ENTRY_ENTITY_ID: event.data.get(ATTR_ENTITY_ID),
            LOGBOOK_ENTRY_MESSAGE: _sentence(event),
        }

    async_describe_event(DOMAIN, EVENT_DECISION, describe)


def _sentence(event: Event) -> str:
    """Return what was done, for whom and why, and at which prices."""
    data = event.data
    parts = [*_move(data), _words(data["reason"])]
    if losers := data.get("over"):
        winner = _words(data["feature"] or "owner")
        parts.append(f"{winner} over {' and '.join(map(_words, losers))}")
    if "import_price" in data:
        parts.append(
            f"import {data['import_price']:.4f}, export {data['export_price']:.4f} per kWh"
        )
    if "largest_change" in data:
        parts.append(f"largest change {data['largest_change']:.4f}")
    if "error" in data:
        parts.append(f"error {_words(data['error'])}")
    what = f"{_words(data['lever'])} {_words(data['action'])}"
    return f"{what.capitalize()}: {', '.join(parts)}"


def _move(data: Mapping[str, Any]) -> list[str]:
    """Return from what to what a setting went, nothing if it is not known."""
    before, after = data.get("from"), data.get("to")
    if data["lever"] != Lever.TARIFF:
        # A tariff has a name that somebody gave it; all else are words of ours.
        before, after = before and _words(before), after and _words(after)
    if after is None:
        return [f"stays {before}"] if before else []
    return [f"{before} → {after}" if before and before != after else after]


def _words(name: str) -> str:
    """Return a published name as words."""
    return name.replace("_", " ")
