"""Run one home: watch, decide, act, explain.

One task does everything in turn, so at most one command is in flight. It is
woken by new prices, by the user, by what the Powerwall reports and once a
minute, and runs whether or not any entity listens.
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..clients.protocols import PowerwallClient
from ..const import LOGGER
from ..coordinator.powerwall import SiteCoordinator
from ..coordinator.prices import PriceCoordinator
from ..coordinator.zone import home_zone
from ..core.arbiter import resolve
from ..core.engine import (
    MANUAL_PUSH_HOLDS,
    PLAN_PUSH_HOLDS,
    Decision,
    Memory,
    Plan,
    Settings,
    Snapshot,
    decide,
)
from ..core.journal import Journal
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
from ..core.model.tariff_plan import TariffPlan
from ..core.model.tesla_tariff import TeslaTariff
from ..core.plan_tariff import plan_tariff
from ..core.price_history import PriceHistory
from ..preferences import Preferences
from .actuator import Actuator
from .issues import Issues
from .levers import Levers
from .log import DecisionLog
from .pushes import Push, Pushes
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
        site: SiteCoordinator,
        prices: PriceCoordinator | None,
        store: StateStore,
        preferences: Preferences,
    ) -> None:
        """Control ``client`` by what ``site`` and ``prices`` say."""
        self._hass = hass
        self._site = site
        self._prices = prices
        self._store = store
        self._preferences = preferences
        self._actuator = Actuator(client, site, store)
        self._issues = Issues(hass, entry_id)
        self.log = DecisionLog(hass, entry_id)
        self._levers = Levers(self._actuator, site, store, self.log, self._issues)
        self._wake = asyncio.Event()
        self._pushes = Pushes()
        self._unsubscribe: list[CALLBACK_TYPE] = []
        self._stopped = False
        self._memory = Memory(
            last_good_at=store.state.last_good_at or dt_util.utcnow(),
            manual_until=store.state.manual_until,
            mode_yielded=store.state.mode_yielded,
        )
        self.zone: tzinfo = dt_util.get_default_time_zone()
        """The time zone that the tariff's half hours are in."""

    @property
    def plan(self) -> Plan | None:
        """Return the tariff that the newest prices make, if they make one."""
        return self._memory.plan

    @property
    def sync_enabled(self) -> bool:
        """Return whether prices are sent to the Powerwall on their own."""
        return self._store.state.sync_enabled

    @property
    def journal(self) -> Journal:
        """Return what we owe to the owner."""
        return self._store.state.journal

    @property
    def last_sync_at(self) -> datetime | None:
        """Return when a tariff was last seen to have arrived."""
        return self._store.state.last_sync_at

    @callback
    def start(self) -> None:
        """Listen to everything that may call for a decision."""
        if self._prices is not None:
            self._unsubscribe.append(
                self._prices.async_add_listener(self._on_new_prices)
            )
        self._unsubscribe.append(self._site.async_add_listener(self._wake.set))
        self._unsubscribe.append(
            async_track_time_interval(self._hass, self._on_time, EVERY)
        )
        self._wake.set()

    @callback
    def stop(self) -> None:
        """Listen no more; whoever still waits for a push is told."""
        self._stopped = True
        while self._unsubscribe:
            self._unsubscribe.pop()()
        self._issues.close()
        self._refuse_pushes()

    async def run(self) -> None:
        """Decide and act whenever something has happened, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            push = self._pushes.take()
            record = None
            try:
                record = await self._step(push)
            except Exception:  # noqa: BLE001
                # The one guard of the outermost loop: a mistake in one step
                # must not end control for good.
                LOGGER.exception("A control step failed; the next one tries again")
            finally:
                if push is not None:
                    push.answer(record)
            if self._pushes:
                self._wake.set()

    async def set_sync(self, enabled: bool) -> None:
        """Turn the automatic sync on or off; off gives the tariff back."""
        await self._store.save(sync_enabled=enabled, manual_until=None)
        self._memory = replace(self._memory, manual_until=None)
        self._hurry()

    async def push(self, plan: TariffPlan | None = None) -> Record:
        """Send a plan, or the tariff of the newest prices, now.

        Returns what became of it. Raises HomeAssistantError if the controller stops
        before it could.
        """
        future = self._pushes.ask(plan)
        if self._stopped:
            self._refuse_pushes()
        self._hurry()
        return await future

    async def release(self, reason: Reason) -> bool:
        """Put back everything we owe; True if the owner has it all back.

        It is the last chance, so neither our own pace nor a wish that nobody will
        see to any more stands in its way.
        """
        self._actuator.interrupt.clear()
        complete = True
        for lever in Lever:
            if (entry := self._store.state.journal.entry(lever)) is None:
                continue
            await self._levers.restore(lever, reason, dt_util.utcnow(), force=True)
            if entry.owner is None or self._store.state.journal.entry(lever):
                complete = False
        # Time off duty is no time without prices.
        await self._store.save(last_good_at=None)
        return complete

    async def flush(self) -> None:
        """Write down what a crash might lose but an orderly end must not."""
        await self._store.flush()

    async def forget(self) -> None:
        """Drop what is still owed for a Powerwall that is no longer ours."""
        await self._store.save_journal(Journal())

    @callback
    def _refuse_pushes(self) -> None:
        """Tell everybody who waits that nothing will come of it."""
        while (push := self._pushes.take()) is not None:
            push.answer(None)

    @callback
    def _on_new_prices(self) -> None:
        """Act on new prices at once, even in the middle of a read-back."""
        prices = self._prices.known if self._prices is not None else None
        if prices and prices.series.fetched_at != self._memory.consumed_at:
            self._hurry()
        else:
            self._wake.set()

    @callback
    def _on_time(self, _: datetime) -> None:
        """Look again: wants expire and waiting ends."""
        self._wake.set()

    def _hurry(self) -> None:
        """Decide as soon as the command in flight is answered."""
        self._actuator.interrupt.set()
        self._wake.set()

    async def _step(self, push: Push | None) -> Record | None:
        """Decide once and act on it; return what became of the tariff."""
        now = dt_util.utcnow()
        if await self._levers.observe(now):
            self._memory = replace(self._memory, mode_yielded=True)
        zone = await home_zone(
            self._hass, self._site.known, self._preferences.time_zone
        )
        if zone != self.zone:
            self.zone = zone
            # Half hours of another zone are other half hours: plan anew.
            self._memory = replace(self._memory, consumed_at=None)
        settings = self._settings()
        if settings.follows_prices and self._memory.manual_until is not None:
            # It was pushed when there were no prices, and they have come since.
            await self._store.save(manual_until=None)
            self._memory = replace(self._memory, manual_until=None)
        # Whatever has come until here is in the decision, but for a new push.
        if not self._pushes:
            self._actuator.interrupt.clear()
        decision = self._decide(settings, now)
        if settings.has_prices:
            self._issues.prices(decision.wants, decision.memory.last_good_at, now)
        await self._store.save_sometimes(
            now,
            last_good_at=decision.memory.last_good_at,
            mode_yielded=decision.memory.mode_yielded,
        )
        winners = resolve(decision.wants, now)
        tariff: Record | None = None
        for lever in Lever:
            want = winners.get(lever)
            if lever is Lever.TARIFF and push is not None:
                tariff = await self._push_tariff(push, decision, settings, now)
            elif want is None:
                await self._levers.restore(
                    lever, self._release_reason(lever, settings), now
                )
            elif isinstance(want.value, Keep):
                # A tariff that is held because the user pushed it is no news.
                if want.reason is not Reason.REQUESTED:
                    self._levers.note_blocked(want, self._memory.blocked, now)
            elif self._preferences.dry_run:
                await self._levers.pretend(want, want.value, now)
            else:
                await self._levers.apply(want, want.value, now)
        return tariff

    def _decide(self, settings: Settings, now: datetime) -> Decision:
        """Ask the engine and remember its answer."""
        prices = self._prices.known if self._prices is not None else None
        entry = self._store.state.journal.operation_mode
        mode = entry.owner if entry else self._site_mode
        decision = decide(
            Snapshot(
                prices=prices.billed if prices else None,
                history=prices.history if prices else PriceHistory(),
                owner_mode=mode if isinstance(mode, OperationMode) else None,
            ),
            settings,
            self._memory,
            now,
        )
        self._memory = decision.memory
        self._levers.plan = decision.memory.plan
        return decision

    @property
    def _site_mode(self) -> OperationMode | None:
        """Return the mode the site reports."""
        return self._site.known.operation_mode if self._site.known else None

    def _settings(self) -> Settings:
        """Return the user's choices as the engine needs them."""
        return Settings(
            zone=self.zone,
            currency=self._hass.config.currency,
            utility=self._prices.service if self._prices else "",
            forecast=self._preferences.forecast,
            fallback=self._preferences.fallback,
            sync_enabled=self.sync_enabled,
            has_prices=self._prices is not None,
            tariff_plan=self._prices.source.plan if self._prices else None,
            demand=self._preferences.demand_for_tariff,
        )

    async def _push_tariff(
        self, push: Push, decision: Decision, settings: Settings, now: datetime
    ) -> Record:
        """Send a tariff because the user said so, changed or not."""
        value: TeslaTariff | Keep = KEEP
        if push.plan is not None:
            value = plan_tariff(
                push.plan, utility=push.plan.name, currency=settings.currency
            )
        elif decision.memory.plan is not None:
            value = decision.memory.plan.tariff
        want = Want(
            lever=Lever.TARIFF,
            value=value,
            feature=Feature.MANUAL,
            reason=Reason.REQUESTED,
        )
        if isinstance(want.value, Keep):
            return self._levers.note_blocked(want, self._memory.blocked, now)
        if self._preferences.dry_run:
            return await self._levers.pretend(want, want.value, now)
        record = await self._levers.apply(want, want.value, now, force=True)
        if record.action is Action.SENT and not settings.follows_prices:
            # Nobody else wants this tariff: it holds for the day whose prices it
            # is made of, a plan for its year.
            whole = push.plan or settings.tariff_plan
            until = now + (PLAN_PUSH_HOLDS if whole else MANUAL_PUSH_HOLDS)
            await self._store.save(manual_until=until)
            self._memory = replace(self._memory, manual_until=until)
        return record

    @staticmethod
    def _release_reason(lever: Lever, settings: Settings) -> Reason:
        """Return why nobody wants a lever any more."""
        if lever is Lever.OPERATION_MODE and settings.sync_enabled:
            return Reason.PRICES_BACK
        return Reason.SYNC_OFF
