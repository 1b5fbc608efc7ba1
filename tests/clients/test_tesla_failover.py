"""Several ways in to one Powerwall: which one is used, and what the caller sees."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
import logging
from typing import Any

import pytest

from custom_components.power_sync.clients.errors import (
    AuthError,
    ClientError,
    InvalidDataError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
)
from custom_components.power_sync.clients.protocols import PowerwallClient
from custom_components.power_sync.clients.tesla.failover import (
    FailoverPowerwall,
    Way,
    WayChange,
)

from .tesla_ways_support import ARGUMENTS, COMMANDS, READS, Running, waiting_client

# covers B-01

NOW = datetime(2026, 11, 20, 6, 2, tzinfo=UTC)
SECONDS = timedelta(seconds=1)
MINUTES = timedelta(minutes=1)
NAMES = ("tesla_fleet", "teslemetry", "tessie")
LOGGER = "custom_components.power_sync.clients.tesla.failover"

AT_ONCE: list[ClientError] = [
    AuthError("no"),
    RateLimitedError("slowly", 20 * MINUTES),
    RateLimitedError("slowly", None),
]
REPEATED: list[ClientError] = [UnavailableError("no"), RejectedError("HTTP 402")]
UNCLEAR: list[ClientError] = [InvalidDataError("no"), OutcomeUnknownError("?")]
EVERY = [*AT_ONCE, *REPEATED, *UNCLEAR]
CALLS = READS | COMMANDS
LIVE, MODE = READS["live_status"], COMMANDS["send_operation_mode"]

type Call = Callable[[PowerwallClient], Awaitable[Any]]


class Ways:
    """A Powerwall with several ways in, and a clock."""

    def __init__(self, count: int = 3) -> None:
        self.now = NOW
        self.changes: list[WayChange] = []
        self.site = FailoverPowerwall(
            [Way(name, waiting_client(way)) for way, name in enumerate(NAMES[:count])],
            now=lambda: self.now,
            on_change=self.changes.append,
        )

    def start(self, call: Call) -> Running:
        """Begin a call."""
        return Running(call(self.site))

    def run(self, call: Call, *answers: object) -> Running:
        """Make a call and answer all its questions."""
        running = Running(call(self.site))
        for answer in answers:
            assert running.question is not None, "there is another question"
            running.answer(answer)
        assert running.question is None, running.question
        return running

    def use(self, name: str) -> None:
        """Let ways fail until one is in use."""
        while self.site.current != name:
            self.run(LIVE, AuthError("no"), "answer")

    def asked(self, running: Running) -> list[str]:
        """Return the names of the ways that a call has asked."""
        return [NAMES[question.way] for question in running.asked]


@pytest.fixture
def ways(caplog: pytest.LogCaptureFixture) -> Ways:
    caplog.set_level(logging.INFO, LOGGER)
    return Ways()


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged of the ways."""
    return [record.levelname for record in caplog.records if record.name == LOGGER]


@pytest.mark.parametrize("method", CALLS)
def test_call_goes_to_the_best_way(ways: Ways, method: str) -> None:
    answer = object()

    running = ways.run(CALLS[method], answer if method in READS else None)

    [question] = running.asked
    assert (question.way, question.method) == (0, method)
    assert question.arguments == ARGUMENTS.get(method, ())
    assert running.result is (answer if method in READS else None)


@pytest.mark.parametrize("error", EVERY, ids=repr)
@pytest.mark.parametrize("method", CALLS)
def test_single_way_is_as_it_is(error: ClientError, method: str) -> None:
    ways = Ways(1)

    for _ in range(5):
        running = ways.run(CALLS[method], error)
        assert running.error is error
        assert len(running.asked) == 1
    assert ways.run(CALLS[method], "answer").error is None
    assert ways.changes == []


@pytest.mark.parametrize("error", AT_ONCE, ids=repr)
@pytest.mark.parametrize("method", CALLS)
def test_refusal_makes_the_next_take_over_at_once(
    ways: Ways, error: ClientError, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    running = ways.run(CALLS[method], error, None)

    assert running.error is None
    assert ways.asked(running) == ["tesla_fleet", "teslemetry"]
    assert {question.method for question in running.asked} == {method}
    assert ways.site.current == "teslemetry"
    assert ways.site.failures == {"tesla_fleet": error}
    assert ways.changes == [
        WayChange(at=NOW, before="tesla_fleet", after="teslemetry", error=error)
    ]
    assert lines(caplog) == ["WARNING"]
    assert "teslemetry" in caplog.text
    assert ways.asked(ways.run(CALLS[method], None)) == ["teslemetry"]


@pytest.mark.parametrize("error", [*REPEATED, InvalidDataError("no")], ids=repr)
@pytest.mark.parametrize("method", READS)
def test_third_failure_in_a_row_makes_the_next_take_over(
    ways: Ways, error: ClientError, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        assert ways.run(READS[method], error).error is error
    assert ways.site.current == "tesla_fleet"
    assert lines(caplog) == []

    running = ways.run(READS[method], error, "answer")

    assert running.result == "answer"
    assert ways.asked(running) == ["tesla_fleet", "teslemetry"]
    assert lines(caplog) == ["WARNING"]


@pytest.mark.parametrize("error", REPEATED, ids=repr)
@pytest.mark.parametrize("method", COMMANDS)
def test_command_that_was_not_applied_is_sent_over_the_next(
    ways: Ways, error: ClientError, method: str
) -> None:
    for _ in range(2):
        ways.run(LIVE, UnavailableError("no"))

    running = ways.run(COMMANDS[method], error, None)

    assert running.error is None
    assert ways.asked(running) == ["tesla_fleet", "teslemetry"]


@pytest.mark.parametrize("error", UNCLEAR, ids=repr)
@pytest.mark.parametrize("method", COMMANDS)
def test_command_that_may_be_applied_is_never_sent_again(
    ways: Ways, error: ClientError, method: str
) -> None:
    for failure in range(1, 4):
        running = ways.run(COMMANDS[method], error)
        assert running.error is error
        assert ways.asked(running) == ["tesla_fleet"]
        assert len(ways.changes) == failure // 3
    # It counts as a failure all the same.
    assert ways.asked(ways.run(LIVE, "answer")) == ["teslemetry"]


def test_unknown_outcome_on_the_second_way_ends_it(ways: Ways) -> None:
    unknown = OutcomeUnknownError("?")

    running = ways.run(MODE, AuthError("no"), unknown)

    assert running.error is unknown
    assert ways.site.current == "teslemetry"


def test_success_between_failures_starts_the_count_again(ways: Ways) -> None:
    for _ in range(4):
        ways.run(LIVE, UnavailableError("no"))
        ways.run(MODE, OutcomeUnknownError("?"))
        ways.run(READS["energy_today"], "answer")
    assert ways.changes == []
    assert ways.site.failures == {}


def test_failures_of_all_kinds_add_up(ways: Ways) -> None:
    ways.run(LIVE, UnavailableError("no"))
    ways.run(MODE, OutcomeUnknownError("?"))
    ways.run(READS["site_info"], InvalidDataError("no"), "answer")

    assert ways.site.current == "teslemetry"


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (UnavailableError("no"), 5 * MINUTES),
        (RejectedError("no"), 5 * MINUTES),
        (AuthError("no"), 15 * MINUTES),
        (RateLimitedError("slowly", None), 5 * MINUTES),
        (RateLimitedError("slowly", 7 * SECONDS), 5 * MINUTES),
        (RateLimitedError("slowly", 40 * MINUTES), 40 * MINUTES),
    ],
    ids=repr,
)
class TestReturn:
    @staticmethod
    def lose(ways: Ways, error: ClientError) -> None:
        """Let the first way fail until the second is used."""
        while not ways.changes:
            running = ways.start(LIVE)
            running.answer(error)
            if running.question is not None:
                running.answer("answer")

    def test_after_the_wait(
        self,
        ways: Ways,
        error: ClientError,
        wait: timedelta,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        self.lose(ways, error)

        ways.now = NOW + wait - SECONDS
        assert ways.asked(ways.run(LIVE, "answer")) == ["teslemetry"]
        ways.now = NOW + wait
        running = ways.run(LIVE, "healthy", "answer")

        assert [(item.way, item.method) for item in running.asked] == [
            (0, "site_info"),
            (0, "live_status"),
        ]
        assert running.result == "answer"
        assert ways.site.failures == {}
        assert ways.changes[1:] == [
            WayChange(at=ways.now, before="teslemetry", after="tesla_fleet", error=None)
        ]
        assert lines(caplog) == ["WARNING", "INFO"]

    def test_probe_that_fails_changes_nothing(
        self,
        ways: Ways,
        error: ClientError,
        wait: timedelta,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        self.lose(ways, error)
        ways.now = NOW + wait

        for _ in range(3):
            running = ways.run(LIVE, error, "answer")
            assert ways.asked(running) == ["tesla_fleet", "teslemetry"]
            assert running.result == "answer"
            ways.now += wait - SECONDS
            assert ways.asked(ways.run(LIVE, "answer")) == ["teslemetry"]
            ways.now += SECONDS
        assert lines(caplog) == ["WARNING"]

    def test_never_for_a_command(
        self, ways: Ways, error: ClientError, wait: timedelta
    ) -> None:
        self.lose(ways, error)
        ways.now = NOW + 24 * 60 * MINUTES

        for method in COMMANDS:
            assert ways.asked(ways.run(COMMANDS[method], None)) == ["teslemetry"]


def test_best_healthy_way_is_returned_to(ways: Ways) -> None:
    ways.use("tessie")
    ways.now += 15 * MINUTES

    running = ways.run(LIVE, UnavailableError("no"), "healthy", "answer")

    assert ways.asked(running) == ["tesla_fleet", "teslemetry", "teslemetry"]
    ways.now += 5 * MINUTES
    running = ways.run(LIVE, "healthy", "answer")
    assert ways.asked(running) == ["tesla_fleet", "tesla_fleet"]
    assert ways.site.current == "tesla_fleet"


def test_one_probe_at_a_time(ways: Ways) -> None:
    ways.use("teslemetry")
    ways.now += 15 * MINUTES

    first, second = ways.start(LIVE), ways.start(READS["energy_today"])

    assert ways.asked(first) == ["tesla_fleet"]
    assert ways.asked(second) == ["teslemetry"]
    first.answer("healthy")
    second.answer("answer")
    assert ways.asked(first) == ["tesla_fleet", "tesla_fleet"]
    assert second.result == "answer"


def test_probe_of_a_way_that_was_told_to_wait_meanwhile(ways: Ways) -> None:
    late = ways.start(READS["energy_lifetime"])
    ways.use("teslemetry")
    ways.now += 15 * MINUTES
    probing = ways.start(LIVE)

    late.answer(RateLimitedError("slowly", 60 * MINUTES))
    probing.answer("healthy")

    assert len(ways.changes) == 1
    assert probing.question is not None
    assert probing.question.way == 1


def test_probe_that_is_overtaken_by_a_better_one(ways: Ways) -> None:
    ways.run(LIVE, AuthError("no"), RateLimitedError("slowly", None), "answer")
    ways.now += 14 * MINUTES
    slow = ways.start(LIVE)
    assert ways.asked(slow) == ["teslemetry"]
    ways.now += MINUTES
    ways.run(LIVE, "healthy", "answer")
    assert ways.site.current == "tesla_fleet"

    slow.answer("healthy")

    assert ways.site.current == "tesla_fleet"
    assert ways.asked(slow) == ["teslemetry", "tesla_fleet"]


class TestSeveralCallsAtATime:
    @pytest.mark.parametrize("error", AT_ONCE, ids=repr)
    def test_one_failure_of_a_way_is_one_take_over(
        self, ways: Ways, error: ClientError, caplog: pytest.LogCaptureFixture
    ) -> None:
        running = [ways.start(call) for call in CALLS.values()]

        for item in running:
            item.answer(error)

        assert ways.site.current == "teslemetry"
        assert len(ways.changes) == 1
        assert lines(caplog) == ["WARNING"]
        for item in running:
            assert ways.asked(item) == ["tesla_fleet", "teslemetry"]

    def test_late_failures_do_not_count_for_the_new_way(self, ways: Ways) -> None:
        reads = [ways.start(LIVE) for _ in range(6)]

        for item in reads:
            item.answer(UnavailableError("no"))

        # The first two were not one too many yet.
        assert [len(item.asked) for item in reads] == [1, 1, 2, 2, 2, 2]
        for item in reads[2:4]:
            item.answer(UnavailableError("no"))
        assert ways.site.current == "teslemetry"

    def test_late_failure_does_not_shorten_a_rest(self, ways: Ways) -> None:
        late = ways.start(LIVE)
        ways.use("teslemetry")

        late.answer(UnavailableError("no"))
        late.answer("answer")

        ways.now += 14 * MINUTES
        assert ways.asked(ways.run(LIVE, "answer")) == ["teslemetry"]
        ways.now += MINUTES
        ways.run(LIVE, "healthy", "answer")

    def test_late_unknown_outcome_is_raised(self, ways: Ways) -> None:
        command, unknown = ways.start(MODE), OutcomeUnknownError("?")
        ways.use("teslemetry")

        command.answer(unknown)

        assert command.error is unknown
        assert len(ways.changes) == 1

    def test_late_failure_of_a_way_that_is_used_again(self, ways: Ways) -> None:
        late = ways.start(LIVE)
        ways.use("teslemetry")
        ways.now += 15 * MINUTES
        ways.run(LIVE, "healthy", "answer")
        error = AuthError("from before")

        late.answer(error)

        assert late.error is error
        assert ways.site.current == "tesla_fleet"

    def test_late_failures_of_a_way_that_is_used_again_do_not_count(
        self, ways: Ways
    ) -> None:
        late = [ways.start(LIVE) for _ in range(4)]
        ways.use("teslemetry")
        ways.now += 15 * MINUTES
        ways.run(LIVE, "healthy", "answer")

        for item, error in zip(late, (AuthError, *[UnavailableError] * 3), strict=True):
            item.answer(error("from before"))
        for _ in range(2):
            assert len(ways.run(LIVE, UnavailableError("no")).asked) == 1

        assert ways.site.current == "tesla_fleet"

    def test_late_success_does_not_undo_a_wait(self) -> None:
        ways = Ways(2)
        late = ways.start(LIVE)
        ways.run(
            LIVE, RateLimitedError("", 60 * SECONDS), RateLimitedError("", 90 * SECONDS)
        )
        assert ways.site.current == "teslemetry"

        late.answer("answer")

        assert late.result == "answer"
        assert set(ways.site.failures) == {"tesla_fleet", "teslemetry"}
        assert ways.asked(ways.run(LIVE)) == []


class TestNoWayWorks:
    def test_all_are_told_to_wait(self, ways: Ways) -> None:
        waits = (90 * SECONDS, 30 * SECONDS, 60 * SECONDS)
        errors = [RateLimitedError("slowly", wait) for wait in waits]

        running = ways.run(LIVE, *errors)

        assert isinstance(running.error, RateLimitedError)
        assert running.error.retry_after == 30 * SECONDS
        for call in (LIVE, MODE):
            ways.now = NOW + 29 * SECONDS
            running = ways.run(call)
            assert running.asked == []
            assert isinstance(running.error, RateLimitedError)
            assert running.error.retry_after == SECONDS
        ways.now = NOW + 30 * SECONDS
        assert ways.asked(ways.run(MODE, None)) == ["teslemetry"]

    def test_no_way_says_how_long(self) -> None:
        ways = Ways(2)

        running = ways.run(
            LIVE, RateLimitedError("slowly", None), RateLimitedError("slowly", None)
        )

        assert isinstance(running.error, RateLimitedError)
        assert running.error.retry_after == 5 * MINUTES

    def test_waits_of_no_time_are_no_circle(self, ways: Ways) -> None:
        at_once = RateLimitedError("slowly", timedelta(0))

        running = ways.run(LIVE, at_once, at_once, at_once)

        assert isinstance(running.error, RateLimitedError)
        assert len(ways.changes) == 2

    def test_wait_of_more_than_a_day(self) -> None:
        ways = Ways(2)
        ways.run(LIVE, *[RateLimitedError("slowly", timedelta(days=2))] * 2)

        assert ways.run(LIVE).asked == []
        ways.now += timedelta(hours=23)
        assert ways.run(LIVE).asked == []

    def test_longest_wait_of_a_way_counts(self) -> None:
        ways = Ways(2)
        late = ways.start(READS["energy_today"])
        for _ in range(2):
            ways.run(LIVE, UnavailableError("no"))
        ways.run(LIVE, UnavailableError("no"), "answer")

        late.answer(RateLimitedError("slowly", MINUTES))
        late.answer(RateLimitedError("slowly", 60 * MINUTES))

        assert isinstance(late.error, RateLimitedError)
        assert late.error.retry_after == 5 * MINUTES

    def test_nothing_is_left_but_a_wait(self) -> None:
        """The first way may be asked again before the second."""
        ways = Ways(2)
        ways.use("teslemetry")
        ways.now += 5 * MINUTES

        running = ways.run(LIVE, RateLimitedError("slowly", 60 * MINUTES))

        assert isinstance(running.error, RateLimitedError)
        assert running.error.retry_after == 10 * MINUTES
        ways.now += 10 * MINUTES
        assert ways.asked(ways.run(MODE, None)) == ["tesla_fleet"]

    @pytest.mark.parametrize(
        ("errors", "seen"),
        [
            ([AuthError("1"), AuthError("2"), AuthError("3")], 0),
            ([AuthError("1"), RateLimitedError("2", None), UnavailableError("3")], 0),
            ([RateLimitedError("1", None), UnavailableError("2")], 1),
            ([RateLimitedError("1", None), AuthError("2"), RejectedError("3")], 1),
        ],
        ids=repr,
    )
    @pytest.mark.parametrize("call", [LIVE, MODE])
    def test_error_of_the_best_that_may_be_asked(
        self, ways: Ways, errors: list[ClientError], seen: int, call: Call
    ) -> None:
        assert ways.run(call, *errors).error is errors[seen]

    def test_refused_everywhere_the_last_goes_on_being_asked(self, ways: Ways) -> None:
        ways.run(LIVE, *(AuthError("no") for _ in NAMES))

        assert ways.site.refused == set(NAMES)
        for _ in range(3):
            running = ways.run(LIVE, AuthError("no"))
            assert ways.asked(running) == ["tessie"]
        assert ways.asked(ways.run(LIVE, "answer")) == ["tessie"]

    def test_outage_moves_once_and_comes_back(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, LOGGER)
        ways = Ways(2)
        for _ in range(240):
            running = ways.start(LIVE)
            while running.question is not None:
                running.answer(UnavailableError("no network"))
            ways.now += 30 * SECONDS
        assert lines(caplog) == ["WARNING"]

        ways.now += 5 * MINUTES
        ways.run(LIVE, "healthy", "answer")

        assert lines(caplog) == ["WARNING", "INFO"]
        assert ways.site.current == "tesla_fleet"


def test_refused_ways_are_known_while_another_works(ways: Ways) -> None:
    assert ways.site.refused == frozenset()

    ways.run(LIVE, AuthError("no"), "answer")
    assert ways.site.refused == {"tesla_fleet"}
    ways.run(MODE, None)
    assert ways.site.refused == {"tesla_fleet"}
    ways.now += 15 * MINUTES
    ways.run(LIVE, UnavailableError("no"), "answer")
    assert ways.site.refused == {"tesla_fleet"}
    ways.now += 15 * MINUTES
    ways.run(LIVE, "healthy", "answer")
    assert ways.site.refused == frozenset()


def test_single_refused_way_is_known() -> None:
    ways = Ways(1)

    ways.run(LIVE, AuthError("no"))
    assert ways.site.refused == {"tesla_fleet"}
    ways.run(LIVE, "answer")
    assert ways.site.refused == frozenset()


def test_way_that_asks_to_wait_is_left_once_another_is_free(ways: Ways) -> None:
    """A command does not wait for the next read to find that out."""
    ways = Ways(2)
    ways.use("teslemetry")
    ways.now += 14 * MINUTES
    limited = RateLimitedError("slowly", 60 * MINUTES)
    ways.run(MODE, limited)
    ways.now += MINUTES

    assert ways.asked(ways.run(MODE, None)) == ["tesla_fleet"]
    assert ways.changes[-1].error is limited


def test_a_few_failures_do_not_bar_a_way(ways: Ways) -> None:
    ways.use("teslemetry")
    ways.now += 15 * MINUTES
    ways.run(MODE, UnavailableError("just once"))
    ways.run(LIVE, "healthy", "answer")
    assert ways.site.current == "tesla_fleet"

    assert ways.asked(ways.run(LIVE, AuthError("no"), "answer")) == [
        "tesla_fleet",
        "teslemetry",
    ]


def test_failures_of_earlier_do_not_count(ways: Ways) -> None:
    ways.use("teslemetry")
    ways.now += 15 * MINUTES
    for _ in range(2):
        ways.run(MODE, UnavailableError("just twice"))
    ways.run(LIVE, "healthy", "answer")

    ways.run(MODE, AuthError("no"), UnavailableError("and once"))

    assert ways.site.current == "teslemetry"


def test_next_way_comes_before_those_that_failed(ways: Ways) -> None:
    ways.use("teslemetry")
    ways.now += 15 * MINUTES

    assert ways.asked(ways.run(MODE, AuthError("no"), None)) == ["teslemetry", "tessie"]


def test_clock_that_was_put_back(ways: Ways) -> None:
    """It had been a year ahead when the first way failed."""
    ways.now = NOW + timedelta(days=365)
    ways.use("teslemetry")
    ways.now = NOW

    assert ways.asked(ways.run(LIVE, "healthy", "answer")) == ["tesla_fleet"] * 2


def test_cancelled_call_is_no_failure(ways: Ways) -> None:
    running = ways.start(LIVE)

    running.answer(KeyboardInterrupt())

    assert isinstance(running.error, KeyboardInterrupt)
    assert ways.site.failures == {}


@pytest.mark.parametrize("names", [(), ("tessie", "tessie")])
def test_ways_that_cannot_be_told_apart(names: Iterable[str]) -> None:
    with pytest.raises(ValueError, match="way"):
        FailoverPowerwall(
            [Way(name, waiting_client(0)) for name in names], now=lambda: NOW
        )


def test_nobody_needs_to_listen() -> None:
    site = FailoverPowerwall(
        [Way(name, waiting_client(way)) for way, name in enumerate(NAMES)],
        now=lambda: NOW,
    )

    running = Running(site.live_status())
    running.answer(AuthError("no"))
    running.answer("answer")

    assert running.result == "answer"
    assert site.current == "teslemetry"
