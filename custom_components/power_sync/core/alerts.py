"""Find out what is news about a price.

An alert is told when it begins, and again only after it was over. It is over when the
price was clear of its limit by a margin through a whole interval, so that a price
that swings around a limit is told once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Self

from .model.alerts import AlertEvent, AlertKind, Thresholds
from .model.prices import SpikeStatus
from .model.statistics import PriceSummary

LEAST_MARGIN = 0.002
"""$/kWh: the least by which a price must be clear of a limit."""
MARGIN_SHARE = 0.05
SPIKE_OVER_MEDIAN = 2.0
"""A source without flags has a spike where a price is so many times the median."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertInputs:
    """The prices of the running interval, in $/kWh.

    ``price`` is the price as the source announces it, ``spike`` is None for sources
    that flag no spikes, ``export_price`` where there is none. ``trusted`` says that
    the price will not change any more, or that this source never says so.
    """

    interval: datetime
    """When the interval began."""
    price: float
    export_price: float | None
    spike: SpikeStatus | None
    trusted: bool
    summary: PriceSummary | None
    thresholds: Thresholds


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertState:
    """Whether an alert is on, and since which interval the price is clear of it."""

    active: bool
    clear_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertMemory:
    """The state of each alert that was ever judged; it survives restarts."""

    states: Mapping[AlertKind, AlertState] = field(
        default_factory=lambda: MappingProxyType({})
    )

    def to_stored(self) -> dict[str, Any]:
        """Return the memory as JSON; ``from_stored`` reads it back."""
        return {
            kind.value: {
                "active": state.active,
                "clear_since": state.clear_since and state.clear_since.isoformat(),
            }
            for kind, state in self.states.items()
        }

    @classmethod
    def from_stored(cls, data: object) -> Self:
        """Return the memory that was stored; raises ValueError for damage."""
        if not isinstance(data, Mapping):
            raise ValueError("stored alerts are not an object")  # noqa: TRY004
        return cls(
            states=MappingProxyType(
                {AlertKind(kind): _state(value) for kind, value in data.items()}
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    """What a price says of an alert: it holds, it is clear, or neither."""

    price: float
    limit: float | None
    holds: bool
    clear: bool


def step(
    memory: AlertMemory, inputs: AlertInputs, now: datetime
) -> tuple[tuple[AlertEvent, ...], AlertMemory]:
    """Return what is news at this moment, and the memory to go on with.

    A price that may still change is no news. What is known to hold already, from
    before a restart too, is none either.
    """
    if not inputs.trusted:
        return (), memory
    states = dict(memory.states)
    events: list[AlertEvent] = []
    for kind, verdict in _verdicts(inputs).items():
        before = states.get(kind)
        state = _over(before, inputs.interval)
        # "Back to optimal" needs a price before that was not.
        silent = before is None and kind is AlertKind.OPTIMAL
        if verdict.holds and not state.active and not silent:
            events.append(
                AlertEvent(kind=kind, price=verdict.price, limit=verdict.limit, at=now)
            )
        states[kind] = _after(state, verdict, inputs.interval)
    return tuple(events), AlertMemory(states=MappingProxyType(states))


def _over(state: AlertState | None, interval: datetime) -> AlertState:
    """Return the state with which an interval begins."""
    if state is None or (
        state.clear_since is not None and interval > state.clear_since
    ):
        return AlertState(active=False)
    return state


def _after(state: AlertState, verdict: _Verdict, interval: datetime) -> AlertState:
    """Return the state that a price of an interval leaves behind."""
    if verdict.holds:
        return AlertState(active=True)
    if not state.active:
        return state
    return AlertState(active=True, clear_since=interval if verdict.clear else None)


def _verdicts(inputs: AlertInputs) -> dict[AlertKind, _Verdict]:
    """Judge every alert that can be judged."""
    price, thresholds, summary = inputs.price, inputs.thresholds, inputs.summary
    found = {
        AlertKind.LOW: _below(price, thresholds.low),
        AlertKind.HIGH: _above(price, thresholds.high),
    }
    if inputs.spike is not None:
        flagged = inputs.spike is SpikeStatus.SPIKE
        found[AlertKind.SPIKE] = _Verdict(
            price=price, limit=None, holds=flagged, clear=not flagged
        )
    elif summary is not None and summary.ready:
        limit = max(summary.p95, SPIKE_OVER_MEDIAN * summary.median, thresholds.high)
        found[AlertKind.SPIKE] = _above(price, limit)
    if inputs.export_price is not None:
        found[AlertKind.NEGATIVE_FEED_IN] = _below(inputs.export_price, 0.0)
    if summary is not None and summary.ready:
        found[AlertKind.OPTIMAL] = _below(price, summary.p25)
    return found


def _below(price: float, limit: float) -> _Verdict:
    return _Verdict(
        price=price,
        limit=limit,
        holds=price < limit,
        clear=price >= limit + _margin(limit),
    )


def _above(price: float, limit: float) -> _Verdict:
    return _Verdict(
        price=price,
        limit=limit,
        holds=price > limit,
        clear=price <= limit - _margin(limit),
    )


def _margin(limit: float) -> float:
    return max(MARGIN_SHARE * abs(limit), LEAST_MARGIN)


def _state(value: object) -> AlertState:
    if not isinstance(value, Mapping) or not isinstance(value.get("active"), bool):
        raise ValueError("a stored alert is not an alert")  # noqa: TRY004
    if (since := value.get("clear_since")) is None:
        return AlertState(active=value["active"])
    try:
        instant = datetime.fromisoformat(since)
        if instant.tzinfo is not None:
            return AlertState(
                active=value["active"], clear_since=instant.astimezone(UTC)
            )
    except (TypeError, OverflowError) as error:
        raise ValueError("a stored alert has no time") from error
    raise ValueError("a stored alert's time has no offset from UTC")
