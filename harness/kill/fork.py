"""Do something in a copy of this process, and hear what came of it.

A copy costs a few milliseconds and has everything that this process has, at this very
moment: that is what makes a kill at every step affordable. Nothing here may have
threads.
"""

from collections.abc import Callable
import gc
import os
import pickle
import sys
import traceback
from typing import IO, NoReturn


class ForkError(RuntimeError):
    """A copy has ended without an answer; it has said on stderr why."""


class Copy:
    """A copy of this process that has still to answer."""

    def __init__(self, pid: int, answer: IO[bytes]) -> None:
        """Know it by its id; what it answers can be read from ``answer``."""
        self.pid = pid
        self._answer = answer

    def fileno(self) -> int:
        """Return what can be read from as soon as there is an answer."""
        return self._answer.fileno()

    def wait(self) -> object:
        """Wait for the answer and return it. Raises ForkError if there is none."""
        with self._answer:
            data = self._answer.read()
        os.waitpid(self.pid, 0)
        if not data:
            raise ForkError(f"process {self.pid} has ended without an answer")
        return pickle.loads(data)  # noqa: S301 - written by ourselves


class Mouth:
    """What a copy answers with."""

    def __init__(self, answer: IO[bytes]) -> None:
        """Write to ``answer``."""
        self._answer = answer

    def end_with(self, work: Callable[[], object]) -> NoReturn:
        """Do the work, answer what it returns, and end this process at once."""
        try:
            data = pickle.dumps(work())
            with self._answer:
                self._answer.write(data)
        except BaseException:  # noqa: BLE001 - nobody else is there to tell
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
        os._exit(0)


def split() -> Copy | Mouth:
    """Go on twice: here with the Copy, and there with the Mouth."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    if (pid := os.fork()) == 0:
        # Looking through everything for garbage would copy all of the memory.
        gc.disable()
        os.close(reading)
        return Mouth(os.fdopen(writing, "wb"))
    os.close(writing)
    return Copy(pid, os.fdopen(reading, "rb"))


def in_a_copy(work: Callable[[], object]) -> Copy:
    """Begin some work in a copy of this process."""
    half = split()
    if isinstance(half, Mouth):
        half.end_with(work)
    return half
