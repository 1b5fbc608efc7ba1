"""The virtual clock: order and length of every wait, and what stops it."""

import asyncio
from datetime import UTC, datetime, timedelta
import random
import time

import pytest

from harness.virtual.loop import DeadlockError, RunawayError, VirtualLoop, run

START = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


def real_seconds() -> float:
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def test_timers_fire_in_order_and_at_their_time() -> None:
    async def main(loop: VirtualLoop) -> list[tuple[int, float]]:
        fired: list[tuple[int, float]] = []
        begin = loop.time()

        def note(delay: int) -> None:
            fired.append((delay, loop.time() - begin))

        for delay in (30, 10, 50, 20, 40):
            loop.call_later(delay, note, delay)
        await asyncio.sleep(60)
        return fired

    fired = run(main, start=START, seed=0)

    assert [delay for delay, _ in fired] == [10, 20, 30, 40, 50]
    assert [at for _, at in fired] == pytest.approx([10, 20, 30, 40, 50], abs=1e-6)


def test_the_wall_clocks_follow() -> None:
    async def main(loop: VirtualLoop) -> tuple[datetime, float, datetime]:
        await asyncio.sleep(86_400)
        return datetime.now(UTC), time.time(), loop.now()

    now, unix, loop_now = run(main, start=START, seed=0)

    expected = START + timedelta(days=1)
    assert abs(now - expected) < timedelta(milliseconds=1)
    assert unix == pytest.approx(expected.timestamp(), abs=1e-3)
    assert abs(loop_now - expected) < timedelta(milliseconds=1)


def test_a_timeout_fires_in_virtual_time() -> None:
    async def main(loop: VirtualLoop) -> float:
        begin = loop.time()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await asyncio.Event().wait()
        return loop.time() - begin

    assert run(main, start=START, seed=0) == pytest.approx(3600)


def test_time_stands_still_while_the_executor_works() -> None:
    async def main(loop: VirtualLoop) -> tuple[float, bool]:
        begin = loop.time()
        timer_fired = False

        def on_timer() -> None:
            nonlocal timer_fired
            timer_fired = True

        loop.call_later(0.001, on_timer)
        release = real_seconds() + 0.05

        def work() -> None:
            while real_seconds() < release:
                pass

        await loop.run_in_executor(None, work)
        return loop.time() - begin, timer_fired

    passed, timer_fired = run(main, start=START, seed=0)

    assert passed == 0
    assert not timer_fired


def test_work_in_the_executor_may_fail() -> None:
    async def main(loop: VirtualLoop) -> bool:
        with pytest.raises(ZeroDivisionError):
            await loop.run_in_executor(None, lambda: 1 / 0)
        await asyncio.sleep(0.001)  # would not end if time stood still for ever
        return loop.busy

    assert run(main, start=START, seed=0) is False


def test_a_deadlock_is_an_error() -> None:
    async def main(_loop: VirtualLoop) -> None:
        await asyncio.Event().wait()

    with pytest.raises(DeadlockError):
        run(main, start=START, seed=0)


def test_something_that_never_finishes_is_an_error() -> None:
    async def main(_loop: VirtualLoop) -> None:
        for _ in range(1000):
            await asyncio.sleep(60)

    with pytest.raises(RunawayError, match="2026-01-15 13:00"):
        run(main, start=START, seed=0, longest=timedelta(hours=1))


def test_a_run_longer_than_the_clock_is_exact_for_is_refused() -> None:
    async def main(_loop: VirtualLoop) -> None:
        return None

    with pytest.raises(ValueError, match="31 days"):
        run(main, start=START, seed=0, longest=timedelta(days=32))


def test_the_clock_stays_exact_over_a_month() -> None:
    async def main(loop: VirtualLoop) -> float:
        begin = loop.time()
        for _ in range(30 * 24):
            await asyncio.sleep(3600.1)
        return loop.time() - begin

    assert run(main, start=START, seed=0) == pytest.approx(30 * 24 * 3600.1, abs=1e-3)


def test_chance_is_the_same_for_the_same_seed_and_stays_inside() -> None:
    async def main(_loop: VirtualLoop) -> float:
        return random.random()

    random.seed(1)
    expected_outside = random.random()
    random.seed(1)

    first, again, other = (run(main, start=START, seed=seed) for seed in (7, 7, 8))

    assert first == again != other
    assert random.random() == expected_outside


def test_the_time_is_real_again_afterwards() -> None:
    async def main(_loop: VirtualLoop) -> None:
        await asyncio.sleep(1)

    before = time.time()
    run(main, start=START, seed=0)

    assert abs(time.time() - before) < 3600
