"""Decide which feature gets which lever.

Features state what they want; for each lever exactly one want wins, by the
fixed order of :class:`Feature`. Nobody wanting a lever means that it belongs
to its owner again.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from .model.decisions import Lever, Want


def resolve(wants: Iterable[Want], now: datetime) -> Mapping[Lever, Want]:
    """Return the winning want per lever; expired wants do not count."""
    winners: dict[Lever, Want] = {}
    for want in wants:
        if want.expires is not None and want.expires <= now:
            continue
        winner = winners.get(want.lever)
        if winner is None or want.feature < winner.feature:
            winners[want.lever] = want
    return winners
