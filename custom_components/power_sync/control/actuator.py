"""Move one lever of one Powerwall: journal, send, read back.

Success of a command only says that the service took it. What counts is the
read-back, repeated until it shows what was sent.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from homeassistant.util import dt as dt_util

from ..clients.errors import (
    ClientError,
    OutcomeUnknownError,
    RateLimitedError,
    UnavailableError,
)
from ..clients.protocols import PowerwallClient
from ..const import LOGGER
from ..coordinator.powerwall import SiteCoordinator
from ..core.journal import Journal, lever_value, same
from ..core.model.decisions import Action, Feature, Lever, LeverValue
from ..core.model.powerwall import OperationMode
from ..core.model.tesla_tariff import TeslaTariff
from ..core.upload_pace import UPLOADS_PER_INTERVAL, may_upload
from .store import StateStore

READ_BACK_AT = (1.0, 3.0, 7.0, 15.0, 25.0)
"""Seconds after the command at which the setting is read."""


RETRY_AFTER = timedelta(seconds=30)
"""How long to wait after a refusal that does not say how long."""
RESEND_AFTER = timedelta(minutes=5)
"""How long a command that was accepted gets to show before it is sent again."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one attempt to move a lever came to and, if it failed, why."""

    action: Action
    error: ClientError | None = None


@dataclass(frozen=True, slots=True)
class _Sent:
    """The last command for a lever."""

    value: LeverValue
    at: datetime


class Actuator:
    """Send commands to one site, one at a time."""

    def __init__(
        self, client: PowerwallClient, site: SiteCoordinator, store: StateStore
    ) -> None:
        """Command ``client``; read back through ``site`` so that entities follow."""
        self._client = client
        self._site = site
        self._store = store
        self._uploads: deque[datetime] = deque(maxlen=UPLOADS_PER_INTERVAL)
        self._sent: dict[Lever, _Sent] = {}
        self._not_before: datetime | None = None
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
    ) -> Attempt:
        """Set a lever on behalf of a feature and remember what to put back.

        What was sent a moment ago is waited for rather than sent again, unless
        the user forces it.
        """
        sent = self._sent.get(lever)
        if (
            sent is not None
            and not force
            and same(sent.value, value)
            and now < sent.at + RESEND_AFTER
        ):
            return await self._wait_for(lever, sent, now)
        if self._must_wait(lever, now):
            return Attempt(Action.POSTPONED)
        if self._journal.entry(lever) is None:
            # What will be put back is what is there now, not a minute ago.
            await self._site.async_refresh()
            if not self._site.last_update_success:
                return Attempt(Action.FAILED, UnavailableError("the site is away"))
        await self._write_ahead(
            lever,
            self._journal.begun(
                lever, lever_value(self._site.data, lever), value, feature, now
            ),
        )
        attempt = await self._send(lever, value)
        if attempt.action is Action.SENT:
            await self.confirm(lever)
        return attempt

    async def _wait_for(self, lever: Lever, sent: _Sent, now: datetime) -> Attempt:
        """Go on reading back a command whose effect has not shown yet."""
        if now >= sent.at + timedelta(seconds=READ_BACK_AT[-1]):
            return Attempt(Action.POSTPONED)
        attempt = await self._read_back(lever, sent.value, sent.at, None)
        if attempt.action is Action.SENT:
            await self.confirm(lever)
        return attempt

    async def restore(
        self, lever: Lever, now: datetime, *, force: bool = False
    ) -> Attempt:
        """Put back the owner's value; the debt is gone once it is read back.

        ``force`` does not wait for another time.
        """
        entry = self._journal.entry(lever)
        if entry is None:
            return Attempt(Action.UNCHANGED)
        if entry.owner is None:
            # There was no value before ours, and Tesla offers no way to clear it.
            await self.give_up(lever)
            return Attempt(Action.UNCHANGED)
        current = lever_value(self._site.data, lever)
        # An unconfirmed command may still be applied late, so an equal read-back
        # is not enough then.
        if not (entry.confirmed and same(current, entry.owner)):
            if not force and self._must_wait(lever, now):
                return Attempt(Action.POSTPONED)
            attempt = await self._send(lever, entry.owner)
            if attempt.action is not Action.SENT:
                return attempt
        await self._save(self._journal.with_entry(lever, None))
        return Attempt(Action.RESTORED)

    async def confirm(self, lever: Lever) -> None:
        """Note that a read-back has shown what was sent."""
        self._sent.pop(lever, None)
        journal = self._journal.confirmed(lever)
        if lever is Lever.TARIFF:
            await self._store.save_sometimes(dt_util.utcnow(), journal=journal)
        else:
            await self._save(journal)

    async def give_up(self, lever: Lever) -> None:
        """Forget a lever that its owner has taken back."""
        await self._save(self._journal.with_entry(lever, None))

    async def accept_owner(self, lever: Lever, value: LeverValue) -> None:
        """Remember another value as the one to put back."""
        await self._save(self._journal.with_owner(lever, value))

    @property
    def _journal(self) -> Journal:
        """Return what is owed now."""
        return self._store.state.journal

    async def _write_ahead(self, lever: Lever, journal: Journal) -> None:
        """Write down a change before it is made.

        From the second tariff on the owner's is on disk already, and one of ours is
        recognised by its code whatever the journal says of it. So the hundreds of
        tariffs of a day do not cost hundreds of writes.
        """
        if lever is Lever.TARIFF and self._journal.entry(lever) is not None:
            await self._store.save_sometimes(dt_util.utcnow(), journal=journal)
        else:
            await self._save(journal)

    async def _save(self, journal: Journal) -> None:
        """Write the journal; when this returns it is on disk."""
        await self._store.save_journal(journal)

    def _must_wait(self, lever: Lever, now: datetime) -> bool:
        """Return whether the service or our own pace forbids a command now."""
        if self._not_before is not None and now < self._not_before:
            return True
        return lever is Lever.TARIFF and not may_upload(self._uploads, now)

    async def _send(self, lever: Lever, value: LeverValue) -> Attempt:
        """Send a command and wait for the read-back to agree."""
        sent_at = dt_util.utcnow()
        self._sent[lever] = _Sent(value, sent_at)
        if lever is Lever.TARIFF:
            self._uploads.append(sent_at)
        error: ClientError | None = None
        try:
            match value:
                case TeslaTariff():
                    await self._client.send_tariff(value)
                case OperationMode():
                    await self._client.send_operation_mode(value)
        except OutcomeUnknownError as unknown:
            LOGGER.debug("No answer to a command, reading back: %s", unknown)
            error = unknown
        except ClientError as refusal:
            asked = isinstance(refusal, RateLimitedError) and refusal.retry_after
            self._not_before = sent_at + (asked or RETRY_AFTER)
            del self._sent[lever]
            return Attempt(Action.FAILED, refusal)
        return await self._read_back(lever, value, sent_at, error)

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
            try:
                async with asyncio.timeout(max(0.0, pause.total_seconds())):
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
