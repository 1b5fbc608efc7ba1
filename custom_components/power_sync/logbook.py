"""Describe decisions in the logbook."""

from collections.abc import Callable

from homeassistant.components.logbook.const import (
    LOGBOOK_ENTRY_ENTITY_ID,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import Event, HomeAssistant, callback

from .const import DOMAIN, EVENT_DECISION


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
    """Return what was done, why, and at which prices."""
    data = event.data
    parts = [_words(data["reason"])]
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


def _words(name: str) -> str:
    """Return a published name as words."""
    return name.replace("_", " ")
