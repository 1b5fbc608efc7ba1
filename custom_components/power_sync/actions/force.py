"""Take the battery in hand for a while, and let go of it again."""

from collections.abc import Mapping
from typing import Any

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..control.controller import Controller
from ..core.model.decisions import Feature, Lever, Record
from ..core.model.force import (
    Direction,
    ForceError,
    ForceOverError,
    MinutesError,
    remaining,
)
from ..runtime import Home
from .outcome import outcomes, powerwall_of

PER_MWH = 1000
TEMPORARY = frozenset(
    {
        Feature.FORCE,
        Feature.SPIKE_RESPONSE,
        Feature.CURTAILMENT,
        Feature.PLAN,
        Feature.REPLAN,
    }
)
"""Features that hold a setting for a while, and let go of it when told to."""


async def start_force(
    home: Home, direction: Direction, minutes: int, reserve: float | None = None
) -> dict[str, Any]:
    """Charge or discharge the battery from now on; return until when, and what was done.

    Raises ServiceValidationError for a time or a reserve that cannot be, and
    HomeAssistantError naming each setting that was not changed and why.
    """
    controller = powerwall_of(home).controller
    try:
        records = await controller.start_force(direction, minutes, reserve)
    except ForceError as error:
        raise _refused(error, "duration") from None
    levers = _wanted(records, Feature.FORCE)
    if controller.force is None:
        raise _ended_meanwhile()
    return _running(controller) | {"levers": levers}


async def extend_force(home: Home, minutes: int) -> dict[str, Any]:
    """Let a force end later, or sooner if negative; return as ``start_force``.

    One that ends at once by that has nothing left to run.
    """
    controller = powerwall_of(home).controller
    try:
        records = await controller.extend_force(minutes)
    except ForceError as error:
        raise _refused(error, "minutes") from None
    return _running(controller) | {"levers": _wanted(records, Feature.FORCE)}


async def restore(home: Home) -> dict[str, Any]:
    """End everything temporary; return what was put back.

    Raises HomeAssistantError naming each setting that is not back yet.
    """
    controller = powerwall_of(home).controller
    held = [
        lever
        for lever, entry in controller.journal.entries.items()
        if entry.feature in TEMPORARY
    ]
    return {"levers": outcomes(await controller.restore(), held)}


async def simulate_spike(home: Home, price: float, minutes: int) -> dict[str, Any]:
    """Act for some minutes as if a wholesale price ($/MWh) was real; return what it did.

    Raises HomeAssistantError as ``start_force``, and RehearsalError outside of 1 to 60
    minutes.
    """
    controller = powerwall_of(home).controller
    records = await controller.simulate_spike(price / PER_MWH, minutes)
    levers = _wanted(records, Feature.SPIKE_RESPONSE)
    if (rehearsal := controller.spike.rehearsal) is None:
        raise _ended_meanwhile()
    return {
        "price": price,
        "until": rehearsal.until.isoformat(),
        "responds": rehearsal.acts,
        "levers": levers,
    }


def _running(controller: Controller) -> dict[str, Any]:
    """Return what force is running, if one is."""
    if (force := controller.force) is None:
        return {"remaining_minutes": 0}
    left = remaining(force, dt_util.utcnow())
    return {
        "direction": force.direction.value,
        "started_at": force.started_at.isoformat(),
        "until": force.until.isoformat(),
        "remaining_minutes": round(left.total_seconds() / 60),
        "reserve": force.reserve,
    }


def _wanted(records: Mapping[Lever, Record], feature: Feature) -> dict[str, Any]:
    """Return what became of each lever; raises as ``outcomes`` for what a feature wants."""
    wanted = [
        lever
        for lever, record in records.items()
        if record.feature is feature or feature in record.over
    ]
    return outcomes(records, wanted, feature)


def _ended_meanwhile() -> HomeAssistantError:
    """Return the error that what was begun has ended while it was being done."""
    return HomeAssistantError(
        translation_domain=DOMAIN, translation_key="ended_meanwhile"
    )


def _refused(error: ForceError, field: str) -> ServiceValidationError:
    """Return the error for the user, who calls the minutes ``field``."""
    match error:
        case MinutesError():
            return ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="not_between",
                translation_placeholders={
                    "field": field,
                    "least": str(error.least),
                    "most": str(error.most),
                },
            )
        case ForceOverError():
            return ServiceValidationError(
                translation_domain=DOMAIN, translation_key="nothing_to_extend"
            )
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="bad_reserve",
        translation_placeholders={"problem": str(error)},
    )
