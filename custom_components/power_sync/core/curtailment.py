"""Export nothing while export earns nothing.

Entered with the first interval that pays 0 or less. Left after two intervals in a row
that pay more than a margin, or two hours after the last known price. The owner's own
rule then comes back with the owner's other settings.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import isfinite

from .episode import (
    Episode,
    Rules,
    Sighting,
    Verdict,
    called_off,
    is_on,
    lasts_until,
    overrule as overrule_episode,
    step,
)
from .model.decisions import Feature, Lever, Reason, Want
from .model.powerwall import ExportRule, LiveStatus
from .model.prices import PricePoint

PATIENCE = timedelta(hours=2)
"""How long curtailment goes on without a price."""
RULE_TAKES = timedelta(minutes=2)
"""How long the rule must have read ``never`` before export means that it fails."""
LIVE_FOR = timedelta(seconds=90)
"""How old the power may be that shows export."""
EXPORTS = 100.0
"""W; less flows back and forth at any meter."""
REAPPLY_EVERY = timedelta(minutes=15)
LIFT_AT_MOST = timedelta(minutes=3)
"""How long ``pv_only`` is wanted if it never reads back."""

_RULES = Rules(patience=PATIENCE, lateness=timedelta(0), over=Reason.FEED_IN_BACK)


@dataclass(frozen=True, slots=True, kw_only=True)
class CurtailmentTerms:
    """When export is worth something again, and what to do if it does not stop.

    ``margin`` in $/kWh, 0 allowed: curtailment is over when export earns more than
    that. ``reapply`` sets a rule that is not obeyed once more, by way of ``pv_only``.
    Raises ValueError for a margin below 0.
    """

    margin: float = 0.002
    reapply: bool = False

    def __post_init__(self) -> None:
        """Refuse a margin that would make one price both begin and end it."""
        if not (isfinite(self.margin) and self.margin >= 0):
            raise ValueError("the margin must not be negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class CurtailmentMemory:
    """What one look at the price leaves to the next; it survives restarts."""

    episode: Episode = field(default_factory=Episode)
    never_since: datetime | None = None
    """Since when the rule has read ``never`` at every look."""
    lifting: bool = False
    """True while ``pv_only`` is wanted, so that ``never`` is a change again."""
    lifted_at: datetime | None = None
    """When that last began."""

    @property
    def ended(self) -> Reason | None:
        """Return why curtailment ended by itself the last time, if it did."""
        return self.episode.ended


def follow_feed_in(
    memory: CurtailmentMemory,
    running: PricePoint | None,
    terms: CurtailmentTerms | None,
    now: datetime,
) -> CurtailmentMemory:
    """Return the memory after another look at what export earns.

    ``running`` is the export price of the running interval, None while it is unknown.
    ``terms`` is None while the feature is off: that ends it at once.
    """
    if terms is None:
        episode = called_off(memory.episode)
    else:
        sighting = None if running is None else _sighting(running, terms)
        episode = step(memory.episode, sighting, _RULES, now)
    return replace(memory, episode=episode)


def overrule(memory: CurtailmentMemory) -> CurtailmentMemory:
    """Return the memory after the user chose another rule.

    Curtailment is off until the price has been above the margin.
    """
    return replace(memory, episode=overrule_episode(memory.episode))


def reapply(
    memory: CurtailmentMemory,
    terms: CurtailmentTerms | None,
    *,
    site_rule: ExportRule | None,
    owner_rule: ExportRule | None,
    live: LiveStatus | None,
    now: datetime,
) -> CurtailmentMemory:
    """Return the memory after a look at whether the rule is obeyed.

    To be called after every look at the price, whether curtailment is on or not.
    ``site_rule`` is what the site says its rule is, ``owner_rule`` what the owner has
    set; None where that is not known. An owner's own ``never`` is not touched.
    """
    if (
        terms is None
        or not terms.reapply
        or not is_active(memory, now)
        or owner_rule in {None, ExportRule.NEVER}
    ):
        return _at_rest(memory)
    if _is_lifting(memory, now):
        if site_rule in {None, ExportRule.NEVER}:
            return memory
        return _at_rest(memory)
    memory = replace(memory, lifting=False)
    if site_rule is not ExportRule.NEVER:
        return replace(memory, never_since=None)
    never_since = min(memory.never_since or now, now)
    if (
        now - never_since >= RULE_TAKES
        and (memory.lifted_at is None or abs(now - memory.lifted_at) >= REAPPLY_EVERY)
        and _exports(live, now)
    ):
        return replace(memory, lifting=True, lifted_at=now)
    return replace(memory, never_since=never_since)


def is_active(memory: CurtailmentMemory, now: datetime) -> bool:
    """Return whether export is not wanted."""
    return is_on(memory.episode, _RULES, now)


def curtailment_wants(memory: CurtailmentMemory, now: datetime) -> tuple[Want, ...]:
    """Return the export rule that is wanted, nothing while export earns something.

    The want expires when prices have been missing for too long.
    """
    if not is_active(memory, now):
        return ()
    if _is_lifting(memory, now):
        value, reason = ExportRule.PV_ONLY, Reason.EXPORTS_ANYWAY
    else:
        value, reason = ExportRule.NEVER, Reason.NEGATIVE_FEED_IN
    return (
        Want(
            lever=Lever.EXPORT_RULE,
            value=value,
            feature=Feature.CURTAILMENT,
            reason=reason,
            expires=lasts_until(memory.episode, _RULES),
        ),
    )


def _is_lifting(memory: CurtailmentMemory, now: datetime) -> bool:
    """Return whether ``pv_only`` is wanted, and not for too long already."""
    return (
        memory.lifting
        and memory.lifted_at is not None
        and memory.lifted_at <= now < memory.lifted_at + LIFT_AT_MOST
    )


def _at_rest(memory: CurtailmentMemory) -> CurtailmentMemory:
    """Return the memory with nothing under way but how soon it may be again."""
    return replace(memory, never_since=None, lifting=False)


def _exports(live: LiveStatus | None, now: datetime) -> bool:
    """Return whether power certainly leaves the home, and not because others want it."""
    return (
        live is not None
        and abs(now - live.measured_at) <= LIVE_FOR
        and not live.grid_services_active
        and live.grid_power is not None
        and live.grid_power < -EXPORTS
    )


def _sighting(point: PricePoint, terms: CurtailmentTerms) -> Sighting:
    """Return what the export price of an interval says."""
    if point.price <= 0:
        verdict = Verdict.SETS_OFF
    elif point.price > terms.margin:
        verdict = Verdict.CALM
    else:
        verdict = Verdict.BETWEEN
    return Sighting(start=point.start, end=point.end, verdict=verdict)
