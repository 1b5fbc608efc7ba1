"""Decisions for other programs: the last ones, and each new one as it is made."""

from collections.abc import Callable
from typing import Any

from homeassistant.components.websocket_api import async_register_command
from homeassistant.components.websocket_api.connection import ActiveConnection
from homeassistant.components.websocket_api.const import ERR_NOT_FOUND
from homeassistant.components.websocket_api.decorators import websocket_command
from homeassistant.components.websocket_api.messages import event_message
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from .const import DOMAIN
from .control.log import KEPT, DecisionLog, describe
from .core.model.decisions import Feature, Lever, Record
from .runtime import PowerSyncConfigEntry

_FEATURES = {feature.name.lower(): feature for feature in Feature}
_FILTER = {
    vol.Required("config_entry_id"): cv.string,
    vol.Optional("lever"): vol.All(cv.string, vol.Coerce(Lever)),
    vol.Optional("feature"): vol.All(vol.In(_FEATURES), _FEATURES.__getitem__),
}


@callback
def async_setup_websocket(hass: HomeAssistant) -> None:
    """Offer the commands; they only read, so that everybody may use them."""
    async_register_command(hass, _decisions)
    async_register_command(hass, _subscribe)


@callback
@websocket_command(
    {
        vol.Required("type"): f"{DOMAIN}/decisions",
        vol.Optional("limit", default=KEPT): vol.All(int, vol.Range(min=1, max=KEPT)),
        **_FILTER,
    }
)
def _decisions(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Answer with the last decisions, the newest first."""
    if (entry := _entry(hass, connection, msg)) is None:
        return
    if entry.state is not ConfigEntryState.LOADED:
        connection.send_error(msg["id"], "not_loaded", "This home is not running")
        return
    log = _log(entry)
    records = reversed(log.records) if log is not None else ()
    wanted = [explain(record) for record in records if _is_wanted(record, msg)]
    connection.send_result(msg["id"], {"decisions": wanted[: msg["limit"]]})


@callback
@websocket_command({vol.Required("type"): f"{DOMAIN}/decisions/subscribe", **_FILTER})
def _subscribe(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Send every new decision from now on, over reloads of the home, too."""
    if (entry := _entry(hass, connection, msg)) is None:
        return

    @callback
    def tell(record: Record) -> None:
        if _is_wanted(record, msg):
            connection.send_message(event_message(msg["id"], explain(record)))

    subscription = _Subscription(entry, tell)
    connection.subscriptions[msg["id"]] = subscription.end
    connection.send_result(msg["id"])


class _Subscription:
    """Listen to the log of a home, and after a reload to the new one it has then."""

    def __init__(
        self,
        entry: PowerSyncConfigEntry,
        tell: Callable[[Record], None],
    ) -> None:
        """Begin with what comes next."""
        self._entry = entry
        self._tell = tell
        self._log = _log(entry)
        self._stop: CALLBACK_TYPE | None = None
        self._listen()
        self._stop_following = entry.async_on_state_change(self._follow)

    @callback
    def end(self) -> None:
        """Listen no more."""
        self._stop_following()
        self._leave()

    @callback
    def _follow(self) -> None:
        """Change over to the log that the home has now."""
        if self._entry.state is not ConfigEntryState.LOADED:
            return
        log = _log(self._entry)
        if log is self._log:
            return
        self._leave()
        self._log = log
        for record in log.added if log is not None else ():
            # They were made while the home was being set up.
            self._tell(record)
        self._listen()

    @callback
    def _listen(self) -> None:
        if self._log is not None:
            self._stop = self._log.async_add_news_listener(self._tell)

    @callback
    def _leave(self) -> None:
        if self._stop is not None:
            self._stop()
            self._stop = None


def explain(record: Record) -> dict[str, Any]:
    """Return a decision as JSON-able data: from what to what, who over whom, and why."""
    known = describe(record)
    prices = None
    if record.prices is not None:
        prices = {
            "import": known["import_price"],
            "export": known["export_price"],
            "moved": known.get("moved"),
        }
    return {
        "time": known["at"],
        "lever": known["lever"],
        "from": record.before,
        "to": record.value,
        "feature": known["feature"],
        "over": [feature.name.lower() for feature in record.over],
        "reason": known["reason"],
        "prices": prices,
        "largest_change": known.get("largest_change"),
        "blocked_from": known.get("blocked_from"),
        "blocked_until": known.get("blocked_until"),
        "result": known["action"],
        "error": record.error,
    }


def _entry(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> PowerSyncConfigEntry | None:
    """Return the home that a message is about; without one, say so."""
    entry: PowerSyncConfigEntry | None = hass.config_entries.async_get_entry(
        msg["config_entry_id"]
    )
    if entry is None or entry.domain != DOMAIN:
        connection.send_error(msg["id"], ERR_NOT_FOUND, "There is no such home")
        return None
    return entry


def _log(entry: PowerSyncConfigEntry) -> DecisionLog | None:
    """Return where the decisions of a home are, if it has a Powerwall and runs."""
    if entry.state is not ConfigEntryState.LOADED:
        return None
    powerwall = entry.runtime_data.powerwall
    return None if powerwall is None else powerwall.controller.log


def _is_wanted(record: Record, msg: dict[str, Any]) -> bool:
    """Return whether a message asks for such a decision."""
    return ("lever" not in msg or msg["lever"] is record.lever) and (
        "feature" not in msg or msg["feature"] is record.feature
    )
