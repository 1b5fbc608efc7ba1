"""Carry out one decision: every lever to where it is wanted, or back to its owner."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, tzinfo

from homeassistant.util import dt as dt_util

from ..core.arbiter import Ruling, resolve
from ..core.day_plan import plain_tariff
from ..core.engine import (
    MANUAL_PUSH_HOLDS,
    PLAN_PUSH_HOLDS,
    STEERED,
    Decision,
    Memory,
    Settings,
    decide,
    follows_prices,
    owner_value,
)
from ..core.hands_off import hands_off
from ..core.journal import Journal, is_ours
from ..core.model.decisions import (
    KEEP,
    Action,
    Feature,
    Keep,
    Lever,
    Reason,
    Record,
    Want,
)
from ..core.model.powerwall import OperationMode
from ..core.model.switches import Switch
from ..core.model.tesla_tariff import TeslaTariff
from ..core.plan_tariff import plan_tariff
from ..core.replan import same_interval
from ..core.standing import Pushed, Standing
from ..core.steering import is_steering
from .issues import Issues
from .levers import Levers
from .notes import Notes
from .orders import Batch, Push, Setting
from .outlook import Outlook
from .profiles import BEFORE_POWERSYNC, BEFORE_SPIKE, Profiles
from .store import StateStore

_OVER: Mapping[Feature, Reason] = {
    Feature.FORCE: Reason.FORCE_OVER,
    Feature.SPIKE_RESPONSE: Reason.SPIKE_OVER,
    Feature.CURTAILMENT: Reason.FEED_IN_BACK,
    Feature.MANUAL: Reason.REQUESTED,
    Feature.REPLAN: Reason.REPLAN,
}
"""Why a lever is given back, by the feature that held it."""


_MAY_HAVE_MOVED = frozenset(
    {
        Action.SENT,
        Action.RESTORED,
        Action.SUPERSEDED,
        Action.NOT_APPLIED,
        Action.FAILED,
    }
)
"""What may have moved a lever, if perhaps later."""


class Helm:
    """The hand that turns decisions into levers, one step at a time."""

    def __init__(
        self,
        outlook: Outlook,
        store: StateStore,
        profiles: Profiles,
        levers: Levers,
        notes: Notes,
        issues: Issues,
        *,
        interrupt: asyncio.Event,
        look_again: Callable[[], None],
        ring_at: Callable[[datetime | None], None],
    ) -> None:
        """Decide by ``outlook`` and act through ``levers``.

        A step ends early when ``interrupt`` is set; ``look_again`` asks for another,
        and ``ring_at`` for one that begins at a moment, whatever is under way then.
        """
        self._outlook = outlook
        self._store = store
        self._profiles = profiles
        self._levers = levers
        self._notes = notes
        self._issues = issues
        self._interrupt = interrupt
        self._look_again = look_again
        self._ring_at = ring_at
        self._look_due = False
        """Whether a tariff that steers came or went and was not looked at yet."""
        self.memory = Memory()
        self.rulings: Mapping[Lever, Ruling] = {}
        """What won each lever when it was last decided on."""
        self.zone: tzinfo = dt_util.get_default_time_zone()
        """The time zone that the tariff's half hours are in."""

    @property
    def journal(self) -> Journal:
        """Return what we owe to the owner."""
        return self._store.standing.journal

    @property
    def picture(self) -> tuple[object, ...]:
        """Return who has which lever and why, to see whether that has changed."""
        return (
            *(
                (lever, ruling.want.feature, ruling.want.reason)
                for lever, ruling in self.rulings.items()
            ),
            *_kept_safe(self._store.standing),
            self._store.standing.owner_tariff_until,
        )

    @property
    def instead(self) -> TeslaTariff:
        """Return the tariff for an owner who has none to put back."""
        if (plan := self.memory.plan) is not None:
            return plan.tariff
        return plain_tariff(self._outlook.settings(self.zone).tariff)

    def forget_prices(self) -> None:
        """Make the next step build the tariff anew."""
        self.memory = replace(self.memory, consumed_at=None)

    async def step(self, batch: Batch | None) -> bool:
        """Decide once and act on it; return whether all of it was gone through."""
        now = dt_util.utcnow()
        await self._was_overruled(now)
        zone = await self._outlook.find_zone()
        if zone != self.zone:
            self.zone = zone
            # Half hours of another zone are other half hours: plan anew.
            self.memory = replace(self.memory, consumed_at=None, steering=None)
        settings = self._outlook.settings(self.zone)
        # Whatever has come until here is in the decision.
        self._interrupt.clear()
        if batch is not None and isinstance(batch.order, Setting):
            order = batch.order
            batch.records[order.lever] = await self._levers.commission(
                order.lever, order.value, now, dry_run=self._outlook.dry_run
            )
            if order.lever is Lever.OPERATION_MODE:
                self._end_replan()
            # Whoever gave way has more to put back.
            self._look_again()
            return True
        decision = await self._decide(settings, now)
        self.rulings = resolve(decision.wants, now)
        ends = (want.expires for want in decision.wants if want.expires)
        self._ring_at(min((end for end in ends if end > now), default=None))
        if settings.has_prices and (good_at := decision.standing.last_good_at):
            self._issues.prices(decision.wants, good_at, now)
        push = batch.order if batch and isinstance(batch.order, Push) else None
        for lever in Lever:
            if self._interrupt.is_set() or await self._was_overruled(now):
                # What is being done is not what is wanted any more.
                return False
            entry = self.journal.entry(lever)
            record = (
                await self._push(push, settings, now)
                if push is not None and lever is Lever.TARIFF
                else await self._settle(lever, settings, now)
            )
            if record is not None and batch is not None:
                batch.add(record)
            if push is not None and lever is Lever.TARIFF and batch is not None:
                # Whatever became of it: the user hears of it, and may push again.
                batch.answer()
            if lever is Lever.TARIFF and record is not None:
                self._consider_replan(record, entry.feature if entry else None, now)
        return not self._interrupt.is_set()

    async def _was_overruled(self, now: datetime) -> bool:
        """Return whether the owner has changed something since the last look."""
        reason = hands_off(self._outlook.snapshot().live, now)
        moved = await self._levers.observe(now, hands_off=reason is not None)
        if Lever.OPERATION_MODE in moved:
            self._end_replan()
        if moved:
            self._look_again()
        return bool(moved)

    async def _decide(self, settings: Settings, now: datetime) -> Decision:
        """Ask the engine and remember its answer, on disk what must be."""
        before = self._store.standing
        decision = decide(self._outlook.snapshot(), settings, before, self.memory, now)
        self.memory = decision.memory
        self._notes.plan = decision.memory.plan
        if _kept_safe(before) == _kept_safe(decision.standing):
            await self._store.put_sometimes(decision.standing, now)
        else:
            await self._store.put(decision.standing)
        return decision

    async def _settle(
        self, lever: Lever, settings: Settings, now: datetime
    ) -> Record | None:
        """Bring one lever to where it is wanted, or back to its owner."""
        ruling = self.rulings.get(lever)
        if ruling is None or self._must_not_stay(ruling):
            reason = self._why_given_back(lever, settings)
            return await self._levers.restore(lever, reason, now, instead=self.instead)
        if isinstance(ruling.want.value, Keep):
            return self._keep(ruling, now)
        if self._outlook.dry_run:
            return await self._levers.pretend(
                ruling, ruling.want.value, now, instead=self.instead
            )
        await self._keep_profile(ruling, now)
        return await self._levers.apply(ruling, ruling.want.value, now)

    def _must_not_stay(self, ruling: Ruling) -> bool:
        """Return whether a lever that is to be left alone is not its owner's yet.

        So it is until the user's own tariff has arrived, when a late one has taken its
        place, and when dry run begins while there are no prices.
        """
        want = ruling.want
        return (
            isinstance(want.value, Keep)
            and Feature.SAFETY not in {want.feature, *ruling.over}
            and (want.feature is Feature.MANUAL or self._outlook.dry_run)
            and self.journal.entry(want.lever) is not None
        )

    def _keep(self, ruling: Ruling, now: datetime) -> Record | None:
        """Leave a lever as it is, and say so where somebody wanted it otherwise."""
        lever, feature = ruling.want.lever, ruling.want.feature
        if feature is not Feature.PRICE_SYNC and not (
            ruling.over or self.journal.entry(lever)
        ):
            return None
        blocked = self.memory.blocked if feature is Feature.PRICE_SYNC else None
        return self._notes.kept(
            ruling, now, before=self._levers.shown(ruling.want.lever), blocked=blocked
        )

    async def _push(self, push: Push, settings: Settings, now: datetime) -> Record:
        """Send a tariff because the user said so, changed or not."""
        winner = self.rulings.get(Lever.TARIFF)
        if winner is not None and winner.want.feature in STEERED | {Feature.SAFETY}:
            return self._notes.kept(
                winner, now, before=self._levers.shown(Lever.TARIFF)
            )
        value: TeslaTariff | None = None
        if push.plan is not None:
            value = plan_tariff(
                push.plan,
                utility=push.plan.name,
                currency=settings.tariff.currency,
            )
        elif self.memory.plan is not None:
            value = self.memory.plan.tariff
        follows = follows_prices(settings, self._store.standing)
        blocked = self.memory.blocked
        ruling = Ruling(
            Want(
                lever=Lever.TARIFF,
                value=KEEP if value is None else value,
                feature=Feature.PRICE_SYNC if follows else Feature.PLAN,
                reason=Reason.REQUESTED
                if value is not None
                else Reason(blocked.reason.value)
                if blocked
                else Reason.NO_PRICES,
            )
        )
        if value is None:
            return self._notes.kept(
                ruling, now, before=self._levers.shown(Lever.TARIFF), blocked=blocked
            )
        if self._outlook.dry_run:
            return await self._levers.pretend(ruling, value, now, instead=self.instead)
        # Until it is sent: the user's newer word replaces what was chosen elsewhere.
        await self._store.put(replace(self._store.standing, owner_tariff_until=None))
        await self._keep_profile(ruling, now)
        record = await self._levers.apply(ruling, value, now, force=True)
        if record.action in {Action.SENT, Action.SUPERSEDED} and not follows:
            # Nobody else wants this tariff: it holds for the day whose prices it
            # is made of, a plan for its year.
            whole = push.plan or settings.tariff.tariff_plan
            until = now + (PLAN_PUSH_HOLDS if whole else MANUAL_PUSH_HOLDS)
            await self._store.put(
                replace(self._store.standing, pushed=Pushed(tariff=value, until=until))
            )
        return record

    async def _keep_profile(self, ruling: Ruling, now: datetime) -> None:
        """Save the tariff that is about to be replaced, where it is worth keeping."""
        shown = self._levers.shown(Lever.TARIFF)
        if ruling.want.lever is not Lever.TARIFF or not isinstance(shown, TeslaTariff):
            return
        entry = self.journal.entry(Lever.TARIFF)
        names = set()
        if entry is None and not is_ours(shown):
            # One of ours says nothing of the owner, whose own may be saved here only.
            names.add(BEFORE_POWERSYNC)
        if (
            ruling.want.feature is Feature.SPIKE_RESPONSE
            and (entry is None or entry.feature is not Feature.SPIKE_RESPONSE)
            and not is_steering(shown)
        ):
            names.add(BEFORE_SPIKE)
        for name in names:
            saved = self._profiles.all.get(name)
            if saved is None or saved.tariff != shown:
                await self._profiles.keep(name, shown, now)

    def _consider_replan(
        self, record: Record, held_by: Feature | None, now: datetime
    ) -> None:
        """Have the Powerwall look at a tariff at once where that is worth it.

        Always when it is to charge or discharge on the spot, or to stop doing so; with
        a new price once that has settled, if the user wants it.
        """
        if record.action in _MAY_HAVE_MOVED and {record.feature, held_by} & STEERED:
            self._look_due = True
        if record.action not in {Action.SENT, Action.UNCHANGED, Action.RESTORED}:
            return
        steered, self._look_due = self._look_due, False
        standing, replan = self._store.standing, self.memory.replan
        wanted = self._holder(Lever.OPERATION_MODE)
        owner = owner_value(self._outlook.snapshot(), standing, Lever.OPERATION_MODE)
        if (
            self._levers.shown(Lever.OPERATION_MODE) is not OperationMode.AUTONOMOUS
            or (wanted.value if wanted else owner) is not OperationMode.AUTONOMOUS
        ):
            # The mode changes anyway, or the tariff does not count.
            return
        settled = (
            Switch.REPLAN in standing.switches
            and record.feature is Feature.PRICE_SYNC
            and wanted is None
            # An estimate that was sent may turn out to be right.
            and standing.last_sync_at is not None
            and same_interval(standing.last_sync_at, now)
            and not replan.done_for(now)
            and self._outlook.is_settled(now)
        )
        if steered or settled:
            self.memory = replace(self.memory, replan=replan.begun(dt_util.utcnow()))
            self._replan_now()

    def _holder(self, lever: Lever) -> Want | None:
        """Return what won a lever."""
        ruling = self.rulings.get(lever)
        return ruling.want if ruling else None

    def _replan_now(self) -> None:
        """Go on with the change of mode, whatever else was to be done."""
        self._interrupt.set()
        self._look_again()

    def _end_replan(self) -> None:
        """Leave the mode alone that somebody has just chosen."""
        self.memory = replace(
            self.memory, replan=replace(self.memory.replan, until=None)
        )

    def _why_given_back(self, lever: Lever, settings: Settings) -> Reason:
        """Return why nobody wants a lever any more."""
        entry = self.journal.entry(lever)
        if entry is not None and entry.feature in _OVER:
            return _OVER[entry.feature]
        follows = follows_prices(settings, self._store.standing)
        if entry is not None and entry.feature is Feature.SAFETY and follows:
            return Reason.PRICES_BACK
        return Reason.SYNC_OFF


def _kept_safe(standing: Standing) -> tuple[object, ...]:
    """Return what must be on disk before anything is done about it.

    The rest changes with every price, and a crash may lose some minutes of it.
    """
    spike, curtailment = standing.spike, standing.curtailment
    return (
        standing.force,
        standing.pushed,
        spike.rehearsal,
        spike.episode.since,
        spike.episode.overruled,
        curtailment.episode.since,
        curtailment.episode.overruled,
        curtailment.lifting,
        standing.journal.echoes,
    )
