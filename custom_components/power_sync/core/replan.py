"""Make the Powerwall look at its tariff at once.

Time-based control notices an upload after minutes, in some reports only after 45. A
change of mode makes it plan anew immediately, so it is set to self-consumption for a
moment and back. Source: field reports of Powerwall owners.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .model.decisions import Feature, Lever, Reason, Want
from .model.moments import floor_to
from .model.powerwall import OperationMode

LASTS = timedelta(seconds=5)
_INTERVAL = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replan:
    """Until when the mode is changed, and for which price interval it last was."""

    until: datetime | None = None
    interval: datetime | None = None

    def begun(self, now: datetime) -> Replan:
        """Return it for a change of mode that begins now."""
        return Replan(until=now + LASTS, interval=floor_to(now, _INTERVAL))

    def done_for(self, now: datetime) -> bool:
        """Return whether this price interval has had its change of mode."""
        return self.interval == floor_to(now, _INTERVAL)


def same_interval(first: datetime, second: datetime) -> bool:
    """Return whether two moments have the same five-minute price."""
    return floor_to(first, _INTERVAL) == floor_to(second, _INTERVAL)


def with_replan(
    wants: Iterable[Want], replan: Replan, now: datetime
) -> tuple[Want, ...]:
    """Return the wants, with time-based control left for a moment where that is due.

    Whoever wants time-based control wants the short change, too; if nobody wants the
    mode at all it is a want of its own, and the owner's mode comes back after it.
    """
    wants = tuple(wants)
    if replan.until is None or not replan.until - LASTS <= now < replan.until:
        # Over, or the clock was set back: a moment must not become an hour.
        return wants
    moment = Want(
        lever=Lever.OPERATION_MODE,
        value=OperationMode.SELF_CONSUMPTION,
        feature=Feature.REPLAN,
        reason=Reason.REPLAN,
        expires=replan.until,
    )
    return (
        *(
            replace(moment, feature=want.feature)
            if want.lever is Lever.OPERATION_MODE
            and want.value is OperationMode.AUTONOMOUS
            else want
            for want in wants
        ),
        moment,
    )
