"""The judge of the scenarios: what it must notice."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from harness.scenarios.judge import Answer, Findings, Judge, Sent

ZONE = ZoneInfo("Australia/Brisbane")
MIDNIGHT = datetime(2026, 6, 14, 14, 0, tzinfo=UTC)
ARRIVAL = MIDNIGHT + timedelta(seconds=1)


def at(seconds: float) -> datetime:
    return MIDNIGHT + timedelta(seconds=seconds)


def answer(seconds: float, cents: Sequence[float]) -> Answer:
    """A day of half hours from midnight, export at 5 c, as it arrives."""
    rows: list[dict[str, Any]] = []
    for channel, prices in (("general", cents), ("feedIn", [-5.0] * 48)):
        for index, price in enumerate(prices):
            end = MIDNIGHT + timedelta(minutes=30 * (index + 1))
            rows.append(
                {
                    "type": "ForecastInterval" if index else "CurrentInterval",
                    "channelType": channel,
                    "duration": 30,
                    "endTime": end.isoformat(),
                    "perKwh": price,
                }
            )
    return Answer(served_at=at(seconds - 0.5), arrived_at=at(seconds), rows=rows)


def sent(seconds: float, cents: Sequence[float]) -> Sent:
    """A tariff made of such a day and uploaded half a second after its decision."""
    buy = [round(price / 100, 4) for price in cents]
    return Sent(
        decided_at=at(seconds),
        received_at=at(seconds + 0.5),
        raw_buy=buy,
        raw_sell=[0.05] * 48,
        buy=buy,
        sell=[0.05] * 48,
        assumed=frozenset(),
        running=0,
    )


def judged(*items: Answer | Sent) -> Findings:
    judge = Judge(ZONE)
    for item in items:
        judge.note(item)
    judge.catch_up()
    return judge.found


PRICES = [float(cents) for cents in range(20, 68)]
DEARER = [PRICES[0] + 1, *PRICES[1:]]


def test_a_faithful_tariff_has_nothing_to_be_said_about() -> None:
    found = judged(answer(1, PRICES), sent(1, PRICES))

    assert found.uploads == 1
    assert found.slot_error == pytest.approx(0)
    assert found.seconds == [1.0]
    assert (found.lowest, found.highest) == (0.05, 0.67)
    assert found.assumed == [0]
    assert found.remarks == []


def test_a_wrong_slot_is_measured_and_named() -> None:
    found = judged(answer(1, PRICES), sent(1, DEARER))

    assert found.slot_error == pytest.approx(0.01)
    assert "00:00 (known) should be 0.20000" in found.remarks[0]


def test_the_reference_knows_only_what_had_arrived() -> None:
    # Noted in the wrong order: the decision is told after its read-back.
    late = answer(20, DEARER)
    found = judged(answer(1, PRICES), late, sent(1, PRICES), sent(20, DEARER))

    assert found.slot_error == pytest.approx(0)
    assert found.seconds == [1.0, 1.0]


def test_nothing_is_judged_before_its_time() -> None:
    judge = Judge(ZONE)
    judge.note(answer(1, PRICES))
    judge.note(sent(1, PRICES))

    judge.catch_up(until=at(0.5))
    assert judge.found.uploads == 0

    judge.catch_up(until=at(1))
    assert judge.found.uploads == 1


def test_an_upload_without_a_change_is_noticed() -> None:
    hardly = [PRICES[0] + 0.04, *PRICES[1:]]

    found = judged(
        answer(1, PRICES),
        sent(1, PRICES),
        answer(301, hardly),
        sent(301, hardly),
    )

    assert found.without_change == 1


def test_the_smallest_change_that_counts_is_no_needless_upload() -> None:
    just = [PRICES[0] + 0.05, *PRICES[1:]]

    found = judged(
        answer(1, PRICES), sent(1, PRICES), answer(301, just), sent(301, just)
    )

    assert found.without_change == 0
    assert found.late == 0


def test_a_change_that_is_not_uploaded_is_noticed() -> None:
    found = judged(
        answer(1, PRICES), sent(1, PRICES), answer(301, DEARER), answer(320, DEARER)
    )

    assert found.late == 1
    assert "a change of 0.0100" in found.remarks[0]


def test_a_change_that_is_uploaded_too_late_is_noticed() -> None:
    found = judged(
        answer(1, PRICES), sent(1, PRICES), answer(301, DEARER), sent(303, DEARER)
    )

    assert found.late == 1
    assert max(found.seconds) == pytest.approx(3.0)


def test_the_third_change_of_an_interval_has_to_wait() -> None:
    dearest = [PRICES[0] + 2, *PRICES[1:]]
    items: list[Answer | Sent] = [
        answer(1, PRICES),
        sent(1, PRICES),
        answer(20, DEARER),
        sent(20, DEARER),
        answer(40, dearest),
    ]

    assert judged(*items, answer(301, dearest), sent(301, dearest)).late == 0
    assert judged(*items, answer(301, dearest), answer(320, dearest)).late == 1
    assert judged(*items, sent(41, dearest)).most_per_interval == 3


def test_prices_that_tesla_does_not_take_are_not_for_the_judge_to_time() -> None:
    negative = [-1.0, *PRICES[1:]]

    found = judged(
        answer(1, PRICES), sent(1, PRICES), answer(301, negative), answer(320, negative)
    )

    assert found.late == 0


def test_a_dishonest_mapping_is_noticed() -> None:
    upload = sent(1, PRICES)
    raised = [price + 0.01 for price in upload.buy]

    found = judged(answer(1, PRICES), replace(upload, buy=raised))

    assert found.rules_broken == 1
    assert found.slot_move == pytest.approx(0.01)


def test_disagreement_about_what_is_assumed_is_noticed() -> None:
    found = judged(
        answer(1, PRICES), replace(sent(1, PRICES), assumed=frozenset({3, 47}))
    )

    assert found.kinds_differ == 1
    assert "01:30, 23:30" in found.remarks[0]


def test_an_upload_of_incomplete_prices_is_noticed() -> None:
    short = answer(1, PRICES)
    without = [row for row in short.rows if row["perKwh"] != 30.0]

    found = judged(replace(short, rows=without), sent(1, PRICES))

    assert found.without_reference == 1
    assert "no price at 2026-06-14 19:00 UTC" in found.remarks[0]
