"""Start a program of our own, read what it wrote, and end it again.

Each child gets a session of its own: Ctrl-C in the terminal then reaches only the
harness, which ends its children in order. What a child writes goes to a file, so that
no pipe can fill up and everything can be read again later.
"""

import asyncio
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping, Sequence
import os
from pathlib import Path
import signal


class ChildError(Exception):
    """A child process did not start, or ended by itself."""


class Child:
    """One program, started at most once."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        folder: Path,
        output: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Describe the program; nothing is started yet.

        `folder` is its working directory, `output` the file for what it writes, and
        `environment` is added to our own.
        """
        self.name = name
        self._command = command
        self._folder = folder
        self._output = output
        self._environment = dict(os.environ) | dict(environment or {})
        self._process: Process | None = None

    async def start(self) -> None:
        """Start the program."""
        with self._output.open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=self._folder,
                env=self._environment,
                stdin=DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def is_running(self) -> bool:
        """Whether the program was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    def read_output(self) -> str:
        """Return everything the program has written so far."""
        if not self._output.exists():
            return ""
        return self._output.read_text(encoding="utf-8", errors="replace")

    def failure(self, what: str) -> ChildError:
        """Return an error that says what happened, with the end of the output."""
        code = None if self._process is None else self._process.returncode
        ending = "" if code is None else f" (exit code {code})"
        tail = "\n".join(
            f"    {line}" for line in self.read_output().splitlines()[-25:]
        )
        return ChildError(f"{self.name} {what}{ending}. Its last lines:\n{tail}")

    async def wait(self) -> int:
        """Wait until the program ends by itself, and return its exit code."""
        if self._process is None:
            raise ChildError(f"{self.name} was never started")
        return await self._process.wait()

    async def stop(self, patience: float = 30) -> None:
        """Ask the program to end; after `patience` seconds end its whole session."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(patience):
                await process.wait()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End the program's whole session at once; it cannot even notice."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
