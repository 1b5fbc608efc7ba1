"""The command itself: what it says, and that it leaves nothing behind."""

import asyncio
from asyncio.subprocess import PIPE, Process
import os
from pathlib import Path
import signal
import socket
import sys

import pytest

from harness.bare import ROOT
from harness.process import check_port, free_port

pytestmark = pytest.mark.timeout(180)


async def start_demo(folder: Path, *options: str) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "harness.demo", *options),
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(folder)},
        stdout=PIPE,
        stderr=PIPE,
    )


def processes_started_with(folder: Path) -> list[str]:
    """Return the command lines of processes that inherited our TMPDIR."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            environment = (entry / "environ").read_bytes()
            command = (entry / "cmdline").read_bytes()
        except OSError:  # it has ended meanwhile, or belongs to somebody else
            continue
        if f"TMPDIR={folder}".encode() in environment.split(b"\0") and command:
            found.append(command.replace(b"\0", b" ").decode())
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_everything_that_was_started(
    tmp_path: Path, number: signal.Signals
) -> None:
    port = free_port()
    demo = await start_demo(tmp_path, "--port", str(port))
    said = []
    async for line in demo.stdout:
        said.append(line.decode())
        if "Ctrl-C" in said[-1]:
            break
    assert f"http://localhost:{port}" in "".join(said)
    assert len(processes_started_with(tmp_path)) == 3  # demo, simulator, hass

    demo.send_signal(number)
    await demo.communicate()

    assert demo.returncode == 0
    assert processes_started_with(tmp_path) == []
    assert list(tmp_path.iterdir()) == []
    check_port(port)


async def test_a_port_in_use_is_named_and_nothing_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        demo = await start_demo(tmp_path, "--port", str(port))
        output, errors = await demo.communicate()
    assert demo.returncode == 1
    assert f"port {port} is in use" in errors.decode()
    assert "starting" not in output.decode()
