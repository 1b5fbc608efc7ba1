"""A demand charge and its measurement as JSON.

The rate is stored in $/kW, times as minutes from local midnight, instants as ISO 8601.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
import math
from typing import Any

from ..core.demand import DemandMemory, DemandRate, DemandTerms
from ..core.model.retail import MINUTES_PER_DAY, Days


class StoredDemandError(ValueError):
    """What is stored is no demand charge; the text names the field."""


def terms_to_stored(terms: DemandTerms) -> dict[str, Any]:
    """Return terms as JSON; ``terms_from_stored`` reads it back."""
    return {
        "days": terms.days.value,
        "start": terms.start,
        "end": terms.end,
        "rate": terms.rate,
        "per": terms.per.value,
        "billing_day": terms.billing_day,
    }


def terms_from_stored(data: Mapping[str, Any]) -> DemandTerms:
    """Return the terms that an object holds; raises StoredDemandError."""
    return DemandTerms(
        days=_choice(data, "days", Days),
        start=_whole(data, "start", 0, MINUTES_PER_DAY),
        end=_whole(data, "end", 0, MINUTES_PER_DAY),
        rate=_number(data, "rate"),
        per=_choice(data, "per", DemandRate),
        billing_day=_whole(data, "billing_day", 1, 31),
    )


def memory_to_stored(memory: DemandMemory) -> dict[str, Any]:
    """Return a measurement as JSON; ``memory_from_stored`` reads it back."""
    return {
        "period": memory.period and memory.period.isoformat(),
        "peak_kw": memory.peak_kw,
        "peak_at": memory.peak_at and memory.peak_at.isoformat(),
        "half_hour": memory.half_hour and memory.half_hour.isoformat(),
        "energy": memory.energy,
        "covered": memory.covered,
        "sampled_at": memory.sampled_at and memory.sampled_at.isoformat(),
        "import_w": memory.import_w,
    }


def memory_from_stored(data: Mapping[str, Any]) -> DemandMemory:
    """Return the measurement that an object holds; raises StoredDemandError."""
    return DemandMemory(
        period=_date(data, "period"),
        peak_kw=_number(data, "peak_kw"),
        peak_at=_instant(data, "peak_at"),
        half_hour=_instant(data, "half_hour"),
        energy=_number(data, "energy"),
        covered=_number(data, "covered"),
        sampled_at=_instant(data, "sampled_at"),
        import_w=_number(data, "import_w"),
    )


def _choice[ChoiceT: StrEnum](
    data: Mapping[str, Any], key: str, kind: type[ChoiceT]
) -> ChoiceT:
    try:
        return kind(str(data.get(key)))
    except ValueError as error:
        raise StoredDemandError(f"demand {key} is unknown") from error


def _number(data: Mapping[str, Any], key: str) -> float:
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise StoredDemandError(f"demand {key} is not a number")
    try:
        number = float(value)
    except OverflowError as error:
        raise StoredDemandError(f"demand {key} is too large") from error
    if not (math.isfinite(number) and number >= 0):
        raise StoredDemandError(f"demand {key} is not a quantity")
    return number


def _whole(data: Mapping[str, Any], key: str, least: int, most: int) -> int:
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int):
        raise StoredDemandError(f"demand {key} is not a whole number")
    if not least <= value <= most:
        raise StoredDemandError(f"demand {key} is not from {least} to {most}")
    return value


def _date(data: Mapping[str, Any], key: str) -> date | None:
    if (value := data.get(key)) is None:
        return None
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise StoredDemandError(f"demand {key} is not a date") from error


def _instant(data: Mapping[str, Any], key: str) -> datetime | None:
    if (value := data.get(key)) is None:
        return None
    try:
        found = datetime.fromisoformat(value)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise StoredDemandError(f"demand {key} is not a time") from error
    raise StoredDemandError(f"demand {key} has no offset from UTC")
