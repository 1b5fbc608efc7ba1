"""What we changed on a Powerwall and owe to put back.

An entry is written before the first command that changes a lever and goes only
after the owner's value has been read back. Whatever happens in between, the
next start finds it.
"""

from dataclasses import dataclass, replace
from datetime import datetime
import math

from .model.decisions import Feature, Lever, LeverValue
from .model.powerwall import OperationMode, SiteInfo
from .model.tesla_tariff import TeslaTariff
from .tesla_tariff import OUR_CODE, largest_difference, same_conditions

WORTH_SENDING = 0.0005
"""Smallest price difference per kWh that justifies an upload (0.05 c)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One lever we hold.

    ``owner`` is what it was before us (None if the site had no value),
    ``previous`` what it was before the last command, ``sent`` what we sent
    last, ``confirmed`` whether a read-back has shown it.
    """

    owner: LeverValue | None
    previous: LeverValue | None
    sent: LeverValue
    confirmed: bool
    feature: Feature
    since: datetime


@dataclass(frozen=True, slots=True)
class Journal:
    """The levers of one site that are not as their owner left them."""

    tariff: Entry | None = None
    operation_mode: Entry | None = None

    def entry(self, lever: Lever) -> Entry | None:
        """Return what is owed for a lever, None if nothing."""
        match lever:
            case Lever.TARIFF:
                return self.tariff
            case Lever.OPERATION_MODE:
                return self.operation_mode

    def with_entry(self, lever: Lever, entry: Entry | None) -> Journal:
        """Return the journal with one lever's entry replaced."""
        match lever:
            case Lever.TARIFF:
                return replace(self, tariff=entry)
            case Lever.OPERATION_MODE:
                return replace(self, operation_mode=entry)

    def begun(
        self,
        lever: Lever,
        current: LeverValue | None,
        value: LeverValue,
        feature: Feature,
        now: datetime,
    ) -> Journal:
        """Return the journal as it must be on disk before ``value`` is sent."""
        entry = self.entry(lever)
        if entry is not None:
            owner = entry.owner
        else:
            # Without a journal (a new installation, say) a tariff of ours is
            # nobody's: there is nothing to put back.
            owner = None if _is_ours(current) else current
        return self.with_entry(
            lever,
            Entry(
                owner=owner,
                previous=current,
                sent=value,
                confirmed=False,
                feature=feature,
                since=entry.since if entry else now,
            ),
        )

    def confirmed(self, lever: Lever) -> Journal:
        """Return the journal after a read-back showed what was sent."""
        entry = self.entry(lever)
        return self.with_entry(lever, replace(entry, confirmed=True) if entry else None)

    def foreign_change(self, lever: Lever, current: LeverValue | None) -> bool:
        """Return whether somebody else has changed a lever that we hold.

        A tariff that equals what it was before our last command, or the
        owner's, may be a read-back that lags; a mode that was confirmed does
        not lag, so any other mode is somebody's choice.
        """
        entry = self.entry(lever)
        if entry is None or current is None or same(current, entry.sent):
            return False
        if _is_ours(current):
            return False
        if lever is Lever.OPERATION_MODE and entry.confirmed:
            return True
        return not (same(current, entry.previous) or same(current, entry.owner))

    def sent_like(self, lever: Lever, value: LeverValue) -> bool:
        """Return whether what was sent last says the same beside the prices, too.

        True where nothing was sent: then there is nothing to compare with.
        """
        entry = self.entry(lever)
        if entry is None or not isinstance(entry.sent, TeslaTariff):
            return True
        return not isinstance(value, TeslaTariff) or same_conditions(entry.sent, value)

    def with_owner(self, lever: Lever, owner: LeverValue) -> Journal:
        """Return the journal with another value to put back."""
        entry = self.entry(lever)
        return self.with_entry(lever, replace(entry, owner=owner) if entry else None)


def _is_ours(value: LeverValue | None) -> bool:
    """Return whether a value can only come from us."""
    return isinstance(value, TeslaTariff) and value.buy.code == OUR_CODE


def lever_value(site: SiteInfo, lever: Lever) -> LeverValue | None:
    """Return what a lever is set to."""
    match lever:
        case Lever.TARIFF:
            return site.tariff
        case Lever.OPERATION_MODE:
            return site.operation_mode


def same(first: LeverValue | None, second: LeverValue | None) -> bool:
    """Return whether two values of a lever mean the same to the Powerwall."""
    # Rounded, because as floats 0.0006 and 0.0001 are less than 0.0005 apart.
    return round(difference(first, second), 6) < WORTH_SENDING


def difference(first: LeverValue | None, second: LeverValue | None) -> float:
    """Return how far two values are apart; infinite if not comparable."""
    if isinstance(first, TeslaTariff) and isinstance(second, TeslaTariff):
        return largest_difference(first, second)
    if isinstance(first, OperationMode) and first is second:
        return 0.0
    return 0.0 if first is second else math.inf
