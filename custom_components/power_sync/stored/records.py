"""Decisions as JSON and back, so that the night can be explained after a restart.

Of the half hours behind a tariff only the running one is kept: two hundred whole days
would be a lot to write for what nobody looks at.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ..core.model.decisions import (
    Action,
    Feature,
    Lever,
    Reason,
    Record,
    TariffPrices,
)
from .plain import read_flag, read_list, read_moment, read_number, to_plain


def records_to_stored(records: Iterable[Record]) -> dict[str, Any]:
    """Return decisions as JSON-able data."""
    return {"decisions": [_to_stored(record) for record in records]}


def records_from_stored(stored: dict[str, Any]) -> tuple[Record, ...]:
    """Return the decisions that JSON describes; raises ValueError for anything else."""
    try:
        return tuple(_from_stored(data) for data in read_list(stored["decisions"]))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"no decision: {error!r}") from error


def _to_stored(record: Record) -> dict[str, Any]:
    prices = None
    if (known := record.prices) is not None:
        slot = known.running
        prices = {
            "import": known.import_prices[slot],
            "export": known.export_prices[slot],
            "buy": known.buy[slot],
            "sell": known.sell[slot],
            "source": known.sources[slot],
            "compressed": known.compressed,
            "order_kept": known.order_kept,
        }
    return {
        "at": record.at.isoformat(),
        "lever": record.lever.value,
        "action": record.action.value,
        "feature": _name(record.feature) if record.feature else None,
        "reason": record.reason.value,
        "before": record.before,
        "value": record.value,
        "over": [_name(feature) for feature in record.over],
        "prices": prices,
        "change": record.change,
        "blocked": [to_plain(moment) for moment in record.blocked]
        if record.blocked
        else None,
        "error": record.error,
    }


def _from_stored(data: dict[str, Any]) -> Record:
    blocked = data["blocked"]
    return Record(
        at=read_moment(data["at"]),
        lever=Lever(data["lever"]),
        action=Action(data["action"]),
        feature=_feature(data["feature"]) if data["feature"] is not None else None,
        reason=Reason(data["reason"]),
        before=_text(data["before"]),
        value=_text(data["value"]),
        over=tuple(_feature(name) for name in read_list(data["over"])),
        prices=_prices(data["prices"]) if data["prices"] is not None else None,
        change=read_number(data["change"]) if data["change"] is not None else None,
        blocked=_stretch(blocked) if blocked is not None else None,
        error=_text(data["error"]),
    )


def _prices(data: dict[str, Any]) -> TariffPrices:
    """Return the prices of the half hour that was running."""
    source = _text(data["source"])
    compressed = read_number(data["compressed"])
    return TariffPrices(
        import_prices=(read_number(data["import"]),),
        export_prices=(read_number(data["export"]),),
        buy=(read_number(data["buy"]),),
        sell=(read_number(data["sell"]),),
        sources=(source or "",),
        running=0,
        compressed=int(compressed),
        lifted=(),
        order_kept=read_flag(data["order_kept"]),
    )


def _stretch(stored: Any) -> tuple[datetime, datetime]:
    start, end = read_list(stored)
    return read_moment(start), read_moment(end)


def _name(feature: Feature) -> str:
    return feature.name.lower()


def _feature(name: Any) -> Feature:
    if not isinstance(name, str):
        raise TypeError(f"{name!r} is no feature")
    return Feature[name.upper()]


def _text(stored: Any) -> str | None:
    if stored is not None and not isinstance(stored, str):
        raise TypeError(f"{stored!r} is no text")
    return stored
