"""Price episodes worked out another way: from everything that was ever heard.

The product keeps a few flags; this keeps all intervals and looks at the last two.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import strategies as st

from .support import utc

T = utc("2026-06-15 02:00")
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The price of an interval, as it was heard at some moment."""

    start: datetime
    end: datetime
    price: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was to be seen at a moment."""

    now: datetime
    heard: Heard | None


def expected(
    looks: Iterable[Look],
    *,
    sets_off: Callable[[float], bool],
    is_calm: Callable[[float], bool],
    patience: timedelta,
    lateness: timedelta,
) -> list[bool]:
    """Return after each look whether there is an episode."""
    words: dict[datetime, Heard] = {}
    began: datetime | None = None
    """In which interval the running episode began."""
    finished: datetime | None = None
    """In which interval the last one ran its course."""
    result = []
    for look in looks:
        heard = look.heard
        newest = words[max(words)] if words else None
        if newest and look.now - newest.end >= patience:
            began = None
        is_news = (
            heard
            and heard.start <= look.now
            and (newest is None or heard.start >= newest.start)
        )
        if heard and is_news:
            words[heard.start] = heard
            if began is None:
                if (
                    sets_off(heard.price)
                    and look.now < heard.end + lateness
                    and heard.start != finished
                ):
                    began = heard.start
            else:
                last_two = sorted(
                    (word for word in words.values() if word.start >= began),
                    key=lambda word: word.start,
                )[-2:]
                if (
                    len(last_two) == 2
                    and last_two[0].end == last_two[1].start
                    and all(is_calm(word.price) for word in last_two)
                ):
                    began, finished = None, heard.start
        result.append(began is not None)
    return result


@st.composite
def looks(draw: st.DrawFn, prices: tuple[float, ...]) -> list[Look]:
    """Return looks at a market of 5- and 30-minute intervals, hour by hour.

    Mostly a minute apart and at the running interval, whose price is now and then
    corrected; also late, repeated, out of order, at nothing, and after long gaps.
    """
    lengths = draw(st.lists(st.sampled_from((5, 30)), min_size=1, max_size=6))
    starts: list[tuple[datetime, datetime]] = []
    hour = T
    for index in range(24):
        length = lengths[index % len(lengths)]
        starts.extend(
            (hour + begin * MINUTE, hour + (begin + length) * MINUTE)
            for begin in range(0, 60, length)
        )
        hour += 60 * MINUTE
    usual = draw(st.lists(st.sampled_from(prices), min_size=1, max_size=40))
    steps = draw(
        st.lists(
            st.tuples(
                st.sampled_from((0, 20, 60, 60, 150, 300, 300, 600, 1500, 1800, 7200)),
                st.sampled_from((0, 0, 0, 0, 1, 1, 2, 3, -1, None)),
                st.none() | st.none() | st.none() | st.sampled_from(prices),
            ),
            min_size=10,
            max_size=60,
        )
    )
    now, found = T, []
    for seconds, lag, correction in steps:
        now += timedelta(seconds=seconds)
        running = next(
            (index for index, (start, end) in enumerate(starts) if start <= now < end),
            None,
        )
        if running is None:
            break
        heard = None
        if lag is not None and 0 <= running - lag < len(starts):
            which = running - lag
            start, end = starts[which]
            price = usual[which % len(usual)] if correction is None else correction
            heard = Heard(start=start, end=end, price=price)
        found.append(Look(now=now, heard=heard))
    return found
