"""Sell to the grid while the wholesale price is extreme.

Entered with the first interval at the threshold or above. Left after two intervals in
a row below 95 % of it, or half an hour after the last known price: a tariff that pays
$10 must not outlive the data it was made of. Whatever is wanted here the owner gets
back as soon as it is not wanted any more.
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
from .model.decisions import Feature, Lever, LeverValue, Reason, Want
from .model.market import MarketPrice
from .model.powerwall import ExportRule, OperationMode
from .model.spikes import (
    LONGEST_REHEARSAL,
    SHORTEST_REHEARSAL,
    RehearsalError,
    SpikeTerms,
)
from .model.tesla_tariff import TeslaTariff

CALM_SHARE = 0.95
"""Below this share of the threshold a price is calm; up to it, it is neither."""
PATIENCE = timedelta(minutes=30)
"""How long the response goes on without any price."""
STALE_AFTER = timedelta(minutes=10)
"""How long after its end an interval's price can still set off the response."""
_RULES = Rules(patience=PATIENCE, lateness=STALE_AFTER, over=Reason.SPIKE_OVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """A price that the user wants to see the response to, in $/kWh, and until when.

    ``acts`` says whether it is a spike by the terms it was begun with.
    """

    price: float
    until: datetime
    acts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SpikeMemory:
    """What one look at the market leaves to the next; it survives restarts.

    The market is followed during a rehearsal too, so that its end finds things as they
    would be without it.
    """

    episode: Episode = field(default_factory=Episode)
    rehearsal: Rehearsal | None = None

    @property
    def ended(self) -> Reason | None:
        """Return why the response ended by itself the last time, if it did."""
        return self.episode.ended


def follow_market(
    memory: SpikeMemory,
    market: MarketPrice | None,
    terms: SpikeTerms | None,
    now: datetime,
) -> SpikeMemory:
    """Return the memory after another look at the market.

    ``market`` is the newest known interval, None if there is none; it may be the same
    as before, or an old one. ``terms`` is None while the feature is off: that ends
    everything but a rehearsal.
    """
    memory = _without_past_rehearsal(memory, now)
    if terms is None:
        return replace(memory, episode=called_off(memory.episode))
    sighting = None if market is None else _sighting(market, terms)
    return replace(memory, episode=step(memory.episode, sighting, _RULES, now))


def overrule(memory: SpikeMemory) -> SpikeMemory:
    """Return the memory after the user undid what was done about a spike.

    A rehearsal is over. The response to a real spike is off until the price was calm.
    """
    return SpikeMemory(episode=overrule_episode(memory.episode))


def rehearse(
    memory: SpikeMemory,
    *,
    price: float,
    minutes: float,
    terms: SpikeTerms,
    now: datetime,
) -> SpikeMemory:
    """Return the memory with a price in $/kWh that replaces the market's for a while.

    It takes the place of another rehearsal and works with the feature off, too. A price
    below the threshold shows that nothing happens. Raises RehearsalError unless the
    price is finite and there are 1 to 60 minutes.
    """
    if not isfinite(price):
        raise RehearsalError("price", "must be a number")
    if not SHORTEST_REHEARSAL <= minutes <= LONGEST_REHEARSAL:
        raise RehearsalError(
            "minutes", f"must be {SHORTEST_REHEARSAL} to {LONGEST_REHEARSAL}"
        )
    rehearsal = Rehearsal(
        price=price,
        until=now + timedelta(minutes=minutes),
        acts=price >= terms.threshold,
    )
    return replace(memory, rehearsal=rehearsal)


def is_active(memory: SpikeMemory, now: datetime) -> bool:
    """Return whether the response to a spike, real or rehearsed, is on."""
    if (rehearsal := _rehearsed(memory, now)) is not None:
        return rehearsal.acts
    return is_on(memory.episode, _RULES, now)


def spike_wants(
    memory: SpikeMemory, tariff: TeslaTariff, now: datetime
) -> tuple[Want, ...]:
    """Return what a spike asks for, nothing while there is none.

    ``tariff`` pays ``SpikeTerms.sell_price`` for export and takes more than that for
    every import: a Powerwall that buys for nothing charges from the grid. The wants
    expire with the rehearsal, or when prices have been missing for too long.
    """
    if not is_active(memory, now):
        return ()
    reason, expires = Reason.MARKET_SPIKE, lasts_until(memory.episode, _RULES)
    if (rehearsal := _rehearsed(memory, now)) is not None:
        reason, expires = Reason.REHEARSAL, rehearsal.until
    wanted: tuple[tuple[Lever, LeverValue], ...] = (
        (Lever.EXPORT_RULE, ExportRule.BATTERY_OK),
        (Lever.GRID_CHARGING, False),
        (Lever.TARIFF, tariff),
        (Lever.OPERATION_MODE, OperationMode.AUTONOMOUS),
    )
    return tuple(
        Want(
            lever=lever,
            value=value,
            feature=Feature.SPIKE_RESPONSE,
            reason=reason,
            expires=expires,
        )
        for lever, value in wanted
    )


def _rehearsed(memory: SpikeMemory, now: datetime) -> Rehearsal | None:
    """Return the rehearsal that is on."""
    if memory.rehearsal is None or memory.rehearsal.until <= now:
        return None
    return memory.rehearsal


def _without_past_rehearsal(memory: SpikeMemory, now: datetime) -> SpikeMemory:
    """Forget a rehearsal that is over; what it did is over for that reason."""
    if memory.rehearsal is None or _rehearsed(memory, now) is not None:
        return memory
    episode = memory.episode
    if memory.rehearsal.acts and episode.since is None:
        episode = replace(episode, ended=Reason.SPIKE_OVER)
    return SpikeMemory(episode=episode)


def _sighting(market: MarketPrice, terms: SpikeTerms) -> Sighting:
    """Return what the price of an interval says of spikes."""
    if market.price >= terms.threshold:
        verdict = Verdict.SETS_OFF
    elif market.price < terms.threshold * CALM_SHARE:
        verdict = Verdict.CALM
    else:
        verdict = Verdict.BETWEEN
    return Sighting(start=market.start, end=market.end, verdict=verdict)
