"""The frame that benchmarks run in, and a short run of each that is quick."""

import json
from pathlib import Path

import pytest

from harness import bench

# A few runs say nothing about speed, and nothing is said about it here.


def test_the_speed_benchmark_writes_well_formed_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "speed.json"

    status = bench.main(["speed", "--repeat", "2", "--seed", "7", "--json", str(file)])

    assert status == 0
    report = json.loads(file.read_text())
    assert set(report) == {"rows", "settings", "seed"}
    assert report["seed"] == 7
    assert report["settings"]["repeat"] == 2
    assert report["settings"]["stamps_held"] == 8640
    metrics = [row["metric"] for row in report["rows"]]
    assert len(set(metrics)) == len(metrics) == 12
    for step in ("statistics_update", "tariff_build", "decision_tick_new_prices"):
        assert {f"{step}_p50", f"{step}_p99"} <= set(metrics)
    for row in report["rows"]:
        assert set(row) == {"dataset", "controller", "metric", "value", "unit"}
        assert (row["dataset"], row["controller"], row["unit"]) == (
            "generated",
            "power_sync",
            "ms",
        )
        assert row["value"] > 0
    by_metric = {row["metric"]: row["value"] for row in report["rows"]}
    assert all(
        by_metric[name] <= by_metric[name.replace("_p50", "_p99")]
        for name in metrics
        if name.endswith("_p50")
    )
    header, ruler, *lines = capsys.readouterr().out.strip().splitlines()
    assert header == "| dataset | controller | metric | value | unit |"
    assert set(ruler) <= set("|-:")
    assert [line.split(" | ")[2] for line in lines] == metrics


def test_a_benchmark_is_listed_with_what_it_measures(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert bench.main([]) == 0

    assert "speed      Time of the steps that run again" in capsys.readouterr().out


def test_an_unknown_benchmark_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["luck"]) == 2

    assert "no benchmark is called luck" in capsys.readouterr().err


def test_a_benchmark_that_never_runs_is_refused() -> None:
    with pytest.raises(SystemExit, match="at least 1"):
        bench.main(["speed", "--repeat", "0"])
