"""Tell the user, through repairs, what only the user can notice or mend."""

from collections.abc import Sequence
from datetime import datetime

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN
from ..core.engine import ALARM_AFTER
from ..core.model.decisions import Reason, Want

DEBT_ID = "debt_id"
STUBBORN_AFTER = 3
"""So many uploads in a row without effect are no coincidence."""


class Issues:
    """The repairs of one home."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Keep the entry's own issues."""
        self._hass = hass
        self._entry_id = entry_id
        self._open: set[str] = set()

    @callback
    def prices(
        self, wants: tuple[Want, ...], last_good_at: datetime, now: datetime
    ) -> None:
        """Say that prices are missing, and what is done about it."""
        fallback = any(want.reason is Reason.PRICES_MISSING for want in wants)
        missing = now - last_good_at >= ALARM_AFTER
        self._set("fallback_active", fallback, since=last_good_at)
        self._set("prices_missing", missing and not fallback, since=last_good_at)

    @callback
    def stubborn(self, failures: int, now: datetime) -> None:
        """Say that the Powerwall does not take what it is sent."""
        self._set("not_applied", failures >= STUBBORN_AFTER, since=now)

    @callback
    def close(self) -> None:
        """Withdraw everything."""
        for key in tuple(self._open):
            self._set(key, False)

    def _set(self, key: str, is_open: bool, since: datetime | None = None) -> None:
        """Open or close one issue, once."""
        if is_open == (key in self._open):
            return
        issue_id = f"{key}_{self._entry_id}"
        if not is_open:
            self._open.discard(key)
            ir.async_delete_issue(self._hass, DOMAIN, issue_id)
            return
        self._open.add(key)
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=key,
            translation_placeholders={
                "since": since.isoformat(timespec="minutes") if since else ""
            },
        )


@callback
def report_not_restored(
    hass: HomeAssistant, debt_id: str, title: str, left: Sequence[str]
) -> None:
    """Say which of the owner's settings could not be put back, and offer to try again.

    ``left`` is what is still different, in words. See ``repairs`` for the offer.
    """
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"not_restored_{debt_id}",
        data={DEBT_ID: debt_id},
        is_fixable=True,
        is_persistent=True,
        severity=ir.IssueSeverity.ERROR,
        translation_key="not_restored",
        translation_placeholders=describe_left(title, left),
    )


def describe_left(title: str, left: Sequence[str]) -> dict[str, str]:
    """Return the placeholders of the texts about what is still different."""
    return {"name": title, "left": "\n".join(f"- {item}" for item in left)}


@callback
def withdraw_not_restored(hass: HomeAssistant, debt_id: str) -> None:
    """Take that back: nothing is owed any more, or another home sees to it."""
    ir.async_delete_issue(hass, DOMAIN, f"not_restored_{debt_id}")


@callback
def report_state_lost(hass: HomeAssistant, entry_id: str) -> None:
    """Say that nobody knows any more what the owner's settings were."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"state_lost_{entry_id}",
        # There is nothing to be done here; the user confirms to have read it.
        is_fixable=True,
        is_persistent=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key="state_lost",
    )
