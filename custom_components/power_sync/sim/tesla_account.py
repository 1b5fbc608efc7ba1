"""A Tesla account: its sites, what they were told, and by whom."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from .faults import Fault, Service
from .powerwall import Powerwall
from .situation import Situation
from .tesla_app import as_command
from .tesla_commands import COMMANDS
from .tesla_fate import Fate, Fates
from .tesla_tariff import Tariff

_KEPT = 5_000


@dataclass(frozen=True, slots=True)
class Command:
    """A command that was accepted, and the service that it came through.

    ``stored`` is False if it was then forgotten; ``delay`` is how many seconds later
    it is stored, unless a newer one overtakes it.
    """

    received_at: datetime
    via: Service
    site_id: int
    name: str
    body: Mapping[str, Any]
    stored: bool
    delay: float


@dataclass(frozen=True, slots=True)
class Upload:
    """A tariff that was accepted, as it was sent.

    ``warnings`` is what Tesla's app would show about it.
    """

    received_at: datetime
    site_id: int
    tariff: Mapping[str, Any]
    stored: bool
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AppChange:
    """A setting that the owner changed in Tesla's app."""

    changed_at: datetime
    site_id: int
    setting: str
    value: Any


class TeslaAccount:
    """The account behind every service that leads to it.

    ``advance`` brings the home up to date and returns the time.
    """

    def __init__(
        self,
        sites: Mapping[int, Powerwall],
        advance: Callable[[], float],
        time_zone: ZoneInfo,
        seed: int,
    ) -> None:
        """Open the account."""
        self.sites = sites
        self.advance = advance
        self.time_zone = time_zone
        self.commands: deque[Command] = deque(maxlen=_KEPT)
        self.uploads: deque[Upload] = deque(maxlen=_KEPT)
        self.app_changes: deque[AppChange] = deque(maxlen=_KEPT)
        """What the owner did in Tesla's app, oldest first."""
        self.listeners: list[Callable[[Command], None]] = []
        """Called with each accepted command, after it was noted."""
        self._fates = {
            site_id: Fates(site.config, seed) for site_id, site in sites.items()
        }

    def command(
        self,
        site: Powerwall,
        name: str,
        body: Mapping[str, Any],
        via: Service,
        fault: Fault | None = None,
    ) -> Fate:
        """Accept a command and let it come to what it comes to.

        Raises:
            RefusedError: Tesla does not accept it; nothing was done.
        """
        at = self.advance()
        check, _ = COMMANDS[name]
        changes = check(site, body)
        fate = self._fates[site.config.site_id].next(fault)
        self._note(site, name, body, at, via, fate)
        if fate.stored:
            site.store(changes, at, fate.delay)
        return fate

    def use_app(self, site_id: int, **settings: Any) -> None:
        """Let the owner change settings in Tesla's app, which no service notices.

        ``mode``, ``reserve`` (%), ``export_rule``, ``grid_charging``, ``storm_watch``
        and ``tariff`` (a ``tariff_content_v2``) take effect like commands, at once.

        Raises:
            KeyError: the account has no such site.
            RefusedError: a setting or value does not exist; nothing was changed.
        """
        at = self.advance()
        site = self.sites[site_id]
        wanted = {}
        for setting, value in settings.items():
            name, body = as_command(setting, value)
            wanted[setting] = COMMANDS[name][0](site, body)
        changed_at = datetime.fromtimestamp(at, UTC)
        for setting, changes in wanted.items():
            site.store(changes, at)
            self.app_changes.append(
                AppChange(changed_at, site_id, setting, settings[setting])
            )

    def set_situation(self, site_id: int, situation: Situation) -> None:
        """Let something happen to a site from now on.

        Raises:
            KeyError: the account has no such site.
            SituationError: it cannot happen there.
        """
        at = self.advance()
        self.sites[site_id].set_situation(situation, at)

    def _note(
        self,
        site: Powerwall,
        name: str,
        body: Mapping[str, Any],
        at: float,
        via: Service,
        fate: Fate,
    ) -> None:
        """Remember an accepted command."""
        received = datetime.fromtimestamp(at, UTC)
        site_id = site.config.site_id
        command = Command(received, via, site_id, name, body, fate.stored, fate.delay)
        self.commands.append(command)
        if name == "time_of_use_settings":
            content = body["tou_settings"]["tariff_content_v2"]
            today = received.astimezone(self.time_zone).date()
            warnings = tuple(Tariff(content).warnings(today))
            self.uploads.append(
                Upload(received, site_id, content, fate.stored, warnings)
            )
        for listener in self.listeners:
            listener(command)
