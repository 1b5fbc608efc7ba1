"""Give each lever what was decided for it, or back to its owner."""

from dataclasses import replace
from datetime import datetime

from homeassistant.util import dt as dt_util

from ..core.arbiter import Ruling
from ..core.engine import STEERED
from ..core.journal import Finding, difference, same
from ..core.model.decisions import (
    Action,
    Feature,
    Keep,
    Lever,
    LeverValue,
    Reason,
    Record,
    Want,
)
from ..core.model.lever_values import lever_value
from ..core.model.switches import Switch
from ..core.model.tesla_tariff import TeslaTariff
from ..core.overruling import overruled, reinstated
from ..core.steering import is_steering
from .actuator import Actuator
from .notes import Notes, shown_as
from .readings import SiteReadings, StandingKeeper

URGENT = STEERED | {Feature.MANUAL}
"""Features for which somebody waits, or whose tariffs must not stay."""
UNFIT = STEERED | {Feature.REPLAN}
"""Features whose tariffs must not stay; of a late one nobody knows what it says."""
HOLDING = frozenset(
    {Feature.SAFETY, Feature.FORCE, Feature.SPIKE_RESPONSE, Feature.CURTAILMENT}
)
"""Features that hold a lever although it is as they want it already."""


class Levers:
    """The levers of one site: moved, pretended to be moved, or given back.

    Whatever happens to one of them ends as a record in the log.
    """

    def __init__(
        self,
        actuator: Actuator,
        site: SiteReadings,
        store: StandingKeeper,
        notes: Notes,
    ) -> None:
        """Move levers with ``actuator`` and tell ``notes`` about it."""
        self._actuator = actuator
        self._site = site
        self._store = store
        self._notes = notes
        self._pretended: dict[Lever, LeverValue] = {}

    def shown(self, lever: Lever) -> LeverValue | None:
        """Return what the site last showed of a lever."""
        return lever_value(self._site.known, lever) if self._site.known else None

    async def observe(
        self, now: datetime, *, hands_off: bool = False
    ) -> frozenset[Lever]:
        """Take note of what the Powerwall shows of our and others' changes.

        Return the levers that somebody else has moved. While it is ``hands_off``
        that may be Tesla; what is still so afterwards is the owner's.
        """
        moved = set()
        if self._site.known is None or not self._site.last_update_success:
            return frozenset()
        for lever in Lever:
            current = self.shown(lever)
            match self._actuator.journal.finding(lever, current, now):
                case Finding.ARRIVED:
                    await self._actuator.confirm(lever)
                case Finding.FOREIGN if not (
                    hands_off or self._actuator.may_be_late(lever, current, now)
                ):
                    moved.add(lever)
                    await self._accept_change(lever, current, now)
                case Finding.ECHO if current is not None:
                    await self._actuator.save(
                        self._actuator.journal.echoed(
                            lever, current, Feature.REPLAN, now
                        )
                    )
        return frozenset(moved)

    async def _accept_change(
        self, lever: Lever, current: LeverValue | None, now: datetime
    ) -> None:
        """Let the owner's change win, and say so."""
        standing = self._store.standing
        entry = standing.journal.entry(lever)
        if entry is None:
            return
        standing = replace(
            standing, journal=standing.journal.taken_back(lever, current)
        )
        await self._store.put(overruled(standing, lever, entry.feature, now))
        self._notes.owner_changed(
            Record(
                at=now,
                lever=lever,
                action=Action.OWNER_CHANGED,
                feature=None,
                reason=Reason.CHANGED_ELSEWHERE,
                before=shown_as(entry.sent),
                value=shown_as(current),
                over=(entry.feature,),
            )
        )

    async def apply(
        self,
        ruling: Ruling,
        value: LeverValue,
        now: datetime,
        *,
        force: bool = False,
    ) -> Record:
        """Give a lever the value that won."""
        want = ruling.want
        if self._site.known is None:
            return self._notes.outcome(ruling, Action.FAILED, now, error="unavailable")
        current = self.shown(want.lever)
        if current is None and want.lever is not Lever.TARIFF:
            ruling = replace(ruling, want=replace(want, reason=Reason.NOT_OFFERED))
            return self._notes.outcome(ruling, Action.BLOCKED, now)
        known = self._actuator.journal.sent_like(want.lever, value)
        if same(current, value) and known and not force:
            await self._hold(want, value, now)
            return self._notes.outcome(ruling, Action.UNCHANGED, now, before=current)
        entry = self._actuator.journal.entry(want.lever)
        attempt = await self._actuator.move(
            want.lever,
            value,
            want.feature,
            now,
            force=force,
            urgent=want.feature in URGENT
            or (entry is not None and entry.feature in URGENT)
            or (isinstance(current, TeslaTariff) and is_steering(current)),
        )
        if want.lever is Lever.TARIFF and attempt.action is Action.SENT:
            await self._store.put(
                replace(self._store.standing, last_sync_at=dt_util.utcnow())
            )
        return self._notes.attempt(
            ruling,
            attempt,
            now,
            before=current,
            change=difference(current, value),
        )

    async def _hold(self, want: Want, value: LeverValue, now: datetime) -> None:
        """Remember who wants a lever that is as it is wanted.

        From now on another value is the user's doing, and wins.
        """
        journal = self._actuator.journal
        if journal.entry(want.lever) is not None:
            journal = journal.passed_on(want.lever, want.feature)
        elif want.feature in HOLDING and want.lever is not Lever.TARIFF:
            journal = journal.held(want.lever, value, want.feature, now)
        if journal is not self._actuator.journal:
            await self._actuator.save(journal)

    async def commission(
        self, lever: Lever, value: LeverValue, now: datetime, *, dry_run: bool
    ) -> Record:
        """Give a lever another value of its owner's; whoever held it gives way."""
        ruling = Ruling(
            Want(
                lever=lever,
                value=value,
                feature=Feature.MANUAL,
                reason=Reason.REQUESTED,
            )
        )
        if self._site.known is None:
            return self._notes.outcome(ruling, Action.FAILED, now, error="unavailable")
        current = self.shown(lever)
        if current is None and lever is not Lever.TARIFF:
            ruling = replace(
                ruling, want=replace(ruling.want, reason=Reason.NOT_OFFERED)
            )
            return self._notes.outcome(ruling, Action.BLOCKED, now)
        if dry_run:
            return self._notes.outcome(
                ruling,
                Action.DRY_RUN,
                now,
                before=current,
                change=difference(current, value),
            )
        before = self._store.standing
        entry = before.journal.entry(lever)
        # Of a tariff the owner may want more than the prices.
        as_it_is = current == value if lever is Lever.TARIFF else same(current, value)
        if entry is None and as_it_is:
            return self._notes.outcome(ruling, Action.UNCHANGED, now, before=current)
        standing = replace(
            before, journal=before.journal.commissioned(lever, current, value, now)
        )
        if entry is not None:
            ruling = replace(ruling, over=(entry.feature,))
            standing = overruled(standing, lever, entry.feature, now)
        elif lever is Lever.TARIFF and Switch.AUTO_SYNC in standing.switches:
            # The sync waits for prices, and must not take it back with the first.
            standing = overruled(standing, lever, Feature.PRICE_SYNC, now)
        await self._store.put(standing)
        # The user waits for this very command: nothing newer cuts its read-back off.
        self._actuator.interrupt.clear()
        attempt = await self._actuator.restore(lever, value, now, force=True)
        if attempt.refused:
            await self._store.put(
                reinstated(self._store.standing, before, given=standing)
            )
        if attempt.action is Action.RESTORED:
            attempt = replace(attempt, action=Action.SENT)
        return self._notes.attempt(
            ruling, attempt, now, before=current, change=difference(current, value)
        )

    async def pretend(
        self,
        ruling: Ruling,
        value: LeverValue,
        now: datetime,
        *,
        instead: TeslaTariff | None = None,
    ) -> Record:
        """Say what would have been sent; earlier real changes are put back.

        ``instead`` is as in ``restore``.
        """
        lever = ruling.want.lever
        await self._put_back(lever, Reason.SYNC_OFF, now, instead=instead)
        before = self._pretended.get(lever, self.shown(lever))
        if same(before, value):
            return self._notes.outcome(ruling, Action.UNCHANGED, now, before=before)
        self._pretended[lever] = value
        return self._notes.outcome(
            ruling,
            Action.DRY_RUN,
            now,
            before=before,
            change=difference(before, value),
        )

    async def restore(
        self,
        lever: Lever,
        reason: Reason,
        now: datetime,
        *,
        instead: TeslaTariff | None = None,
        force: bool = False,
    ) -> Record | None:
        """Give a lever that nobody wants back to its owner; None if it has it.

        ``instead`` is the tariff for an owner who never had one, where ours must not
        stay: Tesla offers no way to have none again.
        """
        if lever in self._pretended:
            record = self._stop_pretending(lever, reason, now)
            if self._actuator.journal.entry(lever) is None:
                return record
        return await self._put_back(lever, reason, now, instead=instead, force=force)

    async def _put_back(
        self,
        lever: Lever,
        reason: Reason,
        now: datetime,
        *,
        instead: TeslaTariff | None = None,
        force: bool = False,
    ) -> Record | None:
        """Put back what we owe of a lever; None if nothing is, or nothing was told."""
        entry = self._actuator.journal.entry(lever)
        if entry is None or self._site.known is None:
            return None
        value = entry.owner
        if (
            value is None
            and lever is Lever.TARIFF
            and (entry.feature in UNFIT or is_steering(self._site.known.tariff))
        ):
            value = instead
        ruling = Ruling(
            Want(
                lever=lever,
                value=Keep() if value is None else value,
                feature=entry.feature,
                reason=reason,
            )
        )
        current = self.shown(lever)
        if value is None:
            await self._actuator.save(self._actuator.journal.taken_back(lever, current))
            return self._notes.outcome(ruling, Action.UNCHANGED, now, before=current)
        was_changed = not (same(entry.sent, value) and same(current, value))
        attempt = await self._actuator.restore(
            lever, value, now, force=force, urgent=entry.feature in URGENT
        )
        if attempt.action is Action.SUPERSEDED or (
            attempt.action is Action.RESTORED and not was_changed
        ):
            # What was held without a change is let go without a word.
            return None
        return self._notes.attempt(ruling, attempt, now, before=current, change=None)

    async def release(
        self, reason: Reason, *, instead: TeslaTariff | None = None
    ) -> None:
        """Put back everything we owe, as well as it can be done right now."""
        # Neither our own pace nor a wish that nobody will see to any more stands in
        # the way.
        self._actuator.interrupt.clear()
        for lever in Lever:
            await self.restore(
                lever, reason, dt_util.utcnow(), instead=instead, force=True
            )

    def _stop_pretending(self, lever: Lever, reason: Reason, now: datetime) -> Record:
        """Say that the owner's value would have been put back."""
        pretended, current = self._pretended.pop(lever), self.shown(lever)
        want = Want(
            lever=lever,
            value=Keep() if current is None else current,
            feature=Feature.MANUAL,
            reason=reason,
        )
        return self._notes.outcome(Ruling(want), Action.DRY_RUN, now, before=pretended)
