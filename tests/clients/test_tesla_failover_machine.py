"""Any history of several ways in to one Powerwall, with calls that overlap."""

from datetime import UTC, datetime, timedelta
import logging
from typing import override

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from custom_components.power_sync.clients.errors import (
    AuthError,
    ClientError,
    InvalidDataError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
)
from custom_components.power_sync.clients.tesla import failover
from custom_components.power_sync.clients.tesla.failover import (
    FailoverPowerwall,
    Way,
    WayChange,
)

from .tesla_ways_support import COMMANDS, READS, Question, Running, waiting_client

# covers B-01

NOW = datetime(2026, 11, 20, 6, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
POLL = timedelta(seconds=30)

READ_ERRORS: list[ClientError] = [
    AuthError("no"),
    UnavailableError("no"),
    InvalidDataError("no"),
    RejectedError("no"),
    *(
        RateLimitedError("slowly", seconds * SECOND)
        for seconds in (1, 7, 60, 299, 300, 301, 900, 3600)
    ),
]
COMMAND_ERRORS = [*READ_ERRORS, OutcomeUnknownError("?")]
FINAL = (OutcomeUnknownError, InvalidDataError)


class Lines(logging.Handler):
    """Keeps what was logged."""

    def __init__(self) -> None:
        super().__init__()
        self.levels: list[int] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.levels.append(record.levelno)


class Failover(RuleBasedStateMachine):
    """Calls begin, are answered in any order, and time passes."""

    @initialize(count=st.integers(1, 4))
    def set_up(self, count: int) -> None:
        self.now = NOW
        self.names = [f"way {number}" for number in range(count)]
        self.changes: list[WayChange] = []
        self.site = FailoverPowerwall(
            [Way(name, waiting_client(way)) for way, name in enumerate(self.names)],
            now=lambda: self.now,
            on_change=self.changes.append,
        )
        self.lines = Lines()
        failover._LOGGER.addHandler(self.lines)
        failover._LOGGER.setLevel(logging.INFO)
        failover._LOGGER.propagate = False
        self.running: list[tuple[str, Running]] = []
        self.probes: set[int] = set()
        """Which questions are probes, by identity."""
        self.kept: list[Question] = []
        self.not_before = [NOW] * count
        self.probed_at: dict[int, datetime] = {}
        self.failed_at: dict[int, datetime] = {}

    @property
    def used(self) -> int:
        return self.names.index(self.site.current)

    def check_question(self, method: str, running: Running) -> None:
        """Judge a question in the moment in which it is asked."""
        question = running.question
        if question is None:
            return
        self.kept.append(question)
        way = question.way
        if len(self.names) > 1:
            assert self.now >= self.not_before[way], "asked before the wait is over"
        if way == self.used:
            assert question.method == method
            earlier = [
                item
                for item in running.asked[:-1]
                if item.way == way and id(item) not in self.probes
            ]
            assert not earlier, "the same way twice for one call"
            return
        # Any other way than the one in use is only asked if it is healthy again.
        self.probes.add(id(question))
        assert way < self.used
        assert method in READS
        assert question.method == "site_info"
        last = self.probed_at.get(way)
        assert last is None or self.now - last >= 5 * MINUTE
        self.probed_at[way] = self.now

    @rule(method=st.sampled_from([*READS, *COMMANDS]))
    def start(self, method: str) -> None:
        changes = len(self.changes)
        used = self.used
        barred = self.now < self.not_before[used]
        running = Running((READS | COMMANDS)[method](self.site))
        self.check_question(method, running)
        if running.question is not None:
            self.running.append((method, running))
        else:
            assert len(self.names) > 1
            assert isinstance(running.error, RateLimitedError), "asked nobody"
            wait = running.error.retry_after
            assert wait is not None
            # Told to come back at a time at which somebody is asked.
            longest = max(15 * MINUTE, min(self.not_before) - self.now)
            assert timedelta(0) < wait <= longest
        assert len(self.changes) - changes <= (1 if barred else 0)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def succeed(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(self.running) - 1))
        self.answer(number, object())

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(self.running) - 1))
        question = self.running[number][1].question
        assert question is not None
        a_read = question.method in READS
        error = data.draw(st.sampled_from(READ_ERRORS if a_read else COMMAND_ERRORS))
        self.answer(number, error)

    def answer(self, number: int, answer: object) -> None:
        """Answer a question and judge what comes of it."""
        method, running = self.running.pop(number)
        question = running.question
        assert question is not None
        way, used, changes = question.way, self.used, len(self.changes)
        a_probe = id(question) in self.probes
        if isinstance(answer, ClientError):
            self.failed_at[way] = self.now
            if isinstance(answer, RateLimitedError):
                assert answer.retry_after is not None
                bar = self.now + answer.retry_after
                self.not_before[way] = max(self.not_before[way], bar)
        running.answer(answer)
        self.check_question(method, running)

        new = self.changes[changes:]
        if a_probe:
            if isinstance(answer, ClientError):
                assert all(change.error is not None for change in new)
            elif new and new[0].error is None:
                assert way == self.names.index(new[0].after) < used
        elif not isinstance(answer, ClientError):
            assert running.question is None
            assert running.error is None
            assert running.result is (answer if method in READS else None)
            assert new == []
        else:
            assert all(change.error is not None for change in new)
            if way != used and self.now >= self.not_before[used]:
                assert new == [], "a take-over for what is over already"
            if method in COMMANDS and isinstance(answer, FINAL):
                assert running.question is None, "a command sent again"
                assert running.error is answer
            if len(self.names) == 1:
                assert running.question is None
                assert running.error is answer
            if way == used and isinstance(answer, AuthError | RateLimitedError):
                assert answer in self.site.failures.values()
        if running.question is not None:
            self.running.append((method, running))

    @rule(seconds=st.sampled_from([1, 7, 29, 60, 299, 301, 601, 899, 3600]))
    def pass_time(self, seconds: int) -> None:
        self.now += seconds * SECOND

    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        """Some ways work from now on: the best of them is returned to in time."""
        best = data.draw(st.integers(0, len(self.names) - 1))
        while self.running:
            self.answer(0, self.outcome(self.running[0][1], best))
        # The end of what the best one's own failures ask for, then five minutes of
        # reads, and the time in which three polls fail on each one before it.
        free = max(self.now, self.not_before[best])
        if best in self.failed_at:
            free = max(free, self.failed_at[best] + 15 * MINUTE)
        end = free + 5 * MINUTE + best * 3 * POLL + POLL
        while self.now <= end:
            running = Running(self.site.live_status())
            self.check_question("live_status", running)
            if running.question is not None:
                self.running.append(("live_status", running))
            while self.running:
                self.answer(0, self.outcome(self.running[0][1], best))
            self.now += POLL
        assert self.used == best

    @staticmethod
    def outcome(running: Running, best: int) -> object:
        question = running.question
        assert question is not None
        return object() if question.way >= best else UnavailableError("dead")

    @invariant()
    def changes_are_told_once(self) -> None:
        if not hasattr(self, "site"):
            return
        before = self.names[0]
        for change in self.changes:
            assert change.before == before != change.after
            returned = self.names.index(change.after) < self.names.index(before)
            assert change.error is not None or returned
            before = change.after
        assert self.site.current == before
        assert self.lines.levels == [
            logging.INFO if change.error is None else logging.WARNING
            for change in self.changes
        ]
        assert self.site.refused <= set(self.site.failures) <= set(self.names)

    @override
    def teardown(self) -> None:
        if hasattr(self, "site"):
            failover._LOGGER.removeHandler(self.lines)
            failover._LOGGER.setLevel(logging.NOTSET)
            failover._LOGGER.propagate = True
            for _, running in self.running:
                running.answer(KeyboardInterrupt())


TestFailover = Failover.TestCase
TestFailover.settings = settings(
    max_examples=80,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
