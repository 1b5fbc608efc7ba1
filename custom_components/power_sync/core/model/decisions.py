"""What features want of a Powerwall, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from .powerwall import ExportRule, OperationMode
from .tesla_tariff import TeslaTariff


class Lever(StrEnum):
    """A setting of a Powerwall site that PowerSync can move.

    In the order in which they are moved: what a tariff needs comes before it, and
    the mode last, because changing it makes the Powerwall look at everything anew.
    """

    EXPORT_RULE = "export_rule"
    GRID_CHARGING = "grid_charging"
    BACKUP_RESERVE = "backup_reserve"
    STORM_WATCH = "storm_watch"
    TARIFF = "tariff"
    OPERATION_MODE = "operation_mode"


class Feature(IntEnum):
    """Who wants something; the lower number wins."""

    MANUAL = 1
    """The user asked for it, in the Tesla app or here."""
    SAFETY = 2
    """Prices have been missing for too long, or the Powerwall is not ours to command."""
    FORCE = 3
    """The user wants the battery charged or discharged for a while."""
    SPIKE_RESPONSE = 4
    """The wholesale price is extreme."""
    CURTAILMENT = 5
    """Exporting costs money."""
    PLAN = 6
    """A tariff that the user has sent by hand, in place of the prices."""
    PRICE_SYNC = 7
    REPLAN = 8
    """A short change of mode, so that the Powerwall looks at its tariff at once."""


class Keep:
    """The value of a want that only asks to leave a lever as it is."""


KEEP = Keep()

type LeverValue = TeslaTariff | OperationMode | ExportRule | float | bool
"""By lever: backup reserve in % as ``float``, grid charging and storm watch ``bool``."""


class Reason(StrEnum):
    """Why something was wanted, done or left; translated for users."""

    PRICES_CHANGED = "prices_changed"
    REQUESTED = "requested"
    PRICES_MISSING = "prices_missing"
    PRICES_BACK = "prices_back"
    SYNC_OFF = "sync_off"
    FORCED = "forced"
    FORCE_OVER = "force_over"
    MARKET_SPIKE = "market_spike"
    REHEARSAL = "rehearsal"
    SPIKE_OVER = "spike_over"
    NEGATIVE_FEED_IN = "negative_feed_in"
    EXPORTS_ANYWAY = "exports_anyway"
    """The rule says never and power still flows out: it is set once more."""
    FEED_IN_BACK = "feed_in_back"
    REPLAN = "replan"
    OFF_GRID = "off_grid"
    STORM = "storm"
    GRID_SERVICES = "grid_services"
    """A programme of the utility has the battery."""
    NOT_OFFERED = "not_offered"
    """The site has no such setting."""
    CANCELLED = "cancelled"
    REMOVED = "removed"
    CHANGED_ELSEWHERE = "changed_elsewhere"
    STALE = "stale"
    HORIZON_TOO_SHORT = "horizon_too_short"
    HOLE = "hole"
    NOTHING_KNOWN = "nothing_known"
    NO_PRICES = "no_prices"


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """What a feature asks of one lever, why, and until when (None: for ever)."""

    lever: Lever
    value: LeverValue | Keep
    feature: Feature
    reason: Reason
    expires: datetime | None = None


class Action(StrEnum):
    """What became of a decision."""

    SENT = "sent"
    """Accepted, and the read-back equals what was sent."""
    UNCHANGED = "unchanged"
    """The Powerwall already has what is wanted."""
    POSTPONED = "postponed"
    """Too many uploads in this interval; the next one tries again."""
    BLOCKED = "blocked"
    """The data do not allow a decision; nothing was changed."""
    DRY_RUN = "dry_run"
    """Would have been sent."""
    NOT_APPLIED = "not_applied"
    """Accepted, but the read-back still shows something else."""
    FAILED = "failed"
    """Refused, or the service could not be reached."""
    SUPERSEDED = "superseded"
    """Something newer was wanted before the read-back agreed."""
    RESTORED = "restored"
    """The owner's own value is back."""
    OWNER_CHANGED = "owner_changed"
    """Somebody changed the setting elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffPrices:
    """The prices behind a tariff, by half hour from local midnight.

    ``import_prices`` and ``export_prices`` are what the source says, ``buy``
    and ``sell`` what is sent; ``sources`` tells how each came about. The last
    three say how prices that Tesla refuses were moved: how many were negative,
    which half hours had their margin opened, and whether the order of the buy
    prices survived.
    """

    import_prices: tuple[float, ...]
    export_prices: tuple[float, ...]
    buy: tuple[float, ...]
    sell: tuple[float, ...]
    sources: tuple[str, ...]
    running: int
    compressed: int
    lifted: tuple[int, ...]
    order_kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One decision with everything needed to explain it.

    ``before`` and ``value`` are what the lever showed and what was wanted of it, as
    a person reads them; ``over`` are the features that wanted otherwise and lost;
    ``change`` is the largest price difference to the tariff that was there before,
    and ``blocked`` the stretch of time that stood in the way.
    """

    at: datetime
    lever: Lever
    action: Action
    feature: Feature | None
    reason: Reason
    before: str | None = None
    value: str | None = None
    over: tuple[Feature, ...] = ()
    prices: TariffPrices | None = None
    change: float | None = None
    blocked: tuple[datetime, datetime] | None = None
    error: str | None = None
