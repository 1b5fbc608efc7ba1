"""The kill sweep: a kill is one, and what a kill would lose does not go unseen."""

import asyncio
from datetime import UTC, datetime, timedelta
import os
import re
import subprocess
import sys
import time

import pytest
import time_machine

from harness.bare import ROOT
from harness.kill.cuts import Cut, LabelError, cut_from
from harness.kill.verdict import GRACE
from harness.virtual.loop import StepLoop, VirtualLoop, run

START = datetime(2026, 2, 2, tzinfo=UTC)


class GoneError(BaseException):
    pass


def kill_before(loop: StepLoop, step: int) -> None:
    steps = iter(range(1, step + 1))

    def on_step(_: asyncio.Handle) -> None:
        if next(steps) == step:
            raise GoneError

    loop.on_step = on_step


def test_a_kill_leaves_nothing_a_chance() -> None:
    loop = StepLoop(START)
    done: list[str] = []

    async def program() -> None:
        try:
            done.append("begun")
            await asyncio.sleep(1)
            done.append("slept")
        finally:
            done.append("cleaned up")

    # The first step begins the program, the next is the timer of its sleep.
    kill_before(loop, 2)
    main = program()
    with pytest.raises(GoneError):
        loop.run_until_complete(main)

    assert done == ["begun"]

    # Let it end after all, or pytest would complain.
    loop.on_step = None
    loop.run_until_complete(asyncio.wait(asyncio.all_tasks(loop)))
    loop.close()


def test_work_for_the_executor_is_done_at_once_and_answered_later() -> None:
    loop = StepLoop(START)
    seen: list[str] = []

    async def program() -> None:
        answer = loop.run_in_executor(None, seen.append, "done")
        assert seen == ["done"]
        assert not answer.done()
        await answer
        with pytest.raises(ZeroDivisionError):
            await loop.run_in_executor(None, lambda: 1 / 0)

    loop.run_until_complete(program())
    loop.close()

    assert loop.jobs == 2


def test_a_wall_clock_never_shows_less_than_the_loop() -> None:
    loop = VirtualLoop(START)

    with time_machine.travel(loop.wall(), tick=False) as traveller:
        loop.on_jump = traveller.move_to
        for _ in range(500):
            loop.advance(0.123457)
            assert datetime.now(UTC) == loop.now()
            assert datetime.fromtimestamp(time.time(), UTC) == loop.now()
    loop.close()


def test_a_timer_that_looks_at_the_clock_does_not_ring_for_ever() -> None:
    async def main(loop: VirtualLoop) -> int:
        due = loop.now() + timedelta(seconds=5, microseconds=123457)
        looks = 0
        while datetime.now(UTC) < due:
            looks += 1
            await asyncio.sleep((due - datetime.now(UTC)).total_seconds())
        return looks

    start = START + timedelta(microseconds=899998)

    assert run(main, start=start, seed=1, longest=timedelta(minutes=1)) <= 2


@pytest.mark.parametrize(
    "cut",
    [
        Cut(feature="force-charge", step=12),
        Cut(feature="profile", step=1, again=77),
        Cut(feature="setting-over-force", step=3, rough=9),
        Cut(feature="replan", step=3, rough=9, again=5),
    ],
)
def test_a_cut_is_found_again_by_its_name(cut: Cut) -> None:
    assert cut_from(str(cut)) == cut


@pytest.mark.parametrize("label", ["", "replan", "replan:", "replan:1+", "replan:x"])
def test_anything_else_names_no_cut(label: str) -> None:
    with pytest.raises(LabelError):
        cut_from(label)


def test_two_minutes_are_what_is_promised() -> None:
    assert timedelta(minutes=2) == GRACE


def sweep(module: str, *arguments: str) -> tuple[int, int, str]:
    """Sweep in a process of its own; return its status, what it lost, what it says."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", module, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stdout.rstrip().rpartition("\n")[2]
    sums = re.fullmatch(r"cuts (\d+), restored (\d+), lost (\d+)", last)
    assert sums, done.stdout + done.stderr
    cuts, restored, lost = map(int, sums.groups())
    assert cuts == restored + lost
    assert cuts > 0
    return done.returncode, lost, done.stdout


BROKEN = "tests.scenarios.broken_control"
ASKED = ("--no-processes", "--cuts", "0", "--feature")


# covers B-04
@pytest.mark.timeout(240)
def test_nothing_is_lost() -> None:
    status, lost, said = sweep("harness.killsweep", *ASKED, "profile")

    assert (status, lost) == (0, 0), said


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("how", "feature"),
    [
        ("journal-after-command", "rehearsal"),
        ("cleared-before-read-back", "rehearsal"),
        ("force-not-written", "force-discharge"),
    ],
)
def test_a_broken_control_is_found_out(how: str, feature: str) -> None:
    status, lost, _ = sweep(BROKEN, how, *ASKED, feature)

    assert status == 1
    assert lost > 0


@pytest.mark.timeout(240)
def test_what_was_lost_can_be_looked_at_again() -> None:
    how = "cleared-before-read-back"
    _, _, said = sweep(BROKEN, how, *ASKED, "sync-off")

    found = re.search(r"--only (\S+?)`", said)
    assert found, said
    assert sweep(BROKEN, how, "--only", found[1])[:2] == (1, 1)
