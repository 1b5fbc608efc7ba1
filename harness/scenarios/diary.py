"""A day's commands and what led to them, written down for people to read.

Tariffs of prices follow each other all day long: what comes in a row is one line.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from custom_components.power_sync.sim.tesla_account import Command

from .claims import PRICES
from .cloud import TARIFF, asked, text


@dataclass(slots=True)
class _Line:
    first: datetime
    last: datetime
    what: str
    fate: str
    count: int = 1


class Diary:
    """What happened to one home, in order."""

    def __init__(self, zone: tzinfo) -> None:
        """Begin an empty one; times are those of the home's wall clock."""
        self._zone = zone
        self._lines: list[_Line] = []
        self.commands = 0

    def happening(self, now: datetime, what: str) -> None:
        """Note what was done to the home."""
        self._lines.append(_Line(now, now, f"# {what}", ""))

    def command(self, command: Command) -> None:
        """Note what a command asks for."""
        now = command.received_at
        for lever, value in asked(command).items():
            self.commands += 1
            fate = ""
            if not command.stored:
                fate = "lost"
            elif command.delay:
                fate = f"{command.delay / 60:.0f} min late"
            what = f"{lever:15} {text(lever, value)}"
            last = self._lines[-1] if self._lines else None
            if (
                last is not None
                and (last.what, last.fate) == (what, fate)
                and what == f"{TARIFF:15} {PRICES}"
            ):
                last.last = now
                last.count += 1
            else:
                self._lines.append(_Line(now, now, what, fate))

    def text(self, title: str) -> str:
        """Return everything, one line each."""
        return "\n".join([f"# {title}", *map(self._text, self._lines), ""])

    def _text(self, line: _Line) -> str:
        first = line.first.astimezone(self._zone)
        last = line.last.astimezone(self._zone)
        parts = [f"{first:%a %H:%M:%S}", line.what]
        if line.count > 1:
            parts.append(f"({line.count} until {last:%a %H:%M:%S})")
        if line.fate:
            parts.append(f"({line.fate})")
        return "  ".join(parts)
