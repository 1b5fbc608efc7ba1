"""Decide which feature gets which lever.

Features state what they want; for each lever exactly one want wins, by the
fixed order of :class:`Feature`. Nobody wanting a lever means that it belongs
to its owner again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from .model.decisions import Feature, Lever, Want


@dataclass(frozen=True, slots=True)
class Ruling:
    """The want that won a lever, and the features that wanted otherwise and lost."""

    want: Want
    over: tuple[Feature, ...] = ()


def resolve(wants: Iterable[Want], now: datetime) -> Mapping[Lever, Ruling]:
    """Return the winning want per lever; expired wants do not count.

    Of two wants of one feature the first counts.
    """
    by_lever: dict[Lever, list[Want]] = {}
    for want in wants:
        if want.expires is None or want.expires > now:
            by_lever.setdefault(want.lever, []).append(want)
    rulings: dict[Lever, Ruling] = {}
    for lever, asked in by_lever.items():
        # Sorting is stable, so that the first of a feature stays the first.
        winner, *others = sorted(asked, key=lambda want: want.feature)
        lost = dict.fromkeys(
            want.feature for want in others if want.feature is not winner.feature
        )
        rulings[lever] = Ruling(winner, tuple(lost))
    return rulings
