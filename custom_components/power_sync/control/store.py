"""Keep on disk what must survive a crash: what is owed to the owner."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from ..const import DOMAIN, LOGGER
from ..core.journal import Entry, Journal
from ..core.model.decisions import Feature, Lever, LeverValue
from ..core.model.powerwall import OperationMode
from ..core.model.tariff_document import read_tariff, write_tariff
from ..core.model.tesla_tariff import TeslaTariff
from .issues import report_state_lost

VERSION = 1
SAVE_EVERY = timedelta(minutes=5)
"""How often that is written which a crash may lose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the controller of one home must not forget."""

    journal: Journal = field(default_factory=Journal)
    sync_enabled: bool = True
    last_good_at: datetime | None = None
    last_sync_at: datetime | None = None
    manual_until: datetime | None = None
    mode_yielded: bool = False


class StateStore:
    """The state of one home, in memory and on disk."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Use the entry's own file."""
        self._hass = hass
        self._entry_id = entry_id
        self._store = Store[dict[str, Any]](
            hass,
            VERSION,
            f"{DOMAIN}.{entry_id}",
            private=True,
            atomic_writes=True,
        )
        self.state = State()
        self._written = self.state
        self._written_at: datetime | None = None

    async def load(self) -> None:
        """Read the state; a home that never had one starts afresh.

        So does one whose file is damaged: to control the Powerwall without knowing
        what its owner had is better than to leave it on a tariff of old prices. The
        user is told.
        """
        if (stored := await self._store.async_load()) is None:
            return
        try:
            self.state = _decode(stored)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            LOGGER.error("The stored state is damaged: %r", error)
            report_state_lost(self._hass, self._entry_id)

    async def save(self, **changes: Any) -> None:
        """Change the state and write it now; when this returns it is on disk."""
        self.state = self._written = replace(self.state, **changes)
        await self._store.async_save(_encode(self.state))

    async def save_journal(self, journal: Journal) -> None:
        """Write the journal now; when this returns it is on disk."""
        await self.save(journal=journal)

    async def save_sometimes(self, now: datetime, **changes: Any) -> None:
        """Change the state, and write it unless that was done a moment ago.

        Only for what a crash may lose. There is no delayed write, because one that
        comes after an unload would undo what has been written since.
        """
        self.state = replace(self.state, **changes)
        if self.state == self._written:
            return
        if self._written_at is None or now - self._written_at >= SAVE_EVERY:
            self._written_at = now
            await self.save()

    async def flush(self) -> None:
        """Write what has only been changed in memory so far."""
        if self.state != self._written:
            await self.save()

    async def remove(self) -> None:
        """Delete the file."""
        await self._store.async_remove()


def _encode(state: State) -> dict[str, Any]:
    """Return the state as JSON."""
    return {
        "journal": {
            lever.value: {
                "owner": _encode_value(entry.owner),
                "previous": _encode_value(entry.previous),
                "sent": _encode_value(entry.sent),
                "confirmed": entry.confirmed,
                "feature": entry.feature.name.lower(),
                "since": entry.since.isoformat(),
            }
            for lever in Lever
            if (entry := state.journal.entry(lever)) is not None
        },
        "sync_enabled": state.sync_enabled,
        "last_good_at": _encode_time(state.last_good_at),
        "last_sync_at": _encode_time(state.last_sync_at),
        "manual_until": _encode_time(state.manual_until),
        "mode_yielded": state.mode_yielded,
    }


def _decode(stored: dict[str, Any]) -> State:
    """Return the state that JSON of our own version describes."""
    journal = Journal()
    for key, entry in stored["journal"].items():
        lever = Lever(key)
        sent = _decode_value(lever, entry["sent"])
        if sent is None:
            raise ValueError(f"journal entry of {key} lacks what was sent")
        journal = journal.with_entry(
            lever,
            Entry(
                owner=_decode_value(lever, entry["owner"]),
                previous=_decode_value(lever, entry["previous"]),
                sent=sent,
                confirmed=entry["confirmed"],
                feature=Feature[entry["feature"].upper()],
                since=datetime.fromisoformat(entry["since"]),
            ),
        )
    return State(
        journal=journal,
        sync_enabled=stored["sync_enabled"],
        last_good_at=_decode_time(stored["last_good_at"]),
        last_sync_at=_decode_time(stored["last_sync_at"]),
        manual_until=_decode_time(stored["manual_until"]),
        mode_yielded=stored["mode_yielded"],
    )


def _encode_value(value: LeverValue | None) -> Any:
    """Return one lever's value as JSON."""
    match value:
        case TeslaTariff():
            return write_tariff(value)
        case OperationMode():
            return value.value
        case None:
            return None


def _decode_value(lever: Lever, stored: Any) -> LeverValue | None:
    """Return the value of a lever from JSON."""
    if stored is None:
        return None
    match lever:
        case Lever.TARIFF:
            return read_tariff(stored)
        case Lever.OPERATION_MODE:
            return OperationMode(stored)


def _encode_time(moment: datetime | None) -> str | None:
    """Return a moment as JSON."""
    return moment.isoformat() if moment else None


def _decode_time(stored: str | None) -> datetime | None:
    """Return a moment from JSON; the offset in it is always UTC's."""
    return datetime.fromisoformat(stored) if stored else None
