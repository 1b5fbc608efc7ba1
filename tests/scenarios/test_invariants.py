"""The invariants of whole days: what they must notice."""

from datetime import UTC, date, datetime, timedelta

import pytest

from custom_components.power_sync.core.model.decisions import (
    Action,
    Feature,
    Lever,
    Reason,
    Record,
)
from custom_components.power_sync.sim.config import HomeConfig
from custom_components.power_sync.sim.faults import Service
from custom_components.power_sync.sim.home import SimulatedHome
from custom_components.power_sync.sim.owners_tariff import OWNERS_TARIFF
from custom_components.power_sync.sim.powerwall import Powerwall
from harness.scenarios.claims import FORCE_LEVERS, PRICES, Claim, Claims, Rank
from harness.scenarios.cloud import stored
from harness.scenarios.invariants import Invariants
from harness.scenarios.price_rules import PriceRule
from harness.scenarios.stage import TESLA_HOST
from harness.virtual.network import Request

NOON = datetime(2026, 2, 2, 1, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PRICE_TARIFF = {**OWNERS_TARIFF, "name": PRICES}


class Site:
    """A home whose clock the test sets, and its invariants."""

    def __init__(self) -> None:
        self.now = NOON
        self.home = SimulatedHome(HomeConfig(), lambda: self.now)
        self.requests: list[Request] = []
        self.lives = 1
        self.claims = Claims(chosen=dict(stored(self.powerwall)))
        self.watch = Invariants(self, self.claims)
        self.home.tesla.listeners.append(self.watch.command)

    @property
    def powerwall(self) -> Powerwall:
        return self.home.powerwall

    def today(self, moment: datetime) -> date:
        return moment.date()

    def send(self, name: str, **body: object) -> None:
        self.home.tesla.command(self.powerwall, name, body, Service.TESLA)

    def send_tariff(self, tariff: dict[str, object]) -> None:
        self.send("time_of_use_settings", tou_settings={"tariff_content_v2": tariff})

    def owner(self, lever: str, setting: str, value: object) -> None:
        self.claims.owner_chose(lever, value, self.now)  # type: ignore[arg-type]
        self.home.tesla.use_app(self.powerwall.config.site_id, **{setting: value})

    def read(self) -> None:
        """Note that the settings were read."""
        path = "/api/1/energy_sites/1/site_info"
        self.requests.append(
            Request(
                at=self.now,
                method="GET",
                host=TESLA_HOST,
                path=path,
                query="",
                status=200,
            )
        )

    def later(self, minutes: float) -> None:
        self.now += minutes * MINUTE

    def look(self) -> None:
        self.watch.look(self.now)

    @property
    def broken(self) -> dict[str, int]:
        return dict(self.watch.broken)


@pytest.fixture
def site() -> Site:
    return Site()


def force(site: Site, minutes: int = 30) -> Claim:
    return site.claims.add(
        Claim(
            rank=Rank.FORCE,
            values=FORCE_LEVERS["discharge"],
            since=site.now,
            until=site.now + minutes * MINUTE,
        )
    )


def sync(site: Site) -> None:
    site.claims.add(Claim(rank=Rank.SYNC, values={"tariff": (PRICES,)}, since=site.now))


def told(site: Site, lever: Lever, value: str) -> None:
    """Publish the decision behind a command."""
    site.watch.stories.decision(
        Record(
            at=site.now,
            lever=lever,
            action=Action.SENT,
            feature=Feature.FORCE,
            reason=Reason.FORCED,
            value=value,
        ),
        site.now,
    )


def test_a_home_at_rest_breaks_nothing(site: Site) -> None:
    site.look()
    assert site.broken == {}
    assert site.watch.checks == 6


def test_a_command_that_nobody_may_give(site: Site) -> None:
    site.send("backup", backup_reserve_percent=70)
    assert site.broken == {"commands that nobody may give": 1}


def test_a_command_of_a_force_is_fine_until_its_end(site: Site) -> None:
    force(site)
    site.send("grid_import_export", disallow_charge_from_grid_with_solar_installed=True)
    assert site.broken == {}

    site.later(31)
    site.powerwall.set_grid_charging(allowed=True)
    site.send("grid_import_export", disallow_charge_from_grid_with_solar_installed=True)
    assert site.broken == {"commands that nobody may give": 1}


def test_a_command_without_a_difference(site: Site) -> None:
    force(site)
    site.send("operation", default_real_mode="autonomous")
    assert site.broken == {"commands without a difference": 1}


def test_a_force_that_does_not_move_its_levers(site: Site) -> None:
    force(site)
    site.later(1)
    site.look()
    assert site.broken == {}

    site.later(2)
    site.look()
    # The export rule and the mode are as they have to be anyway.
    assert site.broken == {"levers not where a feature wants them": 2}


def test_a_lever_that_is_not_given_back(site: Site) -> None:
    force(site, minutes=15)
    site.powerwall.set_grid_charging(allowed=False)
    site.later(16)
    site.look()
    assert site.broken == {}

    site.later(2)
    site.look()
    assert site.broken == {"levers not at the owner's choice": 1}


def test_the_owner_is_not_to_be_fought(site: Site) -> None:
    force(site)
    site.send("grid_import_export", disallow_charge_from_grid_with_solar_installed=True)
    site.later(1)
    site.owner("grid_charging", "grid_charging", True)
    site.later(1)
    site.read()
    site.send("grid_import_export", disallow_charge_from_grid_with_solar_installed=True)
    assert site.broken == {"commands against the owner's choice": 1}


def test_what_was_never_read_is_overwritten_unseen(site: Site) -> None:
    sync(site)
    site.send_tariff(PRICE_TARIFF)
    site.read()
    site.later(1)
    site.owner("tariff", "tariff", {**OWNERS_TARIFF, "name": "New"})
    site.send_tariff(PRICE_TARIFF)
    assert site.broken == {"the owner's changes overwritten unseen": 1}


def test_a_tariff_that_the_owner_chose_rests_for_hours(site: Site) -> None:
    sync(site)
    site.send_tariff(PRICE_TARIFF)
    site.later(1)
    site.owner("tariff", "tariff", {**OWNERS_TARIFF, "name": "New"})
    site.read()
    site.later(239)
    site.send_tariff(PRICE_TARIFF)
    assert site.broken == {"commands against the owner's choice": 1}


def test_nothing_is_commanded_while_tesla_has_the_battery(site: Site) -> None:
    force(site)
    site.watch.hands_off_since = site.now - 2 * MINUTE
    site.send("grid_import_export", disallow_charge_from_grid_with_solar_installed=True)
    assert site.broken == {"commands while Tesla has the battery": 1}


def test_one_command_at_a_time(site: Site) -> None:
    force(site)
    for _ in range(2):
        site.requests.append(
            Request(at=site.now, method="POST", host=TESLA_HOST, path="/", query="")
        )
    site.send("grid_import_export", disallow_charge_from_grid_with_solar_installed=True)
    assert site.broken == {"several commands at a time": 1}


def test_tariffs_come_twice_in_five_minutes(site: Site) -> None:
    sync(site)
    for cents in (1, 2, 3):
        sell = {**PRICE_TARIFF["sell_tariff"]}
        sell["energy_charges"] = {
            "AllYear": {
                "rates": {
                    "OFF_PEAK": cents / 100,
                    "ON_PEAK": 0.12,
                    "SUPER_OFF_PEAK": 0.0,
                }
            }
        }
        site.send_tariff({**PRICE_TARIFF, "sell_tariff": sell})
        site.later(1)
    assert site.broken == {"more than two tariffs in five minutes": 1}


def test_a_spike_must_not_invite_to_buy(site: Site) -> None:
    force(site)
    site.send_tariff({**OWNERS_TARIFF, "name": "PowerSync force discharge"})
    assert site.broken == {}

    free = {
        **OWNERS_TARIFF,
        "name": "PowerSync price spike",
        "energy_charges": {
            "AllYear": {
                "rates": {"OFF_PEAK": 0.22, "ON_PEAK": 0.48, "SUPER_OFF_PEAK": 0.0}
            }
        },
    }
    site.claims.add(
        Claim(rank=Rank.SPIKE, values={"tariff": (free["name"],)}, since=NOON)
    )
    site.send_tariff(free)
    assert site.broken == {"tariffs that invite to buy": 1}


def test_a_command_has_to_be_explained(site: Site) -> None:
    force(site)
    site.send("grid_import_export", disallow_charge_from_grid_with_solar_installed=True)
    told(site, Lever.GRID_CHARGING, "off")
    site.send("operation", default_real_mode="self_consumption")
    site.watch.broken.clear()
    site.later(2)
    site.watch.stories.look(site.now, away=False)
    assert site.broken == {"commands without an explanation": 1}


def test_a_change_of_what_was_held_has_to_be_shown(site: Site) -> None:
    site.watch.stories.change("export_rule", site.now)
    site.later(3)
    site.watch.stories.look(site.now, away=False)
    assert site.broken == {"changes of the owner that are not shown": 1}


def test_a_price_rule_is_on_until_two_calm_intervals() -> None:
    rule = PriceRule(limit=0.3, calm=0.285)
    states = []
    for price in (0.1, 0.3, 0.2, 0.29, 0.2, 0.2, 0.2):
        rule.step(price)
        states.append(rule.is_on)
    assert states == [False, True, True, True, True, False, False]


def test_a_price_rule_is_not_certain_near_its_limit() -> None:
    rule = PriceRule(limit=0.0, calm=0.002, doubt=0.015, low=True)
    states = []
    for price in (0.01, -0.1, 0.1, 0.1):
        rule.step(price)
        states.append((rule.may_be_on, rule.is_on))
    assert states == [(True, False), (True, True), (True, True), (False, False)]
