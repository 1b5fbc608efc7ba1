"""Tell when something that a price sets off begins, and when it is over.

It begins with the price of one interval and is over after two calm ones in a row. What
counts is the interval and not how often it was looked at, so nothing can begin and end,
or end and begin, within one interval.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from .model.decisions import Reason


class Verdict(Enum):
    """What a price says."""

    SETS_OFF = auto()
    BETWEEN = auto()
    """Not enough to begin with, and not calm either."""
    CALM = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What the price of an interval ``[start, end)`` says, as far as it is known now.

    A later look at the same interval may say otherwise: prices are corrected.
    """

    start: datetime
    end: datetime
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How one kind of episode behaves.

    ``patience`` is how long it goes on after the last interval whose price is known,
    ``lateness`` how long after its end an interval can still begin one, and ``over``
    why one ends that ran its course.
    """

    patience: timedelta
    lateness: timedelta
    over: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """What is known of the running episode, or of the time since the last one."""

    since: datetime | None = None
    """When it began; None while there is none."""
    overruled: bool = False
    """True while there is one that the user does not want."""
    counted_from: datetime | None = None
    counted_until: datetime | None = None
    """The newest interval that was looked at, None before the first."""
    calm: bool = False
    """Whether that interval is calm."""
    calm_before: bool = False
    """Whether the one directly before it was, if that was part of the episode."""
    closed_until: datetime | None = None
    """Until when the interval lasts in which the last one ran its course."""
    ended: Reason | None = None
    """Why there is none any more; None if none has ended by itself."""


def step(
    episode: Episode, sighting: Sighting | None, rules: Rules, now: datetime
) -> Episode:
    """Return the episode after another look, which may have shown nothing.

    Looks may be late, repeated or in the wrong order: an interval older than the
    newest one is no news, and one that overlaps the newest takes its place.
    """
    episode = _unless_forsaken(episode, rules, now)
    if sighting is None or sighting.start > now:
        return episode
    if episode.counted_from is not None and sighting.start < episode.counted_from:
        return episode
    episode = _counted(episode, sighting)
    if episode.since is None:
        return _begun(episode, sighting, rules, now)
    if episode.calm and episode.calm_before:
        return replace(
            episode,
            since=None,
            overruled=False,
            closed_until=sighting.end,
            ended=rules.over,
        )
    return episode


def is_on(episode: Episode, rules: Rules, now: datetime) -> bool:
    """Return whether there is an episode, and the user has nothing against it."""
    until = lasts_until(episode, rules)
    return until is not None and now < until


def lasts_until(episode: Episode, rules: Rules) -> datetime | None:
    """Return when an episode ends if no price comes any more; None if it is not on."""
    if episode.since is None or episode.counted_until is None or episode.overruled:
        return None
    return episode.counted_until + rules.patience


def overrule(episode: Episode) -> Episode:
    """Return the episode after the user said no: off until it would have been over.

    Missing prices do not make it over. They say nothing of the price that the user
    does not want to be acted on.
    """
    if episode.since is None:
        return episode
    return replace(episode, overruled=True)


def called_off(episode: Episode) -> Episode:
    """Return that there is no episode, and nothing to go on with."""
    was_on = episode.since is not None and not episode.overruled
    return Episode(ended=Reason.CANCELLED if was_on else episode.ended)


def _unless_forsaken(episode: Episode, rules: Rules, now: datetime) -> Episode:
    """End an episode whose prices stopped coming, or came from another time."""
    first, last = episode.counted_from, episode.counted_until
    if first is None or last is None:
        return episode
    is_ahead = first - now >= rules.patience
    if not is_ahead and now - last < rules.patience:
        return episode
    if is_ahead:
        # The clock was wrong. All prices to come would look older than that one.
        episode = replace(
            episode, counted_from=None, counted_until=None, closed_until=None
        )
    if episode.since is None or episode.overruled:
        return episode
    return replace(episode, since=None, ended=Reason.PRICES_MISSING)


def _counted(episode: Episode, sighting: Sighting) -> Episode:
    """Return the episode with an interval as its newest."""
    last = episode.counted_until
    if last is not None and sighting.start < last:
        calm_before = episode.calm_before
    else:
        # Across a gap nobody knows whether it was calm.
        calm_before = sighting.start == last and episode.calm
    return replace(
        episode,
        counted_from=sighting.start,
        counted_until=sighting.end,
        calm=sighting.verdict is Verdict.CALM,
        calm_before=calm_before,
    )


def _begun(
    episode: Episode, sighting: Sighting, rules: Rules, now: datetime
) -> Episode:
    """Begin an episode if the newest interval sets one off."""
    closed = episode.closed_until
    if (
        sighting.verdict is not Verdict.SETS_OFF
        or sighting.end + rules.lateness <= now
        or (closed is not None and sighting.start < closed)
    ):
        return episode
    return replace(episode, since=now, calm_before=False, ended=None)
