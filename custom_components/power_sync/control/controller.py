"""Run one home: watch, decide, act, explain.

One task does everything in turn, so at most one command is in flight. It is
woken by new prices, by the user, by what the Powerwall reports and once a
minute, and runs whether or not any entity listens.
"""

import asyncio
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
from ..core.curtailment import CurtailmentMemory
from ..core.day_plan import Plan
from ..core.force import begin, extend
from ..core.journal import Journal
from ..core.model.decisions import (
    Feature,
    Lever,
    LeverValue,
    Reason,
    Record,
    Want,
)
from ..core.model.force import Direction, Force, ForceOverError, running
from ..core.model.switches import Switch
from ..core.model.tariff_plan import TariffPlan
from ..core.model.tesla_tariff import TeslaTariff
from ..core.overruling import called_off
from ..core.spike_response import SpikeMemory, is_active, rehearse
from .actuator import Actuator
from .helm import Helm
from .issues import Issues
from .levers import Levers
from .log import DecisionLog
from .notes import Notes
from .orders import Batch, Look, Orders, Outcome, Push, Setting
from .outlook import Outlook
from .profiles import Profiles
from .store import StateStore

EVERY = timedelta(minutes=1)


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
        log: DecisionLog,
    ) -> None:
        """Control ``client`` by what ``outlook`` says."""
        self._hass = hass
        self._outlook = outlook
        self._store = store
        self.profiles = profiles
        self._actuator = Actuator(client, outlook.site, store)
        self._issues = Issues(hass, entry_id)
        self.log = log
        notes = Notes(outlook.site, self.log, self._issues)
        self._levers = Levers(self._actuator, outlook.site, store, notes)
        self._wake = asyncio.Event()
        self._orders = Orders()
        self._unsubscribe: list[CALLBACK_TYPE] = []
        self._alarm: CALLBACK_TYPE | None = None
        self._stopped = False
        self._helm = Helm(
            outlook,
            store,
            profiles,
            self._levers,
            notes,
            self._issues,
            interrupt=self._actuator.interrupt,
            look_again=self._wake.set,
            ring_at=self._set_alarm,
        )

    # What is so

    @property
    def zone(self) -> tzinfo:
        """Return the time zone that the tariff's half hours are in."""
        return self._helm.zone

    @property
    def plan(self) -> Plan | None:
        """Return the tariff that the newest prices make, if they make one."""
        return self._helm.memory.plan

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
        features = {ruling.want.feature for ruling in self._helm.rulings.values()}
        return min(features, default=None)

    def holder(self, lever: Lever) -> Want | None:
        """Return what won a lever when it was last decided on."""
        ruling = self._helm.rulings.get(lever)
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
        self._helm.forget_prices()
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
        standing = replace(self._store.standing, spike=spike)
        if is_active(spike, dt_util.utcnow()):
            standing = replace(standing, owner_tariff_until=None)
        await self._store.put(standing)
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
                before = self._helm.picture
                done = await self._helm.step(batch)
                if self._helm.picture != before:
                    self.log.tell()
                await self.log.keep(dt_util.utcnow())
            except Exception:  # noqa: BLE001
                # The one guard of the outermost loop: a mistake in one step
                # must not end control for good.
                LOGGER.exception("A control step failed; the next one tries again")
                if batch is not None:
                    batch.refuse()
                    batch = None
            except asyncio.CancelledError:
                if batch is not None:
                    batch.refuse()
                raise
            finally:
                if batch is not None:
                    self._finish(batch, done=done)
            if self._orders:
                self._wake.set()

    async def release(self, reason: Reason) -> Journal:
        """Put back everything we owe; return what could not be."""
        await self._levers.release(reason, instead=self._helm.instead)
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
        await self.log.flush()

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
        elif done or (isinstance(batch.order, Push) and Lever.TARIFF in batch.records):
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
            and prices.series.fetched_at != self._helm.memory.consumed_at
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
