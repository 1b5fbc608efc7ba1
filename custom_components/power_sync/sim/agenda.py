"""Changes that come into force by themselves, later."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
import math

type Store = Callable[[float], None]
"""A change; called with the time at which it comes into force (unix seconds)."""


@dataclass(frozen=True, slots=True)
class _Entry:
    at: float
    setting: str
    change: Store


class Agenda:
    """What is still to come, each entry about one setting."""

    def __init__(self) -> None:
        """Begin with nothing to come."""
        self._entries: list[_Entry] = []

    def __len__(self) -> int:
        """Return how many changes are to come."""
        return len(self._entries)

    @property
    def next(self) -> float:
        """When the next change is due (unix seconds), infinity without one."""
        return self._entries[0].at if self._entries else math.inf

    def add(self, at: float, setting: str, change: Store) -> None:
        """Let a change come into force at a time."""
        self._entries.append(_Entry(at, setting, change))
        self._entries.sort(key=lambda entry: entry.at)

    def drop(self, setting: str) -> None:
        """Forget what is to come about a setting."""
        self._entries = [e for e in self._entries if e.setting != setting]

    def take(self, at: float) -> Iterator[Store]:
        """Remove and return what is due, in order of time."""
        while self.next <= at:
            yield self._entries.pop(0).change
