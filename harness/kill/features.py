"""Every feature that changes a Powerwall, and the home that it is done to."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from custom_components.power_sync.core.model.decisions import Lever
from custom_components.power_sync.core.model.powerwall import ExportRule, OperationMode
from custom_components.power_sync.sim.config import TeslaSite
from custom_components.power_sync.sim.home import SimulatedHome

from . import scripts
from .scene import Scene

EVENING = datetime(2026, 2, 2, 6, 51, tzinfo=UTC)
"""Ten to six in Sydney: prices are positive both ways."""
_STEER = frozenset({Lever.TARIFF, Lever.OPERATION_MODE})
CHARGE = _STEER | {Lever.GRID_CHARGING}
DISCHARGE = _STEER | {Lever.EXPORT_RULE}
"""What both move of a home that does not charge from the grid."""
ONLY_PRICES = frozenset({Lever.TARIFF})


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One thing that PowerSync does, and the home it is done to.

    ``script`` acts in a home that is loaded (for ``fresh`` ones: is being loaded for
    the first time); ``may_move`` are the levers that are commanded in it, and the only ones.
    """

    name: str
    script: Callable[[Scene], Awaitable[None]]
    may_move: frozenset[Lever]
    site: TeslaSite = field(default_factory=TeslaSite)
    start: datetime = EVENING
    options: Mapping[str, Any] = field(default_factory=dict)
    fresh: bool = False
    """Whether it is about the first start of all."""
    speechless: bool = False
    revive: Callable[[SimulatedHome], None] | None = None
    weight: int = 1
    """About how long it takes, compared with the others."""


_RESERVE = frozenset({Lever.BACKUP_RESERVE})
_MODE = frozenset({Lever.OPERATION_MODE})
_RULE = frozenset({Lever.EXPORT_RULE})
_SELF = OperationMode.SELF_CONSUMPTION
_SPIKE_OPTIONS = {
    "spike_response": {"region": "NSW1", "threshold": 300.0, "sell_price": 10.0}
}
_STRICT = TeslaSite(
    mode=_SELF, export_rule=ExportRule.PV_ONLY, grid_charging=False, reserve_percent=20
)
_CAREFUL = TeslaSite(mode=_SELF, export_rule=ExportRule.PV_ONLY)
_NEVER = TeslaSite(export_rule=ExportRule.NEVER, grid_charging=False)

FEATURES: tuple[Feature, ...] = (
    Feature(
        name="first-sync",
        script=scripts.first_sync,
        may_move=ONLY_PRICES,
        fresh=True,
    ),
    Feature(name="sync-off", script=scripts.sync_off_and_on, may_move=ONLY_PRICES),
    Feature(
        name="replan", weight=3, script=scripts.replan, may_move=ONLY_PRICES | _MODE
    ),
    Feature(
        name="fallback", weight=4, script=scripts.fallback, may_move=ONLY_PRICES | _MODE
    ),
    Feature(
        name="force-charge",
        script=scripts.force_charge,
        may_move=CHARGE | _RESERVE,
        site=TeslaSite(grid_charging=False),
    ),
    Feature(
        name="force-charge-strict",
        script=scripts.force_charge,
        may_move=CHARGE | _RESERVE,
        site=_STRICT,
    ),
    Feature(
        name="force-discharge",
        weight=3,
        script=scripts.force_discharge,
        may_move=DISCHARGE,
        site=_STRICT,
    ),
    Feature(
        name="force-extend",
        script=scripts.force_extend,
        may_move=CHARGE,
        site=_NEVER,
    ),
    Feature(
        name="force-again",
        weight=3,
        script=scripts.force_again,
        may_move=CHARGE | DISCHARGE | _RESERVE,
        site=_NEVER,
    ),
    Feature(name="setting", script=scripts.settings, may_move=frozenset(Lever)),
    Feature(
        name="setting-over-force",
        script=scripts.setting_over_force,
        may_move=CHARGE | _RESERVE,
        site=TeslaSite(grid_charging=False),
    ),
    Feature(name="profile", script=scripts.profile, may_move=ONLY_PRICES),
    Feature(
        name="rehearsal",
        script=scripts.rehearsal,
        may_move=CHARGE | DISCHARGE,
        site=_CAREFUL,
    ),
    Feature(
        name="rehearsal-off",
        script=scripts.rehearsal_called_off,
        may_move=DISCHARGE,
        site=_NEVER,
    ),
    Feature(
        name="market-spike",
        weight=6,
        script=scripts.market_spike,
        may_move=CHARGE | DISCHARGE,
        site=_CAREFUL,
        options=_SPIKE_OPTIONS,
        revive=scripts.calm,
    ),
    Feature(
        name="curtailment",
        weight=6,
        script=scripts.curtailment,
        may_move=ONLY_PRICES | _RULE,
        revive=scripts.calm,
    ),
    Feature(
        name="curtailment-off",
        script=scripts.curtailment_off,
        may_move=ONLY_PRICES | _RULE,
        site=TeslaSite(export_rule=ExportRule.PV_ONLY),
    ),
    Feature(
        name="dry-run",
        script=scripts.force_charge,
        may_move=frozenset(),
        options={"dry_run": True},
        speechless=True,
    ),
    Feature(name="disable", script=scripts.disable, may_move=DISCHARGE, site=_STRICT),
    Feature(name="remove", script=scripts.remove, may_move=DISCHARGE, site=_STRICT),
    Feature(
        name="remove-unreachable",
        script=scripts.remove_unreachable,
        may_move=DISCHARGE,
        site=_STRICT,
    ),
)
