"""Try PowerSync on this machine: a simulated home and a real Home Assistant."""

import argparse
import asyncio
from collections.abc import Sequence
import os
from pathlib import Path
import signal
import sys
import tempfile
import time

import aiohttp

from .answers import SOURCES
from .bare import ROOT
from .check import check
from .child import ChildError
from .client import HomeAssistantError
from .flows import FlowError
from .process import PortInUseError, free_port
from .stack import PASSWORD, USERNAME, Stack, keep_logs, running_stack

# Everything that can go wrong and has a message that says enough.
FAILURES = (
    ChildError,
    FlowError,
    HomeAssistantError,
    PortInUseError,
    aiohttp.ClientError,
)
LEFTOVERS = ROOT / "build" / "demo"


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options; end with a message if they make no sense."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument(
        "--port", type=int, help="port of Home Assistant (default: 8123)"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="check that prices reach the Powerwall, print the figures, and end",
    )
    parser.add_argument(
        "--prices",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="recorded prices to replay, such as AEMO's PRICE_AND_DEMAND files",
    )
    parser.add_argument("--seed", type=int, help="seed of the simulated home")
    parser.add_argument(
        "--source",
        choices=SOURCES,
        default="amber",
        help="where the home's prices come from (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    if options.check and options.source != "amber":
        parser.error("--check reads what Amber has answered; leave --source out")
    for path in options.prices:
        if not path.is_file():
            parser.error(f"there is no file {path}")
    return options


def services_options(options: argparse.Namespace) -> list[str]:
    """Return the options that concern the simulated home."""
    passed = []
    if options.prices:
        passed += ["--prices", *(str(path.resolve()) for path in options.prices)]
    if options.seed is not None:
        passed += ["--seed", str(options.seed)]
    return passed


async def run(options: argparse.Namespace, folder: Path) -> int:
    """Run the demo below `folder` and return the exit code."""
    started = time.monotonic()
    # A check must not be in the way of a Home Assistant that already runs here.
    port = options.port or (free_port() if options.check else 8123)
    async with running_stack(
        folder,
        port,
        source=options.source,
        services_options=services_options(options),
        say=say,
    ) as stack:
        if options.check:
            result = await report(stack)
        else:
            result = await serve(stack, port)
    say(f"took {time.monotonic() - started:.0f} s")
    return result


async def report(stack: Stack) -> int:
    """Print what the check found; return 0 if all is well."""
    say("waiting for a tariff to arrive")
    findings = await check(stack)
    for finding in findings:
        say(str(finding))
    return 0 if all(finding.passed for finding in findings) else 1


async def serve(stack: Stack, port: int) -> int:
    """Say where to look, and wait until a part of the demo ends by itself."""
    say("")
    say(f"  PowerSync is running:  http://localhost:{port}")
    say(f"  user {USERNAME}, password {PASSWORD}")
    say("  Ctrl-C ends it.")
    say("")
    parts = (stack.process.child, stack.services.child)
    waiting = [asyncio.create_task(child.wait()) for child in parts]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
    for child in parts:
        if not child.is_running:
            raise child.failure("ended by itself")
    return 1


async def supervise(options: argparse.Namespace, folder: Path) -> int:
    """Run the demo, and turn signals and failures into an orderly end."""
    work = asyncio.create_task(run(options, folder))
    interrupted = False

    def interrupt() -> None:
        nonlocal interrupted
        if not interrupted:  # a second Ctrl-C must not break off the cleaning up
            interrupted = True
            say("\nending the demo")
            work.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, interrupt)
    try:
        result = await work
    except asyncio.CancelledError:
        return 1 if options.check else 0
    except FAILURES as failure:
        print(f"error: {failure}", file=sys.stderr)
        result = 1
    if result:
        keep_logs(folder, LEFTOVERS)
        print(f"the logs are in {LEFTOVERS}", file=sys.stderr)
    return result


def main(arguments: Sequence[str]) -> int:
    """Run the demo in a folder that is deleted afterwards."""
    options = parse(arguments)
    fetching = os.environ.get("POWER_SYNC_FETCH_SECONDS", "0")
    if fetching != "0":
        say(f"downloads took {fetching} s")
    with tempfile.TemporaryDirectory(prefix="power-sync-") as folder:
        return asyncio.run(supervise(options, Path(folder)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
