"""Whether every command is explained, and every change of the owner shown."""

from collections.abc import Callable
from datetime import datetime, timedelta

from custom_components.power_sync.core.model.decisions import Action, Record

TOLD_WITHIN = timedelta(seconds=90)
NOTICED_WITHIN = timedelta(seconds=75)
"""How long it may take until a change elsewhere, or an outage, is noticed."""

type Breach = Callable[[str, datetime, str], None]
"""Called with a rule that is broken, when, and by what."""


class Stories:
    """Compares commands and changes with the decisions that are published."""

    def __init__(self, breach: Breach) -> None:
        """Begin with nothing to be told."""
        self._breach = breach
        self._untold: list[tuple[datetime, str, str]] = []
        self._unshown: list[tuple[datetime, str]] = []
        self._news: dict[str, Record] = {}

    def command(self, lever: str, value: str, now: datetime) -> None:
        """Note a command that has to be explained."""
        self._untold.append((now, lever, value))

    def change(self, lever: str, now: datetime) -> None:
        """Note a change of the owner that has to be shown."""
        self._unshown.append((now, lever))

    def never_mind(self, lever: str) -> None:
        """Take that back."""
        self._unshown = [item for item in self._unshown if item[1] != lever]

    def decision(self, record: Record, now: datetime) -> None:
        """Take in a decision that was published."""
        lever = record.lever.value
        self._news[lever] = record
        if record.feature is None and record.action is not Action.OWNER_CHANGED:
            self._breach("decisions without a feature", now, f"{lever} {record.action}")
        self._untold = [
            (at, other, value)
            for at, other, value in self._untold
            if not (other == lever and value == record.value and record.at <= at <= now)
        ]
        if record.action is Action.OWNER_CHANGED:
            self.never_mind(lever)

    def look(self, now: datetime, *, away: bool) -> None:
        """Find what should have been told by now; nothing is, while it is away."""
        for at, lever, value in tuple(self._untold):
            if now - at < TOLD_WITHIN:
                continue
            self._untold.remove((at, lever, value))
            news = self._news.get(lever)
            # A failure that repeats itself is told once.
            if news is None or news.value != value:
                self._breach("commands without an explanation", at, f"{lever} {value}")
        if away:
            return
        for at, lever in tuple(self._unshown):
            if now - at > NOTICED_WITHIN + TOLD_WITHIN:
                self._unshown.remove((at, lever))
                self._breach("changes of the owner that are not shown", at, lever)
