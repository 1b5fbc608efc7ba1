"""What is still owed to owners whose home is gone or switched off.

When a home is removed or disabled while its Powerwall cannot be reached, nobody is
left who could put the owner's settings back. So whatever that takes, tokens included,
is kept in a file of its own until the settings are back, the user says they are, or
the Powerwall is looked after again. It is tried again after a start, once an hour,
and whenever the user asks for it.
"""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.singleton import singleton
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import CONF_ENERGY_SITE_ID, DOMAIN, LOGGER
from .issues import report_not_restored, withdraw_not_restored

VERSION = 1
KEY = f"{DOMAIN}.owed"
RETRY_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """What is owed for one Powerwall.

    ``debt_id`` is the id of the subentry it had, ``data`` what that stored (ways in,
    with tokens), ``journal`` the JSON of what was changed, ``left`` what is still
    different, in words for people.
    """

    debt_id: str
    title: str
    data: Mapping[str, Any] = field(repr=False)
    journal: Mapping[str, Any] = field(repr=False)
    left: tuple[str, ...]
    since: datetime

    @property
    def energy_site_id(self) -> int | None:
        """Return which site it is about."""
        site_id: int | None = self.data.get(CONF_ENERGY_SITE_ID)
        return site_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Remainder:
    """What an attempt has left to do: in words, and the journal to go on from.

    Nothing is owed any more if ``left`` is empty.
    """

    left: tuple[str, ...]
    journal: Mapping[str, Any] = field(repr=False)


class PutBack(Protocol):
    """Try to put back what a debt is about.

    Anything short of a mistake in the code ends as a Remainder, and a setting that
    somebody has chosen since counts as put back.
    """

    def __call__(self, hass: HomeAssistant, debt: Debt, /) -> Awaitable[Remainder]:
        """Return what is still different."""
        ...


class Debts:
    """All that is owed, in memory and on disk."""

    _put_back: PutBack

    def __init__(self, hass: HomeAssistant) -> None:
        """Use the one file there is."""
        self._hass = hass
        self._begun = False
        self._store = Store[dict[str, Any]](
            hass, VERSION, KEY, private=True, atomic_writes=True
        )
        self._debts: dict[str, Debt] = {}
        self._attempts: dict[str, asyncio.Task[tuple[str, ...]]] = {}
        self._cancel_retry: CALLBACK_TYPE | None = None

    async def begin(self, put_back: PutBack) -> None:
        """Read what is owed, say so, and go on trying to put it back, once.

        Not before Home Assistant runs, because the login of another integration may be
        needed. A damaged debt is dropped, and that is said.
        """
        if self._begun:
            return
        self._begun = True
        self._put_back = put_back
        stored: Any = await self._store.async_load() or {}
        if not isinstance(stored, dict):
            stored = {"": stored}
        for debt_id, data in stored.items():
            try:
                debt = _from_stored(debt_id, data)
            except AttributeError, KeyError, TypeError, ValueError:
                # Not the error itself, which might quote a token.
                LOGGER.error("A stored debt is damaged and cannot be settled")
                continue
            self._debts[debt_id] = debt
            self._report(debt)

        @callback
        def started(_: HomeAssistant) -> None:
            self._retry()

        async_at_started(self._hass, started)

    def get(self, debt_id: str) -> Debt | None:
        """Return a debt that is still open."""
        return self._debts.get(debt_id)

    async def owe(self, debt: Debt) -> None:
        """Write down a debt and tell the user."""
        await self._call_off(debt.debt_id)
        self._debts[debt.debt_id] = debt
        await self._write()
        self._report(debt)
        self._plan_retry()

    async def settle(self, debt_id: str) -> tuple[str, ...]:
        """Try to put everything back; return what is still different.

        Who asks while an attempt is under way waits for that one. A debt that is not
        there any more leaves nothing.
        """
        if debt_id not in self._debts:
            return ()
        if (attempt := self._attempts.get(debt_id)) is None:
            attempt = self._attempts[debt_id] = self._hass.async_create_background_task(
                self._attempt(debt_id), f"{DOMAIN} debt", eager_start=False
            )
            attempt.add_done_callback(lambda done: self._forget(debt_id, done))
        try:
            return await asyncio.shield(attempt)
        except asyncio.CancelledError:
            if not attempt.cancelled():
                raise
            # Somebody else has taken the debt over.
            debt = self._debts.get(debt_id)
            return debt.left if debt else ()

    async def drop(self, debt_id: str) -> None:
        """Forget a debt: it is settled, taken over, or the user has seen to it."""
        await self._call_off(debt_id)
        if self._debts.pop(debt_id, None) is not None:
            await self._write()
        withdraw_not_restored(self._hass, debt_id)

    async def take_over(self, energy_site_id: int) -> tuple[Debt, ...]:
        """Return what is owed for a site that is looked after again.

        Nothing is attempted any more from here on. The debts stay written down until
        they are dropped, because whoever takes over has to write them down first.
        """
        debts = tuple(
            debt
            for debt in self._debts.values()
            if debt.energy_site_id == energy_site_id
        )
        for debt in debts:
            await self._call_off(debt.debt_id)
        return debts

    async def _attempt(self, debt_id: str) -> tuple[str, ...]:
        """Try once, and write down what came of it."""
        debt = self._debts[debt_id]
        remainder = await self._put_back(self._hass, debt)
        if not remainder.left:
            LOGGER.info("The owner's Powerwall settings are back")
            del self._debts[debt_id]
            await self._write()
            withdraw_not_restored(self._hass, debt_id)
            return ()
        changed = replace(debt, left=remainder.left, journal=remainder.journal)
        if changed != debt:
            self._debts[debt_id] = changed
            await self._write()
            self._report(changed)
        return remainder.left

    @callback
    def _forget(self, debt_id: str, attempt: asyncio.Task[Any]) -> None:
        """Make room for another attempt."""
        if self._attempts.get(debt_id) is attempt:
            del self._attempts[debt_id]

    async def _call_off(self, debt_id: str) -> None:
        """End an attempt that is under way."""
        if (attempt := self._attempts.pop(debt_id, None)) is not None:
            attempt.cancel()
            await asyncio.wait({attempt})

    @callback
    def _retry(self) -> None:
        """Try everything again that nobody is trying just now."""
        for debt_id in tuple(self._debts):
            if debt_id not in self._attempts:
                self._hass.async_create_background_task(
                    self.settle(debt_id), f"{DOMAIN} debts"
                )
        self._plan_retry()

    @callback
    def _plan_retry(self) -> None:
        """Look again in an hour, for as long as anything is owed."""
        if self._cancel_retry is not None:
            self._cancel_retry()
            self._cancel_retry = None
        if not self._debts:
            return

        @callback
        def again(_: datetime) -> None:
            self._cancel_retry = None
            self._retry()

        self._cancel_retry = async_call_later(
            self._hass,
            RETRY_EVERY,
            HassJob(again, f"{DOMAIN} debts", cancel_on_shutdown=True),
        )

    @callback
    def _report(self, debt: Debt) -> None:
        """Tell the user what is still different."""
        report_not_restored(self._hass, debt.debt_id, debt.title, debt.left)

    async def _write(self) -> None:
        """Write everything; when this returns it is on disk."""
        if not self._debts:
            # Nothing that could still hold a token.
            await self._store.async_remove()
            return
        await self._store.async_save(
            {debt.debt_id: _to_stored(debt) for debt in self._debts.values()}
        )


@singleton(HassKey[Debts](KEY))
@callback
def debts_of(hass: HomeAssistant) -> Debts:
    """Return all that is owed."""
    return Debts(hass)


async def async_setup_debts(hass: HomeAssistant, put_back: PutBack) -> None:
    """Read what is owed from before, and go on trying to put it back.

    Does nothing if that was done: a home that was disabled when Home Assistant started
    can be removed without anything having been set up.
    """
    await debts_of(hass).begin(put_back)


async def owe(
    hass: HomeAssistant,
    title: str,
    subentry_id: str,
    data: Mapping[str, Any],
    journal: Mapping[str, Any],
    left: Sequence[str],
) -> None:
    """Write down that a Powerwall which is let go has not got everything back."""
    await debts_of(hass).owe(
        Debt(
            debt_id=subentry_id,
            title=title,
            data=dict(data),
            journal=journal,
            left=tuple(left),
            since=dt_util.utcnow(),
        )
    )


async def settle(hass: HomeAssistant, debt_id: str) -> list[str]:
    """Try again to put everything back; return what is still different."""
    return list(await debts_of(hass).settle(debt_id))


async def drop(hass: HomeAssistant, debt_id: str) -> None:
    """Forget a debt and withdraw what was said about it."""
    await debts_of(hass).drop(debt_id)


async def take_over(hass: HomeAssistant, energy_site_id: int) -> tuple[Debt, ...]:
    """Return what is owed for a site that is looked after again; ``drop`` it then."""
    return await debts_of(hass).take_over(energy_site_id)


def _to_stored(debt: Debt) -> dict[str, Any]:
    """Return a debt as JSON."""
    return {
        "title": debt.title,
        "data": dict(debt.data),
        "journal": dict(debt.journal),
        "left": list(debt.left),
        "since": debt.since.isoformat(),
    }


def _from_stored(debt_id: str, data: dict[str, Any]) -> Debt:
    """Return the debt that JSON of our own version describes."""
    if not isinstance(data["data"], dict) or not isinstance(data["journal"], dict):
        raise TypeError("what is needed to settle is no object")
    return Debt(
        debt_id=debt_id,
        title=str(data["title"]),
        data=data["data"],
        journal=data["journal"],
        left=tuple(str(item) for item in data["left"]),
        since=datetime.fromisoformat(data["since"]).astimezone(UTC),
    )
