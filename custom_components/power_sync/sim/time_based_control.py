"""What a Powerwall in time-based control decides.

It plans 24 hours on its tariff with its own load and solar forecast and then does
what the plan says for now. The plan is exact: with buy >= sell the value of stored
energy is a concave function of how much there is, kept as a list of slopes from the
dearest kWh to the cheapest, and one slot after another is merged into it backwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.household import Action, Battery, Rules
from ..core.model.powerwall import ExportRule

_TIE = 1e-7
"""$/kWh below which two prices count as the same."""
_WORTHWHILE = 0.1
"""Share of what a slot could take below which charging or selling is not begun."""

type _Slopes = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Slot:
    """A stretch of the plan: prices in $/kWh (buy >= sell >= 0), mean powers in W."""

    hours: float
    buy: float
    sell: float
    solar_w: float
    load_w: float


def decide(
    battery: Battery, rules: Rules, stored_kwh: float, slots: Sequence[Slot]
) -> Action:
    """Return what to do during the first slot.

    Energy left at the end of the plan is worth nothing. Equal prices in a sell window
    go to the last slots, as observed with real Powerwalls.

    Raises:
        ValueError: there is no slot.
    """
    if not slots:
        raise ValueError("A plan needs at least one slot")
    room = max(0.0, battery.capacity_kwh - rules.reserve_kwh)
    value: _Slopes = [(0.0, room)]
    for slot in reversed(slots[1:]):
        choices, most_charge = _choices(battery, rules, slot)
        value = _merged(value, choices, most_charge, room)
    choices, most_charge = _choices(battery, rules, slots[0], _TIE)
    above = min(room, max(0.0, stored_kwh - rules.reserve_kwh))
    taken = _taken(value, choices, most_charge + above) - most_charge
    return _action(battery, rules, slots[0], above, taken)


def _choices(
    battery: Battery, rules: Rules, slot: Slot, tie: float = 0.0
) -> tuple[_Slopes, float]:
    """Return what each kWh taken out of the store is worth in a slot.

    The slopes run from the heaviest charging to the heaviest discharging; the second
    figure is the stored energy that the heaviest charging adds. A kWh not charged
    counts like one taken out. ``tie`` prefers own use to keeping, keeping to selling.
    """
    efficiency = battery.one_way_efficiency
    sell = 0.0 if rules.export is ExportRule.NEVER else slot.sell
    kwh = slot.hours / 1000
    surplus = max(0.0, slot.solar_w - slot.load_w)
    need = max(0.0, slot.load_w - slot.solar_w)
    from_sun = min(surplus, battery.charge_w)
    from_grid = battery.charge_w - from_sun if rules.grid_charging else 0.0
    to_house = min(need, battery.discharge_w)
    match rules.export:
        case ExportRule.BATTERY_OK:
            most = max(0.0, rules.export_cap_w - surplus) + need
        case ExportRule.PV_ONLY:
            most = slot.load_w
        case ExportRule.NEVER:
            most = need
    to_grid = max(0.0, min(most, battery.discharge_w) - to_house)
    slopes = [
        (slot.buy / efficiency - tie, from_grid * kwh * efficiency),
        (sell / efficiency - tie, from_sun * kwh * efficiency),
        (slot.buy * efficiency + tie, to_house * kwh / efficiency),
        (sell * efficiency - tie, to_grid * kwh / efficiency),
    ]
    return slopes, (from_grid + from_sun) * kwh * efficiency


def _merged(value: _Slopes, choices: _Slopes, skip: float, room: float) -> _Slopes:
    """Return the value of stored energy before a slot from the one after it."""
    merged: _Slopes = []
    ordered = sorted(value + choices, reverse=True)
    for slope, length in ordered:
        left = length
        if skip > 0:
            used = min(skip, left)
            skip -= used
            left -= used
        left = min(left, room)
        if left > 0:
            room -= left
            merged.append((slope, left))
            if room <= 0:
                break
    return merged


def _taken(value: _Slopes, choices: _Slopes, length: float) -> float:
    """Return how much of a length of the dearest slopes belongs to the slot."""
    taken = 0.0
    # At equal slopes what is kept (value) goes first: False sorts before True.
    ordered = sorted(
        [(-slope, False, size) for slope, size in value]
        + [(-slope, True, size) for slope, size in choices]
    )
    for _, now, size in ordered:
        used = min(length, size)
        length -= used
        if now:
            taken += used
        if length <= 0:
            break
    return taken


def _action(
    battery: Battery, rules: Rules, slot: Slot, above: float, taken: float
) -> Action:
    """Name the action that comes nearest to taking so much out of the store."""
    efficiency = battery.one_way_efficiency
    kwh = slot.hours / 1000
    surplus = max(0.0, slot.solar_w - slot.load_w)
    need = max(0.0, slot.load_w - slot.solar_w)
    full_charge = battery.charge_w * kwh * efficiency
    full_discharge = battery.discharge_w * kwh / efficiency
    stored_sun = min(surplus * kwh * efficiency, full_charge)
    own_use = min(need * kwh / efficiency, full_discharge, above)
    if rules.grid_charging and -taken - stored_sun > _WORTHWHILE * full_charge:
        return Action.CHARGE
    if taken - own_use > _WORTHWHILE * full_discharge:
        return Action.DISCHARGE
    if surplus > 0:
        room = battery.capacity_kwh - rules.reserve_kwh - above
        return Action.SELF_USE if -taken >= min(stored_sun, room) / 2 else Action.HOLD
    return Action.SELF_USE if taken >= own_use / 2 else Action.HOLD
