"""Explain what became of each decision, and count what was in vain."""

from datetime import datetime
import math

from ..clients.errors import AuthError, RejectedError
from ..coordinator.errors import error_key
from ..core.arbiter import Ruling
from ..core.day_plan import Plan
from ..core.day_tariff import Blocked
from ..core.model.decisions import (
    Action,
    Keep,
    Lever,
    LeverValue,
    Record,
    TariffPrices,
    Want,
)
from ..core.model.tesla_tariff import TeslaTariff
from .actuator import Attempt
from .issues import Issues
from .log import DecisionLog
from .readings import SiteReadings


class Notes:
    """Records of what was done about levers, for the log, events and repairs."""

    def __init__(self, site: SiteReadings, log: DecisionLog, issues: Issues) -> None:
        """Tell ``log`` and ``issues``; ``site`` asks for a login that is refused."""
        self._site = site
        self._log = log
        self._issues = issues
        self._failures: dict[Lever, int] = {}
        self.plan: Plan | None = None
        """The plan of this moment, whose prices explain a tariff."""

    def owner_changed(self, record: Record) -> None:
        """Tell that the owner has changed something elsewhere."""
        self._log.add(record)

    def kept(
        self,
        ruling: Ruling,
        now: datetime,
        *,
        before: LeverValue | None,
        blocked: Blocked | None = None,
    ) -> Record:
        """Explain why a lever is left as it is."""
        want = ruling.want
        record = Record(
            at=now,
            lever=want.lever,
            action=Action.BLOCKED,
            feature=want.feature,
            reason=want.reason,
            before=shown_as(before),
            over=ruling.over,
            blocked=(blocked.start, blocked.end) if blocked else None,
        )
        self._log.add(record)
        return record

    def attempt(
        self,
        ruling: Ruling,
        made: Attempt,
        now: datetime,
        *,
        before: LeverValue | None,
        change: float | None,
    ) -> Record:
        """Explain what an attempt came to, and count the ones in vain."""
        lever = ruling.want.lever
        if made.action is Action.NOT_APPLIED or isinstance(made.error, RejectedError):
            # Any other failure is about the way to the Powerwall, and shows there.
            self._failures[lever] = self._failures.get(lever, 0) + 1
        elif made.action in {Action.SENT, Action.RESTORED}:
            self._failures.pop(lever, None)
        self._issues.stubborn(max(self._failures.values(), default=0), now)
        if isinstance(made.error, AuthError):
            self._site.start_reauth()
        return self.outcome(
            ruling,
            made.action,
            now,
            before=before,
            change=change,
            error=error_key(made.error) if made.error else None,
        )

    def outcome(
        self,
        ruling: Ruling,
        action: Action,
        now: datetime,
        *,
        before: LeverValue | None = None,
        change: float | None = None,
        error: str | None = None,
    ) -> Record:
        """Write down one outcome."""
        want = ruling.want
        record = Record(
            at=now,
            lever=want.lever,
            action=action,
            feature=want.feature,
            reason=want.reason,
            before=shown_as(before),
            value=None if isinstance(want.value, Keep) else shown_as(want.value),
            over=ruling.over,
            prices=self._prices_behind(want),
            change=change
            if want.lever is Lever.TARIFF
            and change is not None
            and math.isfinite(change)
            else None,
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


def shown_as(value: LeverValue | None) -> str | None:
    """Return how a value is shown to people."""
    match value:
        case None:
            return None
        case TeslaTariff():
            return value.buy.name
        case bool():
            return "on" if value else "off"
        case float():
            return f"{value:.0f} %"
        case _:
            return value.value
