"""Run one home: watch, decide, act, explain.

One task does everything in turn, so at most one command is in flight. It is
woken by new prices, by the user, by what the Powerwall reports and once a
minute, and runs whether or not any entity listens.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import (
    async_track_point_in_utc_time,
    async_track_time_interval,
)
from homeassistant.util import dt as dt_util

from ..clients.protocols import PowerwallClient
from ..const import LOGGER
from ..core.arbiter import Ruling, resolve
from ..core.curtailment import CurtailmentMemory
from ..core.day_plan import Plan, plain_tariff
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
from ..core.force import begin, extend
from ..core.journal import Journal
from ..core.model.decisions import (
    KEEP,
    Action,
    Feature,
    Keep,
    Lever,
    LeverValue,
    Reason,
    Record,
    Want,
)
from ..core.model.force import Direction, Force, ForceOverError, running
from ..core.model.powerwall import OperationMode
from ..core.model.switches import Switch
from ..core.model.tariff_plan import TariffPlan
from ..core.model.tesla_tariff import TeslaTariff
from ..core.overruling import called_off
from ..core.plan_tariff import plan_tariff
from ..core.replan import same_interval
from ..core.spike_response import SpikeMemory, is_active, rehearse
from ..core.standing import Pushed, Standing
from .actuator import Actuator
from .issues import Issues
from .levers import Levers
from .log import DecisionLog
from .orders import Batch, Look, Orders, Outcome, Push, Setting
from .outlook import Outlook
from .profiles import BEFORE_POWERSYNC, BEFORE_SPIKE, Profiles
from .store import StateStore

EVERY = timedelta(minutes=1)

_OVER: Mapping[Feature, Reason] = {
    Feature.FORCE: Reason.FORCE_OVER,
    Feature.SPIKE_RESPONSE: Reason.SPIKE_OVER,
    Feature.CURTAILMENT: Reason.FEED_IN_BACK,
    Feature.MANUAL: Reason.REQUESTED,
    Feature.REPLAN: Reason.REPLAN,
}
"""Why a lever is given back, by the feature that held it."""


class Controller:
    """The owner of one Powerwall's settings."""

    def __init__(
        self,
        hass: HomeAssistant,
        *,
        entry_id: str,
        client: PowerwallClient,
        outlook: Outlook,
        store: StateStore,
        profiles: Profiles,
    ) -> None:
        """Control ``client`` by what ``outlook`` says."""
        self._hass = hass
        self._outlook = outlook
        self._store = store
        self.profiles = profiles
        self._actuator = Actuator(client, outlook.site, store)
        self._issues = Issues(hass, entry_id)
        self.log = DecisionLog(hass, entry_id)
        self._levers = Levers(
            self._actuator, outlook.site, store, self.log, self._issues
        )
        self._wake = asyncio.Event()
        self._orders = Orders()
        self._unsubscribe: list[CALLBACK_TYPE] = []
        self._alarm: CALLBACK_TYPE | None = None
        self._stopped = False
        self._memory = Memory()
        self._rulings: Mapping[Lever, Ruling] = {}
        self.zone: tzinfo = dt_util.get_default_time_zone()
        """The time zone that the tariff's half hours are in."""

    # What is so

    @property
    def plan(self) -> Plan | None:
        """Return the tariff that the newest prices make, if they make one."""
        return self._memory.plan

    @property
    def journal(self) -> Journal:
        """Return what we owe to the owner."""
        return self._store.standing.journal

    @property
    def last_sync_at(self) -> datetime | None:
        """Return when a tariff was last seen to have arrived."""
        return self._store.standing.last_sync_at

    @property
    def force(self) -> Force | None:
        """Return the force that is running."""
        force = self._store.standing.force
        return force if running(force, dt_util.utcnow()) else None

    @property
    def spike(self) -> SpikeMemory:
        """Return what is remembered of the wholesale price."""
        return self._store.standing.spike

    @property
    def spike_is_on(self) -> bool:
        """Return whether a spike, real or rehearsed, is responded to."""
        return is_active(self._store.standing.spike, dt_util.utcnow())

    @property
    def curtailment(self) -> CurtailmentMemory:
        """Return what is remembered of the feed-in."""
        return self._store.standing.curtailment

    @property
    def manual_until(self) -> datetime | None:
        """Return until when a tariff stays that the user has chosen or sent."""
        standing = self._store.standing
        if standing.owner_tariff_until is not None:
            return standing.owner_tariff_until
        return standing.pushed.until if standing.pushed else None

    @property
    def in_charge(self) -> Feature | None:
        """Return the foremost feature that something was decided for."""
        features = {ruling.want.feature for ruling in self._rulings.values()}
        return min(features, default=None)

    def holder(self, lever: Lever) -> Want | None:
        """Return what won a lever when it was last decided on."""
        ruling = self._rulings.get(lever)
        return ruling.want if ruling else None

    def is_on(self, switch: Switch) -> bool:
        """Return whether the user lets PowerSync do something on its own."""
        return switch in self._store.standing.switches

    # What the user wants

    async def turn(self, switch: Switch, on: bool) -> None:
        """Let PowerSync do something on its own, or not; off gives back at once."""
        standing = self._store.standing
        switches = standing.switches | {switch} if on else standing.switches - {switch}
        standing = replace(standing, switches=switches)
        if switch is Switch.AUTO_SYNC:
            # The newest word on the tariff is that prices are followed, or are not.
            standing = replace(standing, pushed=None, owner_tariff_until=None)
        await self._store.put(standing)
        # What is on may change the tariff.
        self._memory = replace(self._memory, consumed_at=None)
        self._hurry()

    async def push(self, plan: TariffPlan | None = None) -> Record:
        """Send a plan, or the tariff of the newest prices, now.

        Returns what became of it. Raises HomeAssistantError if the controller stops
        before it could.
        """
        return (await self._done(Push(plan)))[Lever.TARIFF]

    async def start_force(
        self, direction: Direction, minutes: int, reserve: float | None = None
    ) -> Outcome:
        """Charge or discharge from now on; another force ends.

        Raises ForceError if that cannot be, and HomeAssistantError as ``push`` does.
        """
        force = begin(direction, minutes, dt_util.utcnow(), reserve)
        await self._store.put(
            replace(self._store.standing, force=force, owner_tariff_until=None)
        )
        return await self._done(Look())

    async def extend_force(self, minutes: int) -> Outcome:
        """Let the force that is running end later, or earlier.

        Raises ForceError if that cannot be, and HomeAssistantError as ``push`` does.
        """
        standing = self._store.standing
        if standing.force is None:
            raise ForceOverError
        force = extend(standing.force, minutes, dt_util.utcnow())
        await self._store.put(replace(standing, force=force))
        return await self._done(Look())

    async def simulate_spike(self, price: float, minutes: float) -> Outcome:
        """Do for a while what a wholesale price in $/kWh would call for.

        Raises RehearsalError if that cannot be, and HomeAssistantError as ``push``
        does.
        """
        spike = rehearse(
            self._store.standing.spike,
            price=price,
            minutes=minutes,
            terms=self._outlook.settings(self.zone).spike,
            now=dt_util.utcnow(),
        )
        await self._store.put(
            replace(self._store.standing, spike=spike, owner_tariff_until=None)
        )
        return await self._done(Look())

    async def restore(self) -> Outcome:
        """Call off everything temporary; the owner or the prices have it all back.

        Raises HomeAssistantError as ``push`` does.
        """
        await self._store.put(called_off(self._store.standing, dt_util.utcnow()))
        return await self._done(Look())

    async def set_lever(self, lever: Lever, value: LeverValue) -> Record:
        """Give a lever another value of its owner's; whoever held it gives way.

        Raises HomeAssistantError as ``push`` does.
        """
        return (await self._done(Setting(lever, value)))[lever]

    async def send_tariff(self, tariff: TeslaTariff) -> Record:
        """Give the Powerwall another tariff of its owner's."""
        return await self.set_lever(Lever.TARIFF, tariff)

    # Beginning and end

    @callback
    def start(self) -> None:
        """Listen to everything that may call for a decision."""
        outlook = self._outlook
        if outlook.prices is not None:
            self._unsubscribe.append(
                outlook.prices.async_add_listener(self._on_new_prices)
            )
        self._unsubscribe += [
            coordinator.async_add_listener(self._wake.set)
            for coordinator in (outlook.site, outlook.live, outlook.market)
            if coordinator is not None
        ]
        self._unsubscribe.append(
            async_track_time_interval(self._hass, self._on_time, EVERY)
        )
        self._wake.set()

    @callback
    def stop(self) -> None:
        """Listen no more; whoever still waits is told."""
        self._stopped = True
        while self._unsubscribe:
            self._unsubscribe.pop()()
        self._set_alarm(None)
        self._issues.close()
        self._orders.refuse()

    async def run(self) -> None:
        """Decide and act whenever something has happened, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            batch = self._orders.take()
            done = True
            try:
                done = await self._step(batch)
            except Exception:  # noqa: BLE001
                # The one guard of the outermost loop: a mistake in one step
                # must not end control for good.
                LOGGER.exception("A control step failed; the next one tries again")
                if batch is not None:
                    batch.refuse()
                    batch = None
            finally:
                if batch is not None:
                    self._finish(batch, done=done)
            if self._orders:
                self._wake.set()

    async def release(self, reason: Reason) -> Journal:
        """Put back everything we owe; return what could not be."""
        await self._levers.release(reason, instead=self._instead)
        # Time off duty is no time without prices, and nobody waits for a force.
        await self._store.put(
            replace(
                called_off(self._store.standing, dt_util.utcnow()), last_good_at=None
            )
        )
        return self.journal

    async def flush(self) -> None:
        """Write down what a crash might lose but an orderly end must not."""
        await self._store.flush()

    async def forget(self) -> None:
        """Drop what is still owed for a Powerwall that is no longer ours."""
        await self._store.put(replace(self._store.standing, journal=Journal()))

    # What happens

    async def _done(self, order: Push | Setting | Look) -> Outcome:
        """Have something done by the task that does everything."""
        future = self._orders.ask(order)
        if self._stopped:
            self._orders.refuse()
        self._hurry()
        return await future

    @callback
    def _finish(self, batch: Batch, *, done: bool) -> None:
        """Tell who waits, or let them wait for the rest."""
        if self._stopped:
            batch.refuse()
        elif done or isinstance(batch.order, Push):
            batch.answer()
        else:
            self._orders.put_back(batch)

    @callback
    def _on_new_prices(self) -> None:
        """Act on new prices at once, even in the middle of a read-back.

        Unless somebody else has the tariff: then they can wait.
        """
        prices = self._outlook.prices.known if self._outlook.prices else None
        holder = self.holder(Lever.TARIFF)
        if (
            prices
            and prices.series.fetched_at != self._memory.consumed_at
            and (holder is None or holder.feature is Feature.PRICE_SYNC)
        ):
            self._hurry()
        else:
            self._wake.set()

    @callback
    def _on_time(self, _: datetime) -> None:
        """Look again: waiting ends."""
        self._wake.set()

    @callback
    def _on_alarm(self, _: datetime) -> None:
        """Look again at once: something has expired."""
        self._alarm = None
        self._hurry()

    def _hurry(self) -> None:
        """Decide as soon as the command in flight is answered."""
        self._actuator.interrupt.set()
        self._wake.set()

    async def _step(self, batch: Batch | None) -> bool:
        """Decide once and act on it; return whether all of it was gone through."""
        now = dt_util.utcnow()
        if Lever.OPERATION_MODE in await self._levers.observe(now):
            self._end_replan()
        zone = await self._outlook.find_zone()
        if zone != self.zone:
            self.zone = zone
            # Half hours of another zone are other half hours: plan anew.
            self._memory = replace(self._memory, consumed_at=None, steering=None)
        settings = self._outlook.settings(self.zone)
        # Whatever has come until here is in the decision.
        self._actuator.interrupt.clear()
        if batch is not None and isinstance(batch.order, Setting):
            order = batch.order
            batch.records[order.lever] = await self._levers.commission(
                order.lever, order.value, now, dry_run=self._outlook.dry_run
            )
            if order.lever is Lever.OPERATION_MODE:
                self._end_replan()
            # Whoever gave way has more to put back.
            self._wake.set()
            return True
        decision = await self._decide(settings, now)
        self._rulings = resolve(decision.wants, now)
        self._ring_at(decision.wants, now)
        if settings.has_prices and (good_at := decision.standing.last_good_at):
            self._issues.prices(decision.wants, good_at, now)
        push = batch.order if batch and isinstance(batch.order, Push) else None
        for lever in Lever:
            if self._actuator.interrupt.is_set():
                # What is being done is not what is wanted any more.
                return False
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
        return not self._actuator.interrupt.is_set()

    async def _decide(self, settings: Settings, now: datetime) -> Decision:
        """Ask the engine and remember its answer, on disk what must be."""
        before = self._store.standing
        decision = decide(self._outlook.snapshot(), settings, before, self._memory, now)
        self._memory = decision.memory
        self._levers.plan = decision.memory.plan
        if _kept_safe(before) == _kept_safe(decision.standing):
            await self._store.put_sometimes(decision.standing, now)
        else:
            await self._store.put(decision.standing)
        return decision

    async def _settle(
        self, lever: Lever, settings: Settings, now: datetime
    ) -> Record | None:
        """Bring one lever to where it is wanted, or back to its owner."""
        ruling = self._rulings.get(lever)
        entry = self.journal.entry(lever)
        if ruling is None:
            reason = self._why_given_back(lever, settings)
            record = await self._levers.restore(
                lever, reason, now, instead=self._instead
            )
        elif isinstance(ruling.want.value, Keep):
            record = self._keep(ruling, now)
        elif self._outlook.dry_run:
            record = await self._levers.pretend(ruling, ruling.want.value, now)
        else:
            await self._keep_profile(ruling, now)
            record = await self._levers.apply(ruling, ruling.want.value, now)
        if lever is Lever.TARIFF and record is not None:
            self._consider_replan(record, entry.feature if entry else None, now)
        return record

    def _keep(self, ruling: Ruling, now: datetime) -> Record | None:
        """Leave a lever as it is, and say so where somebody wanted it otherwise."""
        lever, feature = ruling.want.lever, ruling.want.feature
        if feature is not Feature.PRICE_SYNC and not (
            ruling.over or self.journal.entry(lever)
        ):
            return None
        blocked = self._memory.blocked if feature is Feature.PRICE_SYNC else None
        return self._levers.note_kept(ruling, now, blocked)

    @property
    def _instead(self) -> TeslaTariff:
        """Return the tariff for an owner who has none to put back."""
        plan = self._memory.plan
        return (
            plan.tariff
            if plan
            else plain_tariff(self._outlook.settings(self.zone).tariff)
        )

    async def _push(self, push: Push, settings: Settings, now: datetime) -> Record:
        """Send a tariff because the user said so, changed or not."""
        winner = self._rulings.get(Lever.TARIFF)
        if winner is not None and winner.want.feature in STEERED | {Feature.SAFETY}:
            return self._levers.note_kept(winner, now)
        value: TeslaTariff | None = None
        if push.plan is not None:
            value = plan_tariff(
                push.plan,
                utility=push.plan.name,
                currency=settings.tariff.currency,
            )
        elif self._memory.plan is not None:
            value = self._memory.plan.tariff
        follows = follows_prices(settings, self._store.standing)
        blocked = self._memory.blocked
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
            return self._levers.note_kept(ruling, now, blocked)
        if self._outlook.dry_run:
            return await self._levers.pretend(ruling, value, now)
        # Until it is sent: the user's newer word replaces what was chosen elsewhere.
        await self._store.put(replace(self._store.standing, owner_tariff_until=None))
        await self._keep_profile(ruling, now)
        record = await self._levers.apply(ruling, value, now, force=True)
        if record.action is Action.SENT and not follows:
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
        if entry is None:
            await self.profiles.keep(BEFORE_POWERSYNC, shown, now)
        if ruling.want.feature is Feature.SPIKE_RESPONSE and (
            entry is None or entry.feature is not Feature.SPIKE_RESPONSE
        ):
            await self.profiles.keep(BEFORE_SPIKE, shown, now)

    def _consider_replan(
        self, record: Record, held_by: Feature | None, now: datetime
    ) -> None:
        """Have the Powerwall look at a tariff at once where that is worth it.

        Always when it is to charge or discharge on the spot, or to stop doing so; with
        a new price once that has settled, if the user wants it.
        """
        if record.action not in {Action.SENT, Action.UNCHANGED, Action.RESTORED}:
            return
        standing, replan = self._store.standing, self._memory.replan
        wanted = self.holder(Lever.OPERATION_MODE)
        owner = owner_value(self._outlook.snapshot(), standing, Lever.OPERATION_MODE)
        if (
            self._levers.shown(Lever.OPERATION_MODE) is not OperationMode.AUTONOMOUS
            or (wanted.value if wanted else owner) is not OperationMode.AUTONOMOUS
        ):
            # The mode changes anyway, or the tariff does not count.
            return
        steered = record.action is not Action.UNCHANGED and bool(
            {record.feature, held_by} & STEERED
        )
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
            self._memory = replace(self._memory, replan=replan.begun(dt_util.utcnow()))
            self._hurry()

    def _end_replan(self) -> None:
        """Leave the mode alone that somebody has just chosen."""
        self._memory = replace(
            self._memory, replan=replace(self._memory.replan, until=None)
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

    @callback
    def _ring_at(self, wants: tuple[Want, ...], now: datetime) -> None:
        """Look again at once when the next want expires."""
        ends = [want.expires for want in wants if want.expires and want.expires > now]
        self._set_alarm(min(ends, default=None))

    @callback
    def _set_alarm(self, moment: datetime | None) -> None:
        """Set the one alarm there is, or none."""
        if self._alarm is not None:
            self._alarm()
            self._alarm = None
        if moment is not None:
            self._alarm = async_track_point_in_utc_time(
                self._hass, self._on_alarm, moment
            )


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
    )
