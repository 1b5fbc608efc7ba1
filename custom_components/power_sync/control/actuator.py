"""Move one lever of one Powerwall: journal, send, read back.

Success of a command only says that the service took it. What counts is the
read-back, repeated until it shows what was sent.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from homeassistant.util import dt as dt_util

from ..clients.errors import (
    AuthError,
    ClientError,
    OutcomeUnknownError,
    RateLimitedError,
    UnavailableError,
)
from ..clients.protocols import PowerwallClient
from ..const import LOGGER
from ..core.journal import ECHO_LASTS, Finding, Journal, same
from ..core.model.decisions import Action, Feature, Lever, LeverValue
from ..core.model.lever_values import lever_value
from ..core.model.powerwall import ExportRule, OperationMode
from ..core.model.tesla_tariff import TeslaTariff
from ..core.upload_pace import UPLOADS_PER_INTERVAL, may_upload
from .readings import SiteReadings, StandingKeeper

READ_BACK_AT = (1.0, 3.0, 7.0, 15.0, 25.0)
"""Seconds after the command at which the setting is read."""


RETRY_AFTER = timedelta(seconds=30)
"""How long to wait after a refusal that does not say how long."""
RESEND_AFTER = timedelta(minutes=5)
"""How long a tariff that was accepted gets to show before it is sent again."""
RESEND_SOON = timedelta(minutes=1)
"""The same for the other levers, which are small, and for what somebody waits for."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one attempt to move a lever came to and, if it failed, why.

    ``refused`` says that nothing can have changed.
    """

    action: Action
    error: ClientError | None = None
    refused: bool = False


@dataclass(frozen=True, slots=True)
class _Sent:
    """The last command for a lever."""

    value: LeverValue
    at: datetime


@dataclass(frozen=True, slots=True)
class _Pause:
    """A time without commands."""

    start: datetime
    end: datetime

    def holds(self, now: datetime) -> bool:
        """Return whether it is now; before its start the clock was wrong."""
        return self.start <= now < self.end


class Actuator:
    """Send commands to one site, one at a time."""

    def __init__(
        self, client: PowerwallClient, site: SiteReadings, store: StandingKeeper
    ) -> None:
        """Command ``client``; read back through ``site`` so that entities follow."""
        self._client = client
        self._site = site
        self._store = store
        self._on_the_way_back: dict[Lever, _Sent] = {}
        """Owners' values that were sent and not seen to arrive."""
        self._uploads: deque[datetime] = deque(maxlen=UPLOADS_PER_INTERVAL)
        self._sent: dict[Lever, _Sent] = {}
        self._pauses: dict[Lever | None, _Pause] = {}
        """By lever that was refused; None for what concerns all of them."""
        self.interrupt = asyncio.Event()
        """Set when something newer is wanted, to end a read-back early."""

    async def move(
        self,
        lever: Lever,
        value: LeverValue,
        feature: Feature,
        now: datetime,
        *,
        force: bool = False,
        urgent: bool = False,
    ) -> Attempt:
        """Set a lever on behalf of a feature and remember what to put back.

        What was sent a moment ago is waited for rather than sent again, unless
        the user forces it. What is ``urgent`` does not keep to the pace of tariffs.
        """
        sent = self._under_way(lever, value, now, urgent=urgent)
        if sent is not None and not force:
            return await self._wait_for(lever, sent, now)
        if self._must_wait(lever, now, urgent=urgent):
            return Attempt(Action.POSTPONED)
        before = self.journal
        if before.entry(lever) is None:
            # What will be put back is what is there now, not a minute ago.
            await self._site.async_refresh()
            if not self._site.last_update_success:
                return Attempt(
                    Action.FAILED, UnavailableError("the site is away"), refused=True
                )
        elif not force and await self._is_taken(lever, now):
            return Attempt(Action.SUPERSEDED)
        await self._write_ahead(
            lever,
            self.journal.begun(
                lever, lever_value(self._site.data, lever), value, feature, now
            ),
        )
        attempt = await self._send(lever, value)
        if attempt.action is Action.SENT:
            await self.confirm(lever)
        elif attempt.refused and before.entry(lever) is not None:
            # Who held the lever still does, and may not be allowed to leave it so.
            await self.save(before)
        return attempt

    async def _is_taken(self, lever: Lever, now: datetime) -> bool:
        """Return whether the owner has chosen something since the last look.

        The site is read once a minute. What is chosen in between must not be
        overwritten unseen.
        """
        await self._site.async_refresh()
        if not self._site.last_update_success:
            return False
        current = lever_value(self._site.data, lever)
        foreign = self.journal.finding(lever, current, now) is Finding.FOREIGN
        return foreign and not self.may_be_late(lever, current, now)

    async def restore(
        self,
        lever: Lever,
        value: LeverValue,
        now: datetime,
        *,
        force: bool = False,
        urgent: bool = False,
    ) -> Attempt:
        """Give a lever we hold its owner's ``value``; then the debt is gone.

        ``force`` does not wait for another time, ``urgent`` not for our own pace.
        """
        if (entry := self.journal.entry(lever)) is None:
            return Attempt(Action.UNCHANGED)
        current = lever_value(self._site.data, lever)
        # An unconfirmed command may still be applied late, so an equal read-back
        # is not enough then.
        if not (entry.confirmed and same(current, value)):
            sent = self._under_way(lever, value, now, urgent=urgent)
            if sent is not None and not force:
                attempt = await self._go_on_reading(lever, sent, now)
            elif not force and self._must_wait(lever, now, urgent=urgent):
                return Attempt(Action.POSTPONED)
            else:
                attempt = await self._send(lever, value)
            if attempt.action is not Action.SENT:
                if attempt.action is not Action.POSTPONED and not attempt.refused:
                    self._on_the_way_back[lever] = _Sent(value, now)
                return attempt
        self._sent.pop(lever, None)
        await self.save(self.journal.restored(lever, dt_util.utcnow()))
        return Attempt(Action.RESTORED)

    def may_be_late(
        self, lever: Lever, current: LeverValue | None, now: datetime
    ) -> bool:
        """Return whether a lever shows what was put back, after it was wanted again."""
        late = self._on_the_way_back.get(lever)
        return (
            late is not None
            and late.at <= now < late.at + ECHO_LASTS
            and same(late.value, current)
        )

    async def confirm(self, lever: Lever) -> None:
        """Note that a read-back has shown what was sent."""
        self._sent.pop(lever, None)
        journal = self.journal.confirmed(lever)
        if lever is Lever.TARIFF:
            await self._store.put_sometimes(
                replace(self._store.standing, journal=journal), dt_util.utcnow()
            )
        else:
            await self.save(journal)

    async def save(self, journal: Journal) -> None:
        """Write the journal; when this returns it is on disk."""
        await self._store.put(replace(self._store.standing, journal=journal))

    @property
    def journal(self) -> Journal:
        """Return what is owed now."""
        return self._store.standing.journal

    def _under_way(
        self, lever: Lever, value: LeverValue, now: datetime, *, urgent: bool
    ) -> _Sent | None:
        """Return the last command if it was this one and may still show."""
        sent = self._sent.get(lever)
        if (
            sent is not None
            and same(sent.value, value)
            and sent.at <= now < sent.at + _patience(lever, urgent=urgent)
        ):
            return sent
        return None

    async def _wait_for(self, lever: Lever, sent: _Sent, now: datetime) -> Attempt:
        """Go on reading back a command whose effect has not shown yet."""
        attempt = await self._go_on_reading(lever, sent, now)
        if attempt.action is Action.SENT:
            await self.confirm(lever)
        return attempt

    async def _go_on_reading(self, lever: Lever, sent: _Sent, now: datetime) -> Attempt:
        """Read back what is left of the schedule; nothing is sent again yet."""
        if now >= sent.at + timedelta(seconds=READ_BACK_AT[-1]):
            return Attempt(Action.POSTPONED)
        return await self._read_back(lever, sent.value, sent.at, None)

    async def _write_ahead(self, lever: Lever, journal: Journal) -> None:
        """Write down a change before it is made.

        From the second tariff of prices on the owner's is on disk already, and one of
        ours is recognised by its code whatever the journal says of it. So the hundreds
        of tariffs of a day do not cost hundreds of writes.
        """
        before, after = self.journal.entry(lever), journal.entry(lever)
        if (
            lever is Lever.TARIFF
            and before is not None
            and after is not None
            and before.feature is after.feature
        ):
            await self._store.put_sometimes(
                replace(self._store.standing, journal=journal), dt_util.utcnow()
            )
        else:
            await self.save(journal)

    def _must_wait(self, lever: Lever, now: datetime, *, urgent: bool) -> bool:
        """Return whether the service or our own pace forbids a command now."""
        if any(
            pause.holds(now)
            for pause in (self._pauses.get(None), self._pauses.get(lever))
            if pause is not None
        ):
            return True
        return (
            lever is Lever.TARIFF and not urgent and not may_upload(self._uploads, now)
        )

    async def _send(self, lever: Lever, value: LeverValue) -> Attempt:
        """Send a command and wait for the read-back to agree."""
        sent_at = dt_util.utcnow()
        self._sent[lever] = _Sent(value, sent_at)
        if lever is Lever.TARIFF:
            self._uploads.append(sent_at)
        error: ClientError | None = None
        try:
            await self._command(lever, value)
        except OutcomeUnknownError as unknown:
            LOGGER.debug("No answer to a command, reading back: %s", unknown)
            error = unknown
        except ClientError as refusal:
            asked = isinstance(refusal, RateLimitedError) and refusal.retry_after
            # One setting may be refused for good: the others must not wait for it.
            concerned = (
                None if isinstance(refusal, (AuthError, RateLimitedError)) else lever
            )
            self._pauses[concerned] = _Pause(sent_at, sent_at + (asked or RETRY_AFTER))
            del self._sent[lever]
            return Attempt(Action.FAILED, refusal, refused=True)
        return await self._read_back(lever, value, sent_at, error)

    async def _command(self, lever: Lever, value: LeverValue) -> None:
        """Send the command that a lever has."""
        match lever, value:
            case Lever.TARIFF, TeslaTariff():
                await self._client.send_tariff(value)
            case Lever.OPERATION_MODE, OperationMode():
                await self._client.send_operation_mode(value)
            case Lever.EXPORT_RULE, ExportRule():
                await self._client.send_export_rule(value)
            case Lever.GRID_CHARGING, bool():
                await self._client.send_grid_charging(value)
            case Lever.STORM_WATCH, bool():
                await self._client.send_storm_watch(value)
            case Lever.BACKUP_RESERVE, float():
                await self._client.send_backup_reserve(value)
            case _:
                raise TypeError(f"{value!r} is no value of {lever}")

    async def _read_back(
        self,
        lever: Lever,
        value: LeverValue,
        sent_at: datetime,
        error: ClientError | None,
    ) -> Attempt:
        """Read the site until it shows the value, or something newer is wanted.

        If it cannot be read at all, nothing is known of what the Powerwall did.
        """
        readable = False
        for offset in READ_BACK_AT:
            pause = sent_at + timedelta(seconds=offset) - dt_util.utcnow()
            # The clock may have been set back since.
            wait = min(max(0.0, pause.total_seconds()), offset)
            try:
                async with asyncio.timeout(wait):
                    await self.interrupt.wait()
            except TimeoutError:
                pass
            else:
                return Attempt(Action.SUPERSEDED)
            await self._site.async_refresh()
            if not self._site.last_update_success:
                continue
            readable = True
            if same(lever_value(self._site.data, lever), value):
                return Attempt(Action.SENT)
        if readable:
            return Attempt(Action.NOT_APPLIED, error)
        return Attempt(
            Action.FAILED, error or UnavailableError("the site cannot be read back")
        )


def _patience(lever: Lever, *, urgent: bool) -> timedelta:
    """Return how long a command gets to show before it is sent again."""
    return RESEND_AFTER if lever is Lever.TARIFF and not urgent else RESEND_SOON
