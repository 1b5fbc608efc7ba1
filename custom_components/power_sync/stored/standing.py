"""What a controller must not forget, as JSON and back."""

from datetime import datetime
from typing import Any

from ..core.curtailment import CurtailmentMemory
from ..core.journal import Echo, Entry, Journal
from ..core.model.decisions import Feature, Lever, LeverValue
from ..core.model.force import Force
from ..core.model.powerwall import ExportRule, OperationMode
from ..core.model.switches import DEFAULT_ON, Switch
from ..core.model.tariff_document import read_tariff, write_tariff
from ..core.model.tesla_tariff import TeslaTariff
from ..core.spike_response import SpikeMemory
from ..core.standing import Pushed, Standing
from .plain import (
    from_plain,
    read_flag,
    read_list,
    read_moment,
    read_number,
    to_plain,
)

VERSION = 2


def standing_to_stored(standing: Standing) -> dict[str, Any]:
    """Return the state as JSON-able data of ``VERSION``."""
    return {
        "journal": journal_to_stored(standing.journal),
        "switches": sorted(switch.value for switch in standing.switches),
        "force": to_plain(standing.force),
        "spike": to_plain(standing.spike),
        "curtailment": to_plain(standing.curtailment),
        "pushed": {
            "tariff": write_tariff(standing.pushed.tariff),
            "until": standing.pushed.until.isoformat(),
        }
        if standing.pushed
        else None,
        "owner_tariff_until": to_plain(standing.owner_tariff_until),
        "mode_yielded": standing.mode_yielded,
        "last_good_at": to_plain(standing.last_good_at),
        "last_sync_at": to_plain(standing.last_sync_at),
    }


def standing_from_stored(stored: dict[str, Any]) -> Standing:
    """Return the state that JSON of ``VERSION`` describes.

    Raises AttributeError, KeyError, TypeError or ValueError for anything else.
    """
    force, pushed = stored["force"], stored["pushed"]
    return Standing(
        journal=journal_from_stored(stored["journal"]),
        switches=frozenset(Switch(name) for name in read_list(stored["switches"])),
        force=None if force is None else from_plain(Force, force),
        spike=from_plain(SpikeMemory, stored["spike"]),
        curtailment=from_plain(CurtailmentMemory, stored["curtailment"]),
        pushed=None
        if pushed is None
        else Pushed(
            tariff=read_tariff(pushed["tariff"]), until=read_moment(pushed["until"])
        ),
        owner_tariff_until=_maybe_moment(stored["owner_tariff_until"]),
        mode_yielded=read_flag(stored["mode_yielded"]),
        last_good_at=_maybe_moment(stored["last_good_at"]),
        last_sync_at=_maybe_moment(stored["last_sync_at"]),
    )


def migrate_standing(version: int, stored: dict[str, Any]) -> dict[str, Any]:
    """Return the state of an older version as one of ``VERSION``.

    Version 1 knew the levers tariff and operation mode and only the automatic sync.
    A tariff pushed by hand was held by its date alone; what was sent last is it.
    """
    if version != 1:
        raise ValueError(f"there is no version {version}")
    tariff = stored["journal"].get(Lever.TARIFF.value)
    until = stored["manual_until"]
    return {
        "journal": {
            "entries": {
                lever: {**entry, "sent_at": entry["since"]}
                for lever, entry in stored["journal"].items()
            },
            "echoes": {},
        },
        "switches": sorted(DEFAULT_ON) if read_flag(stored["sync_enabled"]) else [],
        "force": None,
        "spike": to_plain(SpikeMemory()),
        "curtailment": to_plain(CurtailmentMemory()),
        "pushed": {"tariff": tariff["sent"], "until": until}
        if tariff and until
        else None,
        "owner_tariff_until": None,
        **{
            key: stored[key] for key in ("mode_yielded", "last_good_at", "last_sync_at")
        },
    }


def journal_to_stored(journal: Journal) -> dict[str, Any]:
    """Return what is owed as JSON-able data."""
    return {
        "entries": {
            lever.value: {
                "owner": _value_to_stored(entry.owner),
                "previous": _value_to_stored(entry.previous),
                "sent": _value_to_stored(entry.sent),
                "confirmed": entry.confirmed,
                "feature": entry.feature.name.lower(),
                "since": entry.since.isoformat(),
                "sent_at": entry.sent_at.isoformat(),
            }
            for lever, entry in journal.entries.items()
        },
        "echoes": {
            lever.value: [
                {
                    "value": _value_to_stored(echo.value),
                    "owner": _value_to_stored(echo.owner),
                    "until": echo.until.isoformat(),
                }
                for echo in echoes
            ]
            for lever, echoes in journal.echoes.items()
        },
    }


def journal_from_stored(stored: dict[str, Any]) -> Journal:
    """Return what is owed.

    Raises AttributeError, KeyError, TypeError or ValueError for what is not a journal.
    """
    return Journal(
        entries={
            Lever(key): _entry(Lever(key), entry)
            for key, entry in stored["entries"].items()
        },
        echoes={
            Lever(key): tuple(_echo(Lever(key), echo) for echo in read_list(echoes))
            for key, echoes in stored["echoes"].items()
        },
    )


def _entry(lever: Lever, stored: dict[str, Any]) -> Entry:
    return Entry(
        owner=_maybe_value(lever, stored["owner"]),
        previous=_maybe_value(lever, stored["previous"]),
        sent=_value(lever, stored["sent"]),
        confirmed=read_flag(stored["confirmed"]),
        feature=Feature[stored["feature"].upper()],
        since=read_moment(stored["since"]),
        sent_at=read_moment(stored["sent_at"]),
    )


def _echo(lever: Lever, stored: dict[str, Any]) -> Echo:
    return Echo(
        value=_value(lever, stored["value"]),
        owner=_maybe_value(lever, stored["owner"]),
        until=read_moment(stored["until"]),
    )


def _value_to_stored(value: LeverValue | None) -> Any:
    """Return one lever's value as JSON."""
    return write_tariff(value) if isinstance(value, TeslaTariff) else to_plain(value)


def _maybe_value(lever: Lever, stored: Any) -> LeverValue | None:
    """Return the value of a lever that may have had none."""
    return None if stored is None else _value(lever, stored)


def _value(lever: Lever, stored: Any) -> LeverValue:
    """Return the value of a lever from JSON."""
    match lever:
        case Lever.TARIFF:
            return read_tariff(stored)
        case Lever.OPERATION_MODE:
            return OperationMode(stored)
        case Lever.EXPORT_RULE:
            return ExportRule(stored)
        case Lever.BACKUP_RESERVE:
            return read_number(stored)
        case Lever.GRID_CHARGING | Lever.STORM_WATCH:
            return read_flag(stored)


def _maybe_moment(stored: Any) -> datetime | None:
    """Return a moment that may be missing."""
    return None if stored is None else read_moment(stored)
