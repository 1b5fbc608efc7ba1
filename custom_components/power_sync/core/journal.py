"""What we changed on a Powerwall and owe to put back.

An entry is written before the first command that changes a lever and goes only
after the owner's value has been read back. Whatever happens in between, the
next start finds it.

A command that was never seen to arrive may still do so, long after another one or
the owner's own value has taken its place. It is remembered as an echo, so that it is
neither taken for somebody's choice nor left standing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto
import math

from .model.decisions import Feature, Lever, LeverValue
from .model.tesla_tariff import TeslaTariff
from .tesla_tariff import OUR_CODE, largest_difference, same_conditions

WORTH_SENDING = 0.0005
"""Smallest price difference per kWh that justifies an upload (0.05 c)."""
ECHO_LASTS = timedelta(hours=1)
"""How late a command may be applied; field reports speak of up to 45 minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One lever we hold.

    ``owner`` is what it was before us (None if the site had no value),
    ``previous`` what it was before the last command, ``sent`` what we sent
    last and ``sent_at`` when, ``confirmed`` whether a read-back has shown it.
    """

    owner: LeverValue | None
    previous: LeverValue | None
    sent: LeverValue
    confirmed: bool
    feature: Feature
    since: datetime
    sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """A command that may still arrive, and what the owner has in its place."""

    value: LeverValue
    owner: LeverValue | None
    until: datetime


class Finding(Enum):
    """What a read-back says about a lever."""

    NOTHING = auto()
    ARRIVED = auto()
    """What was sent is there."""
    FOREIGN = auto()
    """Somebody else has changed it."""
    ECHO = auto()
    """A command of ours that was given up has been applied after all."""


@dataclass(frozen=True, slots=True)
class Journal:
    """The levers of one site that are not, or may not stay, as their owner left them."""

    entries: Mapping[Lever, Entry] = field(default_factory=dict)
    echoes: Mapping[Lever, tuple[Echo, ...]] = field(default_factory=dict)

    def entry(self, lever: Lever) -> Entry | None:
        """Return what is owed for a lever, None if nothing."""
        return self.entries.get(lever)

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
        journal = self
        if entry is not None:
            owner = entry.owner
            if not entry.confirmed:
                journal = self._with_echo(lever, entry, owner, now)
        elif echo := self._echo(lever, current, now):
            # It arrived between the last look and this one.
            owner = echo.owner
        else:
            # Without a journal (a new installation, say) a tariff of ours is
            # nobody's: there is nothing to put back.
            owner = None if is_ours(current) else current
        return journal._with_entry(  # noqa: SLF001 - of the same class
            lever,
            Entry(
                owner=owner,
                previous=current,
                sent=value,
                confirmed=False,
                feature=feature,
                since=entry.since if entry else now,
                sent_at=now,
            ),
        )

    def held(
        self, lever: Lever, value: LeverValue, feature: Feature, now: datetime
    ) -> Journal:
        """Return the journal after a lever was found as it is wanted.

        Nothing was changed and nothing is owed, but now a change is somebody's.
        """
        return self._with_entry(
            lever,
            Entry(
                owner=value,
                previous=value,
                sent=value,
                confirmed=True,
                feature=feature,
                since=now,
                sent_at=now,
            ),
        )

    def commissioned(
        self,
        lever: Lever,
        current: LeverValue | None,
        value: LeverValue,
        now: datetime,
    ) -> Journal:
        """Return the journal before the owner's own new ``value`` is sent.

        Should it not arrive at once, it is what will be put back.
        """
        entry = self.entry(lever)
        journal = self
        if entry is not None and not entry.confirmed:
            journal = self._with_echo(lever, entry, value, now)
        return journal._with_owner_of_echoes(lever, value)._with_entry(  # noqa: SLF001
            lever,
            Entry(
                owner=value,
                previous=current,
                sent=value,
                confirmed=False,
                feature=Feature.MANUAL,
                since=now,
                sent_at=now,
            ),
        )

    def confirmed(self, lever: Lever) -> Journal:
        """Return the journal after a read-back showed what was sent."""
        if (entry := self.entry(lever)) is None:
            return self
        journal = self._with_entry(lever, replace(entry, confirmed=True))
        if any(
            echo.until > entry.sent_at and same(echo.value, entry.sent)
            for echo in self.echoes.get(lever, ())
        ):
            # Sent twice, and nobody knows which of the two has arrived.
            journal = journal._with_echo(lever, entry, entry.owner, entry.sent_at)  # noqa: SLF001
        return journal

    def passed_on(self, lever: Lever, feature: Feature) -> Journal:
        """Return the journal after another feature wants what is there."""
        if (entry := self.entry(lever)) is None or entry.feature is feature:
            return self
        return self._with_entry(lever, replace(entry, feature=feature))

    def restored(self, lever: Lever, now: datetime) -> Journal:
        """Return the journal after the owner's value has been read back."""
        if (entry := self.entry(lever)) is None:
            return self
        journal = self._with_entry(lever, None)
        if not entry.confirmed and not same(entry.sent, entry.owner):
            journal = journal._with_echo(lever, entry, entry.owner, now)  # noqa: SLF001
        return journal

    def taken_back(self, lever: Lever, current: LeverValue | None) -> Journal:
        """Return the journal after the owner has chosen ``current``."""
        journal, entry = self._with_owner_of_echoes(lever, current), self.entry(lever)
        if entry is not None and not (entry.confirmed or same(entry.sent, current)):
            journal = journal._with_echo(lever, entry, current, entry.sent_at)  # noqa: SLF001
        return journal._with_entry(lever, None)  # noqa: SLF001

    def seen(self, lever: Lever, current: LeverValue | None, now: datetime) -> Journal:
        """Return the journal after a look at a lever that may still change by itself.

        What is there and not of us is what the owner has, and what has to be put back
        after an echo.
        """
        if (
            current is None
            or is_ours(current)
            or self.entry(lever) is not None
            or self._echo(lever, current, now)
            or all(same(echo.owner, current) for echo in self.echoes.get(lever, ()))
        ):
            return self
        return self._with_owner_of_echoes(lever, current)

    def echoed(
        self, lever: Lever, current: LeverValue, feature: Feature, now: datetime
    ) -> Journal:
        """Return the journal after a forgotten command was applied: it is owed again."""
        if (echo := self._echo(lever, current, now)) is None:
            return self
        return self._with_entry(
            lever,
            Entry(
                owner=echo.owner,
                previous=current,
                sent=current,
                confirmed=True,
                feature=feature,
                since=now,
                sent_at=now,
            ),
        )

    def finding(
        self, lever: Lever, current: LeverValue | None, now: datetime
    ) -> Finding:
        """Return what a read-back of a lever means.

        A tariff that equals what it was before our last command, or the
        owner's, may be a read-back that lags; any other lever does not lag once it
        was confirmed, so that another value is somebody's choice.
        """
        if current is None:
            return Finding.NOTHING
        entry = self.entry(lever)
        is_echo = self._echo(lever, current, now) is not None
        if entry is None:
            return Finding.ECHO if is_echo else Finding.NOTHING
        if same(current, entry.sent):
            return Finding.NOTHING if entry.confirmed else Finding.ARRIVED
        if is_echo or is_ours(current):
            return Finding.NOTHING
        if lever is not Lever.TARIFF and entry.confirmed:
            return Finding.FOREIGN
        if same(current, entry.previous) or same(current, entry.owner):
            return Finding.NOTHING
        return Finding.FOREIGN

    def sent_like(self, lever: Lever, value: LeverValue) -> bool:
        """Return whether what was sent last says the same beside the prices, too.

        True where nothing was sent: then there is nothing to compare with.
        """
        entry = self.entry(lever)
        if entry is None or not isinstance(entry.sent, TeslaTariff):
            return True
        return not isinstance(value, TeslaTariff) or same_conditions(entry.sent, value)

    def _with_entry(self, lever: Lever, entry: Entry | None) -> Journal:
        """Return the journal with one lever's entry replaced."""
        entries = {key: kept for key, kept in self.entries.items() if key is not lever}
        if entry is not None:
            entries[lever] = entry
        return replace(self, entries=entries)

    def _live_echoes(self, lever: Lever, now: datetime) -> tuple[Echo, ...]:
        """Return the commands for a lever that may still arrive."""
        return tuple(echo for echo in self.echoes.get(lever, ()) if now < echo.until)

    def _echo(
        self, lever: Lever, current: LeverValue | None, now: datetime
    ) -> Echo | None:
        """Return the late command that a lever shows, None if it shows none."""
        return next(
            (
                echo
                for echo in self._live_echoes(lever, now)
                if current is not None and _echoes(echo, current)
            ),
            None,
        )

    def _with_echo(
        self, lever: Lever, entry: Entry, owner: LeverValue | None, now: datetime
    ) -> Journal:
        """Return the journal with one more command that may still arrive."""
        echo = Echo(value=entry.sent, owner=owner, until=entry.sent_at + ECHO_LASTS)
        others = (
            other
            for other in self._live_echoes(lever, now)
            # One stands for all of our tariffs: they are known by their code.
            if not _echoes(other, entry.sent)
        )
        return replace(self, echoes={**self.echoes, lever: (*others, echo)})

    def _with_owner_of_echoes(self, lever: Lever, owner: LeverValue | None) -> Journal:
        """Return the journal with another value to put back after an echo."""
        echoes = tuple(
            replace(echo, owner=owner) for echo in self.echoes.get(lever, ())
        )
        return replace(self, echoes={**self.echoes, lever: echoes}) if echoes else self


def _echoes(echo: Echo, current: LeverValue) -> bool:
    """Return whether a lever shows what a late command would set."""
    # What equals the owner's own is nothing to mend.
    if same(current, echo.owner):
        return False
    return same(current, echo.value) or (is_ours(current) and is_ours(echo.value))


def is_ours(value: LeverValue | None) -> bool:
    """Return whether a value can only come from us."""
    return isinstance(value, TeslaTariff) and value.buy.code == OUR_CODE


def same(first: LeverValue | None, second: LeverValue | None) -> bool:
    """Return whether two values of a lever mean the same to the Powerwall."""
    # Rounded, because as floats 0.0006 and 0.0001 are less than 0.0005 apart.
    return round(difference(first, second), 6) < WORTH_SENDING


def difference(first: LeverValue | None, second: LeverValue | None) -> float:
    """Return how far two values of a lever are apart; infinite if not comparable."""
    if isinstance(first, TeslaTariff) and isinstance(second, TeslaTariff):
        return largest_difference(first, second)
    if type(first) is float and type(second) is float:
        return abs(settled_reserve(first) - settled_reserve(second))
    return 0.0 if first is second else math.inf


def settled_reserve(percent: float) -> float:
    """Return what a backup reserve becomes: firmware turns 81 to 99 % into 80."""
    return 80.0 if 80 < percent < 100 else float(round(percent))
