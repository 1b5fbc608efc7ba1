"""What the highest half hour of a billing period costs.

Networks charge for the highest mean import of any local half hour inside a window.
Meters count import and export in registers of their own, so power that is exported
counts as no import and does not make up for what was drawn in the same half hour.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

from .model.retail import Days, RateWindow
from .timeline import HALF_HOUR, QUARTER, half_hour_start

LONGEST_GAP = timedelta(minutes=5)
"""Between samples further apart nobody knows what was drawn."""
LEAST_COVERED = 0.8
"""How much of a half hour must be known for its mean to count."""


class DemandRate(StrEnum):
    """What a rate per kW is charged for."""

    MONTH = "month"
    DAY = "day"
    """The period's peak is charged anew for each day of the period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandTerms:
    """A demand charge as the bill states it.

    The window is ``[start, end)`` in minutes from local midnight and may run over
    midnight; it then belongs to the day it starts on, and equal ends mean the whole
    day. ``rate`` is in $/kW. ``billing_day`` (1 to 31) is the local day of the month
    a billing period starts on, the last one in months that are too short.
    """

    days: Days
    start: int
    end: int
    rate: float
    per: DemandRate = DemandRate.MONTH
    billing_day: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandMemory:
    """What is known of a billing period; everything survives a restart.

    ``period`` is the local date the period began on and ``peak_at`` when its highest
    half hour began. The rest is about the half hour that is being measured:
    ``energy`` in kW·s over ``covered`` seconds, and the last sample (import in W).
    """

    period: date | None = None
    peak_kw: float = 0.0
    peak_at: datetime | None = None
    half_hour: datetime | None = None
    energy: float = 0.0
    covered: float = 0.0
    sampled_at: datetime | None = None
    import_w: float = 0.0


def in_window(terms: DemandTerms, instant: datetime, zone: tzinfo) -> bool:
    """Return whether demand is charged at an instant.

    A half hour is charged if it is charged at its start.
    """
    local = instant.astimezone(zone)
    window = RateWindow(
        name="demand",
        days=terms.days,
        start=terms.start,
        end=terms.end,
        rate=terms.rate,
    )
    return window.covers(local.weekday(), local.hour * 60 + local.minute)


def billing_period(terms: DemandTerms, instant: datetime, zone: tzinfo) -> date:
    """Return the local date on which the billing period around an instant began."""
    today = instant.astimezone(zone).date()
    first = _billing_date(terms, today)
    if today >= first:
        return first
    return _billing_date(terms, today.replace(day=1) - timedelta(days=1))


def observe(
    memory: DemandMemory,
    grid_w: float,
    at: datetime,
    terms: DemandTerms,
    zone: tzinfo,
) -> DemandMemory:
    """Return the memory after one more sample of the grid's power.

    ``grid_w`` is positive while the home imports. Between two samples power is taken
    to have changed evenly. Samples that are not newer than the last are ignored.
    """
    import_w = max(grid_w, 0.0)
    before, before_w = memory.sampled_at, memory.import_w
    if before is not None and at <= before:
        return memory
    if before is not None and at - before <= LONGEST_GAP:
        span = (at - before).total_seconds()
        cursor, cursor_w = before, before_w
        while cursor < at:
            memory = _moved_to(memory, cursor, terms, zone)
            until = min(at, _end(half_hour_start(cursor, zone), zone))
            share = (until - before).total_seconds() / span
            until_w = before_w + (import_w - before_w) * share
            seconds = (until - cursor).total_seconds()
            memory = replace(
                memory,
                energy=memory.energy + (cursor_w + until_w) / 2 / 1000 * seconds,
                covered=memory.covered + seconds,
            )
            cursor, cursor_w = until, until_w
    memory = _moved_to(memory, at, terms, zone)
    return replace(memory, sampled_at=at, import_w=import_w)


def peak(
    memory: DemandMemory, terms: DemandTerms, now: datetime, zone: tzinfo
) -> float:
    """Return the highest half hour of the running billing period, in kW."""
    return memory.peak_kw if memory.period == billing_period(terms, now, zone) else 0.0


def cost(
    memory: DemandMemory, terms: DemandTerms, now: datetime, zone: tzinfo
) -> float:
    """Return what demand has cost in the running billing period so far.

    A rate per day is charged for the days of the period up to and with today.
    """
    charge = peak(memory, terms, now, zone) * terms.rate
    match terms.per:
        case DemandRate.MONTH:
            return charge
        case DemandRate.DAY:
            began = billing_period(terms, now, zone)
            return charge * ((now.astimezone(zone).date() - began).days + 1)


def _moved_to(
    memory: DemandMemory, instant: datetime, terms: DemandTerms, zone: tzinfo
) -> DemandMemory:
    """Judge the measured half hour if it is over, and begin the one around an instant."""
    half_hour = half_hour_start(instant, zone)
    if memory.half_hour == half_hour:
        return memory
    memory = _judged(memory, terms, zone)
    return replace(
        _in_period(memory, billing_period(terms, half_hour, zone)),
        half_hour=half_hour,
        energy=0.0,
        covered=0.0,
    )


def _judged(memory: DemandMemory, terms: DemandTerms, zone: tzinfo) -> DemandMemory:
    """Make a half hour that is over the period's peak if it is one."""
    start = memory.half_hour
    if start is None or not in_window(terms, start, zone):
        return memory
    length = (_end(start, zone) - start).total_seconds()
    if memory.covered < LEAST_COVERED * length:
        return memory
    mean = memory.energy / memory.covered
    if mean <= memory.peak_kw:
        return memory
    return replace(memory, peak_kw=mean, peak_at=start)


def _in_period(memory: DemandMemory, period: date) -> DemandMemory:
    """Forget the peak of any other billing period."""
    if memory.period == period:
        return memory
    return replace(memory, period=period, peak_kw=0.0, peak_at=None)


def _end(half_hour: datetime, zone: tzinfo) -> datetime:
    """Return the end of a local half hour, which a clock change can cut in two."""
    middle = half_hour + QUARTER
    whole = half_hour_start(middle, zone) == half_hour
    return half_hour + HALF_HOUR if whole else middle


def _billing_date(terms: DemandTerms, day: date) -> date:
    """Return the billing day of a date's month."""
    last = (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return last.replace(day=min(terms.billing_day, last.day))
