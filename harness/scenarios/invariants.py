"""What must hold at every command and in every minute, whatever happens to a home.

Everything is seen from outside: the commands that Tesla's cloud accepts, what it
stores, and the decisions that are published. What should be so comes from ``claims``.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from custom_components.power_sync.sim.powerwall import Powerwall
from custom_components.power_sync.sim.tesla_account import Command
from harness.tariff_slots import read_slots
from harness.virtual.network import Request

from .claims import DISCHARGE, SPIKE, STEERING, Claims
from .cloud import LEVERS, TARIFF, Value, asked, is_same, stored, text, week
from .stage import TESLA_HOST
from .stories import NOTICED_WITHIN, TOLD_WITHIN, Stories

BACK_WITHIN = timedelta(seconds=120)
"""How long after an episode a lever may still be where that put it."""
DONE_WITHIN = timedelta(seconds=120)
"""How long after its beginning a lever may still not be where it puts it."""
AGAIN = timedelta(minutes=5)
"""How much longer it takes when a command was lost or late, and is sent again."""
AGAIN_PLAIN = timedelta(minutes=9)
"""The same for a tariff of prices, which is waited for longer."""
IN_FLIGHT = timedelta(seconds=60)
"""No client waits longer for an answer."""
PER_INTERVAL = 2
_MOST_REMARKS = 20


class Site(Protocol):
    """What is looked at."""

    @property
    def powerwall(self) -> Powerwall:
        """The site as the cloud and the battery see it."""

    @property
    def requests(self) -> list[Request]:
        """Everything that was ever asked of any service."""

    @property
    def lives(self) -> int:
        """How often Home Assistant has been started."""

    def today(self, moment: datetime) -> date:
        """Return the local date of a moment."""


class Invariants:
    """Watches one home."""

    def __init__(self, site: Site, claims: Claims) -> None:
        """Begin to watch; nothing is excused."""
        self.broken: Counter[str] = Counter()
        self.remarks: list[str] = []
        self.checks = 0
        self.commands = 0
        self.replans = False
        """Whether the mode may be changed for a moment with every settled price."""
        self.hands_off_since: datetime | None = None
        """Since when Tesla itself has the battery."""
        self.away = False
        """Whether a service or Home Assistant is away, so that nothing is sure."""
        self._site = site
        self._claims = claims
        self._excused: dict[str, datetime] = {}
        self._unsure: dict[str, datetime] = {}
        self._asked_at: dict[str, datetime] = {}
        self._last: dict[str, datetime] = {}
        self._steered_at: datetime | None = None
        self._pace: tuple[int, int, int] = (0, 0, 0)
        self.stories = Stories(self.break_)

    def break_(self, rule: str, moment: datetime, what: str) -> None:
        """Note that something does not hold."""
        self.broken[rule] += 1
        if len(self.remarks) < _MOST_REMARKS:
            self.remarks.append(f"{moment:%Y-%m-%d %H:%M:%S} UTC, {rule}: {what}")

    def excuse(self, until: datetime, *levers: str) -> None:
        """Look at some levers (without any: at none) only from then on."""
        for lever in levers or LEVERS:
            self._excused[lever] = max(until, self._excused.get(lever, until))

    def user_asks(self, lever: str, now: datetime) -> None:
        """Note that somebody waits for a command to be sent, needed or not."""
        self._asked_at[lever] = now

    # Each minute

    def look(self, now: datetime) -> None:
        """Look at every lever, and whether everything was told."""
        self.stories.look(now, away=self.away)
        if self.away or self.hands_off_since is not None:
            return
        values = stored(self._site.powerwall)
        for lever in LEVERS:
            if now >= self._excused.get(lever, now):
                self.checks += 1
                self._look_at(lever, values[lever], now)

    def _look_at(self, lever: str, value: Value, now: datetime) -> None:
        claims = self._claims
        if lever == "operation_mode" and self._is_toggling(value, now):
            return
        wanted = claims.must(lever, now, DONE_WITHIN)
        if wanted is not None:
            if text(lever, value) != text(lever, wanted):
                self.break_(
                    "levers not where a feature wants them",
                    now,
                    f"{lever} is {text(lever, value)} and not {text(lever, wanted)}",
                )
            return
        if claims.may(lever, value, now, BACK_WITHIN):
            return
        if is_same(lever, value, claims.chosen[lever], self._site.today(now)):
            return
        self.break_(
            "levers not at the owner's choice",
            now,
            f"{lever} is {text(lever, value)}, the owner chose "
            f"{text(lever, claims.chosen[lever])}",
        )

    def _is_toggling(self, value: Value, now: datetime) -> bool:
        """Return whether the mode is just being changed for a moment."""
        moved = self._last.get("operation_mode")
        return (
            moved is not None
            and now - moved <= timedelta(seconds=60)
            and (value == "autonomous" or self._may_replan(value, now))
        )

    def _may_replan(self, value: Value, now: datetime) -> bool:
        """Return whether the mode may be changed so that a tariff is looked at."""
        if value != "self_consumption":
            return False
        steered = self._steered_at
        return self.replans or (
            steered is not None and now - steered <= DONE_WITHIN + AGAIN
        )

    # Each command

    def command(self, command: Command) -> None:
        """Judge a command that the cloud has accepted but not carried out yet."""
        self.commands += 1
        now = command.received_at
        self._only_one(now)
        before = stored(self._site.powerwall)
        for lever, value in asked(command).items():
            self._judge(lever, value, before[lever], now)
            self.stories.command(lever, text(lever, value), now)
            self._last[lever] = now
            self._unsure.pop(lever, None)
            if not command.stored or command.delay:
                late = timedelta(seconds=command.delay)
                self._unsure[lever] = now + max(late, timedelta(hours=1))
                again = AGAIN
                if lever == TARIFF and text(lever, value) not in STEERING:
                    again = AGAIN_PLAIN
                self.excuse(now + again, lever)
                if lever == TARIFF:
                    # The change of mode waits for it.
                    self.excuse(now + again, "operation_mode")

    def _judge(self, lever: str, value: Value, before: Value, now: datetime) -> None:
        name, today = text(lever, value), self._site.today(now)
        is_asked = now - self._asked_at.get(lever, datetime.min.replace(tzinfo=UTC)) < (
            TOLD_WITHIN
        )
        if lever == TARIFF:
            assert isinstance(value, Mapping)
            self._judge_prices(value, name, before, now, is_asked=is_asked)
        if self.hands_off_since and now - self.hands_off_since > NOTICED_WITHIN:
            self.break_("commands while Tesla has the battery", now, f"{lever} {name}")
        if (
            is_same(lever, value, before, today)
            and lever not in self._unsure
            and not is_asked
        ):
            self.break_("commands without a difference", now, f"{lever} {name}")
        if is_asked or is_same(lever, value, self._claims.chosen[lever], today):
            return
        if self._claims.may(lever, value, now, timedelta(seconds=5)):
            return
        if lever == "operation_mode" and self._may_replan(value, now):
            return
        chosen_at = self._claims.chosen_at.get(lever)
        if chosen_at is not None and self._last_read() < chosen_at:
            rule = "the owner's changes overwritten unseen"
            # Told once: whoever did not see it cannot know what it meant.
            self._claims.unseen(lever)
            self.stories.never_mind(lever)
        elif chosen_at is not None and now - chosen_at < timedelta(hours=4):
            rule = "commands against the owner's choice"
        else:
            rule = "commands that nobody may give"
        self.break_(rule, now, f"{lever} {name}, was {text(lever, before)}")

    def _judge_prices(
        self,
        tariff: Mapping[str, object],
        name: str,
        before: Value,
        now: datetime,
        *,
        is_asked: bool,
    ) -> None:
        """Judge what a tariff says, and how soon after others it comes."""
        if name in STEERING:
            slots = week(tariff, self._site.today(now))
            if name in (DISCHARGE, SPIKE) and not all(
                buy > sell and buy > 0 for buy, sell in slots
            ):
                self.break_("tariffs that invite to buy", now, name)
        else:
            slots = read_slots(tariff, self._site.today(now))
        if not all(buy >= sell >= 0 for buy, sell in slots):
            self.break_("tariffs that Tesla would change", now, name)
        if name in STEERING or text(TARIFF, before) in STEERING:
            self._steered_at = now
            return
        if is_asked:
            return
        interval = int(now.timestamp()) // 300
        last, lives, count = self._pace
        if (last, lives) != (interval, self._site.lives):
            count = 0
        self._pace = (interval, self._site.lives, count + 1)
        if count + 1 > PER_INTERVAL:
            self.break_("more than two tariffs in five minutes", now, name)

    def _only_one(self, now: datetime) -> None:
        """Check that no other command is under way."""
        under_way = 0
        for request in reversed(self._site.requests):
            if now - request.at > IN_FLIGHT:
                break
            if (
                request.host == TESLA_HOST
                and request.method == "POST"
                and request.status is None
            ):
                under_way += 1
        if under_way > 1:
            self.break_("several commands at a time", now, f"{under_way}")

    def _last_read(self) -> datetime:
        """Return when the settings were last read with success."""
        for request in reversed(self._site.requests):
            if request.status == 200 and request.path.endswith("/site_info"):
                return request.at
        return datetime.min.replace(tzinfo=UTC)
