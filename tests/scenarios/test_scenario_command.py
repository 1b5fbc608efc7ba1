"""``scripts/scenario``: what it prints, writes and returns."""

import json
from pathlib import Path

import pytest

from custom_components.power_sync.sim.price_files import PriceFileError
from harness import scenario
from harness.scenarios import SCENARIOS
from harness.scenarios.report import Options, Report, Row, at_most


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Options]:
    """A scenario that notes how it was called and breaks a demand at seed 13."""
    options_seen: list[Options] = []

    def fake(options: Options) -> Report:
        options_seen.append(options)
        if options.prices is not None:
            raise PriceFileError("file.csv, line 3: no price")
        return Report(
            scenario="fake",
            seed=options.seed,
            rows=(
                Row(metric="uploads", value=7),
                at_most("error", 0.1 if options.seed == 13 else 0.0, 0.05, "$/kWh"),
            ),
            remarks=("look here",) if options.seed == 13 else (),
        )

    monkeypatch.setattr(scenario, "SCENARIOS", {"fake": fake})
    return options_seen


def test_a_run_that_passes(
    asked: list[Options], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    target = tmp_path / "figures.json"

    status = scenario.main(
        ["fake", "--seed", "4", "--days", "3", "--json", str(target)]
    )

    assert status == 0
    assert asked == [Options(seed=4, days=3, prices=None)]
    assert capsys.readouterr().out.splitlines() == [
        "## fake, seed 4: passed",
        "",
        "| figure  | demanded | found | unit  | holds |",
        "|---------|----------|-------|-------|-------|",
        "| uploads |          | 7     |       |       |",
        "| error   | ≤ 0.05   | 0     | $/kWh | yes   |",
    ]
    written = json.loads(target.read_text(encoding="utf-8"))
    assert written["scenario"] == "fake"
    assert written["seed"] == 4
    assert written["passed"] is True
    assert (
        written["rows"][0].items()
        >= {
            "metric": "uploads",
            "value": 7,
            "unit": "",
        }.items()
    )


def test_a_broken_demand_fails(
    asked: list[Options], capsys: pytest.CaptureFixture[str]
) -> None:
    assert scenario.main(["fake", "--seed", "13"]) == 1

    text = capsys.readouterr().out
    assert "## fake, seed 13: FAILED" in text
    assert "| error   | ≤ 0.05   | 0.1   | $/kWh | NO    |" in text
    assert "- look here" in text


def test_a_price_file_that_cannot_be_used(
    asked: list[Options], capsys: pytest.CaptureFixture[str]
) -> None:
    assert scenario.main(["fake", "--prices", "file.csv"]) == 2

    assert capsys.readouterr().err == "scenario: file.csv, line 3: no price\n"
    assert asked[0].prices == Path("file.csv")


@pytest.mark.parametrize(
    "arguments", [[], ["nothing"], ["fake", "--days", "0"], ["fake", "--days", "31"]]
)
def test_what_is_not_understood(asked: list[Options], arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        scenario.main(arguments)

    assert asked == []


def test_sync_day_is_a_scenario() -> None:
    assert "sync-day" in SCENARIOS
