"""Judge every tariff that was sent by what had been served until then.

The judge sees price answers, decisions and uploads from outside, in the order in
which they happened, and knows nothing of the integration but what it published.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
import math
from typing import Any
from zoneinfo import ZoneInfo

from harness.mapping_check import broken_rules
from harness.oracle import Expected, Kind, NoReferenceError, Oracle

SMALLEST_CHANGE = 0.0005
"""$/kWh: what differs by less is the same price."""
IN_TIME = timedelta(seconds=2)
"""How long after its arrival a changed price may be on its way."""
UPLOADS_PER_INTERVAL = 2
INTERVAL = timedelta(minutes=5)
_NOISE = 1e-9
_SAME_INSTANT = timedelta(milliseconds=1)
"""Clocks are read in whole microseconds; answer and decision share an instant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A price answer: when it was sent, when it arrived, and its rows."""

    served_at: datetime
    arrived_at: datetime
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A tariff that was sent, and the decision behind it.

    Prices are in $/kWh by half hour from local midnight: ``raw_buy`` and
    ``raw_sell`` before they were mapped to Tesla's rules, ``buy`` and ``sell`` as
    the cloud received them. ``assumed`` are the half hours that the integration
    itself calls assumed.
    """

    decided_at: datetime
    received_at: datetime
    raw_buy: Sequence[float]
    raw_sell: Sequence[float]
    buy: Sequence[float]
    sell: Sequence[float]
    assumed: frozenset[int]
    running: int


@dataclass(slots=True, kw_only=True)
class Findings:
    """What the judge has found so far; prices, errors and moves in $/kWh.

    ``assumed`` and ``missing`` hold one count of half hours per upload.
    """

    uploads: int = 0
    without_change: int = 0
    without_reference: int = 0
    lowest: float = math.inf
    highest: float = -math.inf
    slot_error: float = 0.0
    slot_move: float = 0.0
    rules_broken: int = 0
    assumed: list[int] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    kinds_differ: int = 0
    seconds: list[float] = field(default_factory=list)
    late: int = 0
    most_per_interval: int = 0
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Due:
    """A change that has to be uploaded."""

    arrived_at: datetime
    change: float


class Judge:
    """Compares what was sent with the reference."""

    def __init__(self, zone: ZoneInfo) -> None:
        """Judge one home by its own wall clock."""
        self.found = Findings()
        self._oracle = Oracle(zone)
        self._pending: deque[Answer | Sent] = deque()
        self._last_answer: Answer | None = None
        self._last_sent: Sent | None = None
        self._due: _Due | None = None
        self._interval: tuple[int, int] = (-1, 0)

    def note(self, item: Answer | Sent) -> None:
        """Take in what happened; it is judged by a later ``catch_up``."""
        self._pending.append(item)

    def catch_up(self, until: datetime | None = None) -> None:
        """Judge what happened until then, in its order (everything without a time).

        A decision is told only after its read-back, so ``until`` has to stay behind
        the present by longer than that takes.
        """
        self._pending = deque(sorted(self._pending, key=_moment))
        while self._pending and (until is None or _moment(self._pending[0]) <= until):
            match self._pending.popleft():
                case Answer() as answer:
                    self._judge_answer(answer)
                case Sent() as sent:
                    self._judge_sent(sent)

    def _judge_answer(self, answer: Answer) -> None:
        """Learn the rows and see whether they ask for an upload."""
        self._check_due(answer.arrived_at)
        self._oracle.serve(answer.rows)
        self._last_answer = answer
        last = self._last_sent
        if last is None or self._due is not None:
            return
        try:
            expected = self._oracle.expected(answer.arrived_at)
        except NoReferenceError:
            return
        change = _certain_change(expected, last)
        if change >= SMALLEST_CHANGE - _NOISE:
            self._due = _Due(answer.arrived_at, change)

    def _check_due(self, now: datetime) -> None:
        """Find a change late that was not uploaded in time."""
        if self._due is None or now <= self._due.arrived_at + IN_TIME:
            return
        if self._interval == (_interval(self._due.arrived_at), UPLOADS_PER_INTERVAL):
            # Not allowed before the next interval; that is when its time begins.
            if _interval(now) > self._interval[0]:
                self._due = _Due(now, self._due.change)
            return
        self.found.late += 1
        self._remark(
            self._due.arrived_at,
            f"a change of {self._due.change:.4f} $/kWh was not uploaded in time",
        )
        self._due = None

    def _judge_sent(self, sent: Sent) -> None:
        """Compare one tariff with the reference and with the one before."""
        self._check_due(sent.received_at)
        self._due = None
        found = self.found
        found.uploads += 1
        self._count_interval(sent.received_at)
        if self._last_answer is not None:
            waited = sent.received_at - self._last_answer.served_at
            found.seconds.append(waited.total_seconds())
        if (last := self._last_sent) is not None and (
            _difference(sent, last) < SMALLEST_CHANGE - _NOISE
        ):
            found.without_change += 1
            self._remark(sent.received_at, "uploaded, but nothing had changed")
        self._last_sent = sent
        found.lowest = min(found.lowest, *sent.raw_buy, *sent.raw_sell)
        found.highest = max(found.highest, *sent.raw_buy, *sent.raw_sell)
        self._judge_mapping(sent)
        try:
            expected = self._oracle.expected(sent.decided_at)
        except NoReferenceError as error:
            found.without_reference += 1
            self._remark(sent.decided_at, str(error))
            return
        self._compare(sent, expected)

    def _compare(self, sent: Sent, expected: Sequence[Expected]) -> None:
        """Measure the distance between a tariff and its reference."""
        found = self.found
        assumed = {i for i, slot in enumerate(expected) if slot.kind is Kind.ASSUMED}
        found.assumed.append(len(assumed))
        found.missing.append(sum(slot.kind is Kind.MISSING for slot in expected))
        if assumed != sent.assumed:
            found.kinds_differ += 1
            labels = [expected[slot].label for slot in sorted(assumed ^ sent.assumed)]
            self._remark(
                sent.decided_at, f"disagreement whether {', '.join(labels)} is assumed"
            )
        worst = 0.0
        for index, slot in enumerate(expected):
            error = max(
                abs(sent.raw_buy[index] - slot.import_price),
                abs(sent.raw_sell[index] - slot.export_price),
            )
            worst = max(worst, error)
            if error > max(found.slot_error, SMALLEST_CHANGE / 10):
                self._remark(
                    sent.decided_at,
                    f"{slot.label} ({slot.kind}) should be {slot.import_price:.5f} and "
                    f"{slot.export_price:.5f}, is {sent.raw_buy[index]:.5f} and "
                    f"{sent.raw_sell[index]:.5f}",
                )
            found.slot_move = max(
                found.slot_move,
                abs(sent.buy[index] - slot.import_price),
                abs(sent.sell[index] - slot.export_price),
            )
        found.slot_error = max(found.slot_error, worst)

    def _judge_mapping(self, sent: Sent) -> None:
        """Check that what was sent still says what the prices say."""
        broken = broken_rules(
            sent.raw_buy, sent.raw_sell, sent.buy, sent.sell, sent.running
        )
        if broken:
            self.found.rules_broken += 1
            self._remark(sent.decided_at, ", ".join(broken))

    def _count_interval(self, moment: datetime) -> None:
        """Count the uploads of each five minutes."""
        interval, uploads = self._interval
        now = _interval(moment)
        self._interval = (now, uploads + 1 if now == interval else 1)
        self.found.most_per_interval = max(
            self.found.most_per_interval, self._interval[1]
        )

    def _remark(self, moment: datetime, text: str) -> None:
        """Keep the first few of everything that needs a look."""
        if len(self.found.remarks) < 20:
            self.found.remarks.append(f"{moment:%Y-%m-%d %H:%M:%S} UTC: {text}")


def _moment(item: Answer | Sent) -> datetime:
    """Return when something counts; what a decision could know comes before it."""
    if isinstance(item, Answer):
        return item.arrived_at - _SAME_INSTANT
    return item.decided_at


def _certain_change(expected: Sequence[Expected], last: Sent) -> float:
    """Return how much the tariff changes, where that is beyond doubt.

    Prices that Tesla takes as they are have to arrive as they are. Others are moved,
    and what becomes of them is not for the judge to say.
    """
    buy = [round(slot.import_price, 4) for slot in expected]
    sell = [round(slot.export_price, 4) for slot in expected]
    for one, other in ((buy, sell), (last.raw_buy, last.raw_sell)):
        if min(other) < 0 or any(b < s for b, s in zip(one, other, strict=True)):
            return 0.0
    return max(_largest(buy, last.buy), _largest(sell, last.sell))


def _difference(one: Sent, other: Sent) -> float:
    """Return the largest difference between two tariffs as they were sent."""
    return max(_largest(one.buy, other.buy), _largest(one.sell, other.sell))


def _largest(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the largest difference."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def _interval(moment: datetime) -> int:
    """Return which five minutes a moment lies in."""
    return int(moment.timestamp() // INTERVAL.total_seconds())
