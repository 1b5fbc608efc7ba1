"""Processes: what they leave behind, and what their log says."""

import asyncio
from pathlib import Path
import sys

import pytest

from harness.child import Child, ChildError
from harness.process import HomeAssistantProcess, LogRecord


def child(folder: Path, code: str) -> Child:
    return Child(
        "The child",
        [sys.executable, "-c", code],
        folder=folder,
        output=folder / "output",
    )


async def until_it_says(running: Child, text: str) -> None:
    while text not in running.read_output():
        assert running.is_running
        await asyncio.sleep(0.01)


async def test_a_child_that_ends_by_itself_is_quoted(tmp_path: Path) -> None:
    running = child(tmp_path, "raise SystemExit('no luck')")
    await running.start()
    assert await running.wait() == 1
    assert str(running.failure("ended")).startswith("The child ended (exit code 1)")
    assert "no luck" in str(running.failure("ended"))


async def test_a_child_that_does_not_obey_is_ended_all_the_same(tmp_path: Path) -> None:
    running = child(
        tmp_path,
        "import signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('ready', flush=True)\n"
        "time.sleep(600)",
    )
    await running.start()
    await until_it_says(running, "ready")
    await running.stop(patience=0.1)
    assert not running.is_running


LOG = """\
2026-11-21 09:37:06.937+00:00 WARNING (MainThread) [homeassistant.loader] We found a \
custom integration power_sync which has not been tested
2026-11-21 09:37:06.937 INFO (MainThread) [custom_components.power_sync] all is well
2026-11-21 09:37:07.000 ERROR (SyncWorker_0) [homeassistant.setup] Setup failed
Traceback (most recent call last):
  File "custom_components/power_sync/__init__.py"
2026-11-21 09:37:08.000 WARNING (MainThread) [homeassistant.components.x] not ours
"""


def process(folder: Path, log: str) -> HomeAssistantProcess:
    (folder / "output.log").write_text(log)
    return HomeAssistantProcess(folder, 1)


def test_complaints_are_warnings_that_name_us_even_in_a_traceback(
    tmp_path: Path,
) -> None:
    assert process(tmp_path, LOG).complaints("power_sync") == [
        LogRecord(
            "ERROR",
            "homeassistant.setup",
            "Setup failed\nTraceback (most recent call last):\n"
            '  File "custom_components/power_sync/__init__.py"',
        )
    ]


def test_a_log_that_can_not_be_read_is_not_a_clean_one(tmp_path: Path) -> None:
    with pytest.raises(ChildError, match="no log"):
        process(tmp_path, "something else\n").complaints("power_sync")
