"""Kill one feature everywhere, and judge each second life."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
import shutil
from tempfile import TemporaryDirectory

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant

from custom_components.power_sync import const
from custom_components.power_sync.sim.config import (
    AMBER_TOKEN,
    TESLEMETRY_TOKEN,
    HomeConfig,
)
from custom_components.power_sync.sim.faults import Fault, FaultKind, Service
from harness.virtual.home_assistant import add_entry

from .cuts import Cut, Life, Steps
from .features import Feature
from .fork import Copy, Mouth, split
from .scene import SETTLED, Intent, Scene, levers_of
from .verdict import Findings, findings_after_start, moved
from .world import KilledError, World, world

AWAY = (0.0, 0.0, 45.0, 200.0)
"""Seconds that Tesla may be out of reach after the start, one of them drawn by lot."""
_PATHS = ("time_of_use_settings", "operation", "backup", "grid_import_export")
_BAD_LUCK = (
    None,
    FaultKind.LOST_COMMAND,
    FaultKind.APPLIED_BUT_NO_ANSWER,
    FaultKind.NOT_APPLIED,
    FaultKind.LATE,
)
_LATE_AT_MOST = 420.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found after one cut; without a problem everything was restored."""

    cut: Cut
    findings: Findings


@dataclass(slots=True, kw_only=True)
class Result:
    """What became of all cuts of one life."""

    life: Life
    verdicts: list[Verdict] = field(default_factory=list)


@contextmanager
def prepared(feature: Feature, seed: int) -> Iterator[tuple[World, Intent]]:
    """Make a world with the feature's home on the disk, which never ran so far."""
    config = HomeConfig(seed=seed, tesla_sites=(feature.site,), amber_socket=False)
    with (
        TemporaryDirectory(prefix="killsweep-") as folder,
        world(config, Path(folder), feature.start, seed) as made,
    ):

        async def add(hass: HomeAssistant) -> None:
            await add_entry(
                hass,
                const.DOMAIN,
                title="Home",
                data={},
                minor_version=2,
                options=feature.options,
                subentries=[_price_source(config), _powerwall(config)],
            )

        made.live(add, reachable=False, orderly=True)
        settings = made.powerwall.settings
        assert settings.tariff is not None
        made.home.tesla.commands.clear()
        yield (
            made,
            Intent(
                values={key: {value} for key, value in levers_of(settings).items()},
                tariffs=[settings.tariff.document],
                may_move=feature.may_move,
                speechless=feature.speechless,
                revive=feature.revive,
            ),
        )


def sweep_life(
    feature: Feature,
    seed: int,
    rough: int | None = None,
    cuts: Iterable[Cut] = (),
) -> Result:
    """Live a feature once and kill a copy of it at each of ``cuts``.

    ``rough`` is the number of a life in which commands get lost or come late. This
    process should end after it.
    """
    with prepared(feature, seed) as (made, intent):
        if rough is not None:
            luck = Random(f"{seed}/{feature.name}/{rough}")  # noqa: S311
            _spoil(made, luck)
        return _Sweeper(feature, made, intent, seed, cuts).run()


class _Sweeper:
    """Lives once, and splits off a copy wherever a kill is asked for."""

    def __init__(
        self,
        feature: Feature,
        made: World,
        intent: Intent,
        seed: int,
        cuts: Iterable[Cut],
    ) -> None:
        self._feature = feature
        self._world = made
        self._intent = intent
        self._seed = seed
        self._cuts: dict[int, list[Cut]] = {}
        for cut in cuts:
            self._cuts.setdefault(cut.step, []).append(cut)
        self._steps = Steps(made)
        self._verdicts: list[Verdict] = []
        self._dead: tuple[Cut, Mouth] | None = None

    def run(self) -> Result:
        """Live, and return what became of the cuts."""
        findings = Findings()

        async def act(hass: HomeAssistant) -> None:
            scene = Scene(self._world, hass, self._intent, self._steps.begin)
            if not self._feature.fresh:
                await scene.sleep(SETTLED)
            await self._feature.script(scene)
            self._steps.end()
            self._world.home.faults.clear()
            nonlocal findings
            idle = self._feature.may_move - moved(self._world.home)
            findings = await findings_after_start(scene)
            findings = replace(
                findings,
                problems=(
                    *findings.problems,
                    *scene.unmet,
                    *(f"{lever} was never moved" for lever in sorted(idle)),
                ),
            )

        if self._feature.fresh:
            self._steps.begin()
        with suppress(KilledError):
            self._world.live(act, self._on_step)
        if self._dead is not None:
            cut, mouth = self._dead
            mouth.end_with(lambda: self._verdict(cut))
        return Result(life=self._steps.life(findings.problems), verdicts=self._verdicts)

    def _on_step(self, handle: asyncio.Handle) -> None:
        """Kill a copy of this process, where that is asked for."""
        self._steps.take(handle)
        for cut in self._cuts.get(self._steps.count, ()):
            match split():
                case Copy() as copy:
                    found = copy.wait()
                    assert isinstance(found, Findings)
                    self._verdicts.append(Verdict(cut, found))
                case Mouth() as mouth:
                    self._dead = cut, mouth
                    raise KilledError

    def _verdict(self, cut: Cut) -> Findings:
        """Return what is not right after a kill, on a copy of what is on the disk."""
        with TemporaryDirectory(prefix="killsweep-") as folder:
            # The life that was split off from this one goes on with its own.
            shutil.copytree(self._world.folder, folder, dirs_exist_ok=True)
            self._world.folder = Path(folder)
            return self._second_life(cut)

    def _second_life(self, cut: Cut) -> Findings:
        """Start again from what is left, and return what is not right in the end."""
        faults = self._world.home.faults
        faults.clear()
        away = 0.0
        if cut.rough is not None:
            away = Random(f"{self._seed}/{cut}").choice(AWAY)  # noqa: S311
        if self._intent.revive is not None:
            self._intent.revive(self._world.home)
        if cut.again is not None:
            with suppress(KilledError):
                self._world.live(_linger, _killer(cut.again))
        findings = Findings()

        async def judge(hass: HomeAssistant) -> None:
            scene = Scene(self._world, hass, self._intent)
            if away:
                await scene.sleep(away)
                faults.clear()
            nonlocal findings
            findings = await findings_after_start(scene)

        if away:
            faults.add(Fault(service=Service.TESLA, kind=FaultKind.STATUS_503))
        self._world.live(judge)
        return findings


async def _linger(_: HomeAssistant) -> None:
    """Live long enough for everything to be restored."""
    await asyncio.sleep(60)


def _killer(steps: int) -> Callable[[asyncio.Handle], None]:
    """Return a watcher that kills after so many steps."""
    left = steps

    def watch(_: asyncio.Handle) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KilledError

    return watch


def _spoil(made: World, draws: Random) -> None:
    """Let some of the first commands of each kind get lost or come late."""
    for path in _PATHS:
        if (kind := draws.choice(_BAD_LUCK)) is not None:
            made.home.faults.add(
                Fault(
                    service=Service.TESLA,
                    kind=kind,
                    count=draws.randint(1, 2),
                    match=path,
                    seconds=round(draws.uniform(20, _LATE_AT_MOST)),
                )
            )


def _price_source(config: HomeConfig) -> ConfigSubentryData:
    """Return the subentry of the first Amber site."""
    site = config.amber_sites[0]
    return ConfigSubentryData(
        subentry_type=const.SUBENTRY_PRICE_SOURCE,
        title="Amber Electric",
        unique_id=f"{const.SUBENTRY_PRICE_SOURCE}_{site.site_id}",
        data={
            const.CONF_PROVIDER: const.PROVIDER_AMBER,
            const.CONF_API_TOKEN: AMBER_TOKEN,
            const.CONF_SITE_ID: site.site_id,
            const.CONF_CHANNELS: ["export", "import"],
            const.CONF_BASE_URL: const.AMBER_URL,
        },
    )


def _powerwall(config: HomeConfig) -> ConfigSubentryData:
    """Return the subentry of the Tesla site."""
    site = config.tesla_sites[0]
    return ConfigSubentryData(
        subentry_type=const.SUBENTRY_POWERWALL,
        title=site.name,
        unique_id=f"{const.SUBENTRY_POWERWALL}_{site.site_id}",
        data={
            const.CONF_ENERGY_SITE_ID: site.site_id,
            const.CONF_WAYS: [
                {
                    const.CONF_WAY: const.WAY_TESLEMETRY,
                    const.CONF_ACCESS_TOKEN: TESLEMETRY_TOKEN,
                    const.CONF_BASE_URL: const.TESLEMETRY_URL,
                }
            ],
        },
    )
