"""Which kills to make of a feature, and what became of all of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from .cuts import Cut, Life
from .features import Feature
from .fork import in_a_copy
from .sweep import Result, Verdict, sweep_life

AGAIN_WITHIN = 260
"""Steps that a start and the restore take, about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All that was found out about a feature.

    ``awaits`` is how many places to cut there are, ``states`` how many of them leave
    something else behind.
    """

    name: str
    awaits: int
    states: int
    verdicts: tuple[Verdict, ...]
    remarks: tuple[str, ...]
    """What was wrong without any kill."""

    @property
    def lost(self) -> tuple[Verdict, ...]:
        """Return the cuts after which something was not right."""
        return tuple(item for item in self.verdicts if item.findings.problems)

    @property
    def unattended(self) -> int:
        """Return after how many cuts nobody was there who could restore anything."""
        return sum(
            item.findings.unattended and not item.findings.problems
            for item in self.verdicts
        )


def sweep_feature(
    feature: Feature, seed: int, *, extra: int, every_await: bool
) -> Outcome:
    """Live a feature twice, the second time with kills, and see that both are alike.

    One kill for everything that can be left behind, at one of the moments that leave
    it (``every_await``: at each of them); and ``extra`` ones at random steps: some of
    the life that was killed first is killed too, and some come in a third life,
    in which commands get lost or come late.
    """
    draws = Random(f"{seed}/{feature.name}")  # noqa: S311
    name = feature.name
    life = _live(feature, seed).life
    cuts = [
        Cut(feature=name, step=step)
        for group in life.stops
        for step in (group if every_await else (draws.choice(group),))
    ]
    hard = extra // 2
    cuts += _random(life, name, draws, extra - hard)
    again = _live(feature, seed, None, cuts)
    verdicts = list(again.verdicts)
    remarks = [f"without any kill: {line}" for line in life.problems]
    if again.life != life:
        remarks.append("the same life took other steps when it was lived again")
    if hard:
        rough = draws.randrange(1000)
        hard_life = _live(feature, seed, rough).life
        cuts = _random(hard_life, name, draws, hard, rough)
        verdicts += _live(feature, seed, rough, cuts).verdicts
    return Outcome(
        name=name,
        awaits=sum(map(len, life.stops)),
        states=len(life.stops),
        verdicts=tuple(verdicts),
        remarks=tuple(remarks),
    )


def replay(feature: Feature, seed: int, cut: Cut) -> Outcome:
    """Make one cut once more."""
    result = _live(feature, seed, cut.rough, (cut,))
    return Outcome(
        name=feature.name,
        awaits=1,
        states=1,
        verdicts=tuple(result.verdicts),
        remarks=() if result.verdicts else (f"{cut} was not reached",),
    )


def _live(
    feature: Feature, seed: int, rough: int | None = None, cuts: Iterable[Cut] = ()
) -> Result:
    """Live once, in a process that ends with it."""
    result = in_a_copy(lambda: sweep_life(feature, seed, rough, cuts)).wait()
    assert isinstance(result, Result)
    return result


def _random(
    life: Life, name: str, draws: Random, count: int, rough: int | None = None
) -> list[Cut]:
    """Return cuts at any steps; every other one is followed by another."""
    return [
        Cut(
            feature=name,
            step=draws.randint(life.first, life.last),
            rough=rough,
            again=draws.randint(1, AGAIN_WITHIN) if number % 2 else None,
        )
        for number in range(count)
    ]
