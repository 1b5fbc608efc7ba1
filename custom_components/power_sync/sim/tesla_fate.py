"""What becomes of a command that was accepted."""

from dataclasses import dataclass
from random import Random

from .config import TeslaSite
from .faults import Fault, FaultKind

_LEAST, _MOST = 60.0, 45 * 60.0
"""Seconds that a late command takes."""


@dataclass(frozen=True, slots=True)
class Fate:
    """Whether it is stored and how many seconds later, and whether that is said."""

    stored: bool = True
    delay: float = 0.0
    answered: bool = True


_OF_FAULTS = {
    FaultKind.NOT_APPLIED: Fate(stored=False),
    FaultKind.APPLIED_BUT_NO_ANSWER: Fate(answered=False),
}


class Fates:
    """The luck of one site's commands, the same at every run of a seed."""

    def __init__(self, site: TeslaSite, seed: int) -> None:
        """Begin a row of draws."""
        self._site = site
        self._draws = Random(f"{seed}/commands/{site.site_id}")

    def next(self, fault: Fault | None) -> Fate:
        """Return what becomes of the next command; a fault decides before luck."""
        lost, late, when, mute = (self._draws.random() for _ in range(4))
        if fault is not None and fault.kind is FaultKind.LATE:
            return Fate(delay=fault.seconds)
        if fault is not None and fault.kind in _OF_FAULTS:
            return _OF_FAULTS[fault.kind]
        site = self._site
        stored = lost >= site.lost_share
        is_late = stored and late < site.late_share
        return Fate(
            stored=stored,
            delay=_LEAST + (_MOST - _LEAST) * when if is_late else 0.0,
            answered=mute >= site.unanswered_share,
        )
