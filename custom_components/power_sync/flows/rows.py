"""Lists of rows in a form: parts of the day and what they cost.

Home Assistant shows the fields of a row in a dialog of its own, which looks nothing up
in the translations: choices carry their labels.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    ObjectSelector,
    ObjectSelectorConfig,
    ObjectSelectorField,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TimeSelector,
)
from homeassistant.helpers.translation import async_get_translations

from ..const import DOMAIN
from ..core.model.retail import Days
from .rate_fields import clock_from_minutes, minutes_from_clock
from .service import FormError

CONF_NAME = "name"
CONF_DAYS = "days"
CONF_START = "start"
CONF_END = "end"


async def labelled_options(
    hass: HomeAssistant, key: str, values: Iterable[str]
) -> list[SelectOptionDict]:
    """Return choices with their labels in the language of Home Assistant."""
    texts = await async_get_translations(
        hass, hass.config.language, "selector", {DOMAIN}
    )
    return [
        SelectOptionDict(
            value=value,
            label=texts[f"component.{DOMAIN}.selector.{key}.options.{value}"],
        )
        for value in values
    ]


async def day_part_fields(hass: HomeAssistant) -> dict[str, ObjectSelectorField]:
    """Return the fields that say which part of which days a row is about."""
    days = SelectSelector(
        SelectSelectorConfig(
            options=await labelled_options(hass, "days", Days),
            mode=SelectSelectorMode.DROPDOWN,
        )
    )
    return {
        CONF_NAME: ObjectSelectorField(selector=TextSelector(), required=True),
        CONF_DAYS: ObjectSelectorField(
            selector=days, required=True, default=Days.EVERY.value
        ),
        CONF_START: ObjectSelectorField(selector=TimeSelector(), required=True),
        CONF_END: ObjectSelectorField(selector=TimeSelector(), required=True),
    }


def rows_field(key: str, fields: dict[str, ObjectSelectorField]) -> ObjectSelector:
    """Return a field for any number of rows, translated under ``key``."""
    return ObjectSelector(
        ObjectSelectorConfig(fields=fields, multiple=True, translation_key=key)
    )


def typed_rows(field: str, value: Any) -> list[Mapping[str, Any]]:
    """Return the rows of a list; raises FormError if one of them has no name."""
    rows: Sequence[Mapping[str, Any]] = value if isinstance(value, list) else [value]
    for number, row in enumerate(rows, start=1):
        if not row[CONF_NAME].strip():
            raise FormError(field, "nameless_row", row=str(number))
    return list(rows)


def day_part(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keywords of a part of the day that a row describes."""
    return {
        "name": row[CONF_NAME].strip(),
        "days": Days(row[CONF_DAYS]),
        "start": minutes_from_clock(row[CONF_START]),
        "end": minutes_from_clock(row[CONF_END]),
    }


def day_part_row(name: str, days: Days, start: int, end: int) -> dict[str, Any]:
    """Return the row that describes a part of the day."""
    return {
        CONF_NAME: name,
        CONF_DAYS: days.value,
        CONF_START: clock_from_minutes(start),
        CONF_END: clock_from_minutes(end),
    }
