"""Remember what was decided and tell whoever wants to know."""

from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..const import EVENT_DECISION
from ..coordinator.keeper import Keeper
from ..core.model.decisions import Action, Feature, Lever, Record

KEPT = 200
_FAILURES = frozenset({Action.FAILED, Action.NOT_APPLIED})
REPEATS = frozenset({Action.UNCHANGED, Action.POSTPONED})
"""Outcomes that happen all day long and are no news."""


class DecisionLog:
    """The last decisions of one home, newest last."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry_id: str,
        keeper: Keeper[tuple[Record, ...]] | None = None,
    ) -> None:
        """Start with what ``keeper`` has from before, else empty."""
        self._hass = hass
        self._entry_id = entry_id
        self._keeper = keeper
        self._listeners: list[Callable[[], None]] = []
        self._news_listeners: list[Callable[[Record], None]] = []
        self.records: deque[Record] = deque(
            keeper.value if keeper is not None else (), maxlen=KEPT
        )
        self._added = 0
        self._unwritten = False
        self.latest: dict[Lever, Record] = {}
        """The last outcome of each lever, news or not."""
        self._last_news: dict[Lever, Record] = {}
        self._failures: dict[Lever, set[tuple[object, ...]]] = {}
        """What was told of each lever since something else became of it."""
        self.entity_id: str | None = None
        """The entity that stands for the decisions, so that the logbook finds them."""

    @callback
    def add(self, record: Record) -> None:
        """Take in an outcome; only news becomes an event and a record."""
        news = not _adds_nothing(record, self.latest.get(record.lever))
        if news:
            self.latest[record.lever] = record
        if record.action not in REPEATS and not self._is_told(record):
            self.records.append(record)
            self._added += 1
            self._unwritten = True
            self._hass.bus.async_fire(EVENT_DECISION, self._event(record))
            for tell in tuple(self._news_listeners):
                tell(record)
        elif not news:
            return
        self.tell()

    @callback
    def tell(self) -> None:
        """Have everybody look again who shows what is done."""
        for listener in tuple(self._listeners):
            listener()

    @property
    def added(self) -> tuple[Record, ...]:
        """Return the decisions that were not there at the start."""
        first = max(0, len(self.records) - self._added)
        return tuple(self.records)[first:]

    async def keep(self, now: datetime) -> None:
        """Write down what has been decided since, unless that was done a while ago."""
        if self._unwritten and (keeper := self._taken_down()) is not None:
            self._unwritten = not await keeper.save_sometimes(now)

    async def flush(self) -> None:
        """Write down what has been decided since."""
        if self._unwritten and (keeper := self._taken_down()) is not None:
            await keeper.save()
            self._unwritten = False

    def _taken_down(self) -> Keeper[tuple[Record, ...]] | None:
        """Return the keeper, if there is one, with everything there is to keep."""
        if self._keeper is not None:
            self._keeper.value = tuple(self.records)
        return self._keeper

    @callback
    def async_add_listener(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``listener`` after every outcome, until the result is called."""
        self._listeners.append(listener)

        @callback
        def remove() -> None:
            self._listeners.remove(listener)

        return remove

    @callback
    def async_add_news_listener(
        self, listener: Callable[[Record], None]
    ) -> CALLBACK_TYPE:
        """Call ``listener`` with every decision that is news."""
        self._news_listeners.append(listener)

        @callback
        def remove() -> None:
            self._news_listeners.remove(listener)

        return remove

    def _is_told(self, record: Record) -> bool:
        """Return whether a decision only repeats one, and remember it.

        Failures may take turns for hours, each of them told once.
        """
        lever, kind = record.lever, (record.action, record.reason, record.error)
        if record.action in _FAILURES:
            failures = self._failures.setdefault(lever, set())
            told = kind in failures
            failures.add(kind)
        else:
            self._failures.pop(lever, None)
            before = self._last_news.get(lever)
            told = (
                record.action is Action.BLOCKED
                and before is not None
                and kind
                == (
                    before.action,
                    before.reason,
                    before.error,
                )
            )
        if not told:
            self._last_news[lever] = record
        return told

    def _event(self, record: Record) -> dict[str, Any]:
        """Return what goes onto the event bus, short because it is recorded."""
        return {
            "config_entry_id": self._entry_id,
            ATTR_ENTITY_ID: self.entity_id,
            **{key: value for key, value in describe(record).items() if key != "slots"},
        }


def slot_start(slot: int) -> str:
    """Return the local time at which a half hour begins, such as ``17:30``."""
    return f"{slot // 2:02}:{slot % 2 * 30:02}"


def _adds_nothing(record: Record, before: Record | None) -> bool:
    """Return whether an outcome only says that the one before still holds."""
    if before is None:
        return False
    if record.action is Action.POSTPONED:
        return before.action in {Action.FAILED, Action.NOT_APPLIED}
    return (
        record.action is Action.UNCHANGED
        and before.action in {Action.SENT, Action.UNCHANGED, Action.DRY_RUN}
        and (record.prices == before.prices or record.feature is Feature.PLAN)
    )


def describe(record: Record) -> dict[str, Any]:
    """Return a decision as JSON-able data: what, why, with which prices."""
    data: dict[str, Any] = {
        "at": record.at.isoformat(),
        "lever": record.lever.value,
        "action": record.action.value,
        "reason": record.reason.value,
        "feature": record.feature.name.lower() if record.feature else None,
    }
    if record.before is not None:
        data["from"] = record.before
    if record.value is not None:
        data["to"] = record.value
    if record.over:
        data["over"] = [feature.name.lower() for feature in record.over]
    if record.change is not None:
        data["largest_change"] = round(record.change, 4)
    if record.error is not None:
        data["error"] = record.error
    if record.blocked is not None:
        start, end = record.blocked
        data["blocked_from"], data["blocked_until"] = start.isoformat(), end.isoformat()
    if (prices := record.prices) is not None:
        data["import_price"] = round(prices.import_prices[prices.running], 4)
        data["export_price"] = round(prices.export_prices[prices.running], 4)
        if prices.compressed or prices.lifted:
            data["moved"] = {
                "negative_prices": prices.compressed,
                "margins_opened": [slot_start(slot) for slot in prices.lifted],
                "order_kept": prices.order_kept,
            }
        data["slots"] = [
            {
                "start": slot_start(slot),
                "import_price": round(prices.import_prices[slot], 4),
                "export_price": round(prices.export_prices[slot], 4),
                "buy": prices.buy[slot],
                "sell": prices.sell[slot],
                "source": prices.sources[slot],
            }
            for slot in range(len(prices.buy))
        ]
    return data
