"""The card of decisions, with just enough of a browser to run it."""

from pathlib import Path
from typing import Any

import pytest

from harness.dashboard import module, run_in_node

type JsonObject = dict[str, Any]

BROWSER = Path(__file__).with_name("browser.js").read_text()
EVENT = "event.powerwall_decision"
NOON = "2026-11-21T01:00:00+00:00"  # in Sydney


def decision(**changes: object) -> JsonObject:
    """Return a decision as the websocket command tells it."""
    return {
        "time": NOON,
        "lever": "tariff",
        "from": "Example TOU",
        "to": "PowerSync",
        "feature": "price_sync",
        "over": [],
        "reason": "prices_changed",
        "prices": None,
        "largest_change": None,
        "blocked_from": None,
        "blocked_until": None,
        "result": "sent",
        "error": None,
    } | changes


def show(*steps: JsonObject, **home: object) -> JsonObject:
    """Return what the card shows after each step, and what it asked for.

    A step sets the state of the event entity and holds the answer that will be given:
    a list of decisions, or None for an error.
    """
    given = {"module": module("strategy"), "steps": steps, "home": home}
    result: JsonObject = run_in_node(BROWSER, given)
    return result


def lines(*decisions: JsonObject, **home: object) -> list[str]:
    """Return what the card says about decisions."""
    (shown,) = show({"state": "1", "answer": decisions}, **home)["shown"]
    return list(shown)


def test_decision_is_told_in_full() -> None:
    """Covers B-14."""
    assert lines(
        decision(
            prices={"import": 0.28123, "export": -0.01, "moved": None},
            largest_change=0.12,
            over=["replan"],
        )
    ) == [
        "12:00 · PRICE_SYNC · PRICES_CHANGED",
        "TARIFF Example TOU → PowerSync | SENT",
        "instead of REPLAN · import 0.2812, feed-in -0.010 · largest change 0.120",
    ]


def test_what_is_moved_for_one_purpose_stands_together() -> None:
    force = {"feature": "force", "reason": "forced"}
    assert lines(
        decision(
            lever="operation_mode", **force, **{"from": "backup", "to": "autonomous"}
        ),
        decision(to="PowerSync force charge", over=["price_sync"], **force),
        decision(lever="grid_charging", **force, **{"from": "off", "to": "on"}),
        decision(time="2026-11-21T00:55:00+00:00"),
    ) == [
        "12:00 · FORCE · FORCED",
        "GRID_CHARGING off → on | SENT",
        "TARIFF Example TOU → PowerSync force charge | SENT",
        "instead of PRICE_SYNC",
        "OPERATION_MODE select says backup → select says autonomous | SENT",
        "11:55 · PRICE_SYNC · PRICES_CHANGED",
        "TARIFF Example TOU → PowerSync | SENT",
    ]


@pytest.mark.parametrize(
    "earlier",
    [
        decision(),
        decision(lever="export_rule", reason="requested"),
        decision(lever="export_rule", feature="force"),
        decision(lever="export_rule", time="2026-11-21T00:57:59+00:00"),
    ],
    ids=["the same setting", "another reason", "another feature", "long before"],
)
def test_what_has_nothing_to_do_with_it_stands_alone(earlier: JsonObject) -> None:
    headers = [line for line in lines(decision(), earlier) if " · " in line]
    assert len(headers) == 2


def test_failure_is_told() -> None:
    told = lines(
        decision(
            result="failed",
            error="rate_limited",
            to=None,
            feature=None,
            blocked_from="2026-11-21T06:00:00+00:00",
            blocked_until="2026-11-21T06:30:00+00:00",
        )
    )
    assert told == [
        "12:00 · PRICES_CHANGED",
        "TARIFF Example TOU | FAILED",
        "in the way: 17:00 to 17:30 · rate limited",
    ]


def test_another_day_has_its_name() -> None:
    first, *_ = lines(decision(time="2026-11-19T01:00:00+00:00"))
    assert first.startswith("Thu")


def test_no_text_becomes_markup() -> None:
    assert "<img src=x>" in " ".join(lines(decision(to="<img src=x>")))


def test_nothing_yet() -> None:
    assert lines() == ["Nothing was decided since this home was started."]


def test_each_new_decision_is_asked_for_once() -> None:
    result = show(
        {"state": "1", "answer": []},
        {"state": "1", "answer": [decision()]},
        {"state": "2", "answer": [decision(to="New")]},
    )
    nothing, still_nothing, told = result["shown"]
    assert nothing == still_nothing
    assert "New" in told[1]
    assert (
        result["asked"]
        == [{"type": "power_sync/decisions", "config_entry_id": "home", "limit": 60}]
        * 2
    )


def test_home_that_is_not_running_is_asked_again() -> None:
    result = show(
        {"state": "unavailable", "answer": None},
        {"state": "1", "answer": [decision()]},
    )
    lost, told = result["shown"]
    assert lost == ["The decisions cannot be read at the moment."]
    assert "PowerSync" in told[1]


def test_decision_during_the_answer_is_not_missed() -> None:
    result = show(
        {"state": "1", "answer": [], "wait": False},
        {"state": "2", "answer": [], "wait": False},
        {"state": "3", "answer": [decision()]},
    )
    assert len(result["asked"]) == 2
    assert "PowerSync" in result["shown"][-1][1]


def test_translations_that_arrive_later_are_used() -> None:
    result = show(
        {"state": "1", "answer": [decision()], "raw": True},
        {"state": "1", "answer": []},
    )
    before, after = result["shown"]
    assert before[0] == "12:00 · price_sync · prices_changed"
    assert after[0] == "12:00 · PRICE_SYNC · PRICES_CHANGED"
    assert len(result["asked"]) == 1


def test_logbook_is_offered_where_there_is_one() -> None:
    assert lines(decision(), panels={"logbook": {}})[-1] == (
        "Older ones are in the logbook /logbook?entity_id=event.powerwall_decision"
    )
