"""A real Home Assistant as a process of its own, on this machine only."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
import re
import socket
import sys
from typing import Self

import aiohttp

from . import config_folder
from .child import Child

START_PATIENCE = 120.0

_RECORD = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\S* "
    r"(?P<level>[A-Z]+) \([^)]*\) \[(?P<logger>[^\]]+)\] (?P<message>.*)$"
)


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One entry of Home Assistant's log; the message may have several lines."""

    level: str
    logger: str
    message: str


class PortInUseError(Exception):
    """Something else listens on the port that was asked for."""


def check_port(port: int) -> None:
    """Raise PortInUseError if `port` of the loopback address is taken."""
    with socket.socket() as probe:
        # As Home Assistant does, so that a port that was just left counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise PortInUseError(f"port {port} is reserved for root") from error
        except OSError as error:
            raise PortInUseError(f"port {port} is in use by another program") from error


def free_port() -> int:
    """Return a port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class HomeAssistantProcess:
    """One run of Home Assistant on a configuration folder.

    Use it as an asynchronous context manager: it answers on `url` inside, and has ended
    outside, however the block was left.
    """

    def __init__(
        self, folder: Path, port: int, *, time_zone: str = "Australia/Sydney"
    ) -> None:
        """Prepare a run on `folder`, which is created and filled if need be."""
        self.url = f"http://127.0.0.1:{port}"
        self._port = port
        self._folder = folder
        self._time_zone = time_zone
        self.child = Child(
            "Home Assistant",
            [
                *(sys.executable, "-m", "homeassistant"),
                *("--config", str(folder)),
                # Everything needed is installed; nothing is fetched while it runs.
                "--skip-pip",
                "--log-no-color",
            ],
            folder=folder,
            output=folder / "output.log",
            environment={"PYTHONPATH": config_folder.python_path(folder)},
        )

    async def __aenter__(self) -> Self:
        """Start it, and wait until it answers.

        Raises PortInUseError, or ChildError if it ends or stays silent.
        """
        check_port(self._port)
        config_folder.seed(self._folder, port=self._port, time_zone=self._time_zone)
        await self.child.start()
        try:
            await self._wait_until_it_answers()
        except BaseException:
            await self.child.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop it."""
        await self.child.stop()

    async def _wait_until_it_answers(self) -> None:
        try:
            async with asyncio.timeout(START_PATIENCE), aiohttp.ClientSession() as web:
                while not await self._answers(web):
                    if not self.child.is_running:
                        raise self.child.failure("ended while it started")
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise self.child.failure("did not answer in time") from None

    async def _answers(self, web: aiohttp.ClientSession) -> bool:
        try:
            async with web.get(f"{self.url}/api/onboarding") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    def log(self) -> Iterator[LogRecord]:
        """Yield what Home Assistant has logged so far, oldest first.

        Raises ChildError if nothing looks like a log, for an unknown format must not
        pass for a clean log.
        """
        record: LogRecord | None = None
        for line in self.child.read_output().splitlines():
            if match := _RECORD.match(line):
                if record is not None:
                    yield record
                record = LogRecord(**match.groupdict())
            elif record is not None:
                record = LogRecord(
                    record.level, record.logger, f"{record.message}\n{line}"
                )
        if record is None:
            raise self.child.failure("wrote no log that could be read")
        yield record

    def complaints(self, about: str) -> list[LogRecord]:
        """Return the warnings and errors that name `about` anywhere.

        The one that greets every custom integration is left out.
        """
        return [
            record
            for record in self.log()
            if record.level in {"WARNING", "ERROR", "CRITICAL"}
            and about in f"{record.logger} {record.message}"
            and not record.message.startswith("We found a custom integration")
        ]
