"""What a service is made of, and how its numbers are read."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
import math
from typing import Any

from homeassistant.core import ServiceCall, SupportsResponse
from homeassistant.exceptions import ServiceValidationError
import voluptuous as vol

from ..const import DOMAIN
from ..runtime import PowerSyncConfigEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a service does to a home, and what it must be told beside which home."""

    act: Callable[[PowerSyncConfigEntry, ServiceCall], Awaitable[dict[str, Any]]]
    fields: Mapping[vol.Marker, Any] = field(default_factory=dict)
    response: SupportsResponse = SupportsResponse.OPTIONAL


def number(value: object, name: str, least: float, most: float) -> float:
    """Return a field's number, which templates may give as text.

    Raises ServiceValidationError naming the field and what it may be.
    """
    if not isinstance(value, bool) and isinstance(value, int | float | str):
        try:
            given = float(value)
        except OverflowError, ValueError:
            given = math.nan
        if least <= given <= most:
            return given
    raise ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="not_between",
        translation_placeholders={
            "field": name,
            "least": f"{least:g}",
            "most": f"{most:g}",
        },
    )


def whole(value: object, name: str, least: int, most: int) -> int:
    """Return a field's whole number; raises ServiceValidationError as ``number``."""
    given = number(value, name, least, most)
    if not given.is_integer():
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="not_whole",
            translation_placeholders={"field": name},
        )
    return int(given)
