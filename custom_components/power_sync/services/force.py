"""Services that take the battery in hand for a while."""

from collections.abc import Mapping
from typing import Any

from homeassistant.core import ServiceCall
import voluptuous as vol

from ..actions import extend_force, restore, simulate_spike, start_force
from ..core.model.force import LONGEST_MINUTES, SHORTEST_MINUTES, Direction
from ..core.model.spikes import LONGEST_REHEARSAL, SHORTEST_REHEARSAL
from ..runtime import PowerSyncConfigEntry
from .service import Service, number, whole

ATTR_DURATION = "duration"
ATTR_MINUTES = "minutes"
ATTR_PRICE = "price"
ATTR_RESERVE = "reserve"
LOWEST_PRICE, HIGHEST_PRICE = -1000, 30_000
"""$/MWh: what the Australian market allows is within it."""
REHEARSED_PRICE = 1000
REHEARSED_MINUTES = 5


async def _force_charge(
    entry: PowerSyncConfigEntry, call: ServiceCall
) -> dict[str, Any]:
    reserve = call.data.get(ATTR_RESERVE)
    return await start_force(
        entry.runtime_data,
        Direction.CHARGE,
        _duration(call),
        None if reserve is None else number(reserve, ATTR_RESERVE, 0, 100),
    )


async def _force_discharge(
    entry: PowerSyncConfigEntry, call: ServiceCall
) -> dict[str, Any]:
    return await start_force(entry.runtime_data, Direction.DISCHARGE, _duration(call))


async def _extend_force(
    entry: PowerSyncConfigEntry, call: ServiceCall
) -> dict[str, Any]:
    minutes = whole(
        call.data[ATTR_MINUTES], ATTR_MINUTES, -LONGEST_MINUTES, LONGEST_MINUTES
    )
    return await extend_force(entry.runtime_data, minutes)


async def _restore(entry: PowerSyncConfigEntry, _: ServiceCall) -> dict[str, Any]:
    return await restore(entry.runtime_data)


async def _simulate_spike(
    entry: PowerSyncConfigEntry, call: ServiceCall
) -> dict[str, Any]:
    return await simulate_spike(
        entry.runtime_data,
        number(call.data[ATTR_PRICE], ATTR_PRICE, LOWEST_PRICE, HIGHEST_PRICE),
        whole(
            call.data[ATTR_DURATION],
            ATTR_DURATION,
            SHORTEST_REHEARSAL,
            LONGEST_REHEARSAL,
        ),
    )


def _duration(call: ServiceCall) -> int:
    """Return for how long the battery is to be taken in hand."""
    return whole(
        call.data[ATTR_DURATION], ATTR_DURATION, SHORTEST_MINUTES, LONGEST_MINUTES
    )


# Numbers are not checked here, because what this finds wrong is said in code.
_DURATION = {vol.Required(ATTR_DURATION): object}

SERVICES: Mapping[str, Service] = {
    "force_charge": Service(
        act=_force_charge, fields={**_DURATION, vol.Optional(ATTR_RESERVE): object}
    ),
    "force_discharge": Service(act=_force_discharge, fields=_DURATION),
    "extend_force": Service(
        act=_extend_force, fields={vol.Required(ATTR_MINUTES): object}
    ),
    "restore": Service(act=_restore),
    "simulate_spike": Service(
        act=_simulate_spike,
        fields={
            vol.Optional(ATTR_PRICE, default=REHEARSED_PRICE): object,
            vol.Optional(ATTR_DURATION, default=REHEARSED_MINUTES): object,
        },
    ),
}
