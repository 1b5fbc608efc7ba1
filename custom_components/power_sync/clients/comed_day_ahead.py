"""What the day-ahead auction expects of the next hours, from ComEd's pages.

The pages are not documented: nothing may depend on them, and none is asked for more
often than it can change.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta, tzinfo
import logging

from .comed_http import ComedWeb
from .comed_labels import HOUR, LabelMeans, better_fit, by_hour_start
from .comed_wire import Prices, parse_hours
from .errors import ClientError

ASK_AGAIN = timedelta(minutes=15)
"""When a page that is not there yet, or not whole, is worth another look."""
CALIBRATE_AGAIN = timedelta(hours=1)
PUBLISHED = time(16, 30)
"""In Chicago: from about then on tomorrow's prices are there."""

_PAGES = "rrtp/ServletFeed"
_LEAST_HOURS = 21
"""Labels of a whole page; one was short of two besides the hour that was skipped."""
_DAY = timedelta(days=1)

_LOGGER = logging.getLogger(__name__)

type FiveMinutes = Callable[[datetime, datetime], Awaitable[Prices]]
"""Fetch the real-time prices of a stretch; raises one of ``clients.errors``."""


class DayAhead:
    """The pages of today and tomorrow, and what is known about their labels."""

    def __init__(self, web: ComedWeb, zone: tzinfo, five_minutes: FiveMinutes) -> None:
        """Keep how to ask; nothing is sent yet."""
        self._web = web
        self._zone = zone
        self._five_minutes = five_minutes
        self._pages: dict[date, Prices] = {}
        self._asked_at: dict[str, datetime] = {}
        self._meaning = LabelMeans.END
        self._calibrated: date | None = None

    async def hours(self, now: datetime) -> Prices:
        """Return the expected $/kWh by the start of the hour, as far as it is known.

        What cannot be had is left out and asked for again; this never fails.
        """
        local = now.astimezone(self._zone)
        today = local.date()
        questions = [
            self._page("daynexttoday", today, now),
            self._calibrate(today - _DAY, now),
        ]
        if local.time() >= PUBLISHED:
            questions.append(self._page("daynexttomorrow", today + _DAY, now))
        await asyncio.gather(*questions)
        self._pages = {day: page for day, page in self._pages.items() if day >= today}
        labelled = {
            label: price
            for page in self._pages.values()
            for label, price in page.items()
        }
        return by_hour_start(labelled, self._meaning)

    async def _page(self, kind: str, day: date, now: datetime) -> None:
        """Look for the page of a day unless all of it is here."""
        known = self._pages.get(day, {})
        if len(known) >= _LEAST_HOURS or not self._may_ask(kind, ASK_AGAIN, now):
            return
        try:
            page = parse_hours(await self._web.get(_PAGES, type=kind), day, self._zone)
        except ClientError as error:
            _LOGGER.debug("No day-ahead prices of %s: %s", day, error)
            return
        if len(page) > len(known):
            self._pages[day] = page

    async def _calibrate(self, day: date, now: datetime) -> None:
        """Compare the hourly prices of a finished day with its five minutes, once."""
        if self._calibrated == day or not self._may_ask("day", CALIBRATE_AGAIN, now):
            return
        try:
            labelled = parse_hours(
                await self._web.get(_PAGES, type="day", date=f"{day:%Y%m%d}"),
                day,
                self._zone,
            )
            if not labelled:
                return
            prices = await self._five_minutes(
                min(labelled) - HOUR, max(labelled) + HOUR
            )
        except ClientError as error:
            _LOGGER.debug("Cannot check the hour labels of %s: %s", day, error)
            return
        self._calibrated = day
        meaning = better_fit(labelled, prices)
        if meaning is not None and meaning is not self._meaning:
            _LOGGER.info("ComEd's hour labels are the %s of hours", meaning.name)
            self._meaning = meaning

    def _may_ask(self, question: str, pause: timedelta, now: datetime) -> bool:
        """Return whether a question was not asked lately, and note that it is now."""
        asked_at = self._asked_at.get(question)
        # A clock that was set back must not silence this for long.
        if asked_at is not None and abs(now - asked_at) < pause:
            return False
        self._asked_at[question] = now
        return True
