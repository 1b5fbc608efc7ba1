"""What becomes of accepted commands: late, lost, without an answer."""

from collections import Counter

from aiohttp import ServerDisconnectedError
import pytest

from custom_components.power_sync.core.model.powerwall import ExportRule, OperationMode
from custom_components.power_sync.sim.config import TeslaSite
from custom_components.power_sync.sim.faults import Fault, FaultKind, Service
from custom_components.power_sync.sim.tesla_fate import Fates

PATH = f"/api/1/energy_sites/{TeslaSite().site_id}/"
RULE = "customer_preferred_export_rule"
FLAG = "disallow_charge_from_grid_with_solar_installed"


async def send(client, name, **body):
    answer = await client.post(PATH + name, json=body)
    assert answer.status == 200


def fates(seed=1, **shares):
    luck = Fates(TeslaSite(**shares), seed)
    return [luck.next(None) for _ in range(1_000)]


def test_nothing_goes_wrong_unless_asked_for():
    assert {(f.stored, f.delay, f.answered) for f in fates()} == {(True, 0.0, True)}


def test_shares_and_delays():
    drawn = fates(late_share=0.3, lost_share=0.1, unanswered_share=0.05)

    late = [fate.delay for fate in drawn if fate.delay]
    lost = [fate for fate in drawn if not fate.stored]
    mute = [fate for fate in drawn if not fate.answered]
    assert 0.2 < len(late) / 1_000 < 0.35
    assert 0.07 < len(lost) / 1_000 < 0.13
    assert 0.03 < len(mute) / 1_000 < 0.07
    assert 60 <= min(late) < 300
    assert 2_400 < max(late) <= 2_700
    assert {fate.delay for fate in lost} == {0.0}


def test_luck_belongs_to_seed_and_site():
    shares = {"late_share": 0.5, "lost_share": 0.5}

    assert fates(4, **shares) == fates(4, **shares)
    assert fates(4, **shares) != fates(5, **shares)
    assert fates(4, **shares) != fates(4, site_id=9, **shares)


def test_a_share_is_at_most_everything():
    for name in ("late_share", "lost_share", "unanswered_share"):
        for share in (-0.1, 1.1):
            with pytest.raises(ValueError, match="0 to 1"):
                TeslaSite(**{name: share})


async def test_late_commands_come_into_force_in_their_time(make_home, tesla, clock):
    home = make_home(tesla_sites=(TeslaSite(late_share=1),))
    client = await tesla(home)

    await send(client, "operation", default_real_mode="backup")

    (command,) = home.tesla.commands
    assert command.stored
    assert 60 <= command.delay <= 2_700
    assert home.powerwall.pending == 1
    clock.tick(command.delay - 1)
    home.advance()
    assert home.powerwall.settings.mode is OperationMode.AUTONOMOUS
    clock.tick(1)
    home.advance()
    assert home.powerwall.settings.mode is OperationMode.BACKUP
    assert home.powerwall.pending == 0


async def test_a_newer_command_overtakes_a_late_one_of_the_same_setting(
    make_home, tesla, clock
):
    home = make_home()
    client = await tesla(home)
    home.faults.add(
        Fault(service=Service.TESLA, kind=FaultKind.LATE, count=1, seconds=600)
    )
    await send(client, "grid_import_export", **{RULE: "never", FLAG: True})
    await send(client, "grid_import_export", **{RULE: "pv_only"})
    assert home.powerwall.settings.export_rule is ExportRule.PV_ONLY
    assert home.powerwall.settings.grid_charging is True

    clock.tick(600)
    home.advance()

    assert home.powerwall.settings.export_rule is ExportRule.PV_ONLY
    assert home.powerwall.settings.grid_charging is False


async def test_lost_commands_are_accepted_and_forgotten(make_home, tesla, clock):
    home = make_home(tesla_sites=(TeslaSite(lost_share=1),))

    await send(await tesla(home), "backup", backup_reserve_percent=60)
    clock.tick(hours=1)
    home.advance()

    assert home.powerwall.settings.reserve_percent == 20
    assert [command.stored for command in home.tesla.commands] == [False]


async def test_a_lost_command_does_not_overtake_a_late_one(make_home, tesla, clock):
    home = make_home()
    client = await tesla(home)
    for kind in (FaultKind.LATE, FaultKind.NOT_APPLIED):
        home.faults.add(Fault(service=Service.TESLA, kind=kind, count=1, seconds=600))

    await send(client, "backup", backup_reserve_percent=60)
    await send(client, "backup", backup_reserve_percent=10)
    clock.tick(600)
    home.advance()

    assert home.powerwall.settings.reserve_percent == 60


async def test_answers_get_lost(make_home, tesla):
    home = make_home(tesla_sites=(TeslaSite(unanswered_share=1),))

    with pytest.raises(ServerDisconnectedError):
        await send(await tesla(home), "backup", backup_reserve_percent=60)

    assert home.powerwall.settings.reserve_percent == 60


async def test_refused_commands_draw_no_luck(make_home, tesla):
    shares = {"late_share": 0.4, "lost_share": 0.3}

    async def outcomes(*, refusals):
        home = make_home(tesla_sites=(TeslaSite(**shares),))
        client = await tesla(home)
        for percent in range(20):
            if refusals:
                await client.post(PATH + "backup", json={})
            await send(client, "backup", backup_reserve_percent=percent)
        return [(c.stored, c.delay) for c in home.tesla.commands]

    undisturbed = await outcomes(refusals=False)
    assert undisturbed == await outcomes(refusals=True)
    assert len(Counter(stored for stored, _ in undisturbed)) == 2
