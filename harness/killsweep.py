"""Kill Home Assistant everywhere: ``python -m harness.killsweep``.

Prints a table of what became of each feature and a last line with the sums. The exit
status is 0 if everything was restored, 1 if something was lost or went another way
when it was done again, 2 if it could not be run as asked.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from functools import partial
import logging
import math
import os
import random
import select
import sys
import time

from harness.kill.cuts import Cut, LabelError, cut_from
from harness.kill.features import FEATURES, Feature
from harness.kill.fork import Copy, in_a_copy
from harness.kill.plan import Outcome, replay, sweep_feature
from harness.kill.real import KILLS, RealKills

CUTS = 50
_BY_NAME = {feature.name: feature for feature in FEATURES}
_PROBLEMS_SHOWN = 20
_SHARE = 10
"""Random cuts that a feature gets at least, if it gets any."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks; return the exit status."""
    asked = _parser().parse_args(arguments)
    began = time.monotonic()
    # What services that are away and lives that are cut short log says nothing here.
    logging.disable(logging.WARNING)
    logging.getLogger().addHandler(logging.NullHandler())
    real = None
    if not (asked.no_processes or asked.only):
        real = RealKills(asked.seed, asked.kills)
        real.start()
    outcomes: list[Outcome] = []
    try:
        for outcome in _in_parallel(_works(asked)):
            outcomes.append(outcome)
            print(_progress(outcome), file=sys.stderr, flush=True)
        if real is not None and (outcome_of_real := real.wait()):
            outcomes.append(outcome_of_real)
    finally:
        if real is not None:
            real.stop()
    print(_report(outcomes, asked.seed))
    if real is not None and real.skipped:
        print(f"\nkills of real processes skipped: {real.skipped}")
    seconds = time.monotonic() - began
    print(f"\n{seconds:.0f} s\n\n{_sums(outcomes)}")
    return 1 if any(item.lost or item.remarks for item in outcomes) else 0


def _works(asked: argparse.Namespace) -> list[Callable[[], object]]:
    """Return what is to be done, what takes longest first."""
    if asked.only:
        return [
            partial(replay, _BY_NAME[cut.feature], asked.seed, cut)
            for cut in asked.only
        ]
    named = asked.feature or list(_BY_NAME)
    features = [feature for feature in FEATURES if feature.name in named]
    extra = _shares(asked.cuts, features, asked.seed)
    works = [
        (
            feature.weight,
            partial(
                sweep_feature,
                feature,
                asked.seed,
                extra=extra.get(feature.name, 0),
                every_await=asked.every_await,
            ),
        )
        for feature in features
    ]
    works.sort(key=lambda work: -work[0])
    return [work for _, work in works]


def _shares(cuts: int, features: Sequence[Feature], seed: int) -> dict[str, int]:
    """Return how many cuts at random moments some features get, drawn by lot.

    For each it takes lives of its own to find the moments, so each gets a few.
    """
    most = min(len(features), math.ceil(cuts / _SHARE))
    lots = random.Random(f"{seed}/shares")  # noqa: S311
    drawn = lots.sample(list(features), most)
    return {
        feature.name: cuts // most + (number < cuts % most)
        for number, feature in enumerate(drawn)
    }


def _in_parallel(works: Sequence[Callable[[], object]]) -> Iterator[Outcome]:
    """Yield what each work returns, done in as many copies as there are cores."""
    waiting, running = list(works), list[Copy]()
    while waiting or running:
        while waiting and len(running) < (os.process_cpu_count() or 1):
            running.append(in_a_copy(waiting.pop(0)))
        ready, _, _ = select.select(running, [], [])
        for copy in ready:
            running.remove(copy)
            outcome = copy.wait()
            assert isinstance(outcome, Outcome)
            yield outcome


def _progress(outcome: Outcome) -> str:
    """Return a line about a feature that is done."""
    lost = f", {len(outcome.lost)} LOST" if outcome.lost else ""
    return f"{outcome.name}: {len(outcome.verdicts)} cuts{lost}"


def _report(outcomes: Sequence[Outcome], seed: int) -> str:
    """Return a table, and below it what was lost and how to see it again."""
    order = list(_BY_NAME)
    lines = [
        "| feature | awaits | states | cuts | restored | of them later | lost | again |",
        "|---|--:|--:|--:|--:|--:|--:|---|",
    ]
    problems: list[str] = []
    for item in sorted(
        outcomes,
        key=lambda item: order.index(item.name) if item.name in order else len(order),
    ):
        cuts, lost = len(item.verdicts), len(item.lost)
        lines.append(
            f"| {item.name} | {item.awaits} | {item.states} | {cuts} | {cuts - lost} "
            f"| {item.unattended or ''} | {lost} "
            f"| {'DIFFERENT' if item.remarks else 'same'} |"
        )
        problems += (f"- {item.name}: {remark}" for remark in item.remarks)
        problems += (
            f"- `--seed {seed} --only {verdict.cut}`: {'; '.join(verdict.findings.problems)}"
            for verdict in item.lost
        )
    if len(problems) > _PROBLEMS_SHOWN:
        more = len(problems) - _PROBLEMS_SHOWN
        problems[_PROBLEMS_SHOWN:] = [f"- and {more} more"]
    return "\n".join([f"## killsweep, seed {seed}", "", *lines, "", *problems])


def _sums(outcomes: Sequence[Outcome]) -> str:
    """Return the last line."""
    cuts = sum(len(item.verdicts) for item in outcomes)
    lost = sum(len(item.lost) for item in outcomes)
    return f"cuts {cuts}, restored {cuts - lost}, lost {lost}"


def _cut(label: str) -> Cut:
    """Read a cut from the command line."""
    try:
        cut = cut_from(label)
    except LabelError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if cut.feature not in _BY_NAME:
        raise argparse.ArgumentTypeError(f"no feature is called {cut.feature}")
    return cut


def _parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    parser = argparse.ArgumentParser(
        prog="scripts/killsweep",
        description="Kill Home Assistant at every moment at which PowerSync changes a "
        "Powerwall, start it again, and see that the owner's settings come back.",
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="another home (default: 1)"
    )
    parser.add_argument(
        "--cuts",
        type=int,
        default=CUTS,
        metavar="N",
        help=f"cuts at random moments, beside the others (default: {CUTS})",
    )
    parser.add_argument(
        "--feature",
        choices=_BY_NAME,
        action="append",
        metavar="NAME",
        help=f"only this one (may be repeated): {', '.join(_BY_NAME)}",
    )
    parser.add_argument(
        "--every-await",
        action="store_true",
        help="a second life after each await, even where the kills leave the same",
    )
    parser.add_argument(
        "--only",
        type=_cut,
        action="append",
        metavar="FEATURE:CUT",
        help="make one cut again, as a report names it (may be repeated)",
    )
    parser.add_argument(
        "--kills",
        type=int,
        default=KILLS,
        metavar="N",
        help=f"kills of a real Home Assistant process (default: {KILLS})",
    )
    parser.add_argument(
        "--no-processes", action="store_true", help="no kills of real processes"
    )
    return parser


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    # Dead loops would complain if the interpreter took them apart.
    os._exit(status)
