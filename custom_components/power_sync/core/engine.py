"""Decide what every feature wants of the Powerwall at this moment.

One pure function over a snapshot: it is called whenever something arrives and
once a minute, and always says the whole of what is wanted.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from .curtailment import CurtailmentTerms, curtailment_wants, follow_feed_in, reapply
from .day_plan import Plan, TariffTerms, make_plan
from .day_tariff import Blocked, build
from .export_boost import BoostTerms
from .force import force_wants
from .hands_off import hands_off_wants
from .journal import Journal
from .model.decisions import KEEP, Feature, Keep, Lever, LeverValue, Reason, Want
from .model.force import running
from .model.lever_values import lever_value
from .model.market import MarketPrice
from .model.powerwall import ExportRule, LiveStatus, OperationMode, SiteInfo
from .model.prices import FRESH, Channel, ForecastChoice, PricePoint, PriceSeries
from .model.spikes import SpikeTerms
from .model.switches import Switch
from .model.tesla_tariff import TeslaTariff
from .price_history import PriceHistory
from .replan import Replan, with_replan
from .spike_response import follow_market, spike_wants
from .standing import Standing
from .steering import Steering, is_steering, steer

FALLBACK_AFTER = timedelta(hours=2)
"""How long prices may be missing before the fallback takes over."""
PLAN_HOLDS = timedelta(minutes=5) + FRESH
"""How long a plan speaks for the moment: a price interval, and a late next one."""
ALARM_AFTER = timedelta(minutes=30)
"""How long prices may be missing before the user is told."""
MANUAL_PUSH_HOLDS = timedelta(hours=24)
"""A tariff pushed by hand is made of the coming day's prices, no more."""
PLAN_PUSH_HOLDS = timedelta(days=366)
"""A whole plan is good for a year: prices of another are another plan."""
STEERED = frozenset({Feature.FORCE, Feature.SPIKE_RESPONSE})
"""Features whose tariffs say something else than prices, and must not be left."""


class Fallback(StrEnum):
    """What the Powerwall does when prices stay away."""

    SELF_CONSUMPTION = "self_consumption"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The user's choices for one home, beside what is switched on and off.

    ``has_prices`` is False for a home without a price source, ``watches_market`` for
    one that has not chosen a region. Which parts of ``tariff``
    are switched on is not said here.
    """

    zone: tzinfo
    forecast: ForecastChoice
    fallback: Fallback
    has_prices: bool
    tariff: TariffTerms
    boost: BoostTerms = field(default_factory=BoostTerms)
    spike: SpikeTerms = field(default_factory=SpikeTerms)
    watches_market: bool = False
    curtailment_margin: float = CurtailmentTerms().margin


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What is known of the home; None where nothing has arrived yet.

    ``prices`` are as they will be billed.
    """

    prices: PriceSeries | None
    history: PriceHistory
    site: SiteInfo | None = None
    live: LiveStatus | None = None
    market: MarketPrice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What one decision leaves to the next, and a restart may forget."""

    consumed_at: datetime | None = None
    """Which series the plan or the refusal below comes from."""
    plan: Plan | None = None
    blocked: Blocked | None = None
    steering: Steering | None = None
    replan: Replan = field(default_factory=Replan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is wanted now, and what to remember for ever and for a while."""

    wants: tuple[Want, ...]
    standing: Standing
    memory: Memory


def follows_prices(settings: Settings, standing: Standing) -> bool:
    """Return whether the Powerwall's tariff is to be what prices make it."""
    return Switch.AUTO_SYNC in standing.switches and settings.has_prices


def decide(
    snapshot: Snapshot,
    settings: Settings,
    standing: Standing,
    memory: Memory,
    now: datetime,
) -> Decision:
    """Return every feature's want for this moment."""
    standing, memory = _with_prices(snapshot, settings, standing, memory, now)
    standing = _follow(snapshot, settings, standing, now)
    steering = steer(
        memory.steering,
        standing,
        memory.plan,
        settings.tariff,
        settings.spike,
        settings.zone,
        now,
    )
    memory = replace(memory, steering=steering)
    wants = (
        *_owners_tariff(standing, now),
        *hands_off_wants(snapshot.live, now),
        *_fallback(snapshot, settings, standing, now),
        *_steered(standing, steering, now),
        *curtailment_wants(standing.curtailment, now),
        *_pushed(standing, now),
        *_price_sync(snapshot, settings, standing, memory, now),
    )
    return Decision(
        wants=with_replan(wants, memory.replan, now), standing=standing, memory=memory
    )


def owner_value(
    snapshot: Snapshot, standing: Standing, lever: Lever
) -> LeverValue | None:
    """Return what a lever is, or would be, when it is left alone."""
    if (entry := standing.journal.entry(lever)) is not None:
        return entry.owner
    return lever_value(snapshot.site, lever) if snapshot.site else None


def _with_prices(
    snapshot: Snapshot,
    settings: Settings,
    standing: Standing,
    memory: Memory,
    now: datetime,
) -> tuple[Standing, Memory]:
    """Build the plan of a series that has not been looked at yet."""
    if standing.last_good_at is None:
        standing = replace(standing, last_good_at=now)
    series = snapshot.prices
    if series is None or series.fetched_at == memory.consumed_at:
        return standing, memory
    memory = replace(memory, consumed_at=series.fetched_at)
    if _just_late(series, now):
        return standing, memory
    day = build(series, snapshot.history, settings.forecast, settings.zone, now)
    if isinstance(day, Blocked):
        return standing, replace(memory, plan=None, blocked=day)
    terms = replace(
        settings.tariff,
        protect=Switch.SPIKE_PROTECTION in standing.switches,
        boost=settings.boost if Switch.EXPORT_BOOST in standing.switches else None,
    )
    plan = make_plan(day, series, terms, settings.zone)
    return (
        replace(standing, last_good_at=now, mode_yielded=False),
        replace(memory, plan=plan, blocked=None),
    )


def _just_late(series: PriceSeries, now: datetime) -> bool:
    """Return whether the source has not published the running interval yet.

    It is asked again in seconds; until then the plan of the interval that has
    just ended is the best there is.
    """
    return series.running(Channel.IMPORT, now) is None and series.is_fresh(
        Channel.IMPORT, now
    )


def _follow(
    snapshot: Snapshot, settings: Settings, standing: Standing, now: datetime
) -> Standing:
    """Return what features remember after another look at the home."""
    on = standing.switches
    spike = follow_market(
        standing.spike,
        snapshot.market,
        settings.spike
        if settings.watches_market and Switch.SPIKE_RESPONSE in on
        else None,
        now,
    )
    terms = None
    if settings.has_prices and Switch.CURTAILMENT in on:
        terms = CurtailmentTerms(
            margin=settings.curtailment_margin, reapply=Switch.REAPPLY_EXPORT_RULE in on
        )
    rule = owner_value(snapshot, standing, Lever.EXPORT_RULE)
    curtailment = reapply(
        follow_feed_in(standing.curtailment, _feed_in(snapshot, now), terms, now),
        terms,
        site_rule=snapshot.site.export_rule if snapshot.site else None,
        owner_rule=rule if isinstance(rule, ExportRule) else None,
        live=snapshot.live,
        now=now,
    )
    return replace(
        standing,
        journal=_seen(snapshot.site, standing.journal, now),
        force=standing.force if running(standing.force, now) else None,
        spike=spike,
        curtailment=curtailment,
        pushed=standing.pushed
        if standing.pushed
        and now < standing.pushed.until
        # Pushed when there were no prices, and they have come since.
        and not follows_prices(settings, standing)
        else None,
        owner_tariff_until=standing.owner_tariff_until
        if _owners_tariff(standing, now)
        else None,
    )


def _seen(site: SiteInfo | None, journal: Journal, now: datetime) -> Journal:
    """Return the journal after a look at every lever."""
    if site is not None:
        for lever in journal.echoes:
            journal = journal.seen(lever, lever_value(site, lever), now)
    return journal


def _feed_in(snapshot: Snapshot, now: datetime) -> PricePoint | None:
    """Return what export earns now, None where no fresh price says it."""
    series = snapshot.prices
    if series is None or now - series.fetched_at > PLAN_HOLDS:
        return None
    return series.running(Channel.EXPORT, now)


def _owners_tariff(standing: Standing, now: datetime) -> tuple[Want, ...]:
    """Leave a tariff alone that the owner has just chosen in the Tesla app."""
    until = standing.owner_tariff_until
    if until is None or until <= now:
        return ()
    return (
        Want(
            lever=Lever.TARIFF,
            value=KEEP,
            feature=Feature.MANUAL,
            reason=Reason.CHANGED_ELSEWHERE,
            expires=until,
        ),
    )


def _fallback(
    snapshot: Snapshot, settings: Settings, standing: Standing, now: datetime
) -> tuple[Want, ...]:
    """Run on self-consumption once prices have been missing for too long.

    Only time-based control acts on prices; any other mode is left alone.
    """
    if (
        not follows_prices(settings, standing)
        or settings.fallback is not Fallback.SELF_CONSUMPTION
        or standing.last_good_at is None
        or now - standing.last_good_at < FALLBACK_AFTER
        or standing.mode_yielded
        or owner_value(snapshot, standing, Lever.OPERATION_MODE)
        is not OperationMode.AUTONOMOUS
    ):
        return ()
    return (
        Want(
            lever=Lever.OPERATION_MODE,
            value=OperationMode.SELF_CONSUMPTION,
            feature=Feature.SAFETY,
            reason=Reason.PRICES_MISSING,
        ),
    )


def _steered(
    standing: Standing, steering: Steering | None, now: datetime
) -> tuple[Want, ...]:
    """Charge or discharge now, because the user or the market calls for it."""
    if steering is None:
        return ()
    force = force_wants(standing.force, steering.tariff, now)
    if _owners_tariff(standing, now):
        # Without its tariff a spike's other settings would only do harm.
        return force
    return (*force, *spike_wants(standing.spike, steering.tariff, now))


def _pushed(standing: Standing, now: datetime) -> tuple[Want, ...]:
    """Hold a tariff that the user has sent by hand."""
    if standing.pushed is None or standing.pushed.until <= now:
        return ()
    return (
        Want(
            lever=Lever.TARIFF,
            value=standing.pushed.tariff,
            feature=Feature.PLAN,
            reason=Reason.REQUESTED,
            expires=standing.pushed.until,
        ),
    )


def _must_not_stay(snapshot: Snapshot, standing: Standing) -> bool:
    """Return whether the tariff may be one of a force or a spike.

    Or a late one that may be anything, or what the owner's own has not replaced yet.
    """
    entry = standing.journal.entry(Lever.TARIFF)
    shown = snapshot.site.tariff if snapshot.site else None
    return entry is not None and (
        entry.feature in STEERED | {Feature.REPLAN, Feature.MANUAL}
        or is_steering(shown)
    )


def _price_sync(
    snapshot: Snapshot,
    settings: Settings,
    standing: Standing,
    memory: Memory,
    now: datetime,
) -> tuple[Want, ...]:
    """Follow the prices; without a fresh plan the last good tariff stays."""
    if not follows_prices(settings, standing):
        return ()
    value: TeslaTariff | Keep = KEEP
    good_at = standing.last_good_at or now
    if memory.plan is not None and now - good_at > PLAN_HOLDS:
        # Even a plan that was never sent must not be sent now: it says nothing
        # about this moment, and the user may have chosen otherwise since.
        reason = Reason.STALE
    elif memory.plan is not None:
        value, reason = memory.plan.tariff, Reason.PRICES_CHANGED
    elif memory.blocked is not None:
        reason = Reason(memory.blocked.reason.value)
    else:
        reason = Reason.NO_PRICES
    if isinstance(value, Keep) and _must_not_stay(snapshot, standing):
        # Better the owner's own tariff until there are prices again.
        return ()
    return (
        Want(
            lever=Lever.TARIFF, value=value, feature=Feature.PRICE_SYNC, reason=reason
        ),
    )
