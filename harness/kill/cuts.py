"""Where to cut: every await of ``control/`` and every change of what survives."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
import hashlib
from pathlib import Path
import re
from types import FrameType
from typing import Any, override

from custom_components.power_sync import control
from custom_components.power_sync.const import DOMAIN

from .verdict import fingerprint
from .world import World

_ROOM = str(Path(control.__file__).parent)
_LABEL = re.compile(
    r"(?P<feature>[a-z-]+)(~(?P<rough>\d+))?:(?P<step>\d+)(\+(?P<again>\d+))?$"
)

type Place = tuple[tuple[str, int], ...]
"""File and line of each function of ``control/`` that waits."""


class LabelError(ValueError):
    """No cut is called that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """One kill: ``step`` steps after the beginning of a feature's life.

    ``rough`` is the number of a life in which commands get lost or come late (None:
    all goes well), ``again`` after how many steps the next life is killed, too.
    """

    feature: str
    step: int
    rough: int | None = None
    again: int | None = None

    @override
    def __str__(self) -> str:
        """Return its name on the command line."""
        rough = "" if self.rough is None else f"~{self.rough}"
        again = "" if self.again is None else f"+{self.again}"
        return f"{self.feature}{rough}:{self.step}{again}"


def cut_from(label: str) -> Cut:
    """Return the cut of a name. Raises LabelError if it is none."""
    if (match := _LABEL.match(label)) is None:
        raise LabelError(f"{label!r} is no FEATURE:CUT")
    rough, again = match["rough"], match["again"]
    return Cut(
        feature=match["feature"],
        step=int(match["step"]),
        rough=None if rough is None else int(rough),
        again=None if again is None else int(again),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What an uncut life was like; the same program lives the same life again.

    A kill is of interest from step ``first`` to ``last``. ``stops`` are the steps
    before which something of ``control/`` waited or something that survives has
    changed, by what survives there: the groups differ in that, and the steps of a
    group only in the moment. ``problems`` are what is not right in the end.
    """

    first: int
    last: int
    digest: str
    stops: tuple[tuple[int, ...], ...]
    problems: tuple[str, ...]


@dataclass(slots=True)
class Steps:
    """Counts the steps of a life and finds those before which a kill is another one.

    A kill leaves nothing but what is on the disk and in the cloud. So of all steps
    with the same of both only the first at each await of ``control/`` is noted.
    """

    world: World
    count: int = 0
    first: int = 0
    last: int = 0
    """The steps between which a kill is of interest; zero as long as there are none."""
    _digest: Any = field(default_factory=hashlib.sha256)
    _jobs: int = -1
    _disk: bytes = b""
    _seen: dict[tuple[object, ...], dict[Place, int]] = field(default_factory=dict)

    def begin(self) -> None:
        """Note from here on."""
        self.first = self.count + 1

    def end(self) -> None:
        """Note no more."""
        self.last = self.count

    def take(self, handle: asyncio.Handle) -> None:
        """Count a step, and note it if it is of interest."""
        self.count += 1
        if not self.first or self.last:
            return
        survives = (*fingerprint(self.world.home), self._on_disk())
        place = tuple(_places(handle))
        self._digest.update(repr((self.count, survives, place)).encode())
        self._seen.setdefault(survives, {}).setdefault(place, self.count)

    def life(self, problems: Iterable[str]) -> Life:
        """Return what the life was like."""
        return Life(
            first=self.first,
            last=self.last,
            digest=self._digest.hexdigest(),
            stops=tuple(tuple(places.values()) for places in self._seen.values()),
            problems=tuple(problems),
        )

    def _on_disk(self) -> bytes:
        """Return a digest of the files that control lives by."""
        jobs = self.world.loop.jobs
        if jobs != self._jobs:
            self._jobs = jobs
            digest = hashlib.sha256()
            storage = self.world.folder / ".storage"
            for file in sorted(storage.glob(f"{DOMAIN}*")):
                if "prices" not in file.name:
                    digest.update(file.read_bytes())
            config = storage / "core.config_entries"
            if config.exists():
                digest.update(config.read_bytes())
            self._disk = digest.digest()
        return self._disk


def _places(handle: asyncio.Handle) -> Iterator[tuple[str, int]]:
    """Yield where in ``control/`` a step goes on, outermost first."""
    # What asyncio calls to let a task go on is a method of it.
    called = getattr(handle, "_callback", None)
    task = getattr(called, "__self__", None)
    if not isinstance(task, asyncio.Task):
        return
    waiting: Any = task.get_coro()
    while waiting is not None:
        frame: FrameType | None = getattr(waiting, "cr_frame", None)
        if frame is not None and frame.f_code.co_filename.startswith(_ROOM):
            yield Path(frame.f_code.co_filename).name, frame.f_lineno
        waiting = getattr(waiting, "cr_await", None)
