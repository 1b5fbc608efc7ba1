"""Run a scenario: ``python -m harness.scenario NAME``.

Prints truth against result as a Markdown table. The exit status is 0 if everything
that the scenario demands holds, 1 if not, 2 if it could not be run as asked.
"""

import argparse
from collections.abc import Sequence
import json
from pathlib import Path
import sys

from custom_components.power_sync.sim.price_files import PriceFileError
from harness.scenarios import SCENARIOS
from harness.scenarios.report import Options

MOST_DAYS = 30


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line names; return the exit status."""
    asked = _parser().parse_args(arguments)
    options = Options(seed=asked.seed, days=asked.days, prices=asked.prices)
    try:
        report = SCENARIOS[asked.name](options)
    except PriceFileError as error:
        print(f"scenario: {error}", file=sys.stderr)
        return 2
    print(report.as_markdown())
    if asked.json is not None:
        text = json.dumps(report.as_json(), indent=2)
        asked.json.write_text(text + "\n", encoding="utf-8")
    if asked.commands is not None:
        asked.commands.write_text(report.commands, encoding="utf-8")
    return 0 if report.passed else 1


def _parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    parser = argparse.ArgumentParser(
        prog="scripts/scenario",
        description="Run whole days through the integration on a virtual clock.",
    )
    parser.add_argument(
        "name",
        choices=SCENARIOS,
        metavar="NAME",
        help=f"one of: {', '.join(SCENARIOS)}",
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="another home (default: 1)"
    )
    parser.add_argument(
        "--days",
        type=int,
        choices=range(1, MOST_DAYS + 1),
        default=1,
        metavar="N",
        help=f"days to simulate, up to {MOST_DAYS} (default: 1)",
    )
    parser.add_argument(
        "--prices",
        type=Path,
        metavar="FILE",
        help="recorded market prices (CSV, plain or gz) for sync-day",
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="also write the figures there"
    )
    parser.add_argument(
        "--commands",
        type=Path,
        metavar="FILE",
        help="also write there what Tesla's cloud was sent, and why",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
