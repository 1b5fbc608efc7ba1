"""An event loop whose clock jumps to the next timer instead of waiting for it.

Everything that waits (sleeps, timeouts, keep-alives, heartbeats) keeps its order and
its length in virtual time; only the waiting itself is left out. Work in the executor
takes no virtual time at all: the clock stands still until it is done.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
import math
import random
import selectors
from typing import Any, override
from unittest.mock import patch

import time_machine

_LOOP_START = 1_000_000.0
"""Loop time at the start: far from zero, yet exact to a nanosecond for a month."""
_THREAD_PATIENCE = 5.0
"""Real seconds per look at the threads that the loop waits for."""
_DEADLOCK_PATIENCE = 2.0
"""Real seconds granted to threads the loop does not know of."""

LONGEST_RUN = timedelta(days=31)


class DeadlockError(RuntimeError):
    """Nothing is scheduled, nothing is running and nothing arrives any more."""


class RunawayError(RuntimeError):
    """Virtual time passed the end of the run: something never finishes."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on a virtual clock.

    ``on_jump`` is called with the new unix time whenever the clock has moved.
    """

    def __init__(self, start: datetime, longest: timedelta = LONGEST_RUN) -> None:
        """Set the clock to ``start``; it may run for ``longest``."""
        self._time = _LOOP_START
        self._offset = start.timestamp() - _LOOP_START
        self._end = _LOOP_START + longest.total_seconds()
        self._busy = 0
        self.on_jump: Callable[[float], object] | None = None
        super().__init__(_JumpSelector(self))

    @override
    def time(self) -> float:
        return self._time

    def wall(self) -> float:
        """Return the virtual unix time.

        It is the same microsecond whether somebody rounds it or cuts it off: else a
        timer could ring a microsecond before its time, again and again, for here no
        time passes while it is set anew.
        """
        microseconds = round((self._offset + self._time) * 1e6)
        unix = microseconds / 1e6
        if round(unix * 1e9) // 1000 < microseconds:
            return math.nextafter(unix, math.inf)
        return unix

    def now(self) -> datetime:
        """Return the virtual time in UTC."""
        return datetime.fromtimestamp(self.wall(), UTC)

    @property
    def busy(self) -> bool:
        """Whether a thread works for the loop, so that time has to stand still."""
        return self._busy > 0

    def advance(self, seconds: float) -> None:
        """Move the clock. Raises RunawayError beyond the longest run."""
        if self._time + seconds > self._end:
            raise RunawayError(f"still running at {self.now():%Y-%m-%d %H:%M} UTC")
        self._time += seconds
        if self.on_jump:
            self.on_jump(self.wall())

    @override
    def run_in_executor(  # type: ignore[override]  # typeshed wants Ts to be invariant
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        future = super().run_in_executor(executor, func, *args)
        self._busy += 1
        future.add_done_callback(self._executor_done)
        return future

    @override
    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        with self._standing_still():
            await super().shutdown_default_executor(timeout)

    def _executor_done(self, _future: asyncio.Future[Any]) -> None:
        """Let time pass again."""
        self._busy -= 1

    @contextmanager
    def _standing_still(self) -> Iterator[None]:
        """Keep the clock where it is while a thread works that asyncio started."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1


class StepLoop(VirtualLoop):
    """A virtual loop without threads, whose every step can be watched and be its last.

    A step is one callback, from one suspension to the next. ``on_step`` is called
    before each of them with its handle; what it raises leaves the loop at once, and no
    ``except`` or ``finally`` of what ran on it is reached. Work for the executor is
    done on the spot and answered in a step of its own, so two runs of the same program
    take exactly the same steps. Work that waits for the loop would wait for ever.
    """

    def __init__(self, start: datetime, longest: timedelta = LONGEST_RUN) -> None:
        """Set the clock to ``start``; it may run for ``longest``."""
        super().__init__(start, longest)
        self.on_step: Callable[[asyncio.Handle], object] | None = None
        self.jobs = 0
        """How much work for the executor has been done."""
        # Where asyncio keeps what is due; every step is taken from there.
        self._ready = _WatchedSteps(self)

    @override
    def run_in_executor(  # type: ignore[override]  # typeshed wants Ts to be invariant
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        future = self.create_future()
        self.jobs += 1
        try:
            result = func(*args)
        except Exception as error:  # noqa: BLE001 - whoever waits for it gets it
            self.call_soon(_unless_done, future, future.set_exception, error)
        else:
            self.call_soon(_unless_done, future, future.set_result, result)
        return future


class _WatchedSteps(deque[asyncio.Handle]):
    """What a loop is about to do; it tells before each step."""

    def __init__(self, loop: StepLoop) -> None:
        """Watch one loop."""
        super().__init__()
        self._loop = loop

    @override
    def popleft(self) -> asyncio.Handle:
        if self._loop.on_step is not None:
            self._loop.on_step(self[0])
        return super().popleft()


def _unless_done[T](
    future: asyncio.Future[Any], settle: Callable[[T], None], value: T
) -> None:
    """Answer a future that nobody has cancelled meanwhile."""
    if not future.done():
        settle(value)


class _JumpSelector(selectors.DefaultSelector):
    """A selector that moves the clock where another one would wait.

    asyncio passes the time until the next timer, or None if there is none.
    """

    def __init__(self, loop: VirtualLoop) -> None:
        """Work for one loop."""
        super().__init__()
        self._loop = loop

    @override
    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        # What a thread has already answered comes before any jump.
        if (events := super().select(0)) or (timeout is not None and timeout <= 0):
            return events
        if self._loop.busy:
            return super().select(_THREAD_PATIENCE)
        if timeout is not None:
            self._loop.advance(timeout)
            return []
        if events := super().select(_DEADLOCK_PATIENCE):
            return events
        raise DeadlockError("nothing is scheduled, nothing running, nothing to read")


def run[T](
    main: Callable[[VirtualLoop], Coroutine[Any, Any, T]],
    *,
    start: datetime,
    seed: int,
    longest: timedelta = LONGEST_RUN,
    threads: bool = True,
) -> T:
    """Run a coroutine function from ``start`` on the virtual clock.

    All of Python's wall clocks follow the virtual one, and the global random
    generator, from which Home Assistant draws the jitter of its timers, starts
    from ``seed``: two runs of the same program take exactly the same steps, unless
    they have ``threads`` that may be faster or slower.
    Raises DeadlockError and RunawayError, and ValueError if ``longest`` is more
    than ``LONGEST_RUN``, where the loop would lose its resolution of a nanosecond.
    """
    if longest > LONGEST_RUN:
        raise ValueError(f"a virtual loop runs for at most {LONGEST_RUN.days} days")
    loop = VirtualLoop(start, longest) if threads else StepLoop(start, longest)
    before = random.getstate()
    random.seed(seed)
    try:
        with (
            time_machine.travel(loop.wall(), tick=False) as traveller,
            # Or pooled connections would never reach the end of their keep-alive.
            patch("aiohttp.connector.monotonic", loop.time),
            asyncio.Runner(loop_factory=lambda: loop) as runner,
        ):
            loop.on_jump = traveller.move_to
            return runner.run(main(loop))
    finally:
        random.setstate(before)
