"""Give each lever what was decided for it, and explain what became of that."""

from datetime import datetime
import math

from homeassistant.util import dt as dt_util

from ..clients.errors import AuthError, RejectedError
from ..coordinator.errors import error_key
from ..coordinator.powerwall import SiteCoordinator
from ..core.day_tariff import Blocked
from ..core.engine import Plan
from ..core.journal import difference, lever_value, same
from ..core.model.decisions import (
    Action,
    Feature,
    Keep,
    Lever,
    LeverValue,
    Reason,
    Record,
    TariffPrices,
    Want,
)
from ..core.model.powerwall import OperationMode
from .actuator import Actuator, Attempt
from .issues import Issues
from .log import DecisionLog
from .store import StateStore


class Levers:
    """The levers of one site: moved, pretended to be moved, or given back.

    Whatever happens to one of them ends as a record in the log.
    """

    def __init__(
        self,
        actuator: Actuator,
        site: SiteCoordinator,
        store: StateStore,
        log: DecisionLog,
        issues: Issues,
    ) -> None:
        """Move levers with ``actuator`` and tell ``log`` and ``issues`` about it."""
        self._actuator = actuator
        self._site = site
        self._store = store
        self._log = log
        self._issues = issues
        self._failures = 0
        self._pretended: dict[Lever, LeverValue] = {}
        self.plan: Plan | None = None
        """The plan of this moment, whose prices explain a tariff."""

    async def observe(self, now: datetime) -> bool:
        """Take note of what the Powerwall shows of our and others' changes.

        Return whether the owner has taken back the operation mode.
        """
        taken_back = False
        if self._site.known is None or not self._site.last_update_success:
            return taken_back
        for lever in Lever:
            entry = self._store.state.journal.entry(lever)
            current = lever_value(self._site.data, lever)
            if entry is None or current is None:
                continue
            if self._store.state.journal.foreign_change(lever, current):
                await self._accept_change(lever, current, now)
                taken_back |= lever is Lever.OPERATION_MODE
            elif not entry.confirmed and same(current, entry.sent):
                await self._actuator.confirm(lever)
        return taken_back

    async def _accept_change(
        self, lever: Lever, current: LeverValue, now: datetime
    ) -> None:
        """Let the owner's change win, and say so."""
        if lever is Lever.TARIFF:
            await self._actuator.accept_owner(lever, current)
        else:
            await self._actuator.give_up(lever)
            await self._store.save(mode_yielded=True)
        self._log.add(
            Record(
                at=now,
                lever=lever,
                action=Action.OWNER_CHANGED,
                feature=None,
                reason=Reason.CHANGED_ELSEWHERE,
                value=_name(current),
            )
        )

    async def apply(
        self, want: Want, value: LeverValue, now: datetime, *, force: bool = False
    ) -> Record:
        """Give a lever the value that won."""
        if self._site.known is None:
            return self._note(want, Action.FAILED, now, error="unavailable")
        current = lever_value(self._site.data, want.lever)
        known = self._store.state.journal.sent_like(want.lever, value)
        if same(current, value) and known and not force:
            return self._note(want, Action.UNCHANGED, now)
        attempt = await self._actuator.move(
            want.lever, value, want.feature, now, force=force
        )
        if want.lever is Lever.TARIFF and attempt.action is Action.SENT:
            await self._store.save(last_sync_at=dt_util.utcnow())
        return self._note_attempt(want, attempt, now, change=difference(current, value))

    async def pretend(self, want: Want, value: LeverValue, now: datetime) -> Record:
        """Say what would have been sent; earlier real changes are put back."""
        await self.restore(want.lever, Reason.SYNC_OFF, now)
        current = (
            lever_value(self._site.known, want.lever) if self._site.known else None
        )
        before = self._pretended.get(want.lever, current)
        if same(before, value):
            return self._note(want, Action.UNCHANGED, now)
        self._pretended[want.lever] = value
        change = difference(before, value)
        return self._note(want, Action.DRY_RUN, now, change=change)

    async def restore(
        self, lever: Lever, reason: Reason, now: datetime, *, force: bool = False
    ) -> None:
        """Give a lever that nobody wants back to its owner."""
        entry = self._store.state.journal.entry(lever)
        if entry is None or self._site.known is None:
            return
        want = Want(
            lever=lever,
            value=entry.owner or Keep(),
            feature=entry.feature,
            reason=reason,
        )
        attempt = await self._actuator.restore(lever, now, force=force)
        if attempt.action is Action.SUPERSEDED:
            return
        self._note_attempt(want, attempt, now, change=None)

    def note_blocked(
        self, want: Want, blocked: Blocked | None, now: datetime
    ) -> Record:
        """Explain that the data do not allow to send anything."""
        reason = want.reason
        if want.feature is Feature.MANUAL:
            reason = Reason(blocked.reason.value) if blocked else Reason.NO_PRICES
        record = Record(
            at=now,
            lever=want.lever,
            action=Action.BLOCKED,
            feature=want.feature,
            reason=reason,
            blocked=(blocked.start, blocked.end) if blocked else None,
        )
        self._log.add(record)
        return record

    def _note_attempt(
        self, want: Want, attempt: Attempt, now: datetime, change: float | None
    ) -> Record:
        """Explain what an attempt came to, and count the ones in vain."""
        if attempt.action is Action.NOT_APPLIED or isinstance(
            attempt.error, RejectedError
        ):
            # Any other failure is about the way to the Powerwall, and shows there.
            self._failures += 1
        elif attempt.action in {Action.SENT, Action.RESTORED}:
            self._failures = 0
        self._issues.stubborn(self._failures, now)
        if isinstance(attempt.error, AuthError):
            self._site.start_reauth()
        return self._note(
            want,
            attempt.action,
            now,
            change=change,
            error=error_key(attempt.error) if attempt.error else None,
        )

    def _note(
        self,
        want: Want,
        action: Action,
        now: datetime,
        *,
        change: float | None = None,
        error: str | None = None,
    ) -> Record:
        """Write down one outcome."""
        record = Record(
            at=now,
            lever=want.lever,
            action=action,
            feature=want.feature,
            reason=want.reason,
            value=None if isinstance(want.value, Keep) else _name(want.value),
            prices=self._prices_behind(want),
            change=change if change is not None and math.isfinite(change) else None,
            error=error,
        )
        self._log.add(record)
        return record

    def _prices_behind(self, want: Want) -> TariffPrices | None:
        """Return the prices that a tariff was made of."""
        if (plan := self.plan) is None or want.value is not plan.tariff:
            return None
        return TariffPrices(
            import_prices=tuple(slot.import_price for slot in plan.day.slots),
            export_prices=tuple(slot.export_price for slot in plan.day.slots),
            buy=plan.mapped.buy,
            sell=plan.mapped.sell,
            sources=tuple(slot.source.value for slot in plan.day.slots),
            running=plan.day.running,
            compressed=plan.mapped.compressed,
            lifted=plan.mapped.lifted,
            order_kept=plan.mapped.order_kept,
        )


def _name(value: LeverValue) -> str:
    """Return how a value is shown to people."""
    return value.value if isinstance(value, OperationMode) else value.buy.name
