"""Decide what every feature wants of the Powerwall at this moment.

One pure function over a snapshot: it is called whenever something arrives and
once a minute, and always says the whole of what is wanted.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from .day_tariff import Blocked, DayTariff, build
from .demand import DemandTerms, in_window
from .model.decisions import KEEP, Feature, Keep, Lever, Reason, Want
from .model.powerwall import OperationMode
from .model.prices import FRESH, Channel, ForecastChoice, PriceSeries
from .model.tariff_plan import TariffPlan
from .model.tesla_tariff import TeslaTariff
from .plan_tariff import plan_tariff
from .price_history import PriceHistory
from .price_mapping import MappedPrices, map_prices
from .tesla_tariff import daily_tariff

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


class Fallback(StrEnum):
    """What the Powerwall does when prices stay away."""

    SELF_CONSUMPTION = "self_consumption"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The user's choices for one home.

    ``has_prices`` is False for a home without a price source. Prices that come from
    a ``tariff_plan`` are sent as the whole plan; any others as the coming day, with
    the ``demand`` charge where the user wants the Powerwall to know of it.
    """

    zone: tzinfo
    currency: str
    utility: str
    forecast: ForecastChoice
    fallback: Fallback
    sync_enabled: bool
    has_prices: bool
    tariff_plan: TariffPlan | None = None
    demand: DemandTerms | None = None

    @property
    def follows_prices(self) -> bool:
        """Return whether the Powerwall's tariff is to be what prices make it."""
        return self.sync_enabled and self.has_prices


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What is known of the home; None where nothing has arrived yet.

    ``prices`` are as they will be billed. ``owner_mode`` is the operation mode the home has when we leave it alone.
    """

    prices: PriceSeries | None
    history: PriceHistory
    owner_mode: OperationMode | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The tariff of the coming day at each stage of its making."""

    day: DayTariff
    mapped: MappedPrices
    tariff: TeslaTariff


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What one decision leaves to the next.

    ``last_good_at``, ``manual_until`` and ``mode_yielded`` survive restarts.
    """

    last_good_at: datetime
    """When a tariff could last be built; the start if never."""
    consumed_at: datetime | None = None
    """Which series the plan or the refusal below comes from."""
    plan: Plan | None = None
    blocked: Blocked | None = None
    manual_until: datetime | None = None
    """Until when a tariff pushed by hand stays."""
    mode_yielded: bool = False
    """True after the user overruled the fallback in the Tesla app."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is wanted now, and what to remember."""

    wants: tuple[Want, ...]
    memory: Memory


def decide(
    snapshot: Snapshot, settings: Settings, memory: Memory, now: datetime
) -> Decision:
    """Return every feature's want for this moment."""
    memory = _with_prices(snapshot, settings, memory, now)
    wants = (
        *_manual(memory, now),
        *_fallback(snapshot, settings, memory, now),
        *_price_sync(settings, memory, now),
    )
    return Decision(wants=wants, memory=memory)


def make_plan(day: DayTariff, series: PriceSeries, settings: Settings) -> Plan:
    """Return the tariff that a day's prices become."""
    mapped = map_prices(
        [slot.import_price for slot in day.slots],
        [slot.export_price for slot in day.slots],
        day.running,
    )
    if settings.tariff_plan is not None:
        tariff = plan_tariff(
            settings.tariff_plan, utility=settings.utility, currency=settings.currency
        )
    else:
        tariff = daily_tariff(
            mapped.buy,
            mapped.sell,
            name="PowerSync",
            utility=settings.utility,
            currency=settings.currency,
            charges=series.charges,
            demand=_demand_rates(day, settings),
        )
    return Plan(day=day, mapped=mapped, tariff=tariff)


def _demand_rates(day: DayTariff, settings: Settings) -> tuple[float, ...]:
    """Return what each half hour's peak costs per kW, nothing if that stays ours."""
    if (terms := settings.demand) is None:
        return ()
    return tuple(
        terms.rate
        if slot.start is not None and in_window(terms, slot.start, settings.zone)
        else 0.0
        for slot in day.slots
    )


def _with_prices(
    snapshot: Snapshot, settings: Settings, memory: Memory, now: datetime
) -> Memory:
    """Build the plan of a series that has not been looked at yet."""
    series = snapshot.prices
    if series is None or series.fetched_at == memory.consumed_at:
        return memory
    memory = replace(memory, consumed_at=series.fetched_at)
    if _just_late(series, now):
        return memory
    day = build(series, snapshot.history, settings.forecast, settings.zone, now)
    if isinstance(day, Blocked):
        return replace(memory, plan=None, blocked=day)
    return replace(
        memory,
        plan=make_plan(day, series, settings),
        blocked=None,
        last_good_at=now,
        mode_yielded=False,
    )


def _just_late(series: PriceSeries, now: datetime) -> bool:
    """Return whether the source has not published the running interval yet.

    It is asked again in seconds; until then the plan of the interval that has
    just ended is the best there is.
    """
    return series.running(Channel.IMPORT, now) is None and series.is_fresh(
        Channel.IMPORT, now
    )


def _manual(memory: Memory, now: datetime) -> tuple[Want, ...]:
    """Hold a tariff that the user pushed by hand."""
    if memory.manual_until is None or memory.manual_until <= now:
        return ()
    return (
        Want(
            lever=Lever.TARIFF,
            value=KEEP,
            feature=Feature.MANUAL,
            reason=Reason.REQUESTED,
            expires=memory.manual_until,
        ),
    )


def _fallback(
    snapshot: Snapshot, settings: Settings, memory: Memory, now: datetime
) -> tuple[Want, ...]:
    """Run on self-consumption once prices have been missing for too long.

    Only time-based control acts on prices; any other mode is left alone.
    """
    if (
        not settings.follows_prices
        or settings.fallback is not Fallback.SELF_CONSUMPTION
        or now - memory.last_good_at < FALLBACK_AFTER
        or memory.mode_yielded
        or snapshot.owner_mode is not OperationMode.AUTONOMOUS
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


def _price_sync(settings: Settings, memory: Memory, now: datetime) -> tuple[Want, ...]:
    """Follow the prices; without a fresh plan the last good tariff stays."""
    if not settings.follows_prices:
        return ()
    value: TeslaTariff | Keep = KEEP
    if memory.plan is not None and now - memory.last_good_at > PLAN_HOLDS:
        # Even a plan that was never sent must not be sent now: it says nothing
        # about this moment, and the user may have chosen otherwise since.
        reason = Reason.STALE
    elif memory.plan is not None:
        value, reason = memory.plan.tariff, Reason.PRICES_CHANGED
    elif memory.blocked is not None:
        reason = Reason(memory.blocked.reason.value)
    else:
        reason = Reason.NO_PRICES
    return (
        Want(
            lever=Lever.TARIFF, value=value, feature=Feature.PRICE_SYNC, reason=reason
        ),
    )
