"""What of a Powerwall is not as its owner left it, in words for people."""

from ..core.journal import Entry, Journal, same
from ..core.model.decisions import Lever, LeverValue
from ..core.model.lever_values import lever_value
from ..core.model.powerwall import SiteInfo
from ..core.model.tesla_tariff import TeslaTariff


def still_different(journal: Journal, site: SiteInfo | None) -> tuple[str, ...]:
    """Return a line per lever that is owed, such as ``tariff: PowerSync instead of ...``.

    ``site`` is the last known read-back, None if there was none. Where it shows the
    owner's value, a command that was never seen to arrive may still change that.
    """
    return tuple(
        _line(lever, entry, lever_value(site, lever) if site else None)
        for lever in Lever
        if (entry := journal.entry(lever)) is not None
    )


def _line(lever: Lever, entry: Entry, current: LeverValue | None) -> str:
    """Return what one lever is and should be."""
    known = current is not None and not same(current, entry.owner)
    is_now = in_words(current if known and current is not None else entry.sent)
    if entry.owner is None:
        return f"{_words(lever)}: {is_now}, and you had none"
    return f"{_words(lever)}: {is_now} instead of {in_words(entry.owner)}"


def in_words(value: LeverValue) -> str:
    """Return a lever's value as people read it."""
    match value:
        case TeslaTariff():
            return value.buy.name or "a tariff without a name"
        case bool():
            return "on" if value else "off"
        case float():
            return f"{value:g} %"
        case _:
            return _words(value.value)


def _words(name: str) -> str:
    """Return one of our or Tesla's short names as words."""
    return name.replace("_", " ")
